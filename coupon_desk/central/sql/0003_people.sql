-- The operators of all desks. Desks read and change them through functions only; nobody is ever deleted, and each change stays
-- written down. Run by the owner of the schema.

-- `pin_hash` is Argon2id or empty; `subject` is who somebody is at the company's provider; `contacts` and `stores` are JSON
-- arrays. `change` is the id of the change that made the row what it is, `number` its place among all changes.
CREATE TABLE coupon_desk.people (
    shop text COLLATE "C" NOT NULL CHECK (char_length(shop) BETWEEN 1 AND 300),
    login text COLLATE "C" NOT NULL CHECK (login ~ '^[a-z0-9][a-z0-9._-]{0,31}$'),
    name text COLLATE "C" NOT NULL CHECK (char_length(name) BETWEEN 1 AND 100),
    role text COLLATE "C" NOT NULL CHECK (role ~ '^[a-z_]{1,16}$'),
    contacts text COLLATE "C" NOT NULL CHECK (octet_length(contacts) <= 20000 AND json_typeof(contacts::json) = 'array'),
    stores text COLLATE "C" NOT NULL CHECK (octet_length(stores) <= 20000 AND json_typeof(stores::json) = 'array'),
    pin_hash text COLLATE "C" NOT NULL CHECK (
        pin_hash = '' OR pin_hash ~ '^[$]argon2id[$]v=19[$]m=[0-9]{1,9},t=[0-9]{1,4},p=[0-9]{1,3}[$][A-Za-z0-9+/]{11,100}[$][A-Za-z0-9+/]{20,200}$'
    ),
    disabled boolean NOT NULL,
    source text COLLATE "C" NOT NULL CHECK (source ~ '^[a-z_]{1,16}$'),
    subject text COLLATE "C" NOT NULL CHECK (char_length(subject) <= 300),
    created_at timestamptz NOT NULL,
    version integer NOT NULL CHECK (version >= 1),
    change text COLLATE "C" NOT NULL CHECK (char_length(change) BETWEEN 1 AND 64),
    changed_by text COLLATE "C" NOT NULL CHECK (char_length(changed_by) <= 32),
    changed_at timestamptz NOT NULL,
    desk text COLLATE "C" NOT NULL REFERENCES coupon_desk.desks (desk),
    number bigint NOT NULL UNIQUE,
    PRIMARY KEY (shop, login)
);
CREATE INDEX people_by_number ON coupon_desk.people (shop, number);

-- What every change made of whom, who asked for it, and which desk says so; without PINs and contacts.
CREATE TABLE coupon_desk.people_changes (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    shop text COLLATE "C" NOT NULL,
    login text COLLATE "C" NOT NULL,
    version integer NOT NULL,
    name text COLLATE "C" NOT NULL,
    role text COLLATE "C" NOT NULL,
    stores text COLLATE "C" NOT NULL,
    disabled boolean NOT NULL,
    source text COLLATE "C" NOT NULL,
    has_new_pin boolean NOT NULL,
    has_new_contacts boolean NOT NULL,
    has_new_subject boolean NOT NULL,
    change text COLLATE "C" NOT NULL,
    changed_by text COLLATE "C" NOT NULL,
    changed_at timestamptz NOT NULL,
    desk text COLLATE "C" NOT NULL,
    UNIQUE (shop, login, version)
);

-- Whoever changes a row: it goes on by one version, and the change is written down with it.
CREATE FUNCTION coupon_desk.people_only_go_on() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF (TG_OP = 'INSERT' AND NEW.version <> 1)
        OR (TG_OP = 'UPDATE' AND (
            NEW.version <> OLD.version + 1 OR (OLD.shop, OLD.login) IS DISTINCT FROM (NEW.shop, NEW.login)
        ))
    THEN
        RAISE EXCEPTION 'this change of an operator is refused' USING ERRCODE = 'CD004';
    END IF;
    NEW.changed_at := clock_timestamp();
    INSERT INTO coupon_desk.people_changes (
        shop, login, version, name, role, stores, disabled, source, has_new_pin, has_new_contacts, has_new_subject, change,
        changed_by, changed_at, desk
    ) VALUES (
        NEW.shop, NEW.login, NEW.version, NEW.name, NEW.role, NEW.stores, NEW.disabled, NEW.source,
        TG_OP = 'INSERT' OR NEW.pin_hash <> OLD.pin_hash,
        TG_OP = 'INSERT' OR NEW.contacts <> OLD.contacts,
        TG_OP = 'INSERT' OR NEW.subject <> OLD.subject,
        NEW.change, NEW.changed_by, NEW.changed_at, NEW.desk
    ) RETURNING number INTO NEW.number;
    RETURN NEW;
END
$$;
CREATE TRIGGER people_only_go_on BEFORE INSERT OR UPDATE ON coupon_desk.people
FOR EACH ROW EXECUTE FUNCTION coupon_desk.people_only_go_on();
CREATE TRIGGER people_stay BEFORE DELETE OR TRUNCATE ON coupon_desk.people
FOR EACH STATEMENT EXECUTE FUNCTION coupon_desk.refuse_change();
CREATE TRIGGER people_changes_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON coupon_desk.people_changes
FOR EACH STATEMENT EXECUTE FUNCTION coupon_desk.refuse_change();
ALTER TABLE coupon_desk.people ENABLE ALWAYS TRIGGER people_only_go_on;
ALTER TABLE coupon_desk.people ENABLE ALWAYS TRIGGER people_stay;
ALTER TABLE coupon_desk.people_changes ENABLE ALWAYS TRIGGER people_changes_stay;

ALTER TABLE coupon_desk.people ENABLE ROW LEVEL SECURITY;
CREATE POLICY people_are_read ON coupon_desk.people FOR SELECT TO PUBLIC
USING ((SELECT pg_has_role('coupon_desk_auditor', 'USAGE')));
ALTER TABLE coupon_desk.people_changes ENABLE ROW LEVEL SECURITY;
CREATE POLICY people_changes_are_read ON coupon_desk.people_changes FOR SELECT TO PUBLIC
USING ((SELECT pg_has_role('coupon_desk_auditor', 'USAGE')));

-- The operator with this login: at most one row.
CREATE FUNCTION coupon_desk.find_person(the_shop text, the_login text) RETURNS SETOF coupon_desk.people
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM coupon_desk.working_desk();
    RETURN QUERY SELECT p.* FROM coupon_desk.people p WHERE p.shop = the_shop AND p.login = the_login;
END
$$;

-- All operators who were changed after the change with this number (0: everybody), in the order of their changes.
CREATE FUNCTION coupon_desk.people_since(the_shop text, after_number bigint) RETURNS SETOF coupon_desk.people
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM coupon_desk.working_desk();
    RETURN QUERY SELECT p.* FROM coupon_desk.people p WHERE p.shop = the_shop AND p.number > after_number ORDER BY p.number;
END
$$;

-- Makes an operator what is told, where they stand at the version before. `outcome` is done (also when this very change was
-- done before), changed, not_permitted or last_admin; the rest is the operator as they stand there now.
-- Who asks is an enabled administrator, or it is about themself: then only what is theirs to change, and never `disabled`; who
-- signs in with the company's account also brings name, role and stores from there.
CREATE FUNCTION coupon_desk.put_person(
    the_shop text,
    the_login text,
    the_name text,
    the_role text,
    the_contacts text,
    the_stores text,
    the_pin_hash text,
    is_disabled boolean,
    the_source text,
    the_subject text,
    the_creation timestamptz,
    the_version integer,
    the_change text,
    asked_by text
) RETURNS TABLE (outcome text, there coupon_desk.people)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    me text := coupon_desk.working_desk();
    old coupon_desk.people%ROWTYPE;
    is_listed boolean;
    may boolean;
BEGIN
    IF num_nulls(the_shop, the_login, the_role, the_source, the_subject, the_stores, is_disabled, the_version, the_change,
        asked_by) > 0
    THEN
        RAISE EXCEPTION 'something is missing' USING ERRCODE = 'not_null_violation';
    END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended('coupon_desk.people ' || the_shop, 0));
    SELECT p.* INTO old FROM coupon_desk.people p WHERE p.shop = the_shop AND p.login = the_login FOR UPDATE;
    is_listed := FOUND;
    IF is_listed AND old.change = the_change THEN
        RETURN QUERY SELECT 'done', old;
        RETURN;
    END IF;
    IF coalesce(old.version, 0) <> the_version - 1 THEN
        RETURN QUERY SELECT 'changed', old;
        RETURN;
    END IF;
    may := EXISTS (
        SELECT FROM coupon_desk.people p
        WHERE p.shop = the_shop AND p.login = asked_by AND p.role = 'admin' AND NOT p.disabled
    );
    IF NOT may AND asked_by = the_login THEN
        may := CASE
            WHEN NOT is_listed THEN
                the_source = 'oidc' OR NOT EXISTS (SELECT FROM coupon_desk.people p WHERE p.shop = the_shop)
            WHEN old.source = 'oidc' THEN
                the_source = 'oidc' AND old.disabled = is_disabled AND old.subject IN ('', the_subject)
            ELSE
                (old.role, old.stores, old.disabled, old.source, old.subject)
                = (the_role, the_stores, is_disabled, the_source, the_subject)
        END;
    END IF;
    IF NOT may THEN
        RETURN QUERY SELECT 'not_permitted', old;
        RETURN;
    END IF;
    IF (the_role <> 'admin' OR is_disabled) AND NOT EXISTS (
        SELECT FROM coupon_desk.people p
        WHERE p.shop = the_shop AND p.role = 'admin' AND NOT p.disabled AND p.login <> the_login
    ) THEN
        RETURN QUERY SELECT 'last_admin', old;
        RETURN;
    END IF;
    IF is_listed THEN
        UPDATE coupon_desk.people p
        SET name = the_name, role = the_role, contacts = the_contacts, stores = the_stores, pin_hash = the_pin_hash,
            disabled = is_disabled, source = the_source, subject = the_subject, version = the_version, change = the_change,
            changed_by = asked_by, desk = me
        WHERE p.shop = the_shop AND p.login = the_login RETURNING p.* INTO old;
    ELSE
        INSERT INTO coupon_desk.people AS p (
            shop, login, name, role, contacts, stores, pin_hash, disabled, source, subject, created_at, version, change,
            changed_by, desk
        ) VALUES (
            the_shop, the_login, the_name, the_role, the_contacts, the_stores, the_pin_hash, is_disabled, the_source,
            the_subject, the_creation, the_version, the_change, asked_by, me
        ) RETURNING p.* INTO old;
    END IF;
    RETURN QUERY SELECT 'done', old;
END
$$;

-- The first desk lists its operators, each as version 1; false, and nothing is done, where somebody is listed already.
CREATE FUNCTION coupon_desk.publish_people(the_shop text, the_people json) RETURNS boolean
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    me text := coupon_desk.working_desk();
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('coupon_desk.people ' || the_shop, 0));
    IF EXISTS (SELECT FROM coupon_desk.people p WHERE p.shop = the_shop) THEN
        RETURN false;
    END IF;
    INSERT INTO coupon_desk.people (
        shop, login, name, role, contacts, stores, pin_hash, disabled, source, subject, created_at, version, change, changed_by,
        desk
    )
    SELECT the_shop, n.login, n.name, n.role, n.contacts, n.stores, n.pin_hash, n.disabled, n.source, n.subject, n.created_at, 1,
        'published', '', me
    FROM json_to_recordset(the_people) AS n (
        login text, name text, role text, contacts text, stores text, pin_hash text, disabled boolean, source text,
        subject text, created_at timestamptz
    );
    IF NOT EXISTS (
        SELECT FROM coupon_desk.people p WHERE p.shop = the_shop AND p.role = 'admin' AND NOT p.disabled
    ) THEN
        RAISE EXCEPTION 'nobody could manage operators' USING ERRCODE = 'CD010';
    END IF;
    RETURN true;
END
$$;

-- How much stands there: operators who are not disabled, requests that wait at other desks and of the desk that calls, and the
-- operations that this desk has counted.
CREATE FUNCTION coupon_desk.standing(the_shop text)
RETURNS TABLE (people bigint, waiting_elsewhere bigint, waiting_here bigint, allowances bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    me text := coupon_desk.working_desk();
BEGIN
    RETURN QUERY SELECT
        (SELECT count(*) FROM coupon_desk.people p WHERE p.shop = the_shop AND NOT p.disabled),
        (
            SELECT count(*) FROM coupon_desk.requests r JOIN coupon_desk.desks d ON d.desk = r.desk
            WHERE r.shop = the_shop AND r.desk <> me AND r.closed_at IS NULL AND r.verdict IS NULL
                AND r.expires_at > clock_timestamp() AND d.disabled_at IS NULL
        ),
        (SELECT count(*) FROM coupon_desk.requests r WHERE r.shop = the_shop AND r.desk = me AND r.closed_at IS NULL),
        (SELECT count(*) FROM coupon_desk.allowances a WHERE a.shop = the_shop AND a.desk = me AND a.released_at IS NULL);
END
$$;
