"""What somebody may try who has the login role of one desk and its password: SQL, and the error that each must end with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

DENIED: Final = "42501"
GAP, FORK = "CD002", "CD003"
THERE_ALREADY: Final = "23505"
BAD_VALUE: Final = "23514"
MISSING_VALUE: Final = "23502"

GENESIS: Final = "0" * 64
OTHER: Final = "f" * 64


@dataclass(frozen=True, slots=True)
class Attack:
    """SQL in one session. `ends_with`: the SQLSTATE of the error that stops it; None: it is let through and has no effect."""

    sql: str
    ends_with: str | None = DENIED


def entry(sequence: int, previous: str, digest: str = OTHER, desk: str = "Ginza", more: str = "") -> str:
    """An INSERT of one entry."""
    return (
        "INSERT INTO coupon_desk.entries (desk, sequence, version, previous, entry, hash) "
        f"VALUES ('{desk}', {sequence}, 2, '{previous}', '{{\"action\":\"forged\"}}', '{digest}') {more}"
    )


# Ginza has the entries 1 to 3 with the hashes 1…, 2…, 3…; Osaka has 1 and 2.
CHAIN: Final = {number: str(number) * 64 for number in (1, 2, 3)}

CHANGING_ENTRIES: Final = (
    Attack("UPDATE coupon_desk.entries SET entry = '{}'"),
    Attack("UPDATE coupon_desk.entries SET received_at = now() - interval '1 year'"),
    Attack("UPDATE ONLY coupon_desk.entries SET hash = previous WHERE sequence = 3"),
    Attack("DELETE FROM coupon_desk.entries"),
    Attack("DELETE FROM coupon_desk.entries WHERE sequence = 3"),
    Attack("TRUNCATE coupon_desk.entries"),
    Attack("TRUNCATE coupon_desk.desks CASCADE"),
    Attack("WITH gone AS (DELETE FROM coupon_desk.entries RETURNING 1) SELECT count(*) FROM gone"),
    Attack("DO $$ BEGIN DELETE FROM coupon_desk.entries; END $$"),
    Attack("DO $$ BEGIN EXECUTE 'UPDATE coupon_desk.entries SET entry = ''{}'''; END $$"),
    Attack(
        "MERGE INTO coupon_desk.entries e USING (SELECT 3 AS sequence) s ON e.sequence = s.sequence "
        "WHEN MATCHED THEN UPDATE SET entry = '{}'"
    ),
    Attack(
        "MERGE INTO coupon_desk.entries e USING (SELECT 3 AS sequence) s ON e.sequence = s.sequence WHEN MATCHED THEN DELETE"
    ),
    Attack("SELECT * FROM coupon_desk.entries FOR UPDATE"),
    Attack("BEGIN; LOCK TABLE coupon_desk.entries IN ACCESS EXCLUSIVE MODE"),
    Attack("BEGIN; LOCK TABLE coupon_desk.claims IN ACCESS EXCLUSIVE MODE"),
    Attack("BEGIN; LOCK TABLE coupon_desk.schema_version IN SHARE ROW EXCLUSIVE MODE"),
)

FORGING_ENTRIES: Final = (
    Attack(entry(1, GENESIS, desk="Osaka")),
    Attack(entry(3, CHAIN[2], desk="Osaka")),
    Attack(entry(7, CHAIN[2], desk="Osaka")),
    Attack(entry(1, GENESIS, desk="Nowhere")),
    Attack(entry(5, CHAIN[3]), GAP),
    Attack(entry(9_000_000_000, CHAIN[3]), GAP),
    Attack(entry(4, CHAIN[2]), FORK),
    Attack(entry(4, GENESIS), FORK),
    Attack(entry(3, CHAIN[2]), THERE_ALREADY),
    Attack(entry(1, GENESIS), THERE_ALREADY),
    Attack(entry(2, CHAIN[1], CHAIN[2]), THERE_ALREADY),
    Attack(entry(3, CHAIN[2], more="ON CONFLICT DO NOTHING"), None),
    Attack(entry(3, CHAIN[2], more="ON CONFLICT (desk, sequence) DO UPDATE SET entry = EXCLUDED.entry, hash = EXCLUDED.hash")),
    Attack(entry(0, GENESIS), BAD_VALUE),
    Attack(entry(-1, GENESIS), BAD_VALUE),
    Attack(entry(4, CHAIN[3], "not a hash"), BAD_VALUE),
    Attack(entry(4, CHAIN[3], OTHER.upper()), BAD_VALUE),
    Attack(entry(4, CHAIN[3]).replace("{", "not JSON {"), "22P02"),
    Attack(
        "INSERT INTO coupon_desk.entries (desk, sequence, version, previous, entry, hash) VALUES "
        f"('Ginza', 4, 2, '{CHAIN[3]}', '{{}}', '{'4' * 64}'), ('Ginza', 5, 2, '{OTHER}', '{{}}', '{'5' * 64}')",
        FORK,
    ),
    Attack(
        "INSERT INTO coupon_desk.entries (desk, sequence, version, previous, entry, hash, received_at) "
        f"VALUES ('Ginza', 4, 2, '{CHAIN[3]}', '{{}}', '{OTHER}', '2001-01-01')"
    ),
    Attack(
        "INSERT INTO coupon_desk.entries (desk, sequence, version, previous, entry, hash, action) "
        f"VALUES ('Ginza', 4, 2, '{CHAIN[3]}', '{{}}', '{OTHER}', 'harmless')",
        "428C9",
    ),
    Attack("INSERT INTO coupon_desk.entries SELECT * FROM coupon_desk.entries", "428C9"),
    Attack("INSERT INTO coupon_desk.entries DEFAULT VALUES"),
    Attack("COPY coupon_desk.entries (desk, sequence, version, previous, entry, hash) FROM STDIN", "0A000"),
    Attack("COPY coupon_desk.entries FROM '/etc/passwd'"),
    Attack("COPY coupon_desk.entries FROM PROGRAM 'id'"),
    Attack("COPY coupon_desk.entries TO PROGRAM 'id'"),
)

GETTING_AT_CLAIMS_AND_DESKS: Final = (
    Attack("SELECT * FROM coupon_desk.claims"),
    Attack(
        "INSERT INTO coupon_desk.claims (shop, coupon, shown_as, operation, desk, operator, state) "
        f"VALUES ('s', '{OTHER}', 'x', 'op', 'Osaka', 'mallory', 'claimed')"
    ),
    Attack("UPDATE coupon_desk.claims SET ended_at = now(), ending = 'released'"),
    Attack("DELETE FROM coupon_desk.claims"),
    Attack("TRUNCATE coupon_desk.claims"),
    Attack("SELECT nextval('coupon_desk.claims_id_seq')"),
    Attack("SELECT setval('coupon_desk.claims_id_seq', 1)"),
    Attack(f"SELECT coupon_desk.release_claim('s', '{'a' * 64}', 'op-osaka')", None),
    Attack(f"SELECT * FROM coupon_desk.take_claim('s', '{'a' * 64}', 'x', 'op-osaka', 'mallory', true, NULL, '')", None),
    Attack(f"SELECT * FROM coupon_desk.take_claim('s', '{'a' * 64}', 'x', 'op-x', 'mallory', true, 'op-osaka', '')", "CD005"),
    Attack(f"SELECT * FROM coupon_desk.take_claim('s', '{'a' * 64}', 'x', 'op-x', 'mallory', true, 'op-osaka', NULL)", "CD005"),
    Attack("SELECT * FROM coupon_desk.take_claim('s', 'no hash', 'x', 'op-x', 'mallory', false, NULL, '')", BAD_VALUE),
    Attack("SELECT * FROM coupon_desk.take_claim(NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)", MISSING_VALUE),
    Attack("SELECT * FROM coupon_desk.desks"),
    Attack("INSERT INTO coupon_desk.desks (desk, role) VALUES ('Osaka', session_user)"),
    Attack("UPDATE coupon_desk.desks SET role = session_user WHERE desk = 'Osaka'"),
    Attack("DELETE FROM coupon_desk.desks"),
    Attack("SELECT coupon_desk.register_key('another key')", None),
    Attack("INSERT INTO coupon_desk.schema_version VALUES (99, 99, now(), 'mallory')"),
    Attack("DELETE FROM coupon_desk.schema_version"),
)

CHANGING_THE_SCHEMA: Final = (
    Attack("DROP TABLE coupon_desk.entries"),
    Attack("DROP SCHEMA coupon_desk CASCADE"),
    Attack("ALTER SCHEMA coupon_desk RENAME TO gone"),
    Attack("ALTER TABLE coupon_desk.entries DISABLE TRIGGER ALL"),
    Attack("ALTER TABLE coupon_desk.entries DISABLE TRIGGER entries_follow"),
    Attack("ALTER TABLE coupon_desk.entries DISABLE ROW LEVEL SECURITY"),
    Attack("ALTER TABLE coupon_desk.entries OWNER TO CURRENT_USER"),
    Attack("ALTER TABLE coupon_desk.entries DROP COLUMN received_at"),
    Attack("ALTER TABLE coupon_desk.entries ALTER COLUMN received_at SET DEFAULT '2001-01-01'"),
    Attack("ALTER TABLE coupon_desk.entries DROP CONSTRAINT entries_pkey"),
    Attack("ALTER TABLE coupon_desk.entries RENAME TO gone"),
    Attack("ALTER TABLE coupon_desk.entries SET UNLOGGED"),
    Attack("DROP INDEX coupon_desk.claims_open"),
    Attack("DROP TRIGGER entries_stay ON coupon_desk.entries"),
    Attack("DROP POLICY entries_are_read ON coupon_desk.entries"),
    Attack("ALTER POLICY entries_are_read ON coupon_desk.entries USING (true)"),
    Attack("CREATE POLICY mine ON coupon_desk.entries USING (true)"),
    Attack("CREATE RULE mine AS ON INSERT TO coupon_desk.entries DO INSTEAD NOTHING"),
    Attack(
        "CREATE TRIGGER mine BEFORE INSERT ON coupon_desk.entries FOR EACH ROW EXECUTE FUNCTION coupon_desk.refuse_change()"
    ),
    Attack("CREATE INDEX mine ON coupon_desk.entries (hash)"),
    Attack("CREATE TABLE coupon_desk.mine (x text)"),
    Attack("CREATE FUNCTION coupon_desk.mine() RETURNS text LANGUAGE sql AS 'SELECT ''Osaka'''"),
    Attack("CREATE OR REPLACE FUNCTION coupon_desk.own_desk() RETURNS text LANGUAGE sql AS 'SELECT ''Osaka'''"),
    Attack("ALTER FUNCTION coupon_desk.own_desk() RESET search_path"),
    Attack("ALTER FUNCTION coupon_desk.own_desk() SECURITY INVOKER"),
    Attack("DROP FUNCTION coupon_desk.own_desk() CASCADE"),
    Attack("SELECT coupon_desk.entries_follow()"),
    Attack("COMMENT ON TABLE coupon_desk.entries IS 'mine'"),
    Attack("CREATE TEMP TABLE mine () INHERITS (coupon_desk.entries)"),
    Attack(
        "CREATE TEMP TABLE mine (desk text, sequence bigint, "
        "FOREIGN KEY (desk, sequence) REFERENCES coupon_desk.entries (desk, sequence))",
        "42P16",
    ),
    Attack("REINDEX TABLE coupon_desk.entries"),
    Attack("CLUSTER coupon_desk.entries USING entries_pkey"),
)

BECOMING_SOMEBODY_ELSE: Final = (
    Attack("SET ROLE postgres"),
    Attack("SET ROLE coupon_desk_owner"),
    Attack("SET ROLE coupon_desk_auditor"),
    Attack("SET SESSION AUTHORIZATION postgres"),
    Attack("SET ROLE coupon_desk_desk; " + entry(3, CHAIN[2], desk="Osaka")),
    Attack("SET ROLE coupon_desk_desk; UPDATE coupon_desk.entries SET entry = '{}'"),
    Attack("SET session_replication_role = replica"),
    Attack("SET row_security = off; SELECT * FROM coupon_desk.entries"),
    Attack("GRANT coupon_desk_auditor TO CURRENT_USER"),
    Attack("GRANT coupon_desk_owner TO CURRENT_USER"),
    Attack("GRANT coupon_desk_desk TO coupon_desk_auditor"),
    Attack("GRANT UPDATE, DELETE ON coupon_desk.entries TO CURRENT_USER", None),
    Attack("GRANT ALL ON coupon_desk.claims TO CURRENT_USER"),
    Attack("GRANT ALL ON SCHEMA coupon_desk TO CURRENT_USER", None),
    Attack("GRANT ALL ON ALL TABLES IN SCHEMA coupon_desk TO CURRENT_USER"),
    Attack("REVOKE ALL ON coupon_desk.entries FROM coupon_desk_desk", None),
    Attack("REVOKE coupon_desk_desk FROM coupon_desk_auditor"),
    Attack("ALTER DEFAULT PRIVILEGES FOR ROLE coupon_desk_owner GRANT ALL ON TABLES TO PUBLIC"),
    Attack("ALTER ROLE CURRENT_USER SUPERUSER"),
    Attack("ALTER ROLE CURRENT_USER BYPASSRLS"),
    Attack("ALTER ROLE CURRENT_USER CREATEROLE"),
    Attack("ALTER ROLE coupon_desk_owner LOGIN PASSWORD 'mine'"),
    Attack("ALTER ROLE postgres PASSWORD 'mine'"),
    Attack("ALTER ROLE postgres SET search_path = mine"),
    Attack("ALTER DATABASE postgres SET session_replication_role = replica"),
    Attack("ALTER SYSTEM SET session_replication_role = replica"),
    Attack("CREATE ROLE mallory SUPERUSER"),
    Attack("DROP ROLE coupon_desk_auditor"),
    Attack("REASSIGN OWNED BY coupon_desk_owner TO CURRENT_USER"),
    Attack("DROP OWNED BY coupon_desk_owner"),
    Attack("DROP OWNED BY coupon_desk_desk", None),
    Attack("DROP OWNED BY CURRENT_USER", None),
    Attack("SELECT pg_read_file('/etc/passwd')"),
    Attack("SELECT rolpassword FROM pg_authid"),
    Attack("SELECT lo_import('/etc/passwd')"),
)

ATTACKS: Final = (
    *CHANGING_ENTRIES,
    *FORGING_ENTRIES,
    *GETTING_AT_CLAIMS_AND_DESKS,
    *CHANGING_THE_SCHEMA,
    *BECOMING_SOMEBODY_ELSE,
)

# Where an administrator was careless, desks may create what they like outside our schema: names that stand in the way of the
# system's own for every session that looks there first.
NAMES_IN_THE_WAY: Final = """
CREATE SCHEMA evil;
CREATE FUNCTION evil.same(text, text) RETURNS boolean LANGUAGE sql AS 'SELECT true';
CREATE FUNCTION evil.other(text, text) RETURNS boolean LANGUAGE sql AS 'SELECT false';
CREATE OPERATOR evil.= (LEFTARG = text, RIGHTARG = text, FUNCTION = evil.same);
CREATE OPERATOR evil.<> (LEFTARG = text, RIGHTARG = text, FUNCTION = evil.other);
CREATE FUNCTION evil.same(bigint, bigint) RETURNS boolean LANGUAGE sql AS 'SELECT true';
CREATE OPERATOR evil.= (LEFTARG = bigint, RIGHTARG = bigint, FUNCTION = evil.same);
CREATE FUNCTION evil.repeat(text, integer) RETURNS text LANGUAGE sql AS $$ SELECT pg_catalog.repeat('f', 64) $$;
CREATE FUNCTION evil.btrim(text) RETURNS text LANGUAGE sql AS $$ SELECT 'a proof' $$;
CREATE FUNCTION evil.pg_has_role(name, text) RETURNS boolean LANGUAGE sql AS 'SELECT true';
CREATE FUNCTION evil.pg_has_role(text, text) RETURNS boolean LANGUAGE sql AS 'SELECT true';
CREATE FUNCTION evil.own_desk() RETURNS text LANGUAGE sql AS $$ SELECT 'Osaka' $$;
CREATE FUNCTION evil.clock_timestamp() RETURNS timestamptz LANGUAGE sql AS $$ SELECT '2001-01-01'::timestamptz $$;
CREATE TABLE evil.desks (desk text, role text, public_key text, added_at timestamptz, disabled_at timestamptz);
CREATE DOMAIN evil.text AS pg_catalog.text;
GRANT USAGE ON SCHEMA evil TO PUBLIC;
GRANT SELECT ON evil.desks TO PUBLIC;
"""
LOOKING_THERE_FIRST: Final = """
CREATE TEMP TABLE desks (desk text, role text, public_key text, added_at timestamptz, disabled_at timestamptz);
INSERT INTO desks VALUES ('Osaka', session_user);
CREATE TEMP TABLE entries (desk text, sequence bigint, hash text);
CREATE TEMP TABLE claims (shop text);
CREATE FUNCTION pg_temp.own_desk() RETURNS text LANGUAGE sql AS $$ SELECT 'Osaka' $$;
SET search_path = evil, pg_temp, pg_catalog, coupon_desk;
"""
