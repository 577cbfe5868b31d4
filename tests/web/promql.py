"""As much of Prometheus's query language as our alert rules use, over scraped pages.

An expression that needs more is an error here, so that no rule goes unchecked. Checked against the
language's documents: a range is right-closed, `increase` and `rate` extrapolate nothing here, so
they are a little lower than Prometheus's own.
"""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from prometheus_client.parser import text_string_to_metric_families

Labels = frozenset[tuple[str, str]]
Vector = dict[Labels, float]
UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
TOKEN = re.compile(
    r'\s*(?:(?P<string>"(?:[^"\\]|\\.)*")|(?P<range>\[\d+[smhd]\])|(?P<number>\d+(?:\.\d+)?)'
    r"|(?P<name>[a-zA-Z_][\w:]*)|(?P<op>==|!=|=~|!~|>=|<=|[-+*/><=(){},]))"
)


@dataclass
class Series:
    """What was scraped, in order: at which second, and the value of each series."""

    points: list[tuple[float, dict[tuple[str, Labels], float]]] = field(default_factory=list)

    def scrape(self, at_s: float, page: bytes, instance: str = "one", *, up: bool = True) -> None:
        """Adds a page; a process that is down has none."""
        base = {("job", "brygga"), ("instance", instance)}
        found = {("up", frozenset(base)): 1.0 if up else 0.0}
        for family in text_string_to_metric_families(page.decode() if up else ""):
            for sample in family.samples:
                labels = frozenset({*sample.labels.items(), *base})
                found[sample.name, labels] = sample.value
        if self.points and self.points[-1][0] == at_s:
            self.points[-1][1].update(found)
        else:
            self.points.append((at_s, found))


class Query:
    """One expression, evaluated at one time."""

    def __init__(self, text: str, series: Series, at_s: float) -> None:
        self.tokens = _tokens(text)
        self.place = 0
        self.series, self.at_s = series, at_s

    def value(self) -> Vector:
        found = self._comparison()
        if self.place != len(self.tokens):
            raise SyntaxError(f"not understood: {self.tokens[self.place :]}")
        return found if isinstance(found, dict) else {frozenset(): found}

    # ---- Grammar ---------------------------------------------------------------------------------

    def _peek(self) -> str:
        return self.tokens[self.place][1] if self.place < len(self.tokens) else ""

    def _take(self, expected: str = "") -> str:
        text = self.tokens[self.place][1]
        if expected and text != expected:
            raise SyntaxError(f"expected {expected}, found {text}")
        self.place += 1
        return text

    def _comparison(self) -> Vector | float:
        left = self._sum()
        while (op := self._peek()) in COMPARE:
            self._take()
            right = self._sum()
            assert isinstance(left, dict)
            assert isinstance(right, float)
            left = {labels: one for labels, one in left.items() if COMPARE[op](one, right)}
        return left

    def _sum(self) -> Vector | float:
        left = self._product()
        while self._peek() in ("+", "-"):
            op = self._take()
            left = _combined(op, left, self._product())
        return left

    def _product(self) -> Vector | float:
        left = self._atom()
        while self._peek() in ("*", "/"):
            op = self._take()
            left = _combined(op, left, self._atom())
        return left

    def _atom(self) -> Vector | float:
        kind, text = self.tokens[self.place]
        if kind == "number":
            self._take()
            return float(text)
        if text == "(":
            self._take()
            inside = self._comparison()
            self._take(")")
            return inside
        self._take()
        if text in AGGREGATE:
            return self._aggregate(AGGREGATE[text])
        if text == "histogram_quantile":
            self._take("(")
            share = float(self._take())
            self._take(",")
            inside = self._comparison()
            self._take(")")
            assert isinstance(inside, dict)
            return _quantiles(share, inside)
        if text in OVER_TIME:
            self._take("(")
            ranged = self._ranged()
            self._take(")")
            return {labels: OVER_TIME[text](some) for labels, some in ranged.items() if some}
        name, matches = text, self._matchers()
        return self._instant(name, matches)

    def _aggregate(self, how: Callable[[Sequence[float]], float]) -> Vector:
        by: set[str] = set()
        if self._peek() == "by":
            self._take()
            self._take("(")
            while self._peek() != ")":
                by.add(self._take())
                if self._peek() == ",":
                    self._take()
            self._take(")")
        self._take("(")
        inside = self._comparison()
        self._take(")")
        assert isinstance(inside, dict)
        groups: dict[Labels, list[float]] = {}
        for labels, one in inside.items():
            key = frozenset(pair for pair in labels if pair[0] in by)
            groups.setdefault(key, []).append(one)
        return {labels: how(some) for labels, some in groups.items()}

    def _matchers(self) -> list[tuple[str, str, str]]:
        found = []
        if self._peek() == "{":
            self._take()
            while self._peek() != "}":
                found.append((self._take(), self._take(), self._take()[1:-1]))
                if self._peek() == ",":
                    self._take()
            self._take("}")
        return found

    def _ranged(self) -> dict[Labels, list[tuple[float, float]]]:
        name, matches = self._take(), self._matchers()
        window = self._take()[1:-1]
        since = self.at_s - float(window[:-1]) * UNITS[window[-1]]
        found: dict[Labels, list[tuple[float, float]]] = {}
        for at_s, values in self.series.points:
            if since <= at_s <= self.at_s:
                for labels, one in _selected(values, name, matches).items():
                    found.setdefault(labels, []).append((at_s, one))
        return found

    def _instant(self, name: str, matches: Sequence[tuple[str, str, str]]) -> Vector:
        past = [values for at_s, values in self.series.points if at_s <= self.at_s]
        return _selected(past[-1], name, matches) if past else {}


def _tokens(text: str) -> list[tuple[str, str]]:
    found, place = [], 0
    while place < len(text.rstrip()):
        match = TOKEN.match(text, place)
        if match is None or match.lastgroup is None:
            raise SyntaxError(text[place:])
        found.append((match.lastgroup, match[match.lastgroup]))
        place = match.end()
    return found


def _selected(
    values: Mapping[tuple[str, Labels], float], name: str, matches: Sequence[tuple[str, str, str]]
) -> Vector:
    def fits(labels: Labels) -> bool:
        has = dict(labels)
        return all(MATCH[op](has.get(label, ""), text) for label, op, text in matches)

    return {labels: one for (n, labels), one in values.items() if n == name and fits(labels)}


def _combined(op: str, left: Vector | float, right: Vector | float) -> Vector | float:
    how = ARITHMETIC[op]
    if isinstance(left, dict) and isinstance(right, dict):
        return {key: how(one, right[key]) for key, one in left.items() if key in right}
    if isinstance(left, dict) and isinstance(right, float):
        return {key: how(one, right) for key, one in left.items()}
    assert isinstance(left, float)
    assert isinstance(right, float)
    return how(left, right)


def _quantiles(share: float, buckets: Vector) -> Vector:
    groups: dict[Labels, list[tuple[float, float]]] = {}
    for labels, count in buckets.items():
        bound = float(dict(labels)["le"].replace("+Inf", "inf"))
        rest = frozenset(pair for pair in labels if pair[0] != "le")
        groups.setdefault(rest, []).append((bound, count))
    return {labels: _quantile(share, sorted(some)) for labels, some in groups.items()}


def _quantile(share: float, buckets: Sequence[tuple[float, float]]) -> float:
    wanted, before, low = share * buckets[-1][1], 0.0, 0.0
    if not buckets[-1][1]:
        return math.nan
    for bound, count in buckets:
        if count >= wanted:
            if math.isinf(bound):
                return low
            return low + (bound - low) * (wanted - before) / (count - before)
        before, low = count, bound
    return low


def _increase(points: Sequence[tuple[float, float]]) -> float:
    """A counter that starts again counts from 0."""
    total, last = 0.0, points[0][1]
    for _, one in points[1:]:
        total += one - last if one >= last else one
        last = one
    return total


def _rate(points: Sequence[tuple[float, float]]) -> float:
    span = points[-1][0] - points[0][0]
    return _increase(points) / span if span else math.nan


COMPARE: Mapping[str, Callable[[float, float], bool]] = {
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    ">": lambda a, b: a > b,
    "<": lambda a, b: a < b,
    ">=": lambda a, b: a >= b,
    "<=": lambda a, b: a <= b,
}
MATCH: Mapping[str, Callable[[str, str], bool]] = {
    "=": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "=~": lambda a, b: re.fullmatch(b, a) is not None,
    "!~": lambda a, b: re.fullmatch(b, a) is None,
}
ARITHMETIC: Mapping[str, Callable[[float, float], float]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b if b else math.nan,
}
AGGREGATE: Mapping[str, Callable[[Sequence[float]], float]] = {"sum": sum, "max": max, "min": min}
OVER_TIME: Mapping[str, Callable[[Sequence[tuple[float, float]]], float]] = {
    "increase": _increase,
    "rate": _rate,
    "max_over_time": lambda some: max(one for _, one in some),
    "min_over_time": lambda some: min(one for _, one in some),
}
