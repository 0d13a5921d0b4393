-- Who may do what with claims. Run by the owner of the schema, at every init, after the rights before.

GRANT EXECUTE ON FUNCTION
    coupon_desk.take_claim(text, text, text, text, text, boolean, text, text),
    coupon_desk.claim_holder(text, text),
    coupon_desk.release_claim(text, text, text),
    coupon_desk.own_claims()
TO coupon_desk_desk;

GRANT SELECT ON coupon_desk.claims TO coupon_desk_auditor;
