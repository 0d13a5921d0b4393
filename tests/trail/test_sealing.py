"""What an entry says of a person is sealed: under a key per coupon, for its own place, and gone for good without the key."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest

from coupon_desk.coupons.code import CouponCode
from coupon_desk.errors import StorageError
from coupon_desk.storage.database import Database
from coupon_desk.trail.entry import BodyState, NewEntry
from coupon_desk.trail.fields import Sealed, fields_in
from coupon_desk.trail.sealing import KeyedHash, seal, unseal
from coupon_desk.trail.trail import Trail
from tests.trail.conftest import CODE

NOTE = "Taro Yamada asked at the counter"
OTHER = CouponCode("70934-ZZ99ZZ-300")


def told(code: CouponCode = CODE, operation: str = "op-1", customer: str | None = None) -> NewEntry:
    return NewEntry("operation.opened", {"note": NOTE}, "mika", operation, None, code.text, customer=customer)


def test_the_database_holds_neither_the_body_nor_the_code_of_an_operations_entries(
    database: Database, trail: Trail, file: Path
) -> None:
    entry = trail.append(told())
    assert trail.of_operation("op-1") == (entry,)
    assert entry.body == {"note": NOTE}
    database.close()
    stored = b"".join(one.read_bytes() for one in file.parent.iterdir())
    assert NOTE.encode() not in stored
    assert CODE.text.encode() not in stored
    assert b"70934-******-500" in stored


def test_what_belongs_to_no_operation_stays_open(trail: Trail) -> None:
    trail.record("signed_in", {"role": "manager"}, actor="mika")
    (entry,) = trail.between()
    assert '"body":{"role":"manager"}' in entry.text
    assert '"sealed":null' in entry.text


def test_each_coupon_has_a_key_and_its_operations_share_it(database: Database, trail: Trail) -> None:
    for new in (told(), told(operation="op-2"), told(OTHER, "op-3"), NewEntry("x", {}, None, "op-4")):
        trail.append(new)
    keys = [entry.fields.sealed.key for entry in trail.between() if entry.fields.sealed]
    assert keys[0] == keys[1]
    assert len(set(keys)) == 3
    with database.read() as connection:
        assert len({row.key for row in connection.exec_driver_sql("SELECT key FROM subject_keys")}) == 3


def test_a_key_is_linked_to_its_customer_as_soon_as_they_are_known(database: Database, trail: Trail) -> None:
    def linked() -> list[str | None]:
        with database.read() as connection:
            return [row.customer for row in connection.exec_driver_sql("SELECT customer FROM subject_keys")]

    trail.append(told())
    assert linked() == [None]
    entry = trail.append(told(customer="gid://shopify/Customer/7170934"))
    assert linked() == [entry.fields.customer]
    trail.append(told())
    assert linked() == [entry.fields.customer]
    assert trail.append(told(customer="7170934")).fields.customer == entry.fields.customer


def test_without_its_key_an_entry_says_that_it_was_erased(database: Database, trail: Trail) -> None:
    trail.append(told())
    with database.write() as connection:
        connection.exec_driver_sql("DELETE FROM subject_keys")
    (entry,) = trail.of_code(CODE)
    assert entry.is_erased
    assert entry.body == {"erased": True}
    assert (entry.action, entry.actor, entry.code) == ("operation.opened", "mika", "70934-******-500")
    assert trail.verify().is_intact


def test_a_sealed_text_opens_only_where_it_was_sealed(trail: Trail) -> None:
    key = bytes(32)
    sealed = seal("text", "k", key, "counter-1", "op-1", "step.done")
    assert seal("text", "k", key, "counter-1", "op-1", "step.done") != sealed, "a nonce is never used twice"

    def opened(key: bytes, sealed: Sealed, **changes: str) -> str | None:
        at_home = {"desk": "counter-1", "operation": "op-1", "action": "step.done"} | changes
        return unseal(fields_in(json.dumps({**at_home, "at": "", "sealed": {"key": sealed.key, "data": sealed.data}})), key)

    assert opened(key, sealed) == "text"
    assert opened(b"\1" * 32, sealed) is None
    for changes in ({"desk": "counter-2"}, {"operation": "op-2"}, {"action": "step.sent"}):
        assert opened(key, sealed, **changes) is None
    whole = base64.b64decode(sealed.data)
    for position in range(len(whole)):
        flipped = whole[:position] + bytes([whole[position] ^ 1]) + whole[position + 1 :]
        assert opened(key, Sealed("k", base64.b64encode(flipped).decode())) is None
    assert opened(key, Sealed("k", "no base64!")) is None
    assert opened(key, Sealed("k", "")) is None


def test_a_body_sealed_under_another_key_is_told_as_damaged(database: Database, trail: Trail) -> None:
    trail.append(told())
    with database.write() as connection:
        connection.exec_driver_sql("UPDATE subject_keys SET key = zeroblob(32)")
    (entry,) = trail.between()
    assert (entry.body_state, entry.body) == (BodyState.DAMAGED, {"damaged": True})


def test_keyed_hashes_differ_by_kind_and_by_database(tmp_path: Path) -> None:
    one, other = KeyedHash(b"1" * 32), KeyedHash(b"2" * 32)
    assert one.coupon(CODE) == one.coupon(CouponCode(CODE.text))
    assert len({one.coupon(CODE), other.coupon(CODE), one.customer(CODE.text), one.operation(CODE.text)}) == 4
    databases = [Database.open(tmp_path / name) for name in ("a.sqlite3", "b.sqlite3")]
    for database in databases:
        database.migrate()
    with databases[0].read() as first, databases[1].read() as second:
        assert KeyedHash.of(first).coupon(CODE) != KeyedHash.of(second).coupon(CODE)
    for database in databases:
        database.close()


def test_a_database_without_its_secret_writes_nothing(database: Database, trail: Trail) -> None:
    with database.write() as connection:
        connection.exec_driver_sql("DELETE FROM trail_secrets")
    with pytest.raises(StorageError):
        trail.append(told())
    assert trail.head().sequence == 0
