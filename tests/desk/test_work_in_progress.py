"""What is under way, seen at a glance: steps, what needs a person and what they do; told also to who looks elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import pytest
from PySide6.QtWidgets import QPushButton, QWidget
from pytestqt.qtbot import QtBot

from coupon_desk.app.desk import CouponDesk
from coupon_desk.cancellation.operation import (
    CancelRequest,
    Operation,
    OperationKind,
    OperationState,
    Step,
    StepName,
    StepState,
)
from coupon_desk.coupons.code import CouponCode
from coupon_desk.coupons.reasons import Reason
from coupon_desk.desk.notices import DesktopBell, Notices
from coupon_desk.desk.operation_dialog import OperationDialog
from coupon_desk.desk.stage import Stage
from coupon_desk.desk.step_marks import StepMarks
from coupon_desk.desk.taskbar import Taskbar
from coupon_desk.desk.under_way import InProgress, UnderWay
from coupon_desk.desk.window import Window
from coupon_desk.desk.work_page import WorkPage
from coupon_desk.desk.work_panel import WorkPanel
from coupon_desk.training.faults import Fault, FaultKind
from coupon_desk.training.shop import TrainingShop
from coupon_desk.words import Language

Cut = Callable[[QWidget], list[str]]


def ask(desk: CouponDesk, page: WorkPage, code: str) -> Operation:
    request = CancelRequest(CouponCode.parse(code), OperationKind.CANCEL, Reason.CUSTOMER_REQUEST, "Changed her mind")
    return desk.cancel(request, page.session)


def at_step(operation: Operation, name: StepName) -> Operation:
    """The same operation in the middle of its work."""
    before = tuple(StepName)[: tuple(StepName).index(name)]
    steps = tuple(
        Step(one, StepState.DONE if one in before else StepState.RUNNING if one is name else StepState.PENDING)
        for one in StepName
    )
    return replace(operation, state=OperationState.RUNNING, steps=steps, ended_at=None, next_action=None)


def shown(under_way: UnderWay) -> list[str]:
    return [one.id for one in under_way.now.operations]


class BellOfTests:
    """Keeps what was rung."""

    def __init__(self) -> None:
        self.rung: list[str] = []

    def ring(self, title: str, text: str) -> None:
        self.rung.append(text)

    def end(self) -> None:
        self.rung.append("end")


@pytest.mark.parametrize("language", list(Language))
def test_each_operation_shows_its_steps_and_what_needs_a_person_the_next_action(
    window: Window,
    page: WorkPage,
    desk: CouponDesk,
    shop: TrainingShop,
    stage: Stage,
    qtbot: QtBot,
    in_view: Cut,
    language: Language,
) -> None:
    showcase = shop.showcase
    shop.faults.add(Fault("add", FaultKind.HTTP_STATUS, status=422, nth=1))
    stuck = ask(desk, page, showcase.example.code)
    waiting = ask(desk, page, showcase.conversion_differs.code)
    done = ask(desk, page, showcase.english_customer.code)
    page.work.ended.emit(stuck)
    page.under_way.take(at_step(done, StepName.RETURN_POINTS))
    stage.speech.switch(language)
    stage.theme.apply(language)

    assert page.under_way.now.progress == 3 / 5
    assert window.windowTitle().startswith("60%")
    page.status.work.click()
    panel = next(one for one in page.dialogs.open if isinstance(one, WorkPanel))
    ids = shown(page.under_way)
    assert (ids[0], set(ids)) == (stuck.id, {stuck.id, waiting.id, done.id})
    assert (panel.bar.isVisible(), panel.bar.value()) == (True, 60)
    marks = panel.findChildren(StepMarks)
    assert len(marks) == 3
    assert all(step.label.text.split()[0] in marks[0].accessibleName() for step in StepName) or language is Language.JA
    assert stuck.next_action is not None
    assert any(stage.speech.say(stuck.next_action) in card.accessibleName() for card in panel.findChildren(QWidget))
    qtbot.waitUntil(lambda: in_view(panel) == [])

    show = panel.findChildren(QPushButton, f"show-{stuck.id}")[-1]
    show.setFocus()
    panel.draw()
    again = panel.focusWidget()
    assert isinstance(again, QPushButton)
    assert (again.objectName(), again is show) == (show.objectName(), False)
    again.click()
    assert isinstance(page.dialogs.open[-1], OperationDialog)
    page.dialogs.open[-1].reject()
    page.work.changed.emit(done)
    qtbot.waitUntil(lambda: not panel.bar.isVisible())
    assert "%" not in window.windowTitle()
    panel.reject()


def test_who_looks_elsewhere_is_told_each_turn_once_and_nothing_of_the_customer(
    page: WorkPage, desk: CouponDesk, shop: TrainingShop, stage: Stage
) -> None:
    bell, is_in_front = BellOfTests(), [False]
    notices = Notices(stage, bell, page, lambda: is_in_front[0])
    done = ask(desk, page, shop.showcase.example.code)

    notices.hear(at_step(done, StepName.CLAIM))
    notices.hear(done)
    notices.hear(done)
    assert bell.rung == [f"{done.code.masked}: Completed"]
    assert done.code.text not in bell.rung[0]
    is_in_front[0] = True
    notices.hear(replace(done, state=OperationState.NEEDS_ATTENTION))
    is_in_front[0] = False
    notices.hear(replace(done, state=OperationState.NEEDS_ATTENTION))
    assert len(bell.rung) == 1


def test_where_there_is_no_tray_the_bell_still_rings_and_ends(page: WorkPage, stage: Stage) -> None:
    bell = DesktopBell(stage, page)
    bell.ring("Coupon Desk", "70934-••••••-500: Completed")
    bell.end()


def test_what_does_not_fit_into_the_strip_leads_to_all_of_it(page: WorkPage, desk: CouponDesk, shop: TrainingShop) -> None:
    done = ask(desk, page, shop.showcase.example.code)
    page.attention.show_operations(replace(at_step(done, StepName.CLAIM), id=str(place)) for place in range(3))
    (more,) = (made for made in page.attention.findChildren(QPushButton) if "more" in made.text())
    more.click()
    (panel,) = page.dialogs.open
    assert isinstance(panel, WorkPanel)
    panel.reject()


def test_the_taskbar_is_told_what_changes_and_nothing_twice(page: WorkPage) -> None:
    told: list[Mapping[str, object]] = []
    taskbar = Taskbar(told.append)
    taskbar.show(InProgress())
    assert told == []
    for now in (
        InProgress(progress=0.4, at_work=1),
        InProgress(progress=0.4, at_work=2),
        InProgress(for_person=1),
        InProgress(),
    ):
        taskbar.show(now)
    assert [(one["progress-visible"], one["count-visible"], one["urgent"]) for one in told] == [
        (True, False, False),
        (False, True, True),
        (False, False, False),
    ]


def test_what_has_ended_stays_in_view_a_little_and_what_was_over_before_is_not_shown(
    page: WorkPage, desk: CouponDesk, shop: TrainingShop
) -> None:
    under_way = UnderWay(page)
    done = ask(desk, page, shop.showcase.example.code)
    under_way.take(done)
    assert shown(under_way) == []
    under_way.take(at_step(done, StepName.CLAIM))
    under_way.take(done)
    under_way.take_all([done])
    assert (shown(under_way), under_way.now.progress, under_way.now.later) == ([done.id], None, 1)
    under_way.take_all([])
    assert shown(under_way) == [done.id]
