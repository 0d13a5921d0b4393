"""What was measured, as a table and as one JSON document."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from tests.benchmarks.baseline import Measured, Span, this_machine
from tests.benchmarks.figures import Figure
from tests.benchmarks.scale import Scale


def line(figure: Figure) -> str:
    """One line of the table: figure, ratio, reference, limit and whether it is kept."""
    verdict = "" if figure.limit is None else f"   {figure.limit.text(figure.unit)} {'✓' if figure.keeps_limit else '✗ MISSED'}"
    return (
        f"  {figure.name:48} {figure.figure:10.4g} {figure.unit:10} {figure.ratio:7.3g} × {figure.reference:<9.4g}"
        f" {figure.against}{verdict}"
    )


def document(measured: Measured, scale: Scale, regressions: dict[str, tuple[Span, Span]]) -> str:
    """Everything, for programs."""
    told = {
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": this_machine(),
        "coupons": scale.coupons,
        "customers": scale.customers,
        "subjects": {subject: [_told(figure) for figure in figures] for subject, figures in measured.items()},
        "regressions": sorted(regressions),
    }
    return json.dumps(told, indent=1, ensure_ascii=False) + "\n"


def _told(figure: Figure) -> dict[str, Any]:
    limit = figure.limit
    return {
        "name": figure.name,
        "figure": figure.figure,
        "reference": figure.reference,
        "unit": figure.unit,
        "against": figure.against,
        "ratio": figure.ratio,
        "ratio_spread": [min(figure.ratios), max(figure.ratios)],
        "runs": len(figure.ratios),
        "limit": limit.text(figure.unit) if limit is not None else None,
        "keeps_limit": figure.keeps_limit if limit is not None else None,
    }
