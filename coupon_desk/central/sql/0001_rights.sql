-- Who may do what with desks and entries. Run by the owner of the schema, at every init.

REVOKE ALL ON SCHEMA coupon_desk FROM PUBLIC, coupon_desk_desk, coupon_desk_auditor;
REVOKE ALL ON ALL TABLES IN SCHEMA coupon_desk FROM PUBLIC, coupon_desk_desk, coupon_desk_auditor;
REVOKE ALL ON ALL SEQUENCES IN SCHEMA coupon_desk FROM PUBLIC, coupon_desk_desk, coupon_desk_auditor;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA coupon_desk FROM PUBLIC, coupon_desk_desk, coupon_desk_auditor;

GRANT USAGE ON SCHEMA coupon_desk TO coupon_desk_desk, coupon_desk_auditor;
GRANT SELECT ON coupon_desk.schema_version TO coupon_desk_desk, coupon_desk_auditor;

-- A desk appends entries and reads its own. When they were received is not for it to say.
GRANT SELECT ON coupon_desk.entries TO coupon_desk_desk;
GRANT INSERT (desk, sequence, version, previous, entry, hash) ON coupon_desk.entries TO coupon_desk_desk;
GRANT EXECUTE ON FUNCTION coupon_desk.own_desk(), coupon_desk.register_key(text) TO coupon_desk_desk;

-- An auditor reads everything and writes nothing. The policies ask own_desk() for whoever reads.
GRANT EXECUTE ON FUNCTION coupon_desk.own_desk() TO coupon_desk_auditor;
GRANT SELECT ON coupon_desk.entries, coupon_desk.desks TO coupon_desk_auditor;
