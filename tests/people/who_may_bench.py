"""A training shop with one operator of each role, and every action of the table as the engine and the command line know it."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from unittest.mock import patch

import pytest

from coupon_desk.app.bulk_export import BulkExport
from coupon_desk.app.desk import CouponDesk
from coupon_desk.app.home import Home
from coupon_desk.app.reconciling import NotPutRight
from coupon_desk.app.trail_export import ExportRequest
from coupon_desk.app.trail_search import TrailSearch
from coupon_desk.app.training import training_config, training_vault
from coupon_desk.cancellation.bulk_job import BulkRequest
from coupon_desk.cancellation.bulk_list import list_of
from coupon_desk.cancellation.differences import Kind
from coupon_desk.cancellation.operation import CancelRequest, Operation, OperationKind, OperationState
from coupon_desk.catalogue.query import CouponQuery, StatusFilter
from coupon_desk.cli.call import Call
from coupon_desk.cli.program import run
from coupon_desk.clock import VirtualClock
from coupon_desk.coupons.code import CouponCode
from coupon_desk.coupons.reasons import Reason
from coupon_desk.people.operators import NewOperator, Session
from coupon_desk.people.pins import PinCost, Pins
from coupon_desk.people.roles import Role
from coupon_desk.receipts.layout import ReceiptWidth
from coupon_desk.trail.entry import Entry
from coupon_desk.trail.export import ExportFormat
from coupon_desk.training.shop import TrainingShop
from coupon_desk.words import Language
from tests.people.who_may import Cell, May

PIN: Final = "meadow71"
NOTE: Final = "Tried for the table."
ASKER: Final = "asker"
OTHER_ADMIN: Final = "other-admin"
TARGET: Final = "target"
LINKED: Final = "linked"
MOST_POINTS: Final = 1000
"""So few that nobody needs a second person because of the number."""

COUPONS: Final = 500
"""So many that the free ones suffice for all cells, should they all fall to one process."""

HIDES: Final = object()
"""What an action returns where the customer was left out."""


class NoPaper:
    """A window that nobody sees, and that writes no receipt."""

    def __getattr__(self, name: str) -> Callable[..., Any]:
        """Whatever is to be drawn."""
        del name
        return lambda *_what: None


@dataclass(frozen=True, slots=True)
class Ended:
    """How a call of the command line ended."""

    status: int
    out: str
    err: str


@dataclass(slots=True)
class Bench:
    """One open home for all cells. What an action uses up is made anew for those who may do it."""

    shop: TrainingShop
    desk: CouponDesk
    folder: Path
    sessions: dict[str, Session]
    _codes: Iterator[CouponCode]
    _kept: dict[str, Operation] = field(default_factory=dict)
    _count: int = 0

    @property
    def config(self) -> Path:
        """The home's configuration."""
        return self.folder / "config.toml"

    def who(self, cell: Cell) -> Session:
        """The operator of a cell's role."""
        return self.sessions[cell.role.value]

    def code(self) -> CouponCode:
        """A coupon that nothing was done with yet."""
        return next(self._codes)

    def new_login(self) -> str:
        """A login that nobody has."""
        self._count += 1
        return f"new-{self._count}"

    def bulk(self) -> str:
        """A bulk cancellation of somebody else's, of a coupon that does not exist."""
        request = BulkRequest(list_of(["99999-ZZZZZZ-500"]), OperationKind.CANCEL, Reason.OTHER, NOTE)
        return self.desk.bulks.open(request, self.sessions[OTHER_ADMIN]).id

    def cancel_many(self, by: Session, reason: Reason = Reason.CUSTOMER_REQUEST) -> Operation:
        """Ask for two coupons at once; the operation of the first."""
        request = BulkRequest(list_of([self.code().text, self.code().text]), OperationKind.CANCEL, reason, NOTE)
        job = self.desk.bulks.run(self.desk.bulks.open(request, by).id)
        return self.desk.bulks.operations(job.id)[0]

    def take_up(self, by: Session) -> Operation:
        """Go on with somebody else's bulk cancellation; the operation of its coupon."""
        request = BulkRequest(list_of([self.code().text]), OperationKind.CANCEL, Reason.OTHER, NOTE)
        job = self.desk.bulks.open(request, self.sessions[OTHER_ADMIN])
        self.desk.bulks.pause(job.id, self.sessions[OTHER_ADMIN])
        self.desk.bulks.resume(job.id, by)
        return self.desk.bulks.operations(self.desk.bulks.run(job.id).id)[0]

    def left_bulk(self) -> str:
        """A bulk cancellation of somebody else's with a coupon of its own."""
        request = BulkRequest(list_of([self.code().text]), OperationKind.CANCEL, Reason.OTHER, NOTE)
        return self.desk.bulks.open(request, self.sessions[OTHER_ADMIN]).id

    def used(self) -> CouponCode:
        """The coupon that a cancelled order used."""
        return CouponCode.parse(self.shop.showcase.used_order_cancelled.code)

    def cancel(
        self, by: Session, reason: Reason = Reason.CUSTOMER_REQUEST, kind: OperationKind = OperationKind.CANCEL
    ) -> Operation:
        """Ask for a coupon to be cancelled."""
        return self.desk.cancel(CancelRequest(self.code(), kind, reason, NOTE), by, wait_seconds=60)

    def request(self, cell: Cell) -> Operation:
        """Somebody else's request that waits for a second person."""
        return self._made("request", cell, lambda: self.cancel(self.sessions[ASKER]))

    def own_request(self, cell: Cell) -> Operation:
        """A request of the cell's own operator."""
        return self.cancel(self.who(cell), Reason.GOODWILL)

    def completed(self) -> Operation:
        """A cancellation that is completed; it may be looked at any number of times."""
        return self._keep("completed", lambda: self.cancel(self.sessions[OTHER_ADMIN]))

    def unfinished(self, cell: Cell) -> Operation:
        """A cancellation whose result stands, and of which something is left over: its code is to be looked at once more."""
        return self._made("unfinished", cell, lambda: self.cancel(self.sessions[OTHER_ADMIN]))

    def suspected(self, cell: Cell) -> Operation:
        """A coupon that somebody else has invalidated on suspicion."""
        asked = (self.sessions[OTHER_ADMIN], Reason.SUSPECTED_FRAUD, OperationKind.INVALIDATE)
        return self._made("suspected", cell, lambda: self.cancel(*asked))

    def take_back(self, login: str, note: str) -> None:
        """Withdraw what this operator has asked for, so that the next may ask for the same."""
        for one in self.desk.awaiting_approval():
            if one.operator.login == login:
                self.desk.withdraw(one.id, self.sessions[login], note)

    def refusals(self, since: int, login: str) -> list[Entry]:
        """What the trail says since an entry about rights that this operator lacks."""
        found = self.desk.trail.of_actions("right_refused")
        return [entry for entry in found if entry.sequence > since and entry.actor == login]

    def call(self, login: str, *words: str, stdin: str = "") -> Ended:
        """The command line in this very process, on the desk that is open already."""
        out, err = io.BytesIO(), io.BytesIO()
        with (
            patch.dict(os.environ, {"COUPON_DESK_PIN": PIN, "LC_ALL": "C.UTF-8"}),
            patch.object(sys, "stdin", io.StringIO(stdin)),
            patch.object(Call, "open", lambda _call: self.desk),
            patch.object(Call, "close", lambda _call: None),
            patch.object(Call, "vault", lambda _call: self.desk.secrets),
            io.TextIOWrapper(out, encoding="utf-8") as stdout,
            io.TextIOWrapper(err, encoding="utf-8") as stderr,
            redirect_stdout(stdout),
            redirect_stderr(stderr),
        ):
            status = run(["--home", str(self.folder), "--operator", login, *words], NoPaper())
            return Ended(status, out.getvalue().decode(), err.getvalue().decode())

    def _made(self, name: str, cell: Cell, make: Callable[[], Operation]) -> Operation:
        """For those who are refused one is enough; the others use theirs up."""
        return self._keep(name, make) if cell.may is May.NO else make()

    def _keep(self, name: str, make: Callable[[], Operation]) -> Operation:
        if name not in self._kept:
            self._kept[name] = make()
        return self._kept[name]


@contextmanager
def open_bench(folder: Path) -> Iterator[Bench]:
    """A shop, a home, and its people."""
    cheap = Pins(PinCost(time_cost=1, memory_kib=8, lanes=1))
    clock = VirtualClock(datetime(2026, 11, 23, 9, 0, tzinfo=UTC))
    with pytest.MonkeyPatch.context() as patched, TrainingShop.start(coupons=COUPONS, seed=3, clock=clock) as shop:
        patched.setattr("coupon_desk.people.people.Pins", lambda: cheap)
        config = training_config(shop.addresses).replace("settle_seconds = 1", POLICY)
        (folder / "config.toml").write_text(config, encoding="utf-8")
        Home(folder).training_mark.touch()
        desk = CouponDesk.open(folder, secrets=training_vault(shop.addresses), clock=clock)
        try:
            yield Bench(shop, desk, folder, _people(desk), _free_codes(desk, shop))
        finally:
            desk.close()


POLICY: Final = (
    'settle_seconds = 0\nretire = "keep"\ndaily_points_per_operator = 1000000\ncustomer_cancellations_per_30_days = 0\n'
)


def _people(desk: CouponDesk) -> dict[str, Session]:
    logins = {role.value: role for role in Role}
    logins |= {ASKER: Role.CLERK, OTHER_ADMIN: Role.ADMIN, TARGET: Role.VIEWER, LINKED: Role.VIEWER}
    desk.people.add(NewOperator("boss", "Aiko Mori", Role.ADMIN, PIN), None)
    boss = desk.people.sign_in("boss", PIN)
    for login, role in logins.items():
        desk.people.add(NewOperator(login, f"Some {login}", role, PIN), boss)
    desk.sync(full=True)
    return {login: desk.people.sign_in(login, PIN) for login in logins}


def _free_codes(desk: CouponDesk, shop: TrainingShop) -> Iterator[CouponCode]:
    special = {specimen.code for specimen in shop.showcase.all().values()}
    page = desk.catalogue.search(CouponQuery(statuses=frozenset({StatusFilter.UNUSED}), limit=COUPONS))
    return iter(one.code for one in page.rows if one.code.text not in special and one.code.points <= MOST_POINTS)


def _sees_customer(bench: Bench, cell: Cell) -> object:
    code = CouponCode.parse(bench.shop.showcase.example.code)
    (found,) = bench.desk.coupons.search(CouponQuery(text=code.text), bench.who(cell)).rows
    view = bench.desk.look(code, bench.who(cell))
    shown = {found.customer_name, found.customer_email, view.customer_name, view.customer_id, view.email_masked} - {"", None}
    return HIDES if not shown else len(shown)


def _refund(bench: Bench, cell: Cell) -> Operation:
    """One order for all: the request is withdrawn again, so that the next may ask."""
    specimen = bench.shop.showcase.used_order_cancelled
    request = CancelRequest(
        CouponCode.parse(specimen.code), OperationKind.ORDER_REFUND, Reason.ORDER_CANCELLED, NOTE, specimen.order
    )
    asked = bench.desk.cancel(request, bench.who(cell))
    if asked.state is OperationState.AWAITING_APPROVAL:
        bench.desk.withdraw(asked.id, bench.who(cell), NOTE)
    return asked


def _put_right(bench: Bench, cell: Cell) -> object:
    """There is no difference: whoever may is told so."""
    with suppress(NotPutRight):
        return bench.desk.reconciling.put_right(bench.used(), Kind.RECORD_BEHIND, bench.who(cell), NOTE)
    return None


def _export(bench: Bench) -> ExportRequest:
    return ExportRequest(ExportFormat.JSONL, None, None, None)


Action = Callable[[Bench, Cell], object]

ENGINE: Final[dict[str, Action]] = {
    "search": lambda b, c: b.desk.coupons.search(CouponQuery(limit=5), b.who(c)),
    "see the customer": _sees_customer,
    "show": lambda b, c: b.desk.look(CouponCode.parse(b.shop.showcase.example.code), b.who(c)),
    "timeline": lambda b, c: b.desk.timeline(b.used(), b.who(c)),
    "compare a customer": lambda b, c: b.desk.customers.of(b.shop.showcase.example.customer_id, b.who(c)),
    "put a difference right": _put_right,
    "cancel": lambda b, c: b.cancel(b.who(c)),
    "cancel many": lambda b, c: b.cancel_many(b.who(c)),
    "sort many": lambda b, c: b.desk.bulks.dry_run(list_of([b.used().text]), b.who(c), reason=Reason.OTHER),
    "hand out a bulk": lambda b, c: b.desk.bulks.export(b.bulk(), BulkExport.CSV, b.who(c), Language.EN),
    "pause another's bulk": lambda b, c: b.desk.bulks.pause(b.bulk(), b.who(c)),
    "stop another's bulk": lambda b, c: b.desk.bulks.stop(b.bulk(), b.who(c)),
    "take up another's bulk": lambda b, c: b.take_up(b.who(c)),
    "cancel with goodwill": lambda b, c: b.cancel(b.who(c), Reason.GOODWILL),
    "invalidate only": lambda b, c: b.cancel(b.who(c), Reason.OTHER, OperationKind.INVALIDATE),
    "refund a cancelled order": _refund,
    "see what a refund gives": lambda b, c: b.desk.orders_to_refund(b.used(), b.who(c)),
    "inbox": lambda b, c: b.desk.inbox.read(b.who(c)),
    "approve": lambda b, c: b.desk.approve(b.request(c).id, b.who(c), NOTE, wait_seconds=60),
    "reject": lambda b, c: b.desk.reject(b.request(c).id, b.who(c), NOTE),
    "withdraw one's own": lambda b, c: b.desk.withdraw(b.own_request(c).id, b.who(c), NOTE),
    "withdraw another's": lambda b, c: b.desk.withdraw(b.request(c).id, b.who(c), NOTE),
    "answer an alarm": lambda b, c: b.desk.answer(b.unfinished(c).id, b.who(c), NOTE),
    "receipt copy": lambda b, c: b.desk.receipt(b.completed().id, ReceiptWidth.A4, copy_for=b.who(c)),
    "list investigations": lambda b, c: b.desk.investigations.open(b.who(c)),
    "release points": lambda b, c: b.desk.investigations.release(b.suspected(c).id, b.who(c), NOTE),
    "confirm fraud": lambda b, c: b.desk.investigations.confirm(b.suspected(c).id, b.who(c), NOTE),
    "signals": lambda b, c: b.desk.signals(b.who(c)),
    "read the trail": lambda b, c: b.desk.reading.page(TrailSearch(), b.who(c), limit=3),
    "verify the trail": lambda b, c: b.desk.proofs.verify(b.who(c)),
    "sign the trail": lambda b, c: b.desk.proofs.checkpoint(b.who(c)),
    "public key": lambda b, c: b.desk.proofs.key(b.who(c)),
    "summary": lambda b, c: b.desk.proofs.summary(None, None, b.who(c)),
    "export": lambda b, c: b.desk.proofs.record_export(_export(b), b.who(c)),
    "explain an alarm": lambda b, c: b.desk.proofs.explain(1, NOTE, b.who(c)),
    "erase a customer": lambda b, c: b.desk.erase_customer("999999999", b.who(c)),
    "change the configuration": lambda b, c: b.desk.setup.replace(b.config.read_text("utf-8"), b.who(c)),
    "list reminders": lambda b, c: b.desk.reminders.list(b.who(c)),
    "send reminders": lambda b, c: b.desk.reminders.send(b.who(c), codes=(b.used(),)),
    "add somebody": lambda b, c: b.desk.people.add(NewOperator(b.new_login(), "New Here", Role.CLERK, PIN), b.who(c)),
    "disable somebody": lambda b, c: b.desk.people.disable(TARGET, b.who(c)),
    "enable somebody": lambda b, c: b.desk.people.enable(TARGET, b.who(c)),
    "give another role": lambda b, c: b.desk.people.change_role(TARGET, Role.CLERK, b.who(c)),
    "give stores": lambda b, c: b.desk.people.change_stores(TARGET, ("ginza",), b.who(c)),
    "share somebody": lambda b, c: b.desk.people.share(TARGET, b.who(c)),
    "link somebody": lambda b, c: b.desk.people.link(LINKED, b.who(c)),
    "another's PIN": lambda b, c: b.desk.people.change_pin(TARGET, PIN, b.who(c)),
    "one's own PIN": lambda b, c: b.desk.people.change_pin(c.role.value, PIN, b.who(c), current_pin=PIN),
}

Words = Callable[[Bench, Cell], tuple[str, ...]]
_WHY: Final = ("--reason", "customer_request", "--note", NOTE)


def _own(bench: Bench, cell: Cell) -> str:
    return bench.own_request(cell).id


COMMANDS: Final[dict[str, Words]] = {
    "search": lambda b, c: ("search", "--limit", "3"),
    "see the customer": lambda b, c: ("search", b.shop.showcase.example.code),
    "show": lambda b, c: ("show", b.shop.showcase.example.code),
    "compare a coupon": lambda b, c: ("reconcile", b.shop.showcase.example.code),
    "compare a customer": lambda b, c: ("reconcile", "--customer", b.shop.showcase.example.customer_id),
    "put a difference right": lambda b, c: ("reconcile", b.shop.showcase.example.code, "--repair", "--note", NOTE),
    "cancel": lambda b, c: ("cancel", b.code().text, *_WHY),
    "cancel many": lambda b, c: ("cancel", b.code().text, b.code().text, *_WHY),
    "sort many": lambda b, c: ("cancel", b.used().text, b.shop.showcase.example.code, *_WHY, "--dry-run"),
    "list bulks": lambda b, c: ("bulk", "list", "--limit", "3"),
    "show a bulk": lambda b, c: ("bulk", "show", b.bulk()),
    "hand out a bulk": lambda b, c: ("bulk", "export", b.bulk()),
    "pause another's bulk": lambda b, c: ("bulk", "pause", b.bulk()),
    "stop another's bulk": lambda b, c: ("bulk", "stop", b.bulk()),
    "take up another's bulk": lambda b, c: ("bulk", "resume", b.left_bulk()),
    "cancel with goodwill": lambda b, c: ("cancel", b.code().text, "--reason", "goodwill", "--note", NOTE),
    "invalidate only": lambda b, c: ("cancel", b.code().text, *_WHY, "--no-refund"),
    "refund a cancelled order": lambda b, c: (
        "refund-order",
        b.used().text,
        "--order",
        str(b.shop.showcase.used_order_cancelled.order),
        "--note",
        NOTE,
    ),
    "inbox": lambda b, c: ("inbox",),
    "list approvals": lambda b, c: ("approvals", "list"),
    "approve": lambda b, c: ("approvals", "approve", b.request(c).id),
    "reject": lambda b, c: ("approvals", "reject", b.request(c).id, "--note", NOTE),
    "withdraw one's own": lambda b, c: ("operations", _own(b, c), "--withdraw", NOTE),
    "withdraw another's": lambda b, c: ("operations", b.request(c).id, "--withdraw", NOTE),
    "answer an alarm": lambda b, c: ("operations", b.unfinished(c).id, "--answer", NOTE),
    "resume": lambda b, c: ("resume", "--no-wait"),
    "list operations": lambda b, c: ("operations", "--limit", "3"),
    "receipt copy": lambda b, c: ("receipt", b.completed().id),
    "list investigations": lambda b, c: ("investigations", "list"),
    "release points": lambda b, c: ("investigations", "release", b.suspected(c).id, "--note", NOTE),
    "confirm fraud": lambda b, c: ("investigations", "confirm", b.suspected(c).id, "--note", NOTE),
    "signals": lambda b, c: ("signals",),
    "verify the trail": lambda b, c: ("audit", "verify"),
    "sign the trail": lambda b, c: ("audit", "checkpoint"),
    "public key": lambda b, c: ("audit", "key"),
    "summary": lambda b, c: ("audit", "summary"),
    "export": lambda b, c: ("audit", "export", "--since", "2026-11-24"),
    "explain an alarm": lambda b, c: ("audit", "explain", "1", "--note", NOTE),
    "erase a customer": lambda b, c: ("audit", "erase", "999999999"),
    "list reminders": lambda b, c: ("reminders", "list"),
    "send reminders": lambda b, c: ("reminders", "send", b.used().text),
    "list people": lambda b, c: ("people", "list"),
    "add somebody": lambda b, c: ("people", "add", b.new_login(), "--name", "New Here", "--role", "clerk"),
    "disable somebody": lambda b, c: ("people", "disable", TARGET),
    "enable somebody": lambda b, c: ("people", "enable", TARGET),
    "give another role": lambda b, c: ("people", "role", TARGET, "viewer"),
    "give stores": lambda b, c: ("people", "stores", TARGET, "ginza"),
    "share somebody": lambda b, c: ("people", "share", TARGET),
    "link somebody": lambda b, c: ("people", "link", LINKED),
    "another's PIN": lambda b, c: ("people", "pin", TARGET),
    "one's own PIN": lambda b, c: ("people", "pin", c.role.value),
    "store a secret": lambda b, c: ("secrets", "set", "mail.password"),
    "delete a secret": lambda b, c: ("secrets", "delete", "mail.password"),
    "change the configuration": lambda b, c: ("config", "import", str(b.config)),
    "hand the settings on": lambda b, c: ("config", "export"),
    "sync": lambda b, c: ("sync",),
    "doctor": lambda b, c: ("doctor",),
    "central status": lambda b, c: ("central", "status"),
    "central ship": lambda b, c: ("central", "ship"),
    "central verify": lambda b, c: ("central", "verify"),
}
