"""The tests of Coupon Desk; a package of their own, so that no installed `tests` takes their place."""
