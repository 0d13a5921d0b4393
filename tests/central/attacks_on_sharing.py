"""What somebody may try with one desk's login role on what the desks share: limits, requests for a second person, operators.

Of shop `s`: Aiko (administrator), Chie (manager), Bunta (clerk, disabled), Emi (administrator, disabled). Ginza and Osaka have
each an operation of Aiko's that counts, and a request of hers that waits: Ginza's is number 1, Osaka's number 2.
"""

from __future__ import annotations

from typing import Final

from tests.central.attacks import BAD_VALUE, MISSING_VALUE, OTHER, Attack

NOT_COUNTED, OWN_REQUEST, NOT_OPEN, OWN_DESK = "CD006", "CD007", "CD008", "CD009"
EVER: Final = "'-infinity', '-infinity', '-infinity', '-infinity'"
HASH: Final = "a" * 64
PIN: Final = "$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHRzb21lc2FsdA$" + "A" * 43


def put(login: str, by: str, version: int = 2, role: str = "clerk", *, disabled: bool = False, pin: str = PIN) -> str:
    """A change of an operator."""
    return (
        f"SELECT * FROM coupon_desk.put_person('s', '{login}', 'X', '{role}', '[]', '[]', '{pin}', {disabled}, 'pin', '', "
        f"now(), {version}, 'an attack', '{by}')"
    )


ON_LIMITS: Final = (
    Attack("SELECT * FROM coupon_desk.allowances"),
    Attack("SELECT operation FROM coupon_desk.allowances WHERE desk = 'Ginza' FOR UPDATE"),
    Attack(
        "INSERT INTO coupon_desk.allowances (shop, desk, operation, operator, points) VALUES ('s', 'Osaka', 'op', 'aiko', -900)"
    ),
    Attack("UPDATE coupon_desk.allowances SET released_at = now()"),
    Attack("UPDATE coupon_desk.allowances SET points = 0 WHERE desk = 'Osaka'"),
    Attack("DELETE FROM coupon_desk.allowances"),
    Attack("TRUNCATE coupon_desk.allowances"),
    Attack("SELECT setval('coupon_desk.allowances_serial_seq', 1)"),
    Attack("SELECT coupon_desk.release_allowance('s', 'op-osaka')", None),
    Attack(f"SELECT * FROM coupon_desk.count_allowance('s', 'op-ginza', 'bunta', NULL, 0, {EVER})", NOT_COUNTED),
    Attack(f"SELECT * FROM coupon_desk.count_allowance('s', 'op-released', 'aiko', NULL, 99, {EVER})", None),
    Attack("SELECT coupon_desk.approve_allowance('s', 'op-released', 'chie', 5, '-infinity', NULL)", None),
    Attack(f"SELECT * FROM coupon_desk.count_allowance('s', 'op-ginza', 'aiko', NULL, -900, {EVER})", BAD_VALUE),
    Attack(f"SELECT * FROM coupon_desk.count_allowance('s', 'op-new', 'aiko', NULL, -900, {EVER})", BAD_VALUE),
    Attack(f"SELECT * FROM coupon_desk.count_allowance('s', 'op-new', 'aiko', '7093412345', 900, {EVER})", BAD_VALUE),
    Attack("SELECT * FROM coupon_desk.count_allowance(NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)", MISSING_VALUE),
    Attack("SELECT coupon_desk.approve_allowance('s', 'op-osaka', 'chie', 0, '-infinity', NULL)", NOT_COUNTED),
    Attack("SELECT coupon_desk.approve_allowance('s', 'op-ginza', 'aiko', 0, '-infinity', NULL)", OWN_REQUEST),
    Attack("SELECT coupon_desk.approve_allowance('s', 'op-ginza', 'chie', -900, '-infinity', NULL)", BAD_VALUE),
    Attack("SELECT coupon_desk.approve_allowance('s', 'op-ginza', NULL, 0, '-infinity', NULL)", MISSING_VALUE),
    Attack("SELECT coupon_desk.allowances_only_go_on()"),
    Attack("SELECT coupon_desk.working_desk()"),
)

ON_REQUESTS: Final = (
    Attack("SELECT * FROM coupon_desk.requests"),
    Attack("SELECT note FROM coupon_desk.requests WHERE desk = 'Ginza'"),
    Attack(
        "INSERT INTO coupon_desk.requests (shop, desk, operation, requester, kind, coupon, shown_as, points, reason, why, "
        f"request_hash, expires_at) VALUES ('s', 'Osaka', 'op', 'x', 'cancel', '{OTHER}', 'x', 1, 'r', '[]', '{HASH}', now())"
    ),
    Attack(
        "UPDATE coupon_desk.requests SET verdict = 'approve', approver = 'chie', deciding_desk = 'Osaka', decided_at = now()"
    ),
    Attack("DELETE FROM coupon_desk.requests"),
    Attack("TRUNCATE coupon_desk.requests"),
    Attack(f"SELECT coupon_desk.decide_request('s', 1, '{HASH}', 'chie', 'approve', '')", OWN_DESK),
    Attack(f"SELECT coupon_desk.decide_request('s', 2, '{HASH}', 'aiko', 'approve', '')", OWN_REQUEST),
    Attack(f"SELECT coupon_desk.decide_request('s', 2, '{OTHER}', 'chie', 'approve', '')", NOT_OPEN),
    Attack("SELECT coupon_desk.decide_request('s', 2, NULL, 'chie', 'approve', '')", NOT_OPEN),
    Attack(f"SELECT coupon_desk.decide_request('another shop', 2, '{HASH}', 'chie', 'approve', '')", NOT_OPEN),
    Attack(f"SELECT coupon_desk.decide_request('s', 99, '{HASH}', 'chie', 'approve', '')", NOT_OPEN),
    Attack(f"SELECT coupon_desk.decide_request('s', 3, '{HASH}', 'chie', 'approve', '')", NOT_OPEN),
    Attack(f"SELECT coupon_desk.decide_request('s', 2, '{HASH}', 'chie', 'perhaps', '')", BAD_VALUE),
    Attack(f"SELECT coupon_desk.decide_request('s', 2, '{HASH}', '', 'approve', '')", BAD_VALUE),
    Attack(f"SELECT coupon_desk.decide_request('s', 2, '{HASH}', NULL, 'approve', '')", MISSING_VALUE),
    Attack("SELECT coupon_desk.close_request('s', 'op-osaka')", None),
    Attack("SELECT coupon_desk.wipe_expired_notes()"),
)

ON_OPERATORS: Final = (
    Attack("SELECT pin_hash FROM coupon_desk.people"),
    Attack("SELECT * FROM coupon_desk.people_changes"),
    Attack("UPDATE coupon_desk.people SET disabled = false"),
    Attack("UPDATE coupon_desk.people SET role = 'admin' WHERE login = 'chie'"),
    Attack("INSERT INTO coupon_desk.people SELECT * FROM coupon_desk.people"),
    Attack("DELETE FROM coupon_desk.people"),
    Attack("TRUNCATE coupon_desk.people, coupon_desk.people_changes"),
    Attack("DELETE FROM coupon_desk.people_changes"),
    Attack("UPDATE coupon_desk.people_changes SET desk = 'Osaka'"),
    Attack(put("bunta", "bunta"), None),
    Attack(put("bunta", "chie"), None),
    Attack(put("bunta", "emi"), None),
    Attack(put("bunta", "nobody"), None),
    Attack(put("bunta", ""), None),
    Attack(put("emi", "emi", role="admin"), None),
    Attack(put("chie", "chie", role="admin"), None),
    Attack(put("chie", "chie", role="admin").replace("'pin', ''", "'oidc', 'me'"), None),
    Attack(put("mallory", "mallory", version=1, role="admin"), None),
    Attack(put("aiko", "aiko", role="clerk"), None),
    Attack(put("aiko", "aiko", role="admin", disabled=True), None),
    Attack(put("bunta", "aiko", version=1), None),
    Attack(put("bunta", "aiko", version=7), None),
    Attack(put("bunta", "aiko", pin="123456"), BAD_VALUE),
    Attack(put("bunta", "aiko", pin="$argon2i$v=19$m=8,t=1,p=1$c29tZXNhbHQ$" + "A" * 43), BAD_VALUE),
    Attack(put("Bunta ", "aiko", version=1), BAD_VALUE),
    Attack(put("bunta", "aiko").replace("'an attack'", "NULL"), MISSING_VALUE),
    Attack(put("bunta", "aiko").replace("'[]', '[]'", "'[]', '{}'"), BAD_VALUE),
    Attack("""SELECT coupon_desk.publish_people('s', '[{"login": "mallory", "role": "admin"}]')""", None),
    Attack("SELECT coupon_desk.people_only_go_on()"),
)

ATTACKS_ON_SHARING: Final = (*ON_LIMITS, *ON_REQUESTS, *ON_OPERATORS)

SHARED: Final = f"""
INSERT INTO coupon_desk.allowances (shop, desk, operation, operator, points, released_at) VALUES
    ('s', 'Ginza', 'op-ginza', 'aiko', 100, NULL), ('s', 'Osaka', 'op-osaka', 'aiko', 900, NULL),
    ('s', 'Ginza', 'op-released', 'aiko', 10, now());
INSERT INTO coupon_desk.requests (
    shop, desk, operation, requester, kind, coupon, shown_as, points, reason, why, note, request_hash, expires_at, closed_at
) VALUES
    ('s', 'Ginza', 'op-ginza', 'aiko', 'cancel', '{OTHER}', 'x', 100, 'r', '[]', 'mine', '{HASH}', '9000-01-01', NULL),
    ('s', 'Osaka', 'op-osaka', 'aiko', 'cancel', '{OTHER}', 'x', 900, 'r', '[]', 'theirs', '{HASH}', '9000-01-01', NULL),
    ('s', 'Osaka', 'op-old', 'aiko', 'cancel', '{OTHER}', 'x', 900, 'r', '[]', NULL, '{HASH}', '9000-01-01', now());
INSERT INTO coupon_desk.people (
    shop, login, name, role, contacts, stores, pin_hash, disabled, source, subject, created_at, version, change,
    changed_by, desk
) SELECT 's', login, login, role, '["at home"]', '[]', '{PIN}', disabled, 'pin', '', now(), 1, 'x', 'aiko', 'Osaka'
FROM (VALUES ('aiko', 'admin', false), ('bunta', 'clerk', true), ('chie', 'manager', false), ('emi', 'admin', true))
    AS p (login, role, disabled);
"""

MORE_NAMES_IN_THE_WAY: Final = """
CREATE FUNCTION evil.num_nulls(VARIADIC "any") RETURNS integer LANGUAGE internal AS 'pg_num_nonnulls';
CREATE FUNCTION evil.hashtextextended(text, bigint) RETURNS bigint LANGUAGE sql AS 'SELECT 1::bigint';
CREATE FUNCTION evil.pg_advisory_xact_lock(bigint) RETURNS void LANGUAGE sql AS '';
CREATE FUNCTION evil.working_desk() RETURNS text LANGUAGE sql AS $$ SELECT 'Osaka' $$;
"""
LOOKING_THERE_FIRST: Final = """
CREATE TEMP TABLE people (shop text, login text, role text, disabled boolean);
INSERT INTO people VALUES ('s', 'nobody', 'admin', false), ('s', 'bunta', 'admin', false);
CREATE TEMP TABLE requests (id bigint, shop text, desk text);
CREATE TEMP TABLE allowances (shop text, desk text, operation text);
CREATE FUNCTION pg_temp.working_desk() RETURNS text LANGUAGE sql AS $$ SELECT 'Osaka' $$;
SET search_path = evil, pg_temp, pg_catalog, coupon_desk;
"""
