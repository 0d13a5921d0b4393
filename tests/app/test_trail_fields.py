"""What the entries of a real cancellation say of where they were written, and by which ids the remote systems know it."""

from coupon_desk import VERSION
from coupon_desk.app.desk import CouponDesk
from coupon_desk.app.home import desk_name, os_user
from coupon_desk.cancellation.operation import CancelRequest, OperationKind
from coupon_desk.coupons.code import CouponCode
from coupon_desk.coupons.reasons import Reason
from coupon_desk.people.operators import Session
from coupon_desk.training.shop import TrainingShop


def test_entries_say_where_they_were_written_and_what_the_remote_systems_call_it(
    desk: CouponDesk, shop: TrainingShop, manager: Session
) -> None:
    code = CouponCode(str(shop.showcase.example.code))
    desk.look(code, manager)
    request = CancelRequest(code, OperationKind.CANCEL, Reason.CONVERTED_BY_MISTAKE, "Wrong customer at the till")
    operation = desk.cancel(request, manager, wait_seconds=900)
    entries = desk.trail.of_operation(operation.id)
    assert {(one.desk, one.fields.os_user, one.fields.app) for one in entries} == {(desk_name(), os_user(), VERSION)}
    offsets = [one.fields.clock_offset for one in entries]
    assert all(offset is not None and abs(offset) < 5 for offset in offsets)
    heard = {(one.step, one.action) for one in entries if one.fields.request_ids}
    assert heard >= {
        ("claim", "step.done"),
        ("invalidate", "step.sent"),
        ("update_record", "step.done"),
    }
    ids = [told for one in entries for told in one.fields.request_ids]
    assert len(ids) == len(set(ids))


def test_nobody_has_compared_clocks_before_a_remote_system_answered(desk: CouponDesk, manager: Session) -> None:
    (*_, signed_in) = desk.trail.between()
    assert (signed_in.action, signed_in.actor, signed_in.fields.clock_offset) == ("signed_in", manager.login, None)
