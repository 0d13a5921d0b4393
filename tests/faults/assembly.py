"""Puts another part into the program, as only this campaign's processes do it: nothing in the product knows of it."""

from __future__ import annotations


def put(where: object, name: str, what: object) -> None:
    """Replace what goes by this name. Raises AttributeError where nothing does, so that no replacement goes stale unseen."""
    if not hasattr(where, name):
        raise AttributeError(f"{where!r} has no {name}")
    setattr(where, name, what)
