"""The owner's summary: every number can be found again in the trail, and the page says it in the reader's language."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest

from coupon_desk.clock import VirtualClock
from coupon_desk.storage.database import Database
from coupon_desk.trail.entry import Entry, NewEntry
from coupon_desk.trail.pen import Surroundings
from coupon_desk.trail.summary import LISTED_ALARMS, Approved, Returned, Summary, summarised
from coupon_desk.trail.summary_page import summary_page
from coupon_desk.trail.summary_words import About, words_of
from coupon_desk.trail.trail import Trail
from coupon_desk.words import Language, msg
from tests.trail.conftest import NOW

TOKYO = timezone(timedelta(hours=9))
CODE = "70934-AB12CD-500"


class Story:
    """Writes operations as the engine does: the numbers in clear, the rest sealed."""

    def __init__(self, database: Database) -> None:
        self.clock = VirtualClock(NOW)
        self.trail = Trail(database, Surroundings("counter-1"), self.clock)
        self._number = 0

    def returned(self, who: str, reason: str, points: int, approver: str | None = None) -> str:
        operation = self.opened(who, reason)
        if approver is not None:
            self.wrote("operation.approved", {"points": points}, approver, operation, points=points)
        self.wrote("step.done", {"points": points}, who, operation, step="return_points", points=points)
        self.wrote("operation.completed", {}, who, operation, after={"state": "completed", "kind": "cancel"})
        return operation

    def invalidated(self, who: str) -> None:
        operation = self.opened(who, "suspected_fraud", "invalidate")
        self.wrote("operation.completed", {}, who, operation, after={"state": "completed", "kind": "invalidate"})

    def refused(self, who: str, *rules: str) -> None:
        operation = self.opened(who, "other")
        findings = [{"rule": rule, "weight": "refusal"} for rule in rules] + [{"rule": "scheduled", "weight": "note"}]
        self.wrote("operation.refused", {"findings": findings}, who, operation, reason=rules[0])

    def opened(self, who: str, reason: str, kind: str = "cancel") -> str:
        self._number += 1
        operation = f"op-{self._number}"
        self.wrote("operation.opened", {"kind": kind, "reason": reason}, who, operation, reason=reason, after={"kind": kind})
        return operation

    def wrote(self, action: str, body: dict[str, Any], who: str, operation: str, **more: Any) -> None:
        self.trail.append(NewEntry(action, body, actor=who, operation=operation, code=CODE, **more))

    def summary(self, since: datetime | None = None, until: datetime | None = None) -> Summary:
        return summarised(self.trail.between(since, until), self.opening_of, since=since, until=until, zone=TOKYO)

    def opening_of(self, operation: str) -> Entry | None:
        return next(iter(self.trail.of_operation(operation)), None)


@pytest.fixture
def story(database: Database) -> Story:
    return Story(database)


def test_every_return_counts_once_by_operator_reason_and_local_day(story: Story) -> None:
    story.returned("mika", "customer_request", 500)
    story.returned("mika", "goodwill", 300, approver="owner")
    story.clock.advance(7 * 3600)  # 16:00 in London, and tomorrow in Tokyo
    story.returned("daniel", "customer_request", 1000)
    story.invalidated("daniel")

    summary = story.summary()

    assert summary.total == Returned(3, 1800)
    assert list(summary.by_operator.items()) == [("daniel", Returned(1, 1000)), ("mika", Returned(2, 800))]
    assert summary.by_reason == {"customer_request": Returned(2, 1500), "goodwill": Returned(1, 300)}
    assert summary.by_day == {date(2026, 11, 23): Returned(2, 800), date(2026, 11, 24): Returned(1, 1000)}
    assert summary.approvals == (Approved("owner", "mika", Returned(1, 300)),)
    assert summary.invalidated == 1
    assert (summary.entries, summary.first, summary.last) == (12, 1, 12)


def test_refusals_count_by_every_rule_that_spoke(story: Story) -> None:
    story.refused("mika", "used", "expired")
    story.refused("mika", "used")
    story.trail.record("right_refused", {}, actor="clerk")
    story.trail.record("sign_in_refused", {})
    story.trail.record("sign_in_refused", {})

    assert story.summary().refusals == {"sign_in_refused": 2, "used": 2, "expired": 1, "right_refused": 1}


def test_what_was_erased_still_counts(story: Story, database: Database) -> None:
    story.returned("mika", "customer_request", 500, approver="owner")
    story.refused("mika", "used", "expired")
    with database.write() as connection:
        connection.exec_driver_sql("DELETE FROM subject_keys")

    summary = story.summary()

    assert summary.total == Returned(1, 500)
    assert summary.by_reason == {"customer_request": Returned(1, 500)}
    assert summary.approvals == (Approved("owner", "mika", Returned(1, 500)),)
    assert summary.refusals == {"used": 1}


def test_a_span_counts_what_happened_in_it_whenever_it_was_asked_for(story: Story) -> None:
    operation = story.opened("mika", "goodwill")
    story.clock.advance(86400)
    story.wrote("operation.approved", {"points": 500}, "owner", operation, points=500)
    story.wrote("step.done", {"points": 500}, "mika", operation, step="return_points", points=500)

    summary = story.summary(since=NOW + timedelta(hours=12))

    assert summary.by_reason == {"goodwill": Returned(1, 500)}
    assert summary.approvals == (Approved("owner", "mika", Returned(1, 500)),)
    assert story.summary(until=NOW + timedelta(hours=12)).total == Returned()


def test_alarms_are_listed_up_to_a_length_and_counted_beyond_it(story: Story) -> None:
    story.trail.record("trail.key", {"replaces": None})
    story.trail.record("trail.key", {"replaces": "ab" * 32})
    story.trail.record("trail.database_restored", {})
    for _ in range(LISTED_ALARMS):
        story.wrote("operation.attention", {}, "mika", "op-1")

    summary = story.summary()

    assert (len(summary.alarms), summary.alarm_count) == (LISTED_ALARMS, LISTED_ALARMS + 2)
    assert [alarm.action for alarm in summary.alarms[:3]] == ["trail.key", "trail.database_restored", "operation.attention"]
    assert summary.alarms[2].code == "70934-******-500"
    assert words_of(summary, about(), Language.EN, TOKYO).alarms[-1] == "and 2 more"


def about(**changes: Any) -> About:
    return About(
        **{
            "shop_name": "Ginza <store>",
            "made_at": datetime(2026, 11, 24, 0, 30, tzinfo=UTC),
            "made_by": "owner",
            "desk": "counter-1",
            "name_of": {"owner": "Kenji Watanabe", "mika": "Mika Tanaka"}.get,
            "head": (12, "ab" * 32),
            "fingerprint": "0123 4567",
            "verdict": msg("The trail is intact: {count} entries.", count=12),
            "is_well": True,
            "found": (),
            **changes,
        }
    )


def test_the_page_says_it_in_words(story: Story) -> None:
    story.returned("mika", "goodwill", 12000, approver="owner")
    story.returned("gone", "customer_request", 3000)
    story.refused("mika", "used")

    words = words_of(story.summary(since=NOW, until=NOW + timedelta(days=1)), about(), Language.EN, TOKYO)

    assert [(figure.number, figure.label) for figure in words.figures][:2] == [("2", "returns"), ("15,000", "points returned")]
    operators, reasons, days, approvals, refusals = words.tables
    assert [(line.label, line.count, line.points, line.bar) for line in operators.lines] == [
        ("Mika Tanaka (mika)", "1", "12,000", 100),
        ("gone", "1", "3,000", 25),
    ]
    assert [line.label for line in reasons.lines] == ["Goodwill", "Customer changed their mind"]
    assert [line.label for line in days.lines] == ["23 Nov 2026"]
    assert approvals.lines[0].label == "Kenji Watanabe (owner), for Mika Tanaka (mika)"
    assert [(line.label, line.count) for line in refusals.lines] == [("Already used", "1")]
    assert words.made == "Made on 24 Nov 2026, 09:30 by Kenji Watanabe (owner), desk counter-1"
    assert words.proofs[0].value.startswith("12:abababab abababab")


def test_a_page_without_anything_to_say_says_so_and_nothing_of_it_is_code(story: Story) -> None:
    html = summary_page(story.summary(), about(fingerprint=None, is_well=False), Language.EN, TOKYO)
    assert "No points were returned." in html
    assert "Nothing was refused." in html
    assert "not signed" in html
    assert "Ginza &lt;store&gt;" in html
    assert "<store>" not in html
