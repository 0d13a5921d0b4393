"""The central database, which several desks share: the claims, and the trail of every desk. Knows storage."""
