"""A small writer of SVG: shapes, text, and colours that follow the reader's light or dark setting."""

from __future__ import annotations

from xml.sax.saxutils import escape, quoteattr

FONT = "ui-sans-serif, system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif"
# About the width of a letter in fonts of that kind, a bit on the safe side.
LETTER = 0.56


def text_width(text: str, size: float) -> float:
    return len(text) * size * LETTER


class Drawing:
    """Shapes in the order they are added; every coordinate in pixels."""

    def __init__(self, palette: dict[str, tuple[str, str]]) -> None:
        self._palette = palette
        self._shapes: list[str] = []
        self._patterns: list[str] = []

    def rect(self, x: float, y: float, width: float, height: float, fill: str, *, radius: float = 3, **more) -> None:
        self._add("rect", x=x, y=y, width=max(width, 0.5), height=height, rx=radius, **{"class": f"f-{fill}"}, **more)

    def frame(self, x: float, y: float, width: float, height: float, stroke: str, **more) -> None:
        self._add("rect", x=x, y=y, width=width, height=height, rx=3, fill="none", **{"class": f"s-{stroke}"}, **more)

    def line(self, x1: float, y1: float, x2: float, y2: float, stroke: str, width: float = 1, **more) -> None:
        self._add("line", x1=x1, y1=y1, x2=x2, y2=y2, stroke_width=width, **{"class": f"s-{stroke}"}, **more)

    def strokes(self, lines: list[tuple[float, float, float]], stroke: str, width: float, **more) -> None:
        """Many upright lines (x, top, bottom) as one path."""
        if lines:
            path = "".join(f"M{x:.1f} {top:.1f}V{bottom:.1f}" for x, top, bottom in lines)
            self._add("path", d=path, fill="none", stroke_width=width, **{"class": f"s-{stroke}"}, **more)

    def shape(self, points: list[tuple[float, float]], fill: str) -> None:
        self._add("polygon", points=" ".join(f"{x:.1f},{y:.1f}" for x, y in points), **{"class": f"f-{fill}"})

    def circle(self, x: float, y: float, radius: float, fill: str) -> None:
        self._add("circle", cx=x, cy=y, r=radius, **{"class": f"f-{fill}"})

    def text(self, x: float, y: float, text: str, fill: str = "ink", size: float = 12, **more) -> None:
        """`y` is the base line."""
        self._add("text", escape(text), x=x, y=y, font_size=size, **{"class": f"f-{fill}"}, **more)

    def hatching(self, name: str, stroke: str) -> None:
        """A pattern of slanting lines; `fill` it as `url(#name)` by `hatched`."""
        self._patterns.append(
            f'<pattern id="{name}" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
            f'<line x1="0" y1="0" x2="0" y2="6" stroke-width="2.4" class="s-{stroke}"/></pattern>')

    def hatched(self, x: float, y: float, width: float, height: float, name: str, **more) -> None:
        self._add("rect", x=x, y=y, width=max(width, 0.5), height=height, rx=3, fill=f"url(#{name})", **more)

    def _add(self, tag: str, content: str = "", **attributes) -> None:
        words = []
        for name, value in attributes.items():
            value = f"{value:.1f}".removesuffix(".0") if isinstance(value, float) else str(value)
            words.append(f"{name.replace('_', '-')}={quoteattr(value)}")
        end = f">{content}</{tag}>" if content else "/>"
        self._shapes.append(f"<{tag} {' '.join(words)}{end}")

    def document(self, width: float, height: float, title: str, description: str) -> str:
        def rules(of: int) -> str:
            return "".join(f".f-{name}{{fill:{pair[of]}}}.s-{name}{{stroke:{pair[of]}}}" for name, pair in self._palette.items())

        style = f"text{{font-family:{FONT}}}{rules(0)}@media (prefers-color-scheme:dark){{{rules(1)}}}"
        head = (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}" '
                f'height="{height:.0f}" role="img"><title>{escape(title)}</title><desc>{escape(description)}</desc>'
                f"<style>{escape(style)}</style><defs>{''.join(self._patterns)}</defs>")
        ground = f'<rect width="{width:.0f}" height="{height:.0f}" class="f-ground"/>'
        return "\n".join([head, ground, *self._shapes, "</svg>", ""])
