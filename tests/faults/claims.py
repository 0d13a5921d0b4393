"""What the central database must say when everything is quiet."""

from __future__ import annotations

from collections.abc import Iterator

from tests.faults.homes import Home
from tests.faults.promises import Broken, Violation


def broken_claims(open_claims: tuple[tuple[str, str], ...], homes: list[Home]) -> Iterator[Violation]:
    """A claim is held for what is not over, and by a desk that is gone."""
    over = {one.id for home in homes if not home.is_gone for one in home.operations if one.state.is_over}
    for desk, operation in open_claims:
        if operation in over:
            yield Violation(
                Broken.WRONG, f"operation {operation[:8]} is over, and desk {desk} still holds its claim in the centre"
            )
