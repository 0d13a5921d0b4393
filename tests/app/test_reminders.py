"""Reminders of coupons that expire soon: one for each coupon, ever, to those alone who want it."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Callable
from pathlib import Path
from unittest.mock import MagicMock

import pytest

from coupon_desk.app.desk import CouponDesk
from coupon_desk.app.reminder_trail import ReminderState
from coupon_desk.app.reminders import Reminder
from coupon_desk.app.training import training_vault
from coupon_desk.cancellation.operation import CancelRequest, OperationKind
from coupon_desk.clock import VirtualClock
from coupon_desk.coupons.code import CouponCode
from coupon_desk.coupons.reasons import Reason
from coupon_desk.errors import ExitStatus, NotPermitted
from coupon_desk.people.operators import NewOperator, Session
from coupon_desk.people.roles import Role
from coupon_desk.training.faults import Fault, FaultKind
from coupon_desk.training.shop import TrainingShop
from tests.app.conftest import PIN

SOON = 14


def expiring(shop: TrainingShop) -> CouponCode:
    return CouponCode.parse(shop.showcase.expiring_soon.code)


def actions(desk: CouponDesk, code: CouponCode) -> list[str]:
    return [entry.action for entry in desk.trail.of_code(code) if entry.action.startswith("reminder.")]


def test_the_customer_gets_one_reminder_and_never_another(desk: CouponDesk, shop: TrainingShop, manager: Session) -> None:
    code = expiring(shop)

    first = desk.reminders.send(manager, days=SOON, codes=(code,))
    again = desk.reminders.send(manager, days=SOON, codes=(code,))

    assert (first.sent, again.sent, first.exit_status, again.exit_status) == (1, 0, 0, 0)
    assert [one.rule for one in again.reminders] == ["told_before"]
    (mail,) = shop.mailbox.mails
    assert mail.recipients == ("ren.kimura@example.com",)
    assert code.text in mail.text
    assert "配信停止" in mail.text
    assert str(mail.message["List-Unsubscribe"]).startswith("<https://ginza-training.myshopify.com/account/unsubscribe")
    assert actions(desk, code) == ["reminder.started", "reminder.sent"]
    assert desk.verify_trail().is_intact


def test_the_trail_says_nothing_of_the_person(desk: CouponDesk, shop: TrainingShop, manager: Session) -> None:
    desk.reminders.send(manager, days=SOON, codes=(expiring(shop),))

    written = " ".join(entry.text for entry in desk.trail.of_actions("reminder.started", "reminder.sent", "reminders.ended"))
    assert all(
        word not in written for word in ("ren.kimura", "木村", expiring(shop).text, shop.showcase.expiring_soon.customer_id)
    )


def test_all_that_expire_are_looked_at_and_each_says_why_not(desk: CouponDesk, shop: TrainingShop, manager: Session) -> None:
    desk.sync(full=True)
    seen: list[Reminder] = []

    dry = desk.reminders.send(manager, days=SOON, dry_run=True)
    run = desk.reminders.send(manager, days=SOON, on_each=seen.append)

    assert tuple(seen) == run.reminders
    assert [one.code for one in desk.reminders.list(manager, days=SOON)] == [one.code for one in run.reminders]
    assert {one.code for one in dry.reminders if one.state is ReminderState.DUE} == {
        one.code for one in run.reminders if one.state is ReminderState.SENT
    }
    assert len(shop.mailbox.mails) == run.sent > 0
    assert all(one.why is not None for one in run.reminders if one.state is ReminderState.SKIPPED)
    assert {one.state for one in desk.reminders.list(manager, days=SOON)} <= {ReminderState.SENT, ReminderState.DUE}


def test_a_dry_run_writes_and_sends_nothing(desk: CouponDesk, shop: TrainingShop, manager: Session) -> None:
    code = expiring(shop)
    before = json.dumps(shop.record_entry(code))

    run = desk.reminders.send(manager, days=SOON, codes=(code,), dry_run=True)

    assert [one.state for one in run.reminders] == [ReminderState.DUE]
    assert (shop.mailbox.mails, actions(desk, code), json.dumps(shop.record_entry(code))) == ((), [], before)


def test_who_has_not_agreed_to_e_mails_gets_none(desk: CouponDesk, shop: TrainingShop, manager: Session) -> None:
    for state in ("UNSUBSCRIBED", "NOT_SUBSCRIBED", "PENDING", "INVALID"):
        shop.consent(shop.showcase.expiring_soon.customer_id, state)
        run = desk.reminders.send(manager, days=SOON, codes=(expiring(shop),))
        assert [(one.state, one.rule) for one in run.reminders] == [(ReminderState.SKIPPED, "not_subscribed")]

    assert (shop.mailbox.mails, actions(desk, expiring(shop))) == ((), [])
    shop.consent(shop.showcase.expiring_soon.customer_id, "SUBSCRIBED")
    assert desk.reminders.send(manager, days=SOON, codes=(expiring(shop),)).sent == 1


def test_the_customers_record_can_forbid_it(desk: CouponDesk, shop: TrainingShop, manager: Session) -> None:
    code, customer = expiring(shop), shop.showcase.expiring_soon.customer_id
    entry = shop.record_entry(code) or {}
    records: tuple[object, ...] = (
        [{**entry, "reminders": False}],
        [{**entry, "reminders": "no"}],
        {"reminders": [], "coupons": [{**entry, "reminders": True}]},
    )
    for record in records:
        shop.edit_record(customer, record)
        assert [one.rule for one in desk.reminders.send(manager, days=SOON, codes=(code,)).reminders] == ["unwanted"]
    assert not shop.mailbox.mails


def test_what_became_of_the_coupon_meanwhile_decides_and_not_the_list(
    desk: CouponDesk, shop: TrainingShop, manager: Session
) -> None:
    desk.sync(full=True)
    show = shop.showcase
    shop.redeem(show.expiring_soon.code)
    others = (show.cancelled, show.expired, show.scheduled, show.no_record, show.no_email, show.already_returned)
    codes = tuple(CouponCode.parse(one.code) for one in (show.expiring_soon, *others))
    assert [one.code for one in desk.reminders.list(manager, days=SOON)].count(codes[0]) == 1

    run = desk.reminders.send(manager, days=60, codes=codes)

    assert [one.rule for one in run.reminders] == [
        *("not_usable", "not_usable", "not_usable", "not_yet_valid", "no_record", "ends_later", "not_usable")
    ]
    assert (run.sent, shop.mailbox.mails, run.exit_status) == (0, (), ExitStatus.DONE)


def test_a_lost_answer_of_the_mail_server_is_told_and_never_repeated(
    desk: CouponDesk, shop: TrainingShop, manager: Session
) -> None:
    code = expiring(shop)
    shop.faults.add(Fault("mail.content", FaultKind.LOST_ANSWER))

    run = desk.reminders.send(manager, days=SOON, codes=(code,))
    again = desk.reminders.send(manager, days=SOON, codes=(code,))

    assert ([one.state for one in run.reminders], run.exit_status) == ([ReminderState.UNKNOWN], ExitStatus.NEEDS_A_PERSON)
    assert ([one.rule for one in again.reminders], again.exit_status) == (["told_before"], ExitStatus.DONE)
    assert len(shop.mailbox.mails) == 1
    assert actions(desk, code) == ["reminder.started", "reminder.unknown"]


@pytest.mark.parametrize(
    ("fault", "state", "rule"),
    [
        (Fault("mail.connect", FaultKind.HTTP_STATUS, status=421), ReminderState.DELAYED, "mail_unavailable"),
        (Fault("mail.recipient", FaultKind.HTTP_STATUS, status=550), ReminderState.REFUSED, "mail_refused"),
        (Fault("WriteRecord", FaultKind.LOST_ANSWER), ReminderState.DELAYED, "record_not_marked"),
        (Fault("WriteRecord", FaultKind.ERROR_500_BEFORE), ReminderState.DELAYED, "record_not_marked"),
        (Fault("CustomerConsent", FaultKind.HTTP_STATUS, status=402), ReminderState.SKIPPED, "not_answered"),
    ],
    ids=lambda given: given.kind.value if isinstance(given, Fault) else "",
)
def test_what_surely_was_not_sent_is_tried_again_under_the_same_id(
    desk: CouponDesk, shop: TrainingShop, manager: Session, fault: Fault, state: ReminderState, rule: str
) -> None:
    code = expiring(shop)
    shop.faults.add(fault)

    run = desk.reminders.send(manager, days=SOON, codes=(code,))
    assert [(one.state, one.rule) for one in run.reminders] == [(state, rule)]
    assert not shop.mailbox.mails
    assert desk.reminders.send(manager, days=SOON, codes=(code,)).sent == 1

    (mail,) = shop.mailbox.mails
    mark = (shop.record_entry(code) or {})["reminder"]
    assert mark["id"] in str(mail.message["Message-ID"])
    ids = {entry.body["reminder"] for entry in desk.trail.of_code(code) if entry.action.startswith("reminder.")}
    assert ids == {mark["id"]}


def test_a_program_that_was_cut_off_before_it_knew_does_not_send_again(
    desk: CouponDesk, shop: TrainingShop, manager: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = expiring(shop)

    class PowerCut(BaseException):
        """No handler of the program sees it."""

    with monkeypatch.context() as patched:
        patched.setattr("coupon_desk.app.reminder_sending.ended", MagicMock(side_effect=PowerCut))
        with pytest.raises(PowerCut):
            desk.reminders.send(manager, days=SOON, codes=(code,))
    assert actions(desk, code) == ["reminder.started"]

    run = desk.reminders.send(manager, days=SOON, codes=(code,))
    known = run.reminders[0]
    assert known.state is ReminderState.UNKNOWN
    assert "may or may not have arrived" in str(known.why)
    assert len(shop.mailbox.mails) == 1


def test_another_desk_of_the_shop_sees_the_mark_and_sends_none(
    desk: CouponDesk, shop: TrainingShop, manager: Session, template: Path, tmp_path: Path, clock: VirtualClock
) -> None:
    code, second = expiring(shop), tmp_path / "second"
    second.mkdir()
    for name in ("config.toml", "desk.sqlite3"):
        shutil.copy(template / name, second)
    other = CouponDesk.open(second, secrets=training_vault(shop.addresses), clock=clock)
    try:
        assert other.reminders.send(other.people.sign_in("manager", PIN), days=SOON, codes=(code,)).sent == 1
    finally:
        other.close()

    run = desk.reminders.send(manager, days=SOON, codes=(code,))

    assert [one.rule for one in run.reminders] == ["reminded"]
    assert len(shop.mailbox.mails) == 1


def test_two_at_the_same_desk_at_once_send_one(desk: CouponDesk, shop: TrainingShop, manager: Session) -> None:
    code = expiring(shop)
    meet = threading.Barrier(2)
    sent: list[int] = []

    def remind() -> None:
        meet.wait()
        sent.append(desk.reminders.send(manager, days=SOON, codes=(code,)).sent)

    both = [threading.Thread(target=remind) for _ in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join()

    assert (sorted(sent), len(shop.mailbox.mails)) == ([0, 1], 1)


def test_a_record_that_changes_under_our_hands_is_read_again(
    desk: CouponDesk, shop: TrainingShop, manager: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    code, customer = expiring(shop), shop.showcase.expiring_soon.customer_id
    prepare: Callable[..., object] = desk.reminders.sender.shop.prepare_record
    forbid = iter([True])

    def late(*seen: object) -> object:
        if next(forbid, False):
            shop.edit_record(customer, [{**(shop.record_entry(code) or {}), "reminders": False}])
        return prepare(*seen)

    monkeypatch.setattr(desk.reminders.sender.shop, "prepare_record", late)
    run = desk.reminders.send(manager, days=SOON, codes=(code,))

    assert ([one.rule for one in run.reminders], shop.mailbox.mails) == (["unwanted"], ())
    assert actions(desk, code) == ["reminder.started", "reminder.delayed"]


def test_when_nobody_answers_the_rest_waits_for_another_day(desk: CouponDesk, shop: TrainingShop, manager: Session) -> None:
    desk.sync(full=True)
    shop.faults.add(Fault("mail.connect", FaultKind.HTTP_STATUS, every=1, status=421))

    run = desk.reminders.send(manager, days=60)

    assert (run.has_given_up, run.sent, run.exit_status) == (True, 0, ExitStatus.NOT_FINISHED)
    assert [one.state for one in run.reminders][-3:] == [ReminderState.DELAYED] * 3
    (ran,) = desk.trail.of_actions("reminders.ended")
    assert ran.fields.result == "given_up"


def test_it_can_be_stopped_between_two_coupons(desk: CouponDesk, shop: TrainingShop, manager: Session) -> None:
    desk.sync(full=True)
    stop = threading.Event()

    run = desk.reminders.send(manager, days=60, on_each=lambda _: stop.set(), stop=stop)

    assert (run.was_stopped, len(run.reminders)) == (True, 1)


def test_a_coupon_that_is_being_cancelled_is_left_alone(desk: CouponDesk, shop: TrainingShop, manager: Session) -> None:
    code = expiring(shop)
    asked = CancelRequest(code, OperationKind.CANCEL, Reason.GOODWILL, "Asked at the counter")
    desk.cancel(asked, manager)

    run = desk.reminders.send(manager, days=SOON, codes=(code,))

    assert [one.rule for one in run.reminders] == ["not_usable"]
    assert "Being cancelled by" in str(run.reminders[0].why)


def test_only_who_may_reminds(desk: CouponDesk, shop: TrainingShop, owner: Session) -> None:
    desk.people.add(NewOperator("clerk", "Yui Kato", Role.CLERK, "615273"), owner)
    clerk = desk.people.sign_in("clerk", "615273")

    with pytest.raises(NotPermitted):
        desk.reminders.send(clerk, codes=(expiring(shop),), days=SOON)

    assert [entry.body["right"] for entry in desk.trail.of_actions("right_refused")] == ["remind"]
    assert not shop.mailbox.mails
