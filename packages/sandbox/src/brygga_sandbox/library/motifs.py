"""The motifs: one short function per kind of product, in units of the picture's side."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from brygga_sandbox.library.canvas import (
    Canvas,
    Colour,
    Shape,
    box,
    ellipse,
    mix,
    rgb,
    slanted,
    turned,
)

_WOOD, _WOOD_DARK, _PAPER, _BRASS, _INK = (
    rgb("c7a26f"),
    rgb("8f6f46"),
    rgb("f7f3ea"),
    rgb("b8964f"),
    rgb("35322e"),
)


@dataclass(frozen=True, slots=True)
class Scene:
    """A canvas with wall and table, the product's colour in three tones, and the seed that varies
    the drawing.
    """

    canvas: Canvas
    colour: Colour
    shade: Colour
    light: Colour
    wall: Colour
    seed: int

    def paint(self, shape: Shape, top: float, bottom: float, colour: Colour) -> None:
        self.canvas.paint(shape, top, bottom, colour)

    def oval(self, x: float, y: float, wide: float, high: float, colour: Colour) -> None:
        """A whole ellipse."""
        self.canvas.paint(ellipse(x, y, wide, high), y - high, y + high, colour)

    def block(self, left: float, top: float, right: float, bottom: float, colour: Colour) -> None:
        """An upright rectangle."""
        self.canvas.paint(box(left, right), top, bottom, colour)

    def body(
        self, profile: tuple[tuple[float, float], ...], colour: Colour, x: float = 0.5
    ) -> None:
        """A body of revolution, with its shadow side."""
        shape = turned(x, profile)
        top, bottom = profile[0][0], profile[-1][0]
        self.canvas.paint(shape, top, bottom, colour)

        def right_side(height: float) -> tuple[float, float] | None:
            found = shape(height)
            return found and (found[1] - (found[1] - found[0]) * 0.22, found[1])

        self.canvas.paint(right_side, top, bottom, mix(colour, _INK, 0.14))

    def pick(self, sides: int, turn: int = 0) -> int:
        """A number below `sides` that the seed decides."""
        return (self.seed >> (3 * turn)) % sides


def cup(s: Scene) -> None:
    s.oval(0.72, 0.6, 0.11, 0.1, s.shade)
    s.oval(0.72, 0.6, 0.065, 0.058, s.wall)
    beaker(s)


def beaker(s: Scene) -> None:
    profile = ((0.43, 0.2), (0.7, 0.19 - 0.02 * s.pick(3)), (0.835, 0.13))
    s.body(profile, s.colour)
    s.oval(0.5, 0.43, 0.2, 0.035, s.light)
    s.oval(0.5, 0.436, 0.175, 0.026, rgb("5a3d2b") if s.pick(2, 1) else s.shade)
    if s.pick(2, 2):
        s.paint(turned(0.5, profile), 0.64, 0.655, s.light)


def bowl(s: Scene) -> None:
    s.body(((0.52, 0.31), (0.68, 0.24), (0.8, 0.12), (0.84, 0.11)), s.colour)
    s.oval(0.5, 0.52, 0.31, 0.055, s.light)
    s.oval(0.5, 0.53, 0.28, 0.042, s.shade)


def plate(s: Scene) -> None:
    s.oval(0.5, 0.52, 0.37, 0.37, s.shade)
    s.oval(0.5, 0.512, 0.37, 0.37, s.colour)
    s.oval(0.5, 0.512, 0.26, 0.26, s.shade)
    s.oval(0.5, 0.516, 0.255, 0.255, s.light)
    for petal in range(3 + s.pick(3)):
        s.oval(0.44 + 0.03 * petal, 0.52 - 0.025 * (petal % 2), 0.012, 0.035, s.shade)


def vase(s: Scene) -> None:
    stem = 0.47 + 0.02 * s.pick(4)
    s.block(stem, 0.1, stem + 0.008, 0.36, rgb("5f7f64"))
    for leaf in range(4):
        s.oval(
            stem + (0.035 if leaf % 2 else -0.03), 0.13 + 0.05 * leaf, 0.032, 0.017, rgb("7d9a7a")
        )
    neck, belly = 0.06 + 0.015 * s.pick(3, 1), 0.17 + 0.02 * s.pick(3, 2)
    s.body(((0.33, neck + 0.02), (0.42, neck), (0.64, belly), (0.835, 0.1)), s.colour)
    s.oval(0.5, 0.33, neck + 0.02, 0.014, s.shade)


def glass(s: Scene) -> None:
    pale = mix(s.wall, s.colour, 0.45)
    s.body(((0.4, 0.15), (0.6, 0.15 + 0.02 * s.pick(2)), (0.835, 0.12)), pale)
    s.body(((0.54, 0.145), (0.7, 0.14), (0.815, 0.11)), s.colour)
    s.oval(0.5, 0.4, 0.15, 0.024, mix(pale, _PAPER, 0.5))
    for bubble in range(5):
        s.oval(0.42 + 0.04 * bubble, 0.6 + 0.05 * ((bubble + s.seed) % 3), 0.008, 0.008, _PAPER)


def pot(s: Scene) -> None:
    s.paint(slanted(0.5, 0.62, (0.73, 0.76), (0.64, 0.74)), 0.5, 0.62, s.shade)
    s.oval(0.27, 0.62, 0.09, 0.1, s.shade)
    s.oval(0.27, 0.62, 0.055, 0.064, s.wall)
    s.body(((0.46, 0.12), (0.64, 0.24), (0.78, 0.21), (0.835, 0.15)), s.colour)
    s.oval(0.5, 0.46, 0.125, 0.03, s.light)
    s.oval(0.5, 0.42, 0.028, 0.028, _WOOD)


def textile(s: Scene) -> None:
    s.block(0.17, 0.17, 0.83, 0.83, s.colour)
    pattern = s.pick(4)
    for n in range(9):
        at = 0.19 + 0.072 * n
        if pattern == 0:
            s.block(0.17, at, 0.83, at + 0.024, s.light)
        elif pattern == 1:
            s.block(at, 0.17, at + (0.035 if n % 2 else 0.012), 0.83, s.shade)
        elif pattern == 2:
            for m in range(9):
                s.oval(
                    at + 0.02, 0.21 + 0.072 * m, 0.016, 0.016, s.light if (n + m) % 2 else s.shade
                )
        elif n % 2:
            s.block(0.17, at, 0.83, at + 0.036, s.light)
            s.block(at, 0.17, at + 0.036, 0.83, s.shade)
    for n in range(33):
        s.block(0.175 + 0.02 * n, 0.83, 0.18 + 0.02 * n, 0.87, s.shade)


def towel(s: Scene) -> None:
    s.block(0.12, 0.16, 0.88, 0.185, _WOOD)
    s.block(0.29, 0.175, 0.71, 0.82, s.colour)
    s.block(0.6, 0.175, 0.71, 0.7, s.shade)
    for n in range(2 + s.pick(3)):
        s.block(0.29, 0.62 + 0.045 * n, 0.71, 0.635 + 0.045 * n, _PAPER)


def basket(s: Scene) -> None:
    s.oval(0.5, 0.5, 0.2, 0.2, _WOOD_DARK)
    s.oval(0.5, 0.5, 0.175, 0.175, s.wall)
    s.body(((0.52, 0.27), (0.835, 0.22)), s.colour)
    for n in range(6):
        s.block(0.25 + 0.005 * n, 0.55 + 0.047 * n, 0.75 - 0.005 * n, 0.562 + 0.047 * n, s.shade)


def pendant(s: Scene) -> None:
    s.block(0.497, 0.0, 0.503, 0.35, _INK)
    s.oval(0.5, 0.6, 0.06, 0.05, rgb("f6e3a8"))
    if s.pick(2):
        s.body(((0.33, 0.03), (0.42, 0.1), (0.6, 0.3)), s.colour)
    else:
        s.paint(ellipse(0.5, 0.6, 0.27, 0.27), 0.33, 0.6, s.colour)
    s.oval(0.5, 0.6, 0.28, 0.016, s.shade)


def lamp(s: Scene) -> None:
    s.body(
        ((0.5, 0.02), (0.72, 0.05 + 0.03 * s.pick(3)), (0.835, 0.1)),
        _BRASS if s.pick(2, 1) else s.shade,
    )
    s.paint(slanted(0.2, 0.52, (0.4, 0.6), (0.28, 0.72)), 0.2, 0.52, s.colour)
    s.paint(slanted(0.2, 0.52, (0.56, 0.6), (0.63, 0.72)), 0.2, 0.52, s.shade)
    s.block(0.28, 0.51, 0.72, 0.522, rgb("f6e3a8"))


def stool(s: Scene) -> None:
    s.paint(slanted(0.46, 0.84, (0.34, 0.38), (0.27, 0.3)), 0.46, 0.84, s.shade)
    s.paint(slanted(0.46, 0.84, (0.62, 0.66), (0.7, 0.73)), 0.46, 0.84, s.shade)
    s.paint(slanted(0.46, 0.82, (0.48, 0.52), (0.485, 0.515)), 0.46, 0.82, s.colour)
    s.oval(0.5, 0.45, 0.24, 0.05, s.shade)
    s.oval(0.5, 0.43, 0.24, 0.05, s.colour)


def chair(s: Scene) -> None:
    for n in range(6):
        s.block(0.345 + 0.06 * n, 0.2, 0.357 + 0.06 * n, 0.55, s.shade)
    s.block(0.31, 0.17, 0.69, 0.225, s.colour)
    s.paint(slanted(0.58, 0.85, (0.31, 0.345), (0.28, 0.305)), 0.58, 0.85, s.shade)
    s.paint(slanted(0.58, 0.85, (0.655, 0.69), (0.695, 0.72)), 0.58, 0.85, s.shade)
    s.paint(slanted(0.54, 0.6, (0.32, 0.68), (0.27, 0.73)), 0.54, 0.6, s.colour)


def table(s: Scene) -> None:
    s.paint(slanted(0.5, 0.85, (0.22, 0.26), (0.17, 0.195)), 0.5, 0.85, s.shade)
    s.paint(slanted(0.5, 0.85, (0.74, 0.78), (0.805, 0.83)), 0.5, 0.85, s.shade)
    s.block(0.12, 0.47, 0.88, 0.51, s.colour)
    s.body(((0.36, 0.04), (0.47, 0.03)), rgb("9aab8c"), 0.35 + 0.1 * s.pick(4))


def clock(s: Scene) -> None:
    s.oval(0.5, 0.48, 0.31, 0.31, s.shade)
    s.oval(0.5, 0.475, 0.31, 0.31, s.colour)
    s.oval(0.5, 0.475, 0.27, 0.27, _PAPER)
    s.block(0.493, 0.27, 0.507, 0.485, _INK)
    s.block(0.495, 0.468, 0.62 + 0.03 * s.pick(3), 0.482, _INK)
    s.oval(0.5, 0.475, 0.016, 0.016, s.colour)


def poster(s: Scene) -> None:
    s.block(0.22, 0.1, 0.78, 0.86, _WOOD if s.pick(2) else _INK)
    s.block(0.238, 0.118, 0.762, 0.842, _PAPER)
    theme = s.pick(3, 1)
    if theme == 0:
        s.oval(0.55, 0.32, 0.09, 0.09, s.colour)
        s.paint(slanted(0.4, 0.72, (0.42, 0.421), (0.28, 0.6)), 0.4, 0.72, s.shade)
        s.paint(slanted(0.48, 0.72, (0.58, 0.581), (0.46, 0.72)), 0.48, 0.72, s.light)
    elif theme == 1:
        for n in range(4):
            s.oval(0.5, 0.23 + 0.13 * n, 0.17, 0.035, s.colour if n % 2 else s.shade)
    else:
        s.oval(0.43, 0.38, 0.14, 0.14, s.colour)
        s.block(0.46, 0.42, 0.68, 0.66, s.light)
    s.block(0.3, 0.78, 0.52, 0.79, _INK)


def candle(s: Scene) -> None:
    s.oval(0.5, 0.27, 0.02, 0.05, rgb("f0b44c"))
    s.block(0.496, 0.3, 0.504, 0.37, _INK)
    if s.pick(2):
        s.block(0.39, 0.36, 0.61, 0.83, s.colour)
        s.block(0.56, 0.36, 0.61, 0.83, s.shade)
        s.block(0.39, 0.55, 0.61, 0.7, _PAPER)
    else:
        s.block(0.465, 0.36, 0.535, 0.74, s.colour)
        s.body(((0.72, 0.06), (0.76, 0.04), (0.835, 0.14)), _BRASS)


def ring(s: Scene) -> None:
    s.oval(0.5, 0.54, 0.25, 0.25, _BRASS)
    s.oval(0.5, 0.54, 0.213, 0.213, s.wall)
    s.oval(0.5, 0.285, 0.055 + 0.01 * s.pick(3), 0.055, s.colour)
    s.oval(0.485, 0.27, 0.016, 0.016, s.light)


def necklace(s: Scene) -> None:
    s.oval(0.5, 0.36, 0.27, 0.3, _BRASS)
    s.oval(0.5, 0.355, 0.263, 0.292, s.wall)
    s.block(0.0, 0.0, 1.0, 0.13, s.wall)
    s.body(((0.65, 0.008), (0.76, 0.05 + 0.008 * s.pick(3)), (0.82, 0.03)), s.colour)


def earring(s: Scene) -> None:
    for x in (0.36, 0.64):
        s.oval(x, 0.32, 0.035, 0.06, _BRASS)
        s.oval(x, 0.325, 0.028, 0.052, s.wall)
        s.oval(x, 0.5, 0.09, 0.09 + 0.02 * s.pick(3), s.colour)
        s.oval(x - 0.03, 0.46, 0.02, 0.02, s.light)


def book(s: Scene) -> None:
    s.block(0.29, 0.24, 0.74, 0.84, mix(_PAPER, _INK, 0.15))
    s.block(0.27, 0.22, 0.72, 0.82, s.colour)
    s.block(0.27, 0.22, 0.315, 0.82, s.shade)
    s.block(0.38, 0.32, 0.66, 0.345, s.light)
    s.block(0.38, 0.37, 0.56, 0.385, s.light)
    s.oval(0.52, 0.6, 0.08, 0.08 if s.pick(2) else 0.04, s.light)


def gift(s: Scene) -> None:
    s.block(0.26, 0.48, 0.74, 0.835, s.colour)
    s.block(0.24, 0.42, 0.76, 0.51, s.light)
    s.block(0.47, 0.42, 0.53, 0.835, s.shade)
    for x in (0.43, 0.57):
        s.oval(x, 0.385, 0.075, 0.045, s.shade)
        s.oval(x, 0.387, 0.048, 0.025, s.wall)


_STANDING = (
    cup,
    beaker,
    bowl,
    vase,
    glass,
    pot,
    basket,
    lamp,
    stool,
    chair,
    table,
    candle,
    book,
    gift,
)
_HANGING = (plate, textile, towel, pendant, clock, poster, ring, necklace, earring)

MOTIFS: dict[str, tuple[Callable[[Scene], None], bool]] = {
    **{draw.__name__: (draw, True) for draw in _STANDING},
    **{draw.__name__: (draw, False) for draw in _HANGING},
}
"""Every motif by name, and whether it stands on a table."""
