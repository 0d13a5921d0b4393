-- The desks, and the trail of every desk. Run by the role that owns the schema.

CREATE TABLE coupon_desk.desks (
    desk text COLLATE "C" PRIMARY KEY CHECK (char_length(desk) BETWEEN 1 AND 64),
    role text COLLATE "C" NOT NULL UNIQUE,
    public_key text CHECK (char_length(public_key) BETWEEN 1 AND 1000),
    added_at timestamptz NOT NULL DEFAULT now(),
    disabled_at timestamptz
);

-- `entry` is the exact text that was hashed; what auditors look for is generated from it and so cannot disagree with it.
-- JSON may tell of the character U+0000, which PostgreSQL cannot hold: in what is generated U+FFFD stands for it.
CREATE TABLE coupon_desk.entries (
    desk text COLLATE "C" NOT NULL,
    sequence bigint NOT NULL CHECK (sequence >= 1),
    version integer NOT NULL CHECK (version >= 1),
    previous text COLLATE "C" NOT NULL CHECK (previous ~ '^[0-9a-f]{64}$'),
    entry text COLLATE "C" NOT NULL CHECK (octet_length(entry) <= 16777216),
    hash text COLLATE "C" NOT NULL CHECK (hash ~ '^[0-9a-f]{64}$'),
    received_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    at text COLLATE "C" GENERATED ALWAYS AS ((replace(entry, '\u0000', '\ufffd')::json) ->> 'at') STORED,
    action text COLLATE "C" GENERATED ALWAYS AS ((replace(entry, '\u0000', '\ufffd')::json) ->> 'action') STORED,
    actor text COLLATE "C" GENERATED ALWAYS AS ((replace(entry, '\u0000', '\ufffd')::json) ->> 'actor') STORED,
    operation text COLLATE "C" GENERATED ALWAYS AS ((replace(entry, '\u0000', '\ufffd')::json) ->> 'operation') STORED,
    step text COLLATE "C" GENERATED ALWAYS AS ((replace(entry, '\u0000', '\ufffd')::json) ->> 'step') STORED,
    result text COLLATE "C" GENERATED ALWAYS AS ((replace(entry, '\u0000', '\ufffd')::json) ->> 'result') STORED,
    coupon text COLLATE "C" GENERATED ALWAYS AS ((replace(entry, '\u0000', '\ufffd')::json) ->> 'coupon') STORED,
    customer text COLLATE "C" GENERATED ALWAYS AS ((replace(entry, '\u0000', '\ufffd')::json) ->> 'customer') STORED,
    PRIMARY KEY (desk, sequence)
);
CREATE INDEX entries_at ON coupon_desk.entries (at);
CREATE INDEX entries_operation ON coupon_desk.entries (operation) WHERE operation IS NOT NULL;
CREATE INDEX entries_coupon ON coupon_desk.entries (coupon) WHERE coupon IS NOT NULL;
CREATE INDEX entries_customer ON coupon_desk.entries (customer) WHERE customer IS NOT NULL;

-- Who calls: the name of the desk whose login role this session began with; NULL where it is unknown or disabled.
-- session_user stays what it is through SET ROLE and inside functions.
CREATE FUNCTION coupon_desk.own_desk() RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    SELECT d.desk FROM coupon_desk.desks d WHERE d.role = session_user::text AND d.disabled_at IS NULL
$$;

-- Keeps the first public key that a desk shows, and returns the one that is kept.
CREATE FUNCTION coupon_desk.register_key(key_shown text) RETURNS text
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    me text := coupon_desk.own_desk();
    kept text;
BEGIN
    IF me IS NULL THEN
        RAISE EXCEPTION 'this login role belongs to no working desk' USING ERRCODE = 'CD001';
    END IF;
    UPDATE coupon_desk.desks d SET public_key = key_shown WHERE d.desk = me AND d.public_key IS NULL;
    SELECT d.public_key INTO kept FROM coupon_desk.desks d WHERE d.desk = me;
    RETURN kept;
END
$$;

-- Each entry follows the one before it. Once per statement and not per row: a batch of 1,000 costs one look at the index each.
-- It runs after row security has seen the rows, and so tells nobody about the trail of another desk.
-- A plan made while the table was empty would go through the whole table for ever: hence enable_seqscan.
CREATE FUNCTION coupon_desk.entries_follow() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off
AS $$
DECLARE
    bad record;
BEGIN
    SELECT c.desk, c.sequence, c.before INTO bad
    FROM (
        SELECT
            a.desk,
            a.sequence,
            a.previous,
            CASE WHEN a.sequence = 1 THEN repeat('0', 64) ELSE (
                SELECT e.hash FROM coupon_desk.entries e WHERE e.desk = a.desk AND e.sequence = a.sequence - 1
            ) END AS before
        FROM added a
    ) c
    WHERE c.before IS DISTINCT FROM c.previous
    ORDER BY c.desk, c.sequence
    LIMIT 1;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    IF bad.before IS NULL THEN
        RAISE EXCEPTION 'a gap: the entry before is not here' USING ERRCODE = 'CD002', DETAIL = bad.sequence::text;
    END IF;
    RAISE EXCEPTION 'a fork: the entry before is another one' USING ERRCODE = 'CD003', DETAIL = bad.sequence::text;
END
$$;
CREATE TRIGGER entries_follow AFTER INSERT ON coupon_desk.entries
REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION coupon_desk.entries_follow();

CREATE FUNCTION coupon_desk.refuse_change() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RAISE EXCEPTION '% of %.% is refused', TG_OP, TG_TABLE_SCHEMA, TG_TABLE_NAME USING ERRCODE = 'CD004';
END
$$;
CREATE TRIGGER entries_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON coupon_desk.entries
FOR EACH STATEMENT EXECUTE FUNCTION coupon_desk.refuse_change();
CREATE TRIGGER desks_stay BEFORE DELETE OR TRUNCATE ON coupon_desk.desks
FOR EACH STATEMENT EXECUTE FUNCTION coupon_desk.refuse_change();

-- ALWAYS: also where session_replication_role says otherwise.
ALTER TABLE coupon_desk.entries ENABLE ALWAYS TRIGGER entries_follow;
ALTER TABLE coupon_desk.entries ENABLE ALWAYS TRIGGER entries_stay;
ALTER TABLE coupon_desk.desks ENABLE ALWAYS TRIGGER desks_stay;

-- For everybody, and not for the groups: members of a group could drop its policies with DROP OWNED. The functions stand in
-- subqueries, so that they are asked once per statement and not once per row.
ALTER TABLE coupon_desk.entries ENABLE ROW LEVEL SECURITY;
CREATE POLICY entries_are_read ON coupon_desk.entries FOR SELECT TO PUBLIC
USING (desk = (SELECT coupon_desk.own_desk()) OR (SELECT pg_has_role('coupon_desk_auditor', 'USAGE')));
CREATE POLICY entries_are_appended ON coupon_desk.entries FOR INSERT TO PUBLIC
WITH CHECK (desk = (SELECT coupon_desk.own_desk()));

ALTER TABLE coupon_desk.desks ENABLE ROW LEVEL SECURITY;
CREATE POLICY desks_are_read ON coupon_desk.desks FOR SELECT TO PUBLIC
USING ((SELECT pg_has_role('coupon_desk_auditor', 'USAGE')));
