"""A plain bar chart as SVG: one bar a row, with its value; readable in light and dark."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

_WIDTH, _LABELS, _VALUES = 760, 250, 120
_ROW, _BAR, _TOP, _BOTTOM = 26, 16, 44, 16
_STYLE = (
    "text{font:13px system-ui,sans-serif;fill:#24292f}"
    ".title{font-size:15px;font-weight:600}"
    ".value{fill:#57606a}.own{fill:#0969da}.other{fill:#afb8c1}"
    "@media(prefers-color-scheme:dark){text{fill:#e6edf3}.value{fill:#9198a1}"
    ".own{fill:#4493f8}.other{fill:#656c76}}"
)


@dataclass(frozen=True)
class Bar:
    """One row: what it shows, its length, the text beside it, and whether it is ours."""

    label: str
    value: float
    text: str
    is_own: bool = False


def bar_chart(title: str, bars: Sequence[Bar]) -> str:
    """Return the SVG of *bars*, from top to bottom; the longest fills the width.

    Raises: ValueError if there are no bars, or one is negative.
    """
    if not bars or min(bar.value for bar in bars) < 0:
        raise ValueError("a bar chart needs bars, none of them negative")
    longest = max(bar.value for bar in bars) or 1.0
    room = _WIDTH - _LABELS - _VALUES
    height = _TOP + _ROW * len(bars) + _BOTTOM
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" '
        f'width="{_WIDTH}" height="{height}" role="img" aria-label="{escape(title, quote=True)}">',
        f"<style>{_STYLE}</style>",
        f'<text class="title" x="12" y="26">{escape(title)}</text>',
    ]
    for row, bar in enumerate(bars):
        top = _TOP + row * _ROW
        middle = top + _BAR - 3
        width = room * bar.value / longest
        kind = "own" if bar.is_own else "other"
        lines += [
            f'<text x="{_LABELS - 10}" y="{middle}" text-anchor="end">{escape(bar.label)}</text>',
            f'<rect class="{kind}" x="{_LABELS}" y="{top}" width="{width:.1f}" height="{_BAR}"/>',
            f'<text class="value" x="{_LABELS + width + 8:.1f}" y="{middle}">'
            f"{escape(bar.text)}</text>",
        ]
    return "\n".join([*lines, "</svg>", ""])
