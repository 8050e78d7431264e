"""Small pictures for the UI."""

import base64
import re
from collections.abc import Sequence
from datetime import datetime
from html import escape

WIDTH, HEIGHT, BASE = 360, 80, 68


def bars(points: Sequence[tuple[datetime, int]], *, title: str) -> str:
    """Markdown with one bar per point as an inline SVG; a sentence where there is nothing."""
    if not points:
        return f"{title}: no evaluation yet."
    top = max(n for _, n in points)
    scale = (BASE - 14) / max(top, 1)
    step = WIDTH / len(points)
    rects = "".join(
        f'<rect x="{i * step:.1f}" y="{BASE - n * scale:.1f}" '
        f'width="{max(step - 1, 0.5):.1f}" height="{n * scale:.1f}"/>'
        for i, (_, n) in enumerate(points)
        if n
    )
    first, last = f"{points[0][0]:%d %b %H:%M}", f"{points[-1][0]:%d %b %H:%M}"
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" '
        f'font-family="sans-serif" font-size="10"><g fill="#4c5fd7">{rects}</g>'
        f'<line x1="0" y1="{BASE}" x2="{WIDTH}" y2="{BASE}" stroke="#999"/>'
        f'<text x="0" y="10">{escape(title)}, at most {top}</text>'
        f'<text x="0" y="79">{first}</text>'
        f'<text x="{WIDTH}" y="79" text-anchor="end">{last} UTC</text></svg>'
    )
    encoded = base64.b64encode(svg.encode()).decode()
    total = sum(n for _, n in points)
    words = re.sub(r"([\\\[\]])", r"\\\1", title)
    return f"![{words}: {total} in all](data:image/svg+xml;base64,{encoded})"
