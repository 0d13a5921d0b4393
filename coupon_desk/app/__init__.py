"""The one place that puts the parts together: an open home, as the window and the command line see it."""
