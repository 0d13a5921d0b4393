"""An open home on one shop: everything that the window and the command line can ask for, in plain synchronous calls."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Self

from coupon_desk.app import receipt_checks
from coupon_desk.app.approvals import Approvals
from coupon_desk.app.bulks import Bulks
from coupon_desk.app.checks import Check
from coupon_desk.app.coupon_reading import CouponReading, view_without_customer
from coupon_desk.app.customer_looking import CustomerLooking
from coupon_desk.app.doctor import examine, examine_company
from coupon_desk.app.drafts import Drafts
from coupon_desk.app.erasing import erase_customer, erase_what_is_old
from coupon_desk.app.freshening import row_of
from coupon_desk.app.home import Home, desk_name
from coupon_desk.app.inbox import OrderInbox
from coupon_desk.app.investigations import Investigations
from coupon_desk.app.issued_receipts import IssuedReceipts
from coupon_desk.app.letterhead import with_letterhead
from coupon_desk.app.order_refund import OrderRefunds, OrderRefundView
from coupon_desk.app.parts import Parts
from coupon_desk.app.printers import Printers
from coupon_desk.app.proofs import TrailProofs
from coupon_desk.app.receipt import receipt_of
from coupon_desk.app.receipt_preview import receipt_preview
from coupon_desk.app.reconciling import Reconciling
from coupon_desk.app.reminder_sending import ReminderSender
from coupon_desk.app.reminders import Reminders
from coupon_desk.app.setup import Keepers, Setup
from coupon_desk.app.signals import signals
from coupon_desk.app.timeline_event import TimelineEvent
from coupon_desk.app.trail_reading import TrailReading
from coupon_desk.app.view import CouponView, view_of
from coupon_desk.cancellation.engine import ignore
from coupon_desk.cancellation.operation import (
    CancelRequest,
    Operation,
    OperationKind,
    OperationState,
    StepName,
    StepState,
)
from coupon_desk.cancellation.own_work import operations_on, own_work
from coupon_desk.cancellation.work import Observer
from coupon_desk.catalogue.sync import Synchroniser, SyncOutcome, SyncProgress
from coupon_desk.central.health import CentralState, state
from coupon_desk.clock import Clock, SystemClock
from coupon_desk.coupons.code import CouponCode
from coupon_desk.coupons.eligibility import Rule, judge
from coupon_desk.coupons.notice import CancellationNotice
from coupon_desk.coupons.points import PointEntry
from coupon_desk.coupons.reasons import Reason
from coupon_desk.coupons.status import CouponStatus
from coupon_desk.errors import ConfigurationError, NotPermitted, RemoteError, StorageError
from coupon_desk.logs import Log
from coupon_desk.logs.telemetry import ship
from coupon_desk.mail.messages import RenderedMail
from coupon_desk.people.operators import Session
from coupon_desk.people.roles import Right, refusal
from coupon_desk.receipts.layout import ReceiptWidth, render
from coupon_desk.settings import Settings, load
from coupon_desk.shopify.exports import Exports
from coupon_desk.shopify.listing import Listing
from coupon_desk.trail.erasing import Erased
from coupon_desk.trail.proof import TrailProof
from coupon_desk.trail.questions import Question
from coupon_desk.trail.signals import Signal
from coupon_desk.vault import KeyringVault, Vault
from coupon_desk.words import Language, Message, msg

if TYPE_CHECKING:
    from coupon_desk.app.shipping import Shipping
    from coupon_desk.trail.shipping_state import ShippingState

_log = logging.getLogger(__name__)

RECENT_ENTRIES = 20
"""How many of a customer's point entries are drawn."""


class CouponDesk:
    """One open home. Methods may block on network and disk: call them on worker threads. Close it at the end."""

    def __init__(
        self,
        home: Home,
        settings: Settings,
        vault: Vault,
        clock: Clock,
        on_close: Callable[[], None] = lambda: None,
    ) -> None:
        self.home = home.path
        self.settings = settings
        self.secrets = vault
        self.is_training = home.training_mark.exists()
        self.clock = clock
        self._on_close = on_close
        self._parts = Parts(home, settings, vault, clock)
        self.trail = self._parts.trail
        self.index = self._parts.index
        self.people = self._parts.people
        self.company = self._parts.company
        self.catalogue = self._parts.catalogue
        self.engine = self._parts.engine
        self.drafts = Drafts(home.drafts, clock, self._begun_since)
        self._has_erased = False
        self.coupons = CouponReading(self.catalogue, self.people)
        self.printers = Printers(settings.receipts)
        self.issued_receipts = IssuedReceipts(self.engine, self.trail)
        parts = self._parts
        self.approvals = Approvals(
            self.engine,
            parts.permission,
            self.index,
            self.catalogue,
            self.trail,
            parts.requests,
            shop=settings.shopify.domain,
            store=settings.shop.store,
            ready=self._ready_to_work,
            watched=self._keeping_catalogue,
        )
        self.bulks = Bulks(
            parts.bulk_store,
            self.engine,
            parts.permission,
            self.index,
            self.people,
            self.catalogue,
            clock,
            partial(own_work, self.trail, self.index),
            parts.bulk_ways,
            ready=self._ready_to_work,
            watched=self._keeping_catalogue,
        )
        self.order_refunds = OrderRefunds(parts.shop, parts.gatherer, self.trail, self.index, self.people, parts.need_secrets)
        self.inbox = OrderInbox(
            parts.shop, parts.points, self.trail, self.index, self.people, clock, parts.customer_of, parts.need_secrets
        )
        self.reading = TrailReading(self.trail, self.index, self.catalogue, self.people)
        self.proofs = TrailProofs(
            self.trail, self.people, self._parts.key_store, self._parts.checkpoints, clock, settings.shop.name, self.hold
        )

        self.investigations = Investigations(
            self.trail,
            self.index,
            self.people,
            self.catalogue,
            clock,
            settings.policy.minimum_note_length,
            hold=self.hold,
            submit=self.cancel,
        )

        self.reminders = Reminders(
            self.trail,
            self.catalogue,
            self.people,
            self.coupons,
            ReminderSender(
                self.trail,
                self.catalogue,
                parts.gatherer,
                parts.shop,
                parts.client,
                parts.mailer,
                clock,
                partial(own_work, self.trail, self.index),
                settings.shop.language,
            ),
            ready=self._ready_to_work,
            need_secrets=parts.need_secrets,
        )

        self.reconciling = Reconciling(
            self.engine,
            self.people,
            self.trail,
            parts.shop,
            settings.policy.minimum_note_length,
            self.look,
            self._ready_to_work,
            self._keeping_catalogue,
        )
        self.customers = CustomerLooking(self.catalogue, self.people, self.look)

    @classmethod
    def open(
        cls,
        home: Path,
        *,
        secrets: Vault | None = None,
        clock: Clock | None = None,
        on_close: Callable[[], None] = lambda: None,
        log: Log | None = None,
    ) -> Self:
        """Open a home: read its configuration, bring its database up to date; no network. Raises DeskError.

        `log` is this home's; its lines go to the company's collector too, where one is configured.
        """
        place = Home(home)
        settings = load(place.config)
        place.make()
        if log is not None and settings.logs.otlp_endpoint is not None:
            ship(log, settings.logs.otlp_endpoint, desk_name())
        return cls(place, settings, secrets or KeyringVault(home), clock or SystemClock(), on_close)

    def hold(self) -> None:
        """Take the home's lock, as every program that works in it must; say so in the trail, erase what is too old, and ship.

        Raises HomeBusy.
        """
        self._parts.lock.take()
        self._parts.working.go_on()
        if not self._has_erased:
            self._has_erased = True
            erase_what_is_old(self.trail, self.clock, self.settings.policy.personal_data_days)
        if self._parts.shipping is not None:
            self._parts.shipping.begin()

    def look(self, code: CouponCode, session: Session | None, *, taking_over: str | None = None) -> CouponView:
        """The coupon as all sources see it now; the catalogue learns from it. Raises NotPermitted, ConfigurationError.

        Without a session only in a home that has no operators yet. `taking_over` is another desk's operation: the verdict is
        the one on taking it over.
        """
        if session is None and not self.people.is_empty():
            raise NotPermitted(msg("Sign in to see coupons."), done=msg("Nothing was done."))
        person = self.people.authorise(session, Right.SEE, code.masked) if session else None
        self._parts.need_secrets()
        own = own_work(self.trail, self.index, code)
        evidence = self._parts.gatherer.gather(
            code, own=own, operator_contacts=person.contacts if person else (), taking_over=taking_over
        )
        row = row_of(evidence)
        if row is not None:
            self.catalogue.upsert([row])
        customer = evidence.customer
        recent: tuple[PointEntry, ...] = ()
        if customer is not None:
            with suppress(RemoteError):
                recent = self._parts.points.read_recent(customer.pos_customer_id, RECENT_ENTRIES)
        known, entries = operations_on(self.trail, self.index, code), self.trail.of_code(code)
        language = self.settings.shop.language
        view = view_of(evidence, judge(evidence), self.catalogue.get(code), recent, language, known, entries)
        return view if person is None or person.role.may(Right.SEE_CUSTOMER) else view_without_customer(view)

    def timeline(self, code: CouponCode, session: Session | None) -> tuple[TimelineEvent, ...]:
        """The coupon's life as one line of events, the oldest first. Errors as in `look`."""
        return self.look(code, session).timeline

    def order_refund(self, code: CouponCode, order: str, session: Session | None) -> OrderRefundView:
        """What the refund of a cancelled order would be; nothing is written. See `OrderRefunds.look`."""
        return self.order_refunds.look(code, order, session)

    def orders_to_refund(self, code: CouponCode, session: Session | None) -> tuple[OrderRefundView, ...]:
        """The same for every order that bears the code. See `OrderRefunds.all_of`."""
        return self.order_refunds.all_of(code, session)

    def cancel(
        self, request: CancelRequest, session: Session, on_change: Observer = ignore, *, wait_seconds: float = 0.0
    ) -> Operation:
        """Take a request through the engine; each new snapshot goes to `on_change`, on this thread. See `Engine.submit`."""
        self._ready_to_work()
        return self.engine.submit(request, session, self._keeping_catalogue(on_change), wait_seconds=wait_seconds)

    def approve(
        self,
        operation_id: str,
        session: Session,
        note: str = "",
        on_change: Observer = ignore,
        *,
        wait_seconds: float = 0.0,
    ) -> Operation:
        """The second person says yes. See `Engine.approve`."""
        self._ready_to_work()
        observer = self._keeping_catalogue(on_change)
        return self.engine.approve(operation_id, session, note, observer, wait_seconds=wait_seconds)

    def reject(self, operation_id: str, session: Session, note: str) -> Operation:
        """The second person says no. See `Engine.reject`."""
        self.hold()
        return self.engine.reject(operation_id, session, note, self._keeping_catalogue(ignore))

    def withdraw(self, operation_id: str, session: Session, note: str) -> Operation:
        """Take back a request of which nothing was done yet. See `Engine.withdraw`."""
        self.hold()
        return self.engine.withdraw(operation_id, session, note, self._keeping_catalogue(ignore))

    def answer(self, operation_id: str, session: Session, note: str) -> Operation:
        """A person has looked after what was left over. See `Engine.answer`."""
        self.hold()
        return self.engine.answer(operation_id, session, note, self._keeping_catalogue(ignore))

    def resume(
        self, on_change: Observer = ignore, *, wait_seconds: float = 0.0, begins_bulks: bool = True
    ) -> tuple[Operation, ...]:
        """Finish what can be finished; bulk cancellations that were left go on in the background. See `Engine.resume`."""
        self._ready_to_work()
        self.bulks.call_off_left()
        if begins_bulks:
            self.bulks.go_on()
        return self.engine.resume(self._keeping_catalogue(on_change), wait_seconds=wait_seconds)

    def run_due(self, on_change: Observer = ignore) -> tuple[Operation, ...]:
        """Go on with everything whose time has come. See `Engine.run_due`."""
        self._ready_to_work()
        self.bulks.call_off_left()
        return self.engine.run_due(self._keeping_catalogue(on_change))

    def next_due(self) -> datetime | None:
        """When something goes on by itself."""
        return self.index.next_due()

    def operation(self, operation_id: str) -> Operation:
        """One operation. Raises ConfigurationError for an unknown id."""
        return self.engine.operation(operation_id)

    def operations(self, *, open_only: bool = False, code: CouponCode | None = None, limit: int = 200) -> tuple[Operation, ...]:
        """Operations, newest first: all, those with something left to do, or those on one coupon."""
        if code is not None:
            rows = self.index.of_code(code)
        else:
            rows = self.index.open_ones() if open_only else self.index.newest(limit)
        found = (self.engine.operation(row.id) for row in rows[:limit])
        return tuple(one for one in found if one.has_open_work or not open_only)

    def awaiting_approval(self) -> tuple[Operation, ...]:
        """The requests that wait for a second person."""
        return tuple(
            self.engine.operation(row.id) for row in self.index.open_ones() if row.state == OperationState.AWAITING_APPROVAL
        )

    def rights(self, session: Session) -> Mapping[Right, Message | None]:
        """For each right: None, or why not, to be shown beside what cannot be done. Decides nothing: the engine does."""
        role = session.operator.role
        return {right: None if role.may(right) else refusal(role, right).what for right in Right}

    def receipt(
        self, operation_id: str, width: ReceiptWidth, language: Language | None = None, *, copy_for: Session | None = None
    ) -> str:
        """The receipt as HTML, in the customer's language unless told otherwise. Raises NotPermitted where there is none.

        `copy_for` is who wants it once more, and may; None is for the first one, which belongs to the operation.
        """
        operation = self.engine.operation(operation_id)
        if copy_for is not None:
            self.people.authorise(copy_for, Right.REPRINT, operation.code.masked)
        chosen, is_copy = language or operation.language, copy_for is not None
        content = receipt_of(operation, self.settings.shop.name, chosen, is_copy=is_copy)
        return render(with_letterhead(content, self.settings.receipts, self.home), width)

    def erase_customer(self, customer_id: str, session: Session) -> Erased:
        """Make what was kept of a customer unreadable for good; the trail still proves itself. It takes a while.

        Raises NotPermitted, StillAtWork while one of their coupons is being worked on, StorageError.
        """
        self.people.authorise(session, Right.ERASE, "customer")
        self.hold()
        database, receipts = self._parts.database, self.home / "receipts"
        return erase_customer(database, self.trail, self.catalogue, self.drafts, receipts, customer_id, session)

    def receipt_preview(
        self, view: CouponView, kind: OperationKind, reason: Reason, session: Session, order: str | None = None
    ) -> str:
        """The receipt that a cancellation would have, as HTML for a roll of 80 mm; it says that it is a preview."""
        content = receipt_preview(
            view,
            kind,
            reason,
            shop_name=self.settings.shop.name,
            operator_name=session.operator.name,
            at=self.clock.now(),
            order=order,
        )
        return render(with_letterhead(content, self.settings.receipts, self.home), ReceiptWidth.MM80)

    def mail_preview(self, view: CouponView, *, for_cancelled_order: bool = False) -> RenderedMail | None:
        """The e-mail that a cancellation would send; None where nobody can be written to."""
        customer = view.evidence.customer
        if customer is None or customer.email is None:
            return None
        return self._parts.mailer.preview(
            CancellationNotice(
                message_id="<preview@coupon-desk.invalid>",
                email=customer.email,
                customer_name=customer.name,
                code=view.code,
                points_returned=view.verdict.points_to_return,
                balance_after=view.balance_after,
                cancelled_at=self.clock.now(),
                language=view.mail_language,
                for_cancelled_order=for_cancelled_order,
            )
        )

    def signals(self, session: Session | None, since: datetime | None = None) -> tuple[Signal, ...]:
        """What is unusual in the trail, the furthest from usual first; of the last 90 days unless told. Raises NotPermitted.

        Without a session only in a home that has no operators yet.
        """
        if session is None and not self.people.is_empty():
            raise NotPermitted(msg("Sign in to see signals."), done=msg("Nothing was done."))
        return signals(self.trail, self.people, self.clock, self.settings.shop.hours, session, since)

    def sync(
        self,
        *,
        full: bool = False,
        on_progress: Callable[[SyncProgress], None] | None = None,
        stop: threading.Event | None = None,
    ) -> SyncOutcome:
        """Bring the catalogue up to date from Shopify. Raises RemoteError, ConfigurationError."""
        self._parts.need_secrets()
        source = Listing(self._parts.client, self.settings.shopify.coupon_metafield)
        exports = Exports(self._parts.client, self.clock, self.settings.shopify.coupon_metafield)
        synchroniser = Synchroniser(self.catalogue, source, self.clock, currency=self.settings.shop.currency, exports=exports)
        return synchroniser.run(full=full, stop=stop, progress=on_progress)

    def verify_trail(self) -> TrailProof:
        """Prove the trail, for the program itself; `proofs.verify` is for a person."""
        return self.proofs.proof()

    def trail_alarms(self) -> tuple[Question, ...]:
        """What somebody has to explain about the trail: another key, a database that was put back or replaced. Cheap."""
        return self.proofs.alarms()

    @property
    def shipping(self) -> Shipping:
        """The way of the trail into the central database. Raises ConfigurationError where none is configured."""
        if self._parts.shipping is None:
            raise _no_central()
        return self._parts.shipping

    def shipping_state(self) -> ShippingState | None:
        """How far the trail has come into the central database; None where none is configured. Asks only this home."""
        return self._parts.shipping.state() if self._parts.shipping is not None else None

    @property
    def setup(self) -> Setup:
        """The configuration and the secrets of this home, for whoever may change them."""
        return Setup(self.home, self.secrets, self.clock, Keepers(self.trail, self.people, self.hold))

    def doctor(self) -> tuple[Check, ...]:
        """Look at everything that has to work, one check each."""
        parts = self._parts
        checks = tuple(
            examine(
                self.settings,
                self.secrets,
                parts.client,
                parts.points,
                parts.mailer,
                self.verify_trail,
                self.clock,
                parts.central,
            )
        )
        if parts.company.is_offered:
            checks = (*checks, examine_company(parts.company))
        checks = (*checks, *receipt_checks.receipts(self.settings.receipts, self.printers, self.home))
        return (*checks, parts.shipping.check()) if parts.shipping is not None else checks

    def central_state(self) -> CentralState:
        """How this desk stands in the central database. Raises RemoteError, and ConfigurationError where there is none."""
        if self._parts.central is None:
            raise _no_central()
        return state(self._parts.central, self._parts.settings.shopify.domain)

    def abort_reads(self) -> None:
        """End every read that is under way, for a quick shutdown; writes go on to their end."""
        self._parts.abort_reads()

    def close(self) -> None:
        """Let go of everything, when each step under way has come to its end. What is not finished stands in the trail."""
        self.engine.stop()
        self.bulks.close()
        self._parts.close()
        self._on_close()

    def _begun_since(self, code: CouponCode, moment: datetime) -> bool:
        return any(row.opened_at >= moment for row in self.index.of_code(code))

    def _ready_to_work(self) -> None:
        self.hold()
        self._parts.need_secrets()

    def _keeping_catalogue(self, on_change: Observer) -> Observer:
        """The table shows what our trail says before anybody else knows it."""
        shown: dict[str, CouponStatus] = {}

        def observe(operation: Operation) -> None:
            on_change(operation)
            status = _shown_as(operation)
            if status is not None and shown.get(operation.id) is not status:
                shown[operation.id] = status
                try:
                    self.catalogue.set_status(operation.code, status, operation.updated_at)
                except StorageError as wrong:
                    _log.info("the catalogue does not show operation %s: %s", operation.id, wrong)

        return observe


def _no_central() -> ConfigurationError:
    return ConfigurationError(
        msg("No central database is configured."),
        done=msg("Nothing was done."),
        todo=msg('Name it under [central] in the configuration: url = "postgresql://USER@HOST/DATABASE"'),
    )


def _shown_as(operation: Operation) -> CouponStatus | None:
    """What an operation makes of its coupon's status in the table; None where it leaves it as it was.

    An operation that was refused when it was verified never showed anything, and so has nothing to take back.
    """
    is_refund, is_release = operation.kind is OperationKind.ORDER_REFUND, operation.kind is OperationKind.RELEASE
    verified, claimed = (operation.step(name).state for name in (StepName.VERIFY, StepName.CLAIM))
    match operation.state:
        case OperationState.NEEDS_ATTENTION:
            return CouponStatus.NEEDS_ATTENTION
        case OperationState.COMPLETED:
            return CouponStatus.USED if is_refund else CouponStatus.CANCELLED
        case _ if is_refund:
            return None
        case OperationState.REFUSED if verified is not StepState.REFUSED:
            used = any(finding.rule is Rule.USED_MEANWHILE for finding in operation.findings)
            return CouponStatus.USED if used else CouponStatus.CANCELLED if is_release else CouponStatus.UNUSED
        case _ if is_release:
            return None
        case OperationState.AWAITING_APPROVAL:
            return CouponStatus.CANCELLING
        case OperationState.RUNNING if claimed is StepState.DONE:
            return CouponStatus.CANCELLING
        case _:
            return None
