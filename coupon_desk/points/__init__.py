"""The point system: one port, and one module per system that speaks it."""
