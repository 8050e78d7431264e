"""Small pictures for the UI."""

import base64
from collections.abc import Sequence
from datetime import datetime

WIDTH, HEIGHT, BASE = 360, 80, 68


def bars(points: Sequence[tuple[datetime, int]], *, title: str) -> str:
    """Markdown with one bar per point as an inline SVG; a sentence where there is nothing."""
    if not points:
        return f"{title}: no evaluation yet."
    top = max(1, *(n for _, n in points))
    step = WIDTH / len(points)
    rects = "".join(
        f'<rect x="{i * step:.1f}" y="{BASE - n / top * (BASE - 14):.1f}" '
        f'width="{max(step - 1, 0.5):.1f}" height="{n / top * (BASE - 14):.1f}"/>'
        for i, (_, n) in enumerate(points)
        if n
    )
    first, last = f"{points[0][0]:%d %b %H:%M}", f"{points[-1][0]:%d %b %H:%M}"
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" '
        f'font-family="sans-serif" font-size="10"><g fill="#4c5fd7">{rects}</g>'
        f'<line x1="0" y1="{BASE}" x2="{WIDTH}" y2="{BASE}" stroke="#999"/>'
        f'<text x="0" y="10">{title}, at most {top}</text>'
        f'<text x="0" y="79">{first}</text>'
        f'<text x="{WIDTH}" y="79" text-anchor="end">{last} UTC</text></svg>'
    )
    encoded = base64.b64encode(svg.encode()).decode()
    total = sum(n for _, n in points)
    return f"![{title}: {total} in all](data:image/svg+xml;base64,{encoded})"
