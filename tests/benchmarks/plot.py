"""One subject's figures as a plot: a bar for each, measured in shares of what is allowed."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from tests.benchmarks.figures import Figure

WIDTH_PX = 860
ROW_PX = 42
HEAD_PX = 66
FOOT_PX = 34
BAR_LEFT_PX = 24
BAR_RIGHT_PX = 640
LIMIT_AT = 0.8
"""Where on the bar's way the limit stands."""

STYLE = """
text { font: 13px system-ui, sans-serif; fill: #1f2328 } .title { font-size: 16px; font-weight: 600 }
.small { font-size: 11px; fill: #57606a } .back { fill: #ffffff } .way { fill: #eef1f4 }
.kept { fill: #2f7d5b } .missed { fill: #b3412f } .plain { fill: #6b7f95 } .limit { stroke: #1f2328; stroke-width: 1.5 }
@media (prefers-color-scheme: dark) {
 text { fill: #e6edf3 } .small { fill: #9aa6b2 } .back { fill: #0d1117 } .way { fill: #21262d }
 .kept { fill: #4fae85 } .missed { fill: #e07a66 } .plain { fill: #8ba0b6 } .limit { stroke: #e6edf3 } }
"""


def svg(title: str, figures: Sequence[Figure], note: str) -> str:
    """The plot as a whole SVG file, light or dark as the reader's page is."""
    height = HEAD_PX + ROW_PX * len(figures) + FOOT_PX
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH_PX} {height}" role="img" aria-label="{escape(title)}">',
        f"<style>{STYLE}</style>",
        f'<rect class="back" width="{WIDTH_PX}" height="{height}"/>',
        _text(BAR_LEFT_PX, 28, title, "title"),
        _text(BAR_LEFT_PX, 48, "The upright line is the limit; bars without one are measured in their reference.", "small"),
    ]
    for number, figure in enumerate(figures):
        parts += _row(figure, HEAD_PX + ROW_PX * number)
    parts += [_text(BAR_LEFT_PX, height - 12, note, "small"), "</svg>", ""]
    return "\n".join(parts)


def _row(figure: Figure, top: int) -> list[str]:
    way = BAR_RIGHT_PX - BAR_LEFT_PX
    length = max(2.0, min(1.0, LIMIT_AT * _share(figure)) * way)
    kind = "plain" if figure.limit is None else "kept" if figure.keeps_limit else "missed"
    limit = "" if figure.limit is None else f"   {figure.limit.text(figure.unit)}"
    row = [
        _text(BAR_LEFT_PX, top + 12, figure.name),
        f'<rect class="way" x="{BAR_LEFT_PX}" y="{top + 18}" width="{way}" height="12" rx="3"/>',
        f'<rect class="{kind}" x="{BAR_LEFT_PX}" y="{top + 18}" width="{length:.1f}" height="12" rx="3"/>',
        _text(BAR_RIGHT_PX + 14, top + 12, f"{figure.figure:.4g} {figure.unit}{limit}"),
        _text(BAR_RIGHT_PX + 14, top + 28, f"{figure.ratio:.3g} × {figure.against}", "small"),
    ]
    if figure.limit is not None:
        x = BAR_LEFT_PX + LIMIT_AT * way
        row.append(f'<line class="limit" x1="{x:.1f}" y1="{top + 15}" x2="{x:.1f}" y2="{top + 33}"/>')
    return row


def _share(figure: Figure) -> float:
    """How much of what is allowed was used, or how much of what is demanded was reached."""
    if figure.limit is None:
        return figure.ratio
    return (figure.ratio if figure.limit.of_ratio else figure.figure) / figure.limit.value


def _text(x: int, y: int, text: str, kind: str = "") -> str:
    named = f' class="{kind}"' if kind else ""
    return f'<text{named} x="{x}" y="{y}">{escape(text)}</text>'
