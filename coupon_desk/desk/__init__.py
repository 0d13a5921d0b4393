"""Everything a person sees, in Qt, and nothing else: widgets draw snapshots and turn clicks into requests."""
