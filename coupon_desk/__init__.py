"""Coupon Desk: cancels a loyalty coupon and gives the customer the points back, exactly once, with proof."""

from typing import Final

VERSION: Final = "0.1.0"
