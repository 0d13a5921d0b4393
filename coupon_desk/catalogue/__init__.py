"""The local, searchable copy of all coupons. The table is drawn from it; nothing is ever decided by it."""
