"""The tables, one module per room, all on one `metadata`."""
