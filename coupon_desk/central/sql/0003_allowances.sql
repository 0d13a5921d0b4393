-- What counts towards the limits of operators, approvers and customers: one row per operation that returns points. Desks work
-- on it through functions only; nothing is ever deleted. Run by the owner of the schema.

-- `customer` is the SHA-256 of shop and customer, `operator` and `approver` are logins. An operation counts those before it:
-- with a smaller serial, made under a lock per shop, and so of two that race for the last of a limit one sees the other.
CREATE TABLE coupon_desk.allowances (
    shop text COLLATE "C" NOT NULL CHECK (char_length(shop) BETWEEN 1 AND 300),
    desk text COLLATE "C" NOT NULL REFERENCES coupon_desk.desks (desk),
    operation text COLLATE "C" NOT NULL CHECK (char_length(operation) BETWEEN 1 AND 64),
    operator text COLLATE "C" NOT NULL CHECK (char_length(operator) BETWEEN 1 AND 200),
    customer text COLLATE "C" CHECK (customer ~ '^[0-9a-f]{64}$'),
    points bigint NOT NULL CHECK (points BETWEEN 0 AND 1000000000000),
    serial bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    made_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    approver text COLLATE "C" CHECK (char_length(approver) BETWEEN 1 AND 200),
    approved_points bigint CHECK (approved_points BETWEEN 0 AND 1000000000000),
    approved_at timestamptz,
    approval_serial bigint,
    released_at timestamptz,
    PRIMARY KEY (shop, desk, operation),
    CHECK (approver <> operator),
    CHECK (num_nulls(approver, approved_points, approved_at, approval_serial) IN (0, 4))
);
CREATE INDEX allowances_of_operator ON coupon_desk.allowances (shop, operator, made_at) WHERE released_at IS NULL;
CREATE INDEX allowances_of_customer ON coupon_desk.allowances (shop, customer, made_at)
WHERE released_at IS NULL AND customer IS NOT NULL;
CREATE INDEX allowances_of_approver ON coupon_desk.allowances (shop, approver, approved_at)
WHERE released_at IS NULL AND approver IS NOT NULL;
CREATE INDEX allowances_of_desk ON coupon_desk.allowances (desk, made_at);

-- Nothing that others may have counted grows in its place, moves to an earlier one, or comes back.
CREATE FUNCTION coupon_desk.allowances_only_go_on() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF OLD.released_at IS NOT NULL
        OR (OLD.shop, OLD.desk, OLD.operation, OLD.operator, OLD.made_at)
            IS DISTINCT FROM (NEW.shop, NEW.desk, NEW.operation, NEW.operator, NEW.made_at)
        OR (OLD.customer IS NOT NULL AND NEW.customer IS DISTINCT FROM OLD.customer)
        OR NEW.serial < OLD.serial
        OR (NEW.points > OLD.points AND NEW.serial = OLD.serial)
        OR (OLD.approver IS NOT NULL AND NEW.approver IS NULL)
        OR NEW.approval_serial < OLD.approval_serial
        OR ((NEW.approver <> OLD.approver OR NEW.approved_points > OLD.approved_points)
            AND NEW.approval_serial = OLD.approval_serial)
    THEN
        RAISE EXCEPTION 'this change of an allowance is refused' USING ERRCODE = 'CD004';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER allowances_only_go_on BEFORE UPDATE ON coupon_desk.allowances
FOR EACH ROW EXECUTE FUNCTION coupon_desk.allowances_only_go_on();
CREATE TRIGGER allowances_stay BEFORE DELETE OR TRUNCATE ON coupon_desk.allowances
FOR EACH STATEMENT EXECUTE FUNCTION coupon_desk.refuse_change();
ALTER TABLE coupon_desk.allowances ENABLE ALWAYS TRIGGER allowances_only_go_on;
ALTER TABLE coupon_desk.allowances ENABLE ALWAYS TRIGGER allowances_stay;

ALTER TABLE coupon_desk.allowances ENABLE ROW LEVEL SECURITY;
CREATE POLICY allowances_are_read ON coupon_desk.allowances FOR SELECT TO PUBLIC
USING ((SELECT pg_has_role('coupon_desk_auditor', 'USAGE')));

-- The desk that calls. Only for functions of the owner.
CREATE FUNCTION coupon_desk.working_desk() RETURNS text
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    me text := coupon_desk.own_desk();
BEGIN
    IF me IS NULL THEN
        RAISE EXCEPTION 'this login role belongs to no working desk' USING ERRCODE = 'CD001';
    END IF;
    RETURN me;
END
$$;

-- Counts an operation of the desk that calls, and tells what stands before it: of its operator since the beginnings of day,
-- week and month, and of its customer. Asked again with more points it goes to the end, or it would have grown behind the back
-- of those that counted after it. What was released stays so. Where the desk's clock runs ahead, at least the last day, 7 and 31 days count.
-- A plan made while the table was small would take a second for years: hence plan_cache_mode, here and below.
CREATE FUNCTION coupon_desk.count_allowance(
    the_shop text,
    the_operation text,
    the_operator text,
    the_customer text,
    the_points bigint,
    day_start timestamptz,
    week_start timestamptz,
    month_start timestamptz,
    customer_start timestamptz
) RETURNS TABLE (
    day_points bigint,
    day_count bigint,
    week_points bigint,
    week_count bigint,
    month_points bigint,
    month_count bigint,
    customer_count bigint
)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_custom_plan
AS $$
DECLARE
    me text := coupon_desk.working_desk();
    own coupon_desk.allowances%ROWTYPE;
    today timestamptz := CASE WHEN day_start > clock_timestamp() THEN clock_timestamp() - interval '1 day' ELSE day_start END;
    this_week timestamptz := CASE
        WHEN week_start > clock_timestamp() THEN clock_timestamp() - interval '7 days' ELSE week_start
    END;
    this_month timestamptz := CASE
        WHEN month_start > clock_timestamp() THEN clock_timestamp() - interval '31 days' ELSE month_start
    END;
    lately timestamptz := least(customer_start, clock_timestamp() - interval '30 days');
BEGIN
    IF num_nulls(the_shop, the_operation, the_operator, the_points, day_start, week_start, month_start, customer_start) > 0 THEN
        RAISE EXCEPTION 'something is missing' USING ERRCODE = 'not_null_violation';
    END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended('coupon_desk.allowances ' || the_shop, 0));
    SELECT a.* INTO own FROM coupon_desk.allowances a
    WHERE a.shop = the_shop AND a.desk = me AND a.operation = the_operation FOR UPDATE;
    IF NOT FOUND THEN
        INSERT INTO coupon_desk.allowances AS a (shop, desk, operation, operator, customer, points)
        VALUES (the_shop, me, the_operation, the_operator, the_customer, the_points)
        RETURNING a.* INTO own;
    ELSIF own.operator <> the_operator THEN
        RAISE EXCEPTION 'this operation is somebody else''s' USING ERRCODE = 'CD006';
    ELSIF own.released_at IS NOT NULL THEN
        NULL; -- late news of what is over already: it stays so
    ELSIF the_points > own.points THEN
        UPDATE coupon_desk.allowances a
        SET points = the_points, serial = DEFAULT, customer = coalesce(own.customer, the_customer)
        WHERE a.shop = the_shop AND a.desk = me AND a.operation = the_operation
        RETURNING a.* INTO own;
    ELSIF the_points < own.points OR (own.customer IS NULL AND the_customer IS NOT NULL) THEN
        UPDATE coupon_desk.allowances a SET points = the_points, customer = coalesce(own.customer, the_customer)
        WHERE a.shop = the_shop AND a.desk = me AND a.operation = the_operation
        RETURNING a.* INTO own;
    END IF;
    RETURN QUERY
    SELECT
        coalesce(sum(a.points) FILTER (WHERE a.made_at >= today), 0)::bigint,
        count(*) FILTER (WHERE a.made_at >= today),
        coalesce(sum(a.points) FILTER (WHERE a.made_at >= this_week), 0)::bigint,
        count(*) FILTER (WHERE a.made_at >= this_week),
        coalesce(sum(a.points) FILTER (WHERE a.made_at >= this_month), 0)::bigint,
        count(*) FILTER (WHERE a.made_at >= this_month),
        (
            SELECT count(*) FROM coupon_desk.allowances c
            WHERE c.shop = the_shop AND c.customer = own.customer AND c.released_at IS NULL
                AND c.serial < own.serial AND c.made_at >= lately
        )
    FROM coupon_desk.allowances a
    WHERE a.shop = the_shop AND a.operator = the_operator AND a.released_at IS NULL
        AND a.serial < own.serial AND a.made_at >= least(today, this_week, this_month);
END
$$;

-- An operation of the desk that calls was refused: it does not count any more. False where it did not count.
CREATE FUNCTION coupon_desk.release_allowance(the_shop text, the_operation text) RETURNS boolean
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    me text := coupon_desk.working_desk();
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('coupon_desk.allowances ' || the_shop, 0));
    UPDATE coupon_desk.allowances a SET released_at = clock_timestamp()
    WHERE a.shop = the_shop AND a.desk = me AND a.operation = the_operation AND a.released_at IS NULL;
    RETURN FOUND;
END
$$;

-- Writes down who approved an operation of the desk that calls, and tells how many points that approver had approved before
-- since day_start. Nothing is written where it would become more than at_most (NULL: no limit), or what was released.
CREATE FUNCTION coupon_desk.approve_allowance(
    the_shop text, the_operation text, the_approver text, the_points bigint, day_start timestamptz, at_most bigint
) RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_custom_plan
AS $$
DECLARE
    me text := coupon_desk.working_desk();
    own coupon_desk.allowances%ROWTYPE;
    today timestamptz := CASE WHEN day_start > clock_timestamp() THEN clock_timestamp() - interval '1 day' ELSE day_start END;
    place bigint;
    before bigint;
BEGIN
    IF num_nulls(the_shop, the_operation, the_approver, the_points, day_start) > 0 THEN
        RAISE EXCEPTION 'something is missing' USING ERRCODE = 'not_null_violation';
    END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended('coupon_desk.allowances ' || the_shop, 0));
    SELECT a.* INTO own FROM coupon_desk.allowances a
    WHERE a.shop = the_shop AND a.desk = me AND a.operation = the_operation FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'this operation was not counted' USING ERRCODE = 'CD006';
    END IF;
    IF own.operator = the_approver THEN
        RAISE EXCEPTION 'nobody approves their own request' USING ERRCODE = 'CD007';
    END IF;
    -- The same approval again keeps its place among the approvals; another approver, or more points, come after all others.
    IF own.approver = the_approver AND the_points <= own.approved_points THEN
        place := own.approval_serial;
    END IF;
    SELECT coalesce(sum(a.approved_points), 0) INTO before FROM coupon_desk.allowances a
    WHERE a.shop = the_shop AND a.approver = the_approver AND a.released_at IS NULL AND a.approved_at >= today
        AND NOT (a.desk = me AND a.operation = the_operation) AND (place IS NULL OR a.approval_serial < place);
    IF own.released_at IS NOT NULL OR before + the_points > at_most THEN
        RETURN before;
    END IF;
    UPDATE coupon_desk.allowances a
    SET approver = the_approver,
        approved_points = the_points,
        approved_at = CASE WHEN place IS NULL THEN clock_timestamp() ELSE a.approved_at END,
        approval_serial = coalesce(place, nextval('coupon_desk.allowances_serial_seq'))
    WHERE a.shop = the_shop AND a.desk = me AND a.operation = the_operation;
    RETURN before;
END
$$;

-- What the desk that calls has counted since a moment, oldest first.
CREATE FUNCTION coupon_desk.own_allowances(the_shop text, since timestamptz)
RETURNS TABLE (
    operation text, operator text, points bigint, made_at timestamptz, is_released boolean, approver text, approved_points bigint
)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_custom_plan
AS $$
DECLARE
    me text := coupon_desk.working_desk();
BEGIN
    RETURN QUERY SELECT a.operation, a.operator, a.points, a.made_at, a.released_at IS NOT NULL, a.approver, a.approved_points
    FROM coupon_desk.allowances a WHERE a.shop = the_shop AND a.desk = me AND a.made_at >= since ORDER BY a.made_at, a.serial;
END
$$;
