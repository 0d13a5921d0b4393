"""Writes facts about coupons: rows, their place in the order, and what a search finds them by."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, Row, bindparam, delete, insert, select, text, update

from coupon_desk.catalogue.facts import FACT_NAMES, FORM, Facts, facts_of, is_same_second, next_place, place_of
from coupon_desk.catalogue.folding import fold, grams, search_text
from coupon_desk.storage.tables.catalogue import coupon_grams, coupon_text, coupons

Change = Callable[[Facts], Facts]
"""What a source, or we ourselves, have to say about one coupon."""

_SEEN: Final = ("record_seen_at", "discount_seen_at")
_CATALOGUE_LOCK: Final = 0x636F75706F6E  # "coupon": one writer at a time where several desks share a database


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be written, worked out before the database is held: rows in the form in which they are sent."""

    changed: int
    seen: list[dict[str, Any]]
    gone: list[int]
    new: list[dict[str, Any]]
    same_place: list[dict[str, Any]]
    reworded: list[int]
    texts: list[dict[str, Any]]
    grams: list[dict[str, Any]]

    @property
    def is_empty(self) -> bool:
        """Nothing is to be written."""
        return not (self.changed or self.seen)


def plan(connection: Connection, changes: Mapping[str, Change]) -> Plan:
    """Work out a change of each code: codes that are new are added, unknown ones go. Nobody else may write meanwhile."""
    known = {row.code: row for row in connection.execute(select(coupons).where(coupons.c.code.in_(list(changes))))}
    seen: list[dict[str, Any]] = []
    same_place: list[tuple[int, Facts]] = []
    reworded: list[tuple[int, Facts]] = []
    gone: list[int] = []
    new: list[Facts] = []
    changed = 0
    for code, change in changes.items():
        row = known.get(code)
        before = facts_of(row) if row is not None else Facts(code)
        after = change(before)
        if _without_seen(after) == _without_seen(before) and (row is None or row.form == FORM):
            if row is not None and after != before:
                seen.append({"of": row.id, **{name: getattr(after, name) for name in _SEEN}})
            continue
        if row is None and after.is_unknown:
            continue
        changed += 1
        if row is None:
            new.append(after)
        elif after.is_unknown:
            gone.append(row.id)
        elif is_same_second(row.id, place_of(code, after.issued_at)):
            same_place.append((row.id, after))
            if row.form != FORM or _words(before) != _words(after):
                reworded.append((row.id, after))
        else:
            gone.append(row.id)
            new.append(after)
    placed = _placed(connection, new)
    words = [words_of(place, facts) for place, facts in (*placed, *reworded)]
    return Plan(
        changed,
        seen,
        gone,
        [{"id": place, **facts.columns()} for place, facts in placed],
        [{"of": place, **{f"new_{name}": value for name, value in facts.columns().items()}} for place, facts in same_place],
        [place for place, _ in reworded],
        [text for text, _ in words],
        [pairs for _, pairs in words if pairs is not None],
    )


def words_of(place: int, facts: Facts) -> tuple[dict[str, Any], dict[str, Any] | None]:
    """What a search finds a coupon by: its rows of `coupon_text` and, where the customer has a name, of `coupon_grams`."""
    text, pairs = person_words(facts)
    found_by = {"rowid": place, "code": fold(facts.code), "text": text}
    return found_by, {"rowid": place, "grams": pairs} if pairs is not None else None


def person_words(facts: Facts) -> tuple[str, str | None]:
    """What a search finds the coupons of a person by: their `text`, and the `grams` of their name."""
    return search_text(*_words(facts)), grams(facts.customer_name) if facts.customer_name else None


def carry_out(connection: Connection, planned: Plan) -> None:
    """Write what was worked out."""
    if planned.seen:
        connection.execute(
            update(coupons).where(coupons.c.id == bindparam("of")).values({name: bindparam(name) for name in _SEEN}),
            planned.seen,
        )
    if planned.gone:
        connection.execute(delete(coupons).where(coupons.c.id.in_(planned.gone)))
    _forget_words(connection, [*planned.gone, *planned.reworded])
    if planned.new:
        connection.execute(insert(coupons), planned.new)
    if planned.same_place:
        names: dict[str, Any] = {each.name: bindparam(f"new_{each.name}") for each in coupons.c if each.name != "id"}
        connection.execute(update(coupons).where(coupons.c.id == bindparam("of")).values(names), planned.same_place)
    if planned.texts:
        connection.execute(insert(coupon_text), planned.texts)
    if planned.grams:
        connection.execute(insert(coupon_grams), planned.grams)


def forget(connection: Connection, places: list[int]) -> None:
    """Forget coupons as if they had never been known: on SQLite no index of words keeps what it found them by."""
    connection.execute(delete(coupons).where(coupons.c.id == bindparam("of")), [{"of": place} for place in places])
    _forget_words(connection, places)
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("INSERT INTO coupon_text(coupon_text) VALUES ('optimize')")
        connection.exec_driver_sql("INSERT INTO coupon_grams(coupon_grams) VALUES ('optimize')")


def hold(connection: Connection) -> None:
    """Let no other desk write coupons until this transaction ends, where several share a database."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _CATALOGUE_LOCK})


def row_of(connection: Connection, code: str) -> Row[Any] | None:
    """The row of one coupon."""
    return connection.execute(select(coupons).where(coupons.c.code == code)).first()


def _without_seen(facts: Facts) -> tuple[Any, ...]:
    return tuple(getattr(facts, name) for name in FACT_NAMES if name not in _SEEN)


def _placed(connection: Connection, new: list[Facts]) -> list[tuple[int, Facts]]:
    """A free place for each, near the one it wants."""
    free: dict[int, Facts] = {}
    waiting = [(place_of(facts.code, facts.issued_at), facts) for facts in new]
    while waiting:
        wanted = [place for place, _ in waiting]
        taken = set(connection.scalars(select(coupons.c.id).where(coupons.c.id.in_(wanted))))
        again = []
        for place, facts in waiting:
            if place in taken or place in free:
                again.append((next_place(place), facts))
            else:
                free[place] = facts
        waiting = again
    return list(free.items())


def _words(facts: Facts) -> tuple[str, ...]:
    return facts.customer_name, facts.customer_email or "", facts.customer_phone or "", facts.customer_id or ""


def _forget_words(connection: Connection, places: list[int]) -> None:
    if not places:
        return
    gone = [{"of": place} for place in places]
    connection.execute(delete(coupon_text).where(coupon_text.c.rowid == bindparam("of")), gone)
    connection.execute(delete(coupon_grams).where(coupon_grams.c.rowid == bindparam("of")), gone)
