"""The trail: every decision and every step's before and after, one entry each, append-only and hash-chained."""
