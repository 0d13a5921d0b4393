"""What every part of the window is given: who runs its work, in which words it speaks, and how it looks."""

from __future__ import annotations

from dataclasses import dataclass

from coupon_desk.desk.speech import Speech
from coupon_desk.desk.theme import Theme
from coupon_desk.desk.threads import Runner


@dataclass(frozen=True, slots=True)
class Stage:
    """Handed down from the application; nothing in the window looks these up globally."""

    runner: Runner
    speech: Speech
    theme: Theme
