-- Who may do what with allowances, requests and operators. Run by the owner of the schema, at every init, after the rights before.

GRANT EXECUTE ON FUNCTION
    coupon_desk.count_allowance(text, text, text, text, bigint, timestamptz, timestamptz, timestamptz, timestamptz),
    coupon_desk.release_allowance(text, text),
    coupon_desk.approve_allowance(text, text, text, bigint, timestamptz, bigint),
    coupon_desk.own_allowances(text, timestamptz),
    coupon_desk.post_request(
        text, text, text, text, text, text, text, bigint, text, text, text, text, double precision
    ),
    coupon_desk.waiting_requests(text),
    coupon_desk.decide_request(text, bigint, text, text, text, text),
    coupon_desk.decisions_for_me(text),
    coupon_desk.own_requests(text),
    coupon_desk.close_request(text, text),
    coupon_desk.find_person(text, text),
    coupon_desk.people_since(text, bigint),
    coupon_desk.put_person(
        text, text, text, text, text, text, text, boolean, text, text, timestamptz, integer, text, text
    ),
    coupon_desk.publish_people(text, json),
    coupon_desk.standing(text)
TO coupon_desk_desk;

GRANT SELECT ON coupon_desk.allowances TO coupon_desk_auditor;
-- Not the notes: what stands there about a person is not for everybody who audits.
GRANT SELECT (
    id, shop, desk, store, operation, requester, kind, coupon, shown_as, points, reason, why, request_hash, posted_at,
    expires_at, verdict, approver, deciding_desk, decided_at, closed_at
) ON coupon_desk.requests TO coupon_desk_auditor;
-- Neither PINs nor contacts, nor who somebody is at the company's provider.
GRANT SELECT (
    shop, login, name, role, stores, disabled, source, created_at, version, change, changed_by, changed_at, desk, number
) ON coupon_desk.people TO coupon_desk_auditor;
GRANT SELECT ON coupon_desk.people_changes TO coupon_desk_auditor;
