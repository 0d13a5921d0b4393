"""Preparing the central database: once, again, from an older version, by an administrator who is no superuser."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest

from coupon_desk.address import PostgresAddress
from coupon_desk.central import version
from coupon_desk.central.administration import as_administrator
from coupon_desk.central.claims import PostgresClaims
from coupon_desk.central.desks import add_desk, disable_desk, role_for
from coupon_desk.central.health import check, require_well, state
from coupon_desk.central.refusals import SchemaMismatch
from coupon_desk.central.schema import STEPS, Prepared, prepare
from coupon_desk.central.shipped import ShippedTrail
from coupon_desk.central.version import KNOWN
from coupon_desk.coupons.code import CouponCode
from coupon_desk.errors import ConfigurationError, RemoteRefused
from tests.surroundings.central_database import PASSWORD, CentralDatabase, central_database
from tests.surroundings.tool import wait_until

DEFINITION = (
    "SELECT relname, relkind, relacl::text, relrowsecurity FROM pg_class "
    "WHERE relnamespace = 'coupon_desk'::regnamespace ORDER BY 1",
    "SELECT proname, proacl::text, prosrc FROM pg_proc WHERE pronamespace = 'coupon_desk'::regnamespace ORDER BY 1",
    "SELECT tgname, tgenabled FROM pg_trigger WHERE NOT tgisinternal ORDER BY 1",
    "SELECT polname FROM pg_policy ORDER BY 1",
    "SELECT version FROM coupon_desk.schema_version ORDER BY 1",
)


@pytest.fixture
def bare(postgres_folder: Path) -> Iterator[CentralDatabase]:
    """An empty database."""
    with central_database(postgres_folder, prepared=False) as database:
        yield database


def prepared(address: PostgresAddress, steps: int = len(STEPS)) -> Prepared:
    with as_administrator(address, lambda: None) as connection:
        return prepare(connection, STEPS[:steps])


def definition(database: CentralDatabase) -> list[list[tuple[object, ...]]]:
    return [database.ask(query) for query in DEFINITION]


def test_it_is_prepared_once_and_a_second_time_changes_nothing(bare: CentralDatabase) -> None:
    assert prepared(bare.administrator) == Prepared(None, KNOWN)
    before = definition(bare)
    assert prepared(bare.administrator) == Prepared(KNOWN, KNOWN)
    assert definition(bare) == before


def test_an_older_version_is_brought_up_to_date_with_what_stands_in_it(bare: CentralDatabase) -> None:
    for steps in range(1, len(STEPS)):
        assert prepared(bare.administrator, steps).version == steps
    bare.add_desk("Ginza")
    bare.ask(
        "INSERT INTO coupon_desk.entries (desk, sequence, version, previous, entry, hash) "
        f"VALUES ('Ginza', 1, 2, '{'0' * 64}', '{{}}', '{'1' * 64}')"
    )
    assert prepared(bare.administrator) == Prepared(len(STEPS) - 1, KNOWN)
    found = state(bare.open("Ginza"), "s")
    assert (found.desk, found.entries, found.claims) == ("Ginza", 1, ())
    upgraded = definition(bare)
    with central_database(bare.folder) as made_at_once:
        assert definition(made_at_once) == upgraded


def test_a_program_of_the_version_before_goes_on_while_the_schema_is_brought_up_to_date(
    bare: CentralDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = CouponCode.parse("70934-AB12CD-500")
    prepared(bare.administrator, 2)
    monkeypatch.setattr(version, "KNOWN", 2)
    older = bare.open("Ginza")
    claims = PostgresClaims(older, "s")
    assert claims.take(code, "op-1", "aiko") is None
    monkeypatch.setattr(version, "KNOWN", KNOWN)
    with pytest.raises(SchemaMismatch, match="older version"):
        bare.open("Osaka").own_desk()
    prepared(bare.administrator)
    newer = bare.open("Osaka")
    held = PostgresClaims(newer, "s").holder(code)
    assert held is not None
    assert (held.desk, state(newer, "s").people) == ("Ginza", 0)
    monkeypatch.setattr(version, "KNOWN", 2)
    for still in (older, bare.open("Ginza")):
        assert PostgresClaims(still, "s").take(code, "op-1", "aiko", returning=True) is None
        trail = ShippedTrail(still)
        assert trail.add("Ginza", [(1, 2, "0" * 64, "{}", "1" * 64)]) == (1, "1" * 64)
    claims.release(code, "op-1")


def test_a_newer_version_is_left_as_it_is(bare: CentralDatabase) -> None:
    prepared(bare.administrator)
    bare.ask("INSERT INTO coupon_desk.schema_version VALUES (99, 1, now(), 'a newer program')")
    before = definition(bare)
    with pytest.raises(SchemaMismatch) as newer:
        prepared(bare.administrator)
    assert "newer" in str(newer.value)
    assert definition(bare) == before


def test_preparing_that_breaks_off_leaves_nothing(bare: CentralDatabase) -> None:
    with pytest.raises(RuntimeError), as_administrator(bare.administrator, lambda: None) as connection:
        prepare(connection)
        raise RuntimeError
    assert bare.ask("SELECT count(*) FROM pg_namespace WHERE nspname = 'coupon_desk'") == [(0,)]


def test_two_administrators_at_once_prepare_it_once(bare: CentralDatabase) -> None:
    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(prepared, [bare.administrator, bare.administrator]))
    assert sorted(one.before or 0 for one in found) == [0, KNOWN]


def test_a_schema_of_that_name_that_belongs_to_somebody_else_is_not_touched(bare: CentralDatabase) -> None:
    bare.ask("CREATE SCHEMA coupon_desk; CREATE TABLE coupon_desk.theirs (x text)")
    with pytest.raises(RemoteRefused) as refused:
        prepared(bare.administrator)
    assert "somebody else" in str(refused.value)
    assert bare.ask("SELECT count(*) FROM pg_class WHERE relnamespace = 'coupon_desk'::regnamespace") == [(1,)]


def test_who_may_not_administer_is_told(bare: CentralDatabase) -> None:
    prepared(bare.administrator)
    role = bare.add_desk("Ginza")
    with pytest.raises(RemoteRefused) as refused:
        prepared(PostgresAddress.parse(bare.url(role)))
    assert "may not administer" in str(refused.value)
    assert "--url" in str(refused.value.todo)


def test_rights_that_somebody_changed_are_found_and_put_in_order_again(centre: CentralDatabase) -> None:
    central = centre.open("Ginza")
    require_well(check(central))
    centre.ask("GRANT UPDATE (entry), DELETE ON coupon_desk.entries TO coupon_desk_desk")
    centre.ask("GRANT SELECT ON coupon_desk.claims TO PUBLIC")
    centre.ask("GRANT SELECT (pin_hash) ON coupon_desk.people TO coupon_desk_desk")
    found = check(central)
    assert set(found.too_much) == {"entries: UPDATE", "entries: DELETE", "claims: SELECT", "people: SELECT"}
    with pytest.raises(RemoteRefused) as told:
        require_well(found)
    assert "entries: DELETE" in str(told.value)
    centre.prepare()
    require_well(check(central))
    centre.ask("ALTER TABLE coupon_desk.entries DISABLE TRIGGER entries_stay, DISABLE ROW LEVEL SECURITY")
    assert check(central).missing == ("entries: row security", "trigger entries_stay")
    with pytest.raises(RemoteRefused, match="row security"):
        require_well(check(central))


def test_a_superuser_is_no_good_login_role_for_a_desk(centre: CentralDatabase) -> None:
    centre.ask("INSERT INTO coupon_desk.desks (desk, role) VALUES ('Ginza', 'postgres')")
    central = centre.open_as("postgres")
    assert "superuser, or may change roles or bypass row security" in check(central).too_much
    centre.ask("UPDATE coupon_desk.desks SET role = 'nobody'")


def test_a_desk_has_a_name_a_role_and_a_password_of_some_length(centre: CentralDatabase) -> None:
    assert role_for("Ginza 2nd floor") == "desk_ginza_2nd_floor"
    with pytest.raises(ConfigurationError, match="銀座"):
        role_for("銀座")
    refusals = {
        "no name for a desk": ("", "desk_x", PASSWORD),
        "is no name for a desk": ("a\nb", "desk_x", PASSWORD),
        "too short": ("Ginza", "desk_x", "short"),
        "is no name for a login role": ("Ginza", 'x"; DROP ROLE postgres; --', PASSWORD),
        "is there already": ("Ginza", "postgres", PASSWORD),
        "“pg_monitor” is no name for a login role": ("Ginza", "pg_monitor", PASSWORD),
    }
    for why, (desk, role, password) in refusals.items():
        with (
            pytest.raises(ConfigurationError, match=why) as refused,
            as_administrator(centre.administrator, lambda: None) as connection,
        ):
            add_desk(connection, desk, role, password)
        assert refused.value.todo is not None
    assert centre.ask("SELECT * FROM coupon_desk.desks") == []


def test_the_server_is_never_sent_a_password_in_clear(centre: CentralDatabase) -> None:
    centre.ask("ALTER SYSTEM SET log_statement = 'all'")
    centre.ask("SELECT pg_reload_conf()")
    wait_until(lambda: centre.ask("SHOW log_statement") == [("all",)], "the server writes down what it is asked")
    try:
        centre.add_desk("Ginza")
    finally:
        centre.ask("ALTER SYSTEM RESET log_statement")
        centre.ask("SELECT pg_reload_conf()")
    written = (centre.folder / "log").read_text()
    assert 'CREATE ROLE "desk_ginza' in written
    assert PASSWORD not in written
    ((kept,),) = centre.ask(
        "SELECT rolpassword FROM pg_authid WHERE rolname = (SELECT role FROM coupon_desk.desks WHERE desk = 'Ginza')"
    )
    assert kept.startswith("SCRAM-SHA-256$")


def test_a_disabled_desk_can_do_nothing_more_and_its_claim_can_be_taken_over(centre: CentralDatabase) -> None:
    code = CouponCode.parse("70934-AB12CD-500")
    ginza = PostgresClaims(centre.open("Ginza"), "s")
    osaka = PostgresClaims(centre.open("Osaka"), "s")
    assert ginza.take(code, "op-1", "aiko") is None
    with as_administrator(centre.administrator, lambda: None) as connection:
        assert disable_desk(connection, "Ginza") == 1
    for call in (lambda: ginza.take(code, "op-1", "aiko", returning=True), lambda: ginza.holder(code), ginza.open_ones):
        with pytest.raises(RemoteRefused, match="does not know this desk, or it was disabled"):
            call()
    assert osaka.take(code, "op-2", "bunta", replaces="op-1", proof="the computer was stolen") is None
    with psycopg.connect(host=str(centre.folder), user="postgres", dbname=centre.name) as connection:
        assert connection.execute("SELECT rolcanlogin FROM pg_roles WHERE rolname LIKE 'desk_ginza%'").fetchone() == (False,)
    centre.add_desk("Ginza")
    assert ginza.open_ones() == (), "let in again"
    with (
        pytest.raises(ConfigurationError, match="knows no desk") as unknown,
        as_administrator(centre.administrator, lambda: None) as connection,
    ):
        disable_desk(connection, "Kobe")
    assert "Ginza, Osaka" in str(unknown.value.todo)


def test_a_desk_s_first_key_is_kept_until_an_administrator_forgets_it(centre: CentralDatabase) -> None:
    role = centre.add_desk("Ginza")

    def shown(key: str) -> str:
        ((kept,),) = centre.ask("SELECT coupon_desk.register_key(%s)", key, user=role)
        assert isinstance(kept, str)
        return kept

    assert (shown("first"), shown("second")) == ("first", "first")
    with as_administrator(centre.administrator, lambda: None) as connection:
        add_desk(connection, "Ginza", None, PASSWORD)
    assert shown("second") == "first"
    with as_administrator(centre.administrator, lambda: None) as connection:
        add_desk(connection, "Ginza", None, PASSWORD, forget_key=True)
    assert shown("second") == "second"
