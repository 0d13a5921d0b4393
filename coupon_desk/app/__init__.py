"""The one place that puts the parts together: an open home, seen as what the window and the command line can ask of it."""

from coupon_desk.app.desk import CouponDesk
from coupon_desk.app.doctor import Check
from coupon_desk.app.home import Home, HomeBusy, default_home
from coupon_desk.app.training import TRAINING_PEOPLE, open_training
from coupon_desk.app.view import CouponView

__all__ = [
    "TRAINING_PEOPLE",
    "Check",
    "CouponDesk",
    "CouponView",
    "Home",
    "HomeBusy",
    "default_home",
    "open_training",
]
