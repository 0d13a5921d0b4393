"""Writes facts about coupons: rows, their place in the order, and what a search finds them by."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from sqlalchemy import Connection, Row, bindparam, delete, insert, select, text, update

from coupon_desk.catalogue.facts import FACT_NAMES, Facts, facts_of, is_same_second, next_place, place_of
from coupon_desk.catalogue.folding import grams, search_text
from coupon_desk.storage.tables.catalogue import coupon_grams, coupon_text, coupons

Change = Callable[[Facts], Facts]
"""What a source, or we ourselves, have to say about one coupon."""

_SEEN: Final = ("record_seen_at", "discount_seen_at")
_CATALOGUE_LOCK: Final = 0x636F75706F6E  # "coupon": one writer at a time where several desks share a database


def apply(connection: Connection, changes: Mapping[str, Change]) -> int:
    """Apply a change to each code, in one transaction; codes that are new are added, unknown ones go. How many changed."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _CATALOGUE_LOCK})
    known = {row.code: row for row in connection.execute(select(coupons).where(coupons.c.code.in_(list(changes))))}
    seen: list[dict[str, Any]] = []
    same_place: list[tuple[int, Facts, Facts]] = []
    gone: list[int] = []
    new: list[Facts] = []
    changed = 0
    for code, change in changes.items():
        row = known.get(code)
        before = facts_of(row) if row is not None else Facts(code)
        after = change(before)
        if _without_seen(after) == _without_seen(before):
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
            same_place.append((row.id, before, after))
        else:
            gone.append(row.id)
            new.append(after)
    _touch(connection, seen)
    _remove(connection, gone)
    _insert(connection, new)
    _update(connection, same_place)
    return changed


def row_of(connection: Connection, code: str) -> Row[Any] | None:
    """The row of one coupon."""
    return connection.execute(select(coupons).where(coupons.c.code == code)).first()


def _without_seen(facts: Facts) -> tuple[Any, ...]:
    return tuple(getattr(facts, name) for name in FACT_NAMES if name not in _SEEN)


def _touch(connection: Connection, seen: list[dict[str, Any]]) -> None:
    if seen:
        connection.execute(
            update(coupons).where(coupons.c.id == bindparam("of")).values({name: bindparam(name) for name in _SEEN}), seen
        )


def _update(connection: Connection, changed: list[tuple[int, Facts, Facts]]) -> None:
    if not changed:
        return
    values = [{"of": place, **{f"new_{name}": value for name, value in after.columns().items()}} for place, _, after in changed]
    names = Facts("").columns()
    connection.execute(
        update(coupons).where(coupons.c.id == bindparam("of")).values({name: bindparam(f"new_{name}") for name in names}),
        values,
    )
    reworded = [(place, after) for place, before, after in changed if _words(before) != _words(after)]
    _forget_words(connection, [place for place, _ in reworded])
    _put_words(connection, reworded)


def _insert(connection: Connection, new: list[Facts]) -> None:
    if not new:
        return
    placed = _placed(connection, new)
    connection.execute(insert(coupons), [{"id": place, **facts.columns()} for place, facts in placed])
    _put_words(connection, placed)


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


def _remove(connection: Connection, places: list[int]) -> None:
    if places:
        connection.execute(delete(coupons).where(coupons.c.id.in_(places)))
        _forget_words(connection, places)


def _words(facts: Facts) -> tuple[str, ...]:
    return facts.code, facts.customer_name, facts.customer_email or "", facts.customer_phone or ""


def _put_words(connection: Connection, placed: list[tuple[int, Facts]]) -> None:
    if not placed:
        return
    connection.execute(insert(coupon_text), [{"rowid": place, "text": search_text(*_words(facts))} for place, facts in placed])
    named = [{"rowid": place, "grams": grams(facts.customer_name)} for place, facts in placed if facts.customer_name]
    if named:
        connection.execute(insert(coupon_grams), named)


def _forget_words(connection: Connection, places: list[int]) -> None:
    if not places:
        return
    gone = [{"of": place} for place in places]
    connection.execute(delete(coupon_text).where(coupon_text.c.rowid == bindparam("of")), gone)
    connection.execute(delete(coupon_grams).where(coupon_grams.c.rowid == bindparam("of")), gone)
