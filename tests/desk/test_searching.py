"""Finding a coupon: typing, scanning, filtering, scrolling."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtTest import QAbstractItemModelTester, QTest
from pytestqt.qtbot import QtBot

from coupon_desk.app.desk import CouponDesk
from coupon_desk.catalogue.query import CouponQuery, StatusFilter
from coupon_desk.coupons.code import CouponCode
from coupon_desk.coupons.status import CouponStatus
from coupon_desk.desk.columns import Column
from coupon_desk.desk.coupon_rows import CouponRows
from coupon_desk.desk.stage import Stage
from coupon_desk.desk.work_page import WorkPage
from coupon_desk.people.roles import Role
from coupon_desk.training.shop import TrainingShop
from coupon_desk.words import Language
from tests.desk.conftest import SignIn
from tests.screens.place import PEOPLE


def test_a_scan_selects_exactly_this_coupon_wherever_the_focus_is(page: WorkPage, shop: TrainingShop, qtbot: QtBot) -> None:
    code = str(shop.showcase.used.code)
    page.table.setFocus()
    QTest.keyClicks(page.table, code[0])
    QTest.keyClicks(page.search.text, code[1:].lower())
    QTest.keyClick(page.search.text, Qt.Key.Key_Return)
    selected = page.table.current()
    assert selected is not None
    assert str(selected.code) == code
    assert page.search.text.selectedText() == page.search.text.text()


def test_a_code_that_the_list_does_not_know_is_still_looked_up(page: WorkPage, qtbot: QtBot) -> None:
    page.search.begin_with("12345-ZZZZZZ-700")
    page.search.text.returnPressed.emit()
    page.details.look()
    assert page.details.code.text() == "12345-ZZZZZZ-700"
    view = page.details.view
    assert view is not None
    assert not view.verdict.may_cancel
    assert not page.details.cancel.isEnabled()


def test_escape_clears_the_search_and_ctrl_f_comes_back_to_it(page: WorkPage, qtbot: QtBot) -> None:
    everything = page.rows.rowCount()
    QTest.keyClicks(page.search.text, "70934-AB12CD")
    qtbot.waitUntil(lambda: page.rows.rowCount() == 1)
    QTest.keyClick(page.search.text, Qt.Key.Key_Escape)
    assert page.search.text.text() == ""
    assert page.rows.rowCount() == everything


def test_the_buttons_filter_by_status_and_show_how_many_there_are(page: WorkPage, desk: CouponDesk) -> None:
    counts = desk.catalogue.counts(CouponQuery()).by_status
    page.search.choose(StatusFilter.USED)
    shown = [page.rows.coupon_at(page.rows.index(place, 0)) for place in range(page.rows.rowCount())]
    assert {coupon.status for coupon in shown if coupon} == {CouponStatus.USED}
    assert len(shown) == counts[StatusFilter.USED].value
    button = page.search.findChild(type(page.details.cancel), "filter-used")
    assert button is not None
    assert button.text() == f"Used {len(shown)}"


def test_an_empty_result_says_so_and_leads_back(page: WorkPage) -> None:
    everything = page.rows.rowCount()
    page.search.begin_with("nobody is called so")
    page.search.text.returnPressed.emit()
    assert page.rows.rowCount() == 0
    assert page.list.is_empty
    page.search.show_all()
    assert page.rows.rowCount() == everything
    assert not page.list.is_empty


def test_rows_come_page_by_page_and_each_coupon_once(stage: Stage, desk: CouponDesk) -> None:
    rows = CouponRows(stage, desk.coupons, desk.people.sign_in("owner", PEOPLE[0].pin))
    QAbstractItemModelTester(rows, QAbstractItemModelTester.FailureReportingMode.Warning)
    rows.show(CouponQuery(limit=7))
    assert rows.rowCount() == 7
    while rows.canFetchMore(QModelIndex()):
        before = rows.rowCount()
        rows.fetchMore(QModelIndex())
        assert before < rows.rowCount() <= before + 7
    codes = [rows.index(place, Column.CODE).data() for place in range(rows.rowCount())]
    assert len(codes) == len(set(codes)) == desk.catalogue.counts(CouponQuery()).by_status[StatusFilter.ALL].value


def test_the_texts_of_the_rows_follow_the_language(stage: Stage, desk: CouponDesk) -> None:
    rows = CouponRows(stage, desk.coupons, desk.people.sign_in("owner", PEOPLE[0].pin))
    rows.show(CouponQuery(text="70934-AB12CD-500"))
    status = rows.index(0, Column.STATUS)
    assert status.data() == "Unused"
    stage.speech.switch(Language.JA)
    assert status.data() == "未使用"
    assert rows.headerData(Column.CODE, Qt.Orientation.Horizontal) == "コード"
    spoken = rows.index(0, Column.CODE).data(Qt.ItemDataRole.AccessibleTextRole)
    assert "未使用" in spoken


def test_who_may_not_see_customers_sees_coupons_without_them_and_reads_why(
    sign_in: SignIn, desk: CouponDesk, shop: TrainingShop
) -> None:
    owner = desk.people.sign_in("owner", PEOPLE[0].pin)
    desk.people.change_role("clerk", Role.VIEWER, owner)
    page = sign_in("clerk")
    page.search.begin_with(shop.showcase.example.code)
    page.search.text.returnPressed.emit()
    page.details.look()
    assert [page.rows.index(row, Column.CUSTOMER).data() for row in range(page.rows.rowCount())] == ["•••"]
    assert page.details.customer.whole() == "•••"
    assert page.details.contact.whole() == "Your role (viewer) may not see customers' personal data."
    view = page.details.view
    assert view is not None
    assert (view.customer_name, view.customer_id, view.email_masked) == ("", None, None)
    assert view.evidence.customer is not None
    assert (view.evidence.customer.id, view.evidence.customer.email) == ("", None)
    assert view.verdict.may_cancel
    assert not page.details.cancel.isEnabled()
    assert page.details.cancel.accessibleDescription() == "Your role (viewer) may not cancel coupons."
    page.search.show_all()
    assert {page.rows.index(row, Column.CUSTOMER).data() for row in range(page.rows.rowCount())} == {"•••"}
    kept = desk.catalogue.get(CouponCode.parse(shop.showcase.example.code))
    assert kept is not None
    assert kept.customer_email is not None
    assert desk.coupons.search(CouponQuery(text=kept.customer_email), owner).rows != ()
    page.search.begin_with(kept.customer_email)
    page.search.text.returnPressed.emit()
    assert page.rows.rowCount() == 0
