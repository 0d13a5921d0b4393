"""What a coupon is, whether it may be cancelled and why not, and the reasons people give. Pure: no I/O, no clock."""
