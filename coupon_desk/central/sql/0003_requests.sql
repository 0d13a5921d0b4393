-- Requests that wait for a second person, for approvers at other desks. Desks work on them through functions only; nothing is
-- ever deleted, but notes are wiped. Run by the owner of the schema.

-- `coupon` is the SHA-256 of shop and code, `shown_as` the masked code; `why` is a JSON array of sentences. `note` is what the
-- requester wrote, and stands here only while somebody may decide; `decision_note` until the asking desk has taken it.
CREATE TABLE coupon_desk.requests (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    shop text COLLATE "C" NOT NULL CHECK (char_length(shop) BETWEEN 1 AND 300),
    desk text COLLATE "C" NOT NULL REFERENCES coupon_desk.desks (desk),
    store text COLLATE "C" CHECK (char_length(store) <= 200),
    operation text COLLATE "C" NOT NULL CHECK (char_length(operation) BETWEEN 1 AND 64),
    requester text COLLATE "C" NOT NULL CHECK (char_length(requester) BETWEEN 1 AND 200),
    kind text COLLATE "C" NOT NULL CHECK (char_length(kind) BETWEEN 1 AND 64),
    coupon text COLLATE "C" NOT NULL CHECK (coupon ~ '^[0-9a-f]{64}$'),
    shown_as text COLLATE "C" NOT NULL CHECK (char_length(shown_as) <= 64),
    points bigint NOT NULL CHECK (points BETWEEN 0 AND 1000000000000),
    reason text COLLATE "C" NOT NULL CHECK (char_length(reason) <= 64),
    why text COLLATE "C" NOT NULL CHECK (char_length(why) <= 20000),
    note text COLLATE "C" CHECK (char_length(note) <= 100000),
    request_hash text COLLATE "C" NOT NULL CHECK (request_hash ~ '^[0-9a-f]{64}$'),
    posted_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    expires_at timestamptz NOT NULL,
    verdict text COLLATE "C" CHECK (verdict IN ('approve', 'reject')),
    approver text COLLATE "C" CHECK (char_length(approver) BETWEEN 1 AND 200),
    deciding_desk text COLLATE "C" REFERENCES coupon_desk.desks (desk),
    decided_at timestamptz,
    decision_note text COLLATE "C" CHECK (char_length(decision_note) <= 100000),
    closed_at timestamptz,
    CHECK (num_nulls(verdict, approver, deciding_desk, decided_at) IN (0, 4)),
    CHECK (approver <> requester),
    CHECK (deciding_desk <> desk),
    CHECK (decided_at < expires_at),
    CHECK (note IS NULL OR (verdict IS NULL AND closed_at IS NULL)),
    CHECK (decision_note IS NULL OR (verdict IS NOT NULL AND closed_at IS NULL))
);
CREATE UNIQUE INDEX requests_open ON coupon_desk.requests (shop, desk, operation) WHERE closed_at IS NULL;
CREATE INDEX requests_waiting ON coupon_desk.requests (shop, id) WHERE closed_at IS NULL AND verdict IS NULL;
CREATE INDEX requests_with_note ON coupon_desk.requests (expires_at) WHERE note IS NOT NULL;

-- A request is decided once and closed once, and its notes are wiped; nothing else about it ever changes.
CREATE FUNCTION coupon_desk.requests_only_go_on() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF OLD.closed_at IS NOT NULL
        OR (OLD.id, OLD.shop, OLD.desk, OLD.store, OLD.operation, OLD.requester, OLD.kind, OLD.coupon, OLD.shown_as, OLD.points,
            OLD.reason, OLD.why, OLD.request_hash, OLD.posted_at, OLD.expires_at)
            IS DISTINCT FROM (NEW.id, NEW.shop, NEW.desk, NEW.store, NEW.operation, NEW.requester, NEW.kind, NEW.coupon,
            NEW.shown_as, NEW.points, NEW.reason, NEW.why, NEW.request_hash, NEW.posted_at, NEW.expires_at)
        OR (OLD.verdict IS NOT NULL AND (OLD.verdict, OLD.approver, OLD.deciding_desk, OLD.decided_at)
            IS DISTINCT FROM (NEW.verdict, NEW.approver, NEW.deciding_desk, NEW.decided_at))
        OR (NEW.note IS NOT NULL AND NEW.note IS DISTINCT FROM OLD.note)
        OR (OLD.verdict IS NOT NULL AND NEW.decision_note IS NOT NULL AND NEW.decision_note IS DISTINCT FROM OLD.decision_note)
    THEN
        RAISE EXCEPTION 'this change of a request is refused' USING ERRCODE = 'CD004';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER requests_only_go_on BEFORE UPDATE ON coupon_desk.requests
FOR EACH ROW EXECUTE FUNCTION coupon_desk.requests_only_go_on();
CREATE TRIGGER requests_stay BEFORE DELETE OR TRUNCATE ON coupon_desk.requests
FOR EACH STATEMENT EXECUTE FUNCTION coupon_desk.refuse_change();
ALTER TABLE coupon_desk.requests ENABLE ALWAYS TRIGGER requests_only_go_on;
ALTER TABLE coupon_desk.requests ENABLE ALWAYS TRIGGER requests_stay;

ALTER TABLE coupon_desk.requests ENABLE ROW LEVEL SECURITY;
CREATE POLICY requests_are_read ON coupon_desk.requests FOR SELECT TO PUBLIC
USING ((SELECT pg_has_role('coupon_desk_auditor', 'USAGE')));

-- Wipes the notes of requests that nobody can decide any more. Only for functions of the owner.
CREATE FUNCTION coupon_desk.wipe_expired_notes() RETURNS void
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
    UPDATE coupon_desk.requests r SET note = NULL WHERE r.note IS NOT NULL AND r.expires_at <= clock_timestamp()
$$;

-- Lets other desks decide about an operation of the desk that calls. The same request again changes nothing, also where it was
-- decided meanwhile; another request_hash, or one that has expired, takes the place of what was open.
CREATE FUNCTION coupon_desk.post_request(
    the_shop text,
    the_store text,
    the_operation text,
    the_requester text,
    the_kind text,
    the_coupon text,
    masked_code text,
    the_points bigint,
    the_reason text,
    the_why text,
    the_note text,
    the_hash text,
    valid_seconds double precision
) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_custom_plan
AS $$
DECLARE
    me text := coupon_desk.working_desk();
    there coupon_desk.requests%ROWTYPE;
BEGIN
    PERFORM coupon_desk.wipe_expired_notes();
    FOR attempt IN 1..20 LOOP
        SELECT r.* INTO there FROM coupon_desk.requests r
        WHERE r.shop = the_shop AND r.desk = me AND r.operation = the_operation AND r.closed_at IS NULL FOR UPDATE;
        IF FOUND THEN
            IF there.request_hash = the_hash AND (there.verdict IS NOT NULL OR there.expires_at > clock_timestamp()) THEN
                RETURN;
            END IF;
            UPDATE coupon_desk.requests r SET closed_at = clock_timestamp(), note = NULL, decision_note = NULL
            WHERE r.id = there.id;
        END IF;
        INSERT INTO coupon_desk.requests AS r (
            shop, desk, store, operation, requester, kind, coupon, shown_as, points, reason, why, note, request_hash, expires_at
        ) VALUES (
            the_shop, me, the_store, the_operation, the_requester, the_kind, the_coupon, masked_code, the_points, the_reason,
            the_why, the_note, the_hash, clock_timestamp() + least(valid_seconds, 31622400) * interval '1 second'
        ) ON CONFLICT (shop, desk, operation) WHERE closed_at IS NULL DO NOTHING;
        IF FOUND THEN
            RETURN;
        END IF;
        -- Another program of this desk was faster: look again.
    END LOOP;
    RAISE EXCEPTION 'too many programs at once on this request' USING ERRCODE = '40001';
END
$$;

-- What other working desks wait for, oldest first: open, not decided, not expired.
CREATE FUNCTION coupon_desk.waiting_requests(the_shop text)
RETURNS TABLE (
    id bigint,
    desk text,
    store text,
    operation text,
    requester text,
    kind text,
    coupon text,
    shown_as text,
    points bigint,
    reason text,
    why text,
    note text,
    request_hash text,
    posted_at timestamptz,
    expires_at timestamptz
)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_custom_plan
AS $$
DECLARE
    me text := coupon_desk.working_desk();
BEGIN
    PERFORM coupon_desk.wipe_expired_notes();
    RETURN QUERY
    SELECT r.id, r.desk, r.store, r.operation, r.requester, r.kind, r.coupon, r.shown_as, r.points, r.reason, r.why, r.note,
        r.request_hash, r.posted_at, r.expires_at
    FROM coupon_desk.requests r JOIN coupon_desk.desks d ON d.desk = r.desk
    WHERE r.shop = the_shop AND r.desk <> me AND r.closed_at IS NULL AND r.verdict IS NULL
        AND r.expires_at > clock_timestamp() AND d.disabled_at IS NULL
    ORDER BY r.id;
END
$$;

-- Decides about a request of another desk, exactly once: the row is the decision that stands, this one or an earlier one.
-- The hash names the exact request that was looked at.
CREATE FUNCTION coupon_desk.decide_request(
    the_shop text, the_id bigint, the_hash text, the_approver text, the_verdict text, the_note text
) RETURNS TABLE (
    operation text, request_hash text, verdict text, approver text, desk text, note text, decided_at timestamptz
)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    me text := coupon_desk.working_desk();
    asked coupon_desk.requests%ROWTYPE;
    moment timestamptz;
BEGIN
    IF num_nulls(the_approver, the_verdict) > 0 THEN
        RAISE EXCEPTION 'something is missing' USING ERRCODE = 'not_null_violation';
    END IF;
    SELECT r.* INTO asked FROM coupon_desk.requests r WHERE r.shop = the_shop AND r.id = the_id FOR UPDATE;
    IF NOT FOUND OR asked.request_hash IS DISTINCT FROM the_hash THEN
        RAISE EXCEPTION 'there is no such request' USING ERRCODE = 'CD008';
    END IF;
    IF asked.desk = me THEN
        RAISE EXCEPTION 'a desk does not decide here about its own requests' USING ERRCODE = 'CD009';
    END IF;
    IF asked.requester = the_approver THEN
        RAISE EXCEPTION 'nobody approves their own request' USING ERRCODE = 'CD007';
    END IF;
    IF asked.verdict IS NULL THEN
        moment := clock_timestamp();
        IF asked.closed_at IS NOT NULL OR asked.expires_at <= moment THEN
            RAISE EXCEPTION 'this request has been closed or has expired' USING ERRCODE = 'CD008';
        END IF;
        UPDATE coupon_desk.requests r
        SET verdict = the_verdict, approver = the_approver, deciding_desk = me, decided_at = moment,
            decision_note = the_note, note = NULL
        WHERE r.id = the_id RETURNING r.* INTO asked;
    END IF;
    RETURN QUERY SELECT asked.operation, asked.request_hash, asked.verdict, asked.approver, asked.deciding_desk,
        asked.decision_note, asked.decided_at;
END
$$;

-- What was decided about requests of the desk that calls, and it has not closed yet; oldest first.
CREATE FUNCTION coupon_desk.decisions_for_me(the_shop text)
RETURNS TABLE (operation text, request_hash text, verdict text, approver text, desk text, note text, decided_at timestamptz)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_custom_plan
AS $$
DECLARE
    me text := coupon_desk.working_desk();
BEGIN
    RETURN QUERY SELECT r.operation, r.request_hash, r.verdict, r.approver, r.deciding_desk, r.decision_note, r.decided_at
    FROM coupon_desk.requests r
    WHERE r.shop = the_shop AND r.desk = me AND r.closed_at IS NULL AND r.verdict IS NOT NULL ORDER BY r.decided_at;
END
$$;

-- The operations of the desk that calls whose requests are not closed yet, decided or not, oldest first.
CREATE FUNCTION coupon_desk.own_requests(the_shop text) RETURNS TABLE (operation text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_custom_plan
AS $$
DECLARE
    me text := coupon_desk.working_desk();
BEGIN
    RETURN QUERY SELECT r.operation FROM coupon_desk.requests r
    WHERE r.shop = the_shop AND r.desk = me AND r.closed_at IS NULL ORDER BY r.id;
END
$$;

-- The desk that calls waits no longer, or has taken the decision: its notes are wiped. False where nothing was open.
CREATE FUNCTION coupon_desk.close_request(the_shop text, the_operation text) RETURNS boolean
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_custom_plan
AS $$
DECLARE
    me text := coupon_desk.working_desk();
BEGIN
    UPDATE coupon_desk.requests r SET closed_at = clock_timestamp(), note = NULL, decision_note = NULL
    WHERE r.shop = the_shop AND r.desk = me AND r.operation = the_operation AND r.closed_at IS NULL;
    RETURN FOUND;
END
$$;
