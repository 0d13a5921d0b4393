"""The address of a database: what a URL may say, and that no password crosses a network in clear."""

from __future__ import annotations

import pytest

from coupon_desk.address import PostgresAddress


@pytest.mark.parametrize(
    ("url", "hosts", "ports", "mode"),
    [
        ("postgresql://desk@db.example.com/coupons", ("db.example.com",), (), "verify-full"),
        ("postgresql+psycopg://desk@db.example.com:6432/coupons", ("db.example.com",), (6432,), "verify-full"),
        ("postgresql://desk@db.example.com/coupons?sslmode=require", ("db.example.com",), (), "require"),
        ("postgresql://desk@[2001:db8::1]:5433/coupons", ("2001:db8::1",), (5433,), "verify-full"),
        (
            "postgresql://desk@a.example.com:1,b.example.com:2/coupons",
            ("a.example.com", "b.example.com"),
            (1, 2),
            "verify-full",
        ),
        ("postgresql://desk@127.0.0.1/coupons", ("127.0.0.1",), (), "prefer"),
        ("postgresql://desk@[::1]/coupons", ("::1",), (), "prefer"),
        ("postgresql://desk@localhost/coupons?sslmode=disable", ("localhost",), (), "disable"),
        ("postgresql://desk@/coupons?host=/run/postgresql&port=5433", ("/run/postgresql",), (5433,), "prefer"),
        (
            "postgresql://desk@/coupons?host=/run/postgresql,db.example.com",
            ("/run/postgresql", "db.example.com"),
            (),
            "verify-full",
        ),
    ],
)
def test_off_this_computer_the_certificate_is_verified_unless_told_otherwise(
    url: str, hosts: tuple[str, ...], ports: tuple[int, ...], mode: str
) -> None:
    address = PostgresAddress.parse(url)
    assert (address.user, address.database) == ("desk", "coupons")
    assert (address.hosts, address.ports, address.options["sslmode"]) == (hosts, ports, mode)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("postgresql://desk:hunter2@db.example.com/coupons", "no password"),
        ("postgresql://desk@db.example.com/coupons?password=hunter2", "sslrootcert"),
        ("postgresql://desk@db.example.com/coupons?passfile=hunter2", "sslrootcert"),
        ("postgresql://desk@db.example.com/coupons?service=hunter2", "sslrootcert"),
        ("postgresql://desk@db.example.com/coupons?hostaddr=10.0.0.1", "sslrootcert"),
        ("postgresql://desk@db.example.com/coupons?options=-cx%3D1", "sslrootcert"),
        ("postgresql://desk@db.example.com/coupons?sslmode=prefer", "verify-full, verify-ca or require"),
        ("postgresql://desk@db.example.com/coupons?sslmode=allow", "verify-full, verify-ca or require"),
        ("postgresql://desk@db.example.com/coupons?sslmode=disable", "verify-full, verify-ca or require"),
        ("postgresql://desk@127.0.0.1,db.example.com/coupons?sslmode=disable", "verify-full, verify-ca or require"),
        ("postgresql://desk@127.0.0.1.example.com/coupons?sslmode=disable", "verify-full, verify-ca or require"),
        ("postgresql://desk@/coupons?host=127.0.0.1,db.example.com&sslmode=disable", "verify-full, verify-ca or require"),
        ("postgresql://desk@db.example.com/coupons?sslmode=require&sslmode=disable", "one value for sslmode"),
        ("postgresql://desk@db.example.com/coupons?sslmode=", "one value for sslmode"),
        ("postgresql://desk@db.example.com/coupons?sslmode=on", "one of allow"),
        ("postgresql://desk@/coupons", "?host=/FOLDER"),
        ("postgresql://desk@a.example.com,/coupons", "HOST"),
        ("postgresql://desk@db.example.com/coupons?host=/run", "one place"),
        ("postgresql://desk@db.example.com:0/coupons", "port"),
        ("postgresql://desk@db.example.com:99999/coupons", "port"),
        ("postgresql://desk@/coupons?host=/run&port=1,2", "as many ports"),
        ("mysql://desk@db.example.com/coupons", "postgresql://"),
        ("db.example.com", "postgresql://"),
        ("postgresql://desk@db.example.com/coupons#x", "postgresql://"),
    ],
)
def test_what_is_refused_says_what_was_expected_and_repeats_nothing(url: str, expected: str) -> None:
    with pytest.raises(ValueError, match=r"^Expected ") as refused:
        PostgresAddress.parse(url)
    assert expected in str(refused.value)
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize(
    ("url", "theirs"),
    [
        ("postgresql://admin@db.example.com/coupons", "postgresql://desk_1@db.example.com/coupons"),
        (
            "postgresql://admin@db.example.com:6432?sslmode=require",
            "postgresql://desk_1@db.example.com:6432/admin?sslmode=require",
        ),
        ("postgresql://admin@[::1]:5433/c%20d", "postgresql://desk_1@[::1]:5433/c%20d"),
        ("postgresql://a@h1:1,h2:2/c?sslrootcert=/ca.pem&sslkey=/k", "postgresql://desk_1@h1:1,h2:2/c?sslrootcert=/ca.pem"),
        ("postgresql://admin@127.0.0.1/c?sslmode=verify-full", "postgresql://desk_1@127.0.0.1/c?sslmode=verify-full"),
        ("postgresql+psycopg://a@/c?host=/run/pg&port=5433", "postgresql://desk_1@/c?host=/run/pg&port=5433"),
    ],
)
def test_a_desk_is_told_the_same_place_with_its_own_user(url: str, theirs: str) -> None:
    told = PostgresAddress.parse(url).for_user("desk_1")
    assert told == theirs
    ours, parsed = PostgresAddress.parse(url), PostgresAddress.parse(told)
    assert (parsed.hosts, parsed.ports, parsed.options["sslmode"]) == (ours.hosts, ours.ports, ours.options["sslmode"])
    assert parsed.user == "desk_1"
