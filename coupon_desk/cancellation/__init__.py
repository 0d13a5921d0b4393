"""The one thing we do: cancel a coupon and give its points back, exactly once."""
