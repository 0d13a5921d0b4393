"""Lays the owner's summary out as HTML for Qt's rich text engine and for a browser: tables and sizes in pt, as receipts are."""

from __future__ import annotations

from datetime import tzinfo
from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING

from coupon_desk.trail.summary import Summary
from coupon_desk.trail.summary_words import About, words_of
from coupon_desk.words import Language

if TYPE_CHECKING:
    from jinja2 import Environment


def summary_page(summary: Summary, about: About, language: Language, zone: tzinfo | None = None) -> str:
    """The summary as HTML for A4; moments in `zone`, or in this computer's own zone."""
    template = _environment().get_template("trail/summary.html")
    return template.render(summary=words_of(summary, about, language, zone), language=language.value)


@lru_cache(maxsize=1)
def _environment() -> Environment:
    from jinja2 import Environment, FunctionLoader, StrictUndefined

    return Environment(
        loader=FunctionLoader(_template), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )


def _template(name: str) -> str:
    return files("coupon_desk").joinpath("resources", *name.split("/")).read_text(encoding="utf-8")
