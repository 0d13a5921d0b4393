-- The claims of all desks. Desks work on them through functions only; nothing is ever deleted. Run by the owner of the schema.

-- `coupon` is the SHA-256 of shop and code, `shown_as` the masked code, `operator` a login. A claim that was taken over names
-- its `successor`, an operation, and the `proof` that was given.
CREATE TABLE coupon_desk.claims (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    shop text COLLATE "C" NOT NULL CHECK (char_length(shop) BETWEEN 1 AND 300),
    coupon text COLLATE "C" NOT NULL CHECK (coupon ~ '^[0-9a-f]{64}$'),
    shown_as text COLLATE "C" NOT NULL CHECK (char_length(shown_as) <= 64),
    operation text COLLATE "C" NOT NULL CHECK (char_length(operation) BETWEEN 1 AND 64),
    desk text COLLATE "C" NOT NULL REFERENCES coupon_desk.desks (desk),
    operator text COLLATE "C" NOT NULL CHECK (char_length(operator) <= 200),
    state text COLLATE "C" NOT NULL CHECK (state IN ('claimed', 'returning')),
    made_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    ended_at timestamptz,
    ending text COLLATE "C" CHECK (ending IN ('released', 'taken over')),
    successor text COLLATE "C" CHECK (char_length(successor) <= 64),
    proof text COLLATE "C" CHECK (char_length(proof) <= 100000),
    CHECK ((ended_at IS NULL) = (ending IS NULL)),
    CHECK ((ending = 'taken over') = (successor IS NOT NULL AND proof IS NOT NULL))
);
-- What keeps two desks apart: one open claim per coupon.
CREATE UNIQUE INDEX claims_open ON coupon_desk.claims (shop, coupon) WHERE ended_at IS NULL;
CREATE INDEX claims_of_coupon ON coupon_desk.claims (shop, coupon, operation);
CREATE INDEX claims_open_of_desk ON coupon_desk.claims (desk) WHERE ended_at IS NULL;

-- An open claim may become "returning" and may end; nothing else about it ever changes.
CREATE FUNCTION coupon_desk.claims_only_go_on() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF OLD.ended_at IS NOT NULL
        OR (OLD.state = 'returning' AND NEW.state <> 'returning')
        OR (OLD.id, OLD.shop, OLD.coupon, OLD.shown_as, OLD.operation, OLD.desk, OLD.operator, OLD.made_at)
            IS DISTINCT FROM (NEW.id, NEW.shop, NEW.coupon, NEW.shown_as, NEW.operation, NEW.desk, NEW.operator, NEW.made_at)
    THEN
        RAISE EXCEPTION 'this change of a claim is refused' USING ERRCODE = 'CD004';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER claims_only_go_on BEFORE UPDATE ON coupon_desk.claims
FOR EACH ROW EXECUTE FUNCTION coupon_desk.claims_only_go_on();
CREATE TRIGGER claims_stay BEFORE DELETE OR TRUNCATE ON coupon_desk.claims
FOR EACH STATEMENT EXECUTE FUNCTION coupon_desk.refuse_change();
ALTER TABLE coupon_desk.claims ENABLE ALWAYS TRIGGER claims_only_go_on;
ALTER TABLE coupon_desk.claims ENABLE ALWAYS TRIGGER claims_stay;

ALTER TABLE coupon_desk.claims ENABLE ROW LEVEL SECURITY;
CREATE POLICY claims_are_read ON coupon_desk.claims FOR SELECT TO PUBLIC
USING ((SELECT pg_has_role('coupon_desk_auditor', 'USAGE')));

-- Holds the coupon for an operation of the desk that calls. One row: is_ours, and where it is not, whose it is.
-- wants_returning: mark it as being past the pivot. replaces: end that operation's claim, with the proof, and make ours.
-- An operation that was taken over once is told its successor for ever.
CREATE FUNCTION coupon_desk.take_claim(
    the_shop text,
    the_coupon text,
    masked_code text,
    the_operation text,
    the_operator text,
    wants_returning boolean,
    replaces text,
    the_proof text
) RETURNS TABLE (is_ours boolean, operation text, desk text, operator text, made_at timestamptz, is_returning boolean)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    me text := coupon_desk.own_desk();
    held coupon_desk.claims%ROWTYPE;
    wanted text := CASE WHEN wants_returning THEN 'returning' ELSE 'claimed' END;
    later text;
BEGIN
    IF me IS NULL THEN
        RAISE EXCEPTION 'this login role belongs to no working desk' USING ERRCODE = 'CD001';
    END IF;
    FOR attempt IN 1..20 LOOP
        SELECT c.* INTO held FROM coupon_desk.claims c
        WHERE c.shop = the_shop AND c.coupon = the_coupon AND c.ended_at IS NULL FOR UPDATE;
        IF FOUND AND held.operation = the_operation AND held.desk = me THEN
            IF held.state <> wanted AND wants_returning THEN
                UPDATE coupon_desk.claims c SET state = wanted WHERE c.id = held.id;
            END IF;
            RETURN QUERY SELECT true, NULL::text, NULL::text, NULL::text, NULL::timestamptz, NULL::boolean;
            RETURN;
        END IF;
        SELECT c.successor INTO later FROM coupon_desk.claims c
        WHERE c.shop = the_shop AND c.coupon = the_coupon AND c.operation = the_operation AND c.desk = me
            AND c.successor IS NOT NULL
        ORDER BY c.id DESC LIMIT 1;
        IF later IS NOT NULL AND held.id IS NULL THEN
            SELECT c.* INTO held FROM coupon_desk.claims c
            WHERE c.shop = the_shop AND c.coupon = the_coupon AND c.operation = later
            ORDER BY c.id DESC LIMIT 1;
        END IF;
        IF held.id IS NOT NULL AND (later IS NOT NULL OR held.operation IS DISTINCT FROM replaces) THEN
            RETURN QUERY SELECT
                false, held.operation, held.desk, held.operator, held.made_at, held.state = 'returning';
            RETURN;
        END IF;
        IF held.id IS NOT NULL THEN
            IF coalesce(btrim(the_proof), '') = '' THEN
                RAISE EXCEPTION 'a claim is not taken over without a proof' USING ERRCODE = 'CD005';
            END IF;
            UPDATE coupon_desk.claims c
            SET ended_at = clock_timestamp(), ending = 'taken over', successor = the_operation, proof = the_proof
            WHERE c.id = held.id;
        END IF;
        INSERT INTO coupon_desk.claims AS c (shop, coupon, shown_as, operation, desk, operator, state)
        VALUES (the_shop, the_coupon, masked_code, the_operation, me, the_operator, wanted)
        ON CONFLICT (shop, coupon) WHERE ended_at IS NULL DO NOTHING;
        IF FOUND THEN
            RETURN QUERY SELECT true, NULL::text, NULL::text, NULL::text, NULL::timestamptz, NULL::boolean;
            RETURN;
        END IF;
        -- Somebody was faster between our look and our insert: look again.
    END LOOP;
    RAISE EXCEPTION 'too many desks at once on this coupon' USING ERRCODE = '40001';
END
$$;

-- Whose claim is open on the coupon, whichever desk it is: at most one row.
CREATE FUNCTION coupon_desk.claim_holder(the_shop text, the_coupon text)
RETURNS TABLE (operation text, desk text, operator text, made_at timestamptz, is_returning boolean)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF coupon_desk.own_desk() IS NULL THEN
        RAISE EXCEPTION 'this login role belongs to no working desk' USING ERRCODE = 'CD001';
    END IF;
    RETURN QUERY SELECT c.operation, c.desk, c.operator, c.made_at, c.state = 'returning'
    FROM coupon_desk.claims c
    WHERE c.shop = the_shop AND c.coupon = the_coupon AND c.ended_at IS NULL;
END
$$;

-- Ends the claim of an operation of the desk that calls; false where that holds none.
CREATE FUNCTION coupon_desk.release_claim(the_shop text, the_coupon text, the_operation text) RETURNS boolean
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    me text := coupon_desk.own_desk();
BEGIN
    IF me IS NULL THEN
        RAISE EXCEPTION 'this login role belongs to no working desk' USING ERRCODE = 'CD001';
    END IF;
    UPDATE coupon_desk.claims c SET ended_at = clock_timestamp(), ending = 'released'
    WHERE c.shop = the_shop AND c.coupon = the_coupon AND c.operation = the_operation AND c.desk = me AND c.ended_at IS NULL;
    RETURN FOUND;
END
$$;

-- The open claims of the desk that calls, oldest first.
CREATE FUNCTION coupon_desk.own_claims()
RETURNS TABLE (shop text, shown_as text, operation text, operator text, made_at timestamptz, is_returning boolean)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    me text := coupon_desk.own_desk();
BEGIN
    IF me IS NULL THEN
        RAISE EXCEPTION 'this login role belongs to no working desk' USING ERRCODE = 'CD001';
    END IF;
    RETURN QUERY SELECT c.shop, c.shown_as, c.operation, c.operator, c.made_at, c.state = 'returning'
    FROM coupon_desk.claims c WHERE c.desk = me AND c.ended_at IS NULL ORDER BY c.id;
END
$$;
