"""Objects as bytes, and back: equal objects give equal bytes, and what was one object stays one.

Only values and the named classes are written, so reading untrusted bytes runs no foreign code.
Numbers, texts and bytes are written as they are. Everything else is a list that begins with a tag:

    REF n                 the object with that number, in the order in which they began
    LIST, TUPLE, SET, FROZEN   the items; those of a set are sorted by their bytes
    DICT                  key, value, key, value
    DEQUE maxlen          the items
    DECIMAL, INTEGER      a text
    OBJECT class          the values of its fields
    KEPT name             an object that exists before and after, such as the clock
    METHOD object name    a bound method
    FUNCTION name         a named function
    PARTIAL call          a call with some of its arguments
"""

import random
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields, is_dataclass
from decimal import Decimal
from functools import partial
from types import FunctionType, MethodType
from typing import Any, Literal

import msgspec

(REF, LIST, TUPLE, SET, FROZEN, DICT, DEQUE, DECIMAL, INTEGER, OBJECT, KEPT, METHOD, FUNCTION,
 PARTIAL) = range(14)  # fmt: skip
PLAIN = frozenset({type(None), bool, float, str, bytes})
LEAST, MOST = -(2**63), 2**64 - 1
FORMAT = 1
"""Increases with every change of the tags' meaning. The reader accepts only this version."""


class NotASnapshot(ValueError):
    """Bytes that cannot be read: from something else, or from another version."""


class Kinds:
    """What may be written: classes and functions.

    `caches` names fields that are not written, with a function from the object to their value after
    reading.
    """

    def __init__(
        self,
        classes: Iterable[type],
        functions: Iterable[Callable[..., Any]] = (),
        caches: Mapping[type, Mapping[str, Callable[[Any], Any]]] | None = None,
    ) -> None:
        self.named = {name_of(one): one for one in classes}
        self.functions = {one.__name__: one for one in functions}
        self.caches = caches or {}

    def fields(self, kind: type, example: Any = None) -> tuple[str, ...]:
        """The fields that are written: those of a dataclass, or those of an example."""
        left_out = self.caches.get(kind, {})
        if is_dataclass(kind):
            names = [field.name for field in fields(kind)]
        else:
            names = list(vars(example))
        return tuple(name for name in names if name not in left_out)


def name_of(kind: type) -> str:
    """The name of a class in this package, without the package's name."""
    return f"{kind.__module__.partition('.')[2]}.{kind.__qualname__}"


def written(root: Any, kinds: Kinds, kept: Mapping[str, Any]) -> bytes:
    """The bytes of a value and everything it refers to. TypeError for a type that may not be
    written.
    """
    writer = _Writer(kinds, kept)
    body = writer.value(root)
    classes = [[name_of(kind), *names] for kind, (_, names) in writer.classes.items()]
    return msgspec.msgpack.encode([FORMAT, classes, body])


def read(
    data: bytes,
    kinds: Kinds,
    kept: Mapping[str, Any],
    *,
    attach: Callable[[type, list[Any]], Any] = lambda kind, row: None,
    text: Callable[[Any], Any] | None = None,
    check: Callable[[Any], None] = lambda root: None,
) -> Any:
    """The value of the bytes. Raises NotASnapshot, and then changes nothing.

    `attach` gets a class and its fields as they are written. The object it returns is filled in
    place of a new one, after everything is read and `check` has raised nothing. `text` sees every
    text and all bytes.
    """
    try:
        _, classes, body = msgspec.msgpack.decode(
            data, type=tuple[Literal[1], list[list[str]], Any]
        )
        reader = _Reader(kinds, kept, classes, attach, text)
        root = reader.value(body)
        check(root)
    except NotASnapshot:
        raise
    except (msgspec.DecodeError, LookupError, TypeError, ValueError, AttributeError) as wrong:
        raise NotASnapshot(f"it cannot be read ({wrong})") from wrong
    for made, row in reader.attached:
        reader.fill(made, row)
    return root


class _Writer:
    def __init__(self, kinds: Kinds, kept: Mapping[str, Any]) -> None:
        self.kinds = kinds
        self.kept = {id(thing): name for name, thing in kept.items()}
        self.numbers: dict[int, int] = {}
        self.classes: dict[type, tuple[int, tuple[str, ...]]] = {}
        self.known = set(kinds.named.values())
        # Values whose identity does not matter.
        self.constants: Mapping[type, Callable[[Any], list[Any]]] = {
            int: lambda value: [INTEGER, str(value)],
            Decimal: lambda value: [DECIMAL, str(value)],
            tuple: lambda value: [TUPLE, *map(self.value, value)],
            frozenset: lambda value: [FROZEN, *self.ordered(value)],
            MethodType: lambda value: [METHOD, self.value(value.__self__), value.__name__],
            FunctionType: self.function,
            partial: self.partial,
        }

    def value(self, value: Any) -> Any:
        kind = type(value)
        if kind in PLAIN or (kind is int and LEAST <= value <= MOST):
            return value
        if id(value) in self.kept:
            return [KEPT, self.kept[id(value)]]
        constant = self.constants.get(kind)
        if constant is not None:
            return constant(value)
        number = self.numbers.get(id(value))
        if number is not None:
            return [REF, number]
        self.numbers[id(value)] = len(self.numbers)
        return self.container(kind, value)

    def partial(self, call: partial[Any]) -> list[Any]:
        if call.keywords:
            raise TypeError("a partial call with named arguments is not written")
        return [PARTIAL, self.value(call.func), *map(self.value, call.args)]

    def function(self, function: FunctionType) -> list[Any]:
        if self.kinds.functions.get(function.__name__) is not function:
            raise TypeError(f"the function {function.__qualname__} is not written")
        return [FUNCTION, function.__name__]

    def container(self, kind: type, value: Any) -> list[Any]:
        """Values that can change, and so keep their identity."""
        if kind is list:
            return [LIST, *map(self.value, value)]
        if kind is dict:
            return [DICT, *(self.value(part) for pair in value.items() for part in pair)]
        if kind is set:
            return [SET, *self.ordered(value)]
        if kind is deque:
            return [DEQUE, value.maxlen, *map(self.value, value)]
        if kind not in self.known:
            raise TypeError(f"a {name_of(kind)} is not written")
        if kind not in self.classes:
            self.classes[kind] = len(self.classes), self.kinds.fields(kind, value)
        number, names = self.classes[kind]
        return [OBJECT, number, *(self.value(getattr(value, name)) for name in names)]

    def ordered(self, values: Iterable[Any]) -> list[Any]:
        """The items of a set, which has no stable order."""
        return sorted(map(self.value, values), key=msgspec.msgpack.encode)


class _Reader:
    def __init__(
        self,
        kinds: Kinds,
        kept: Mapping[str, Any],
        classes: list[list[str]],
        attach: Callable[[type, list[Any]], Any],
        text: Callable[[Any], Any] | None,
    ) -> None:
        self.kinds = kinds
        self.kept = kept
        self.attach = attach
        self.text = text
        self.classes = [self.known(*row) for row in classes]
        self.things: list[Any] = []
        self.attached: list[tuple[Any, list[tuple[str, Any]]]] = []
        self.readers: tuple[Callable[[list[Any]], Any], ...] = (
            lambda row: self.things[row[1]],
            self.read_list,
            lambda row: tuple(self.rest(row, 1)),
            self.read_set,
            lambda row: frozenset(self.rest(row, 1)),
            self.read_dict,
            self.read_deque,
            lambda row: Decimal(row[1]),
            lambda row: int(row[1]),
            self.read_object,
            lambda row: self.kept[row[1]],
            self.read_method,
            lambda row: self.kinds.functions[row[1]],
            lambda row: partial(self.value(row[1]), *self.rest(row, 2)),
        )

    def known(self, name: str, *names: str) -> tuple[type, tuple[str, ...]]:
        """The class, if it still has the written fields."""
        kind = self.kinds.named.get(name)
        if kind is None or (is_dataclass(kind) and self.kinds.fields(kind) != names):
            raise NotASnapshot(f"{name} is another one now: it was made by another version")
        return kind, names

    def value(self, value: Any) -> Any:
        if type(value) is list:
            return self.readers[value[0]](value)
        return self.text(value) if self.text and isinstance(value, str | bytes) else value

    def rest(self, row: list[Any], start: int) -> list[Any]:
        return [self.value(value) for value in row[start:]]

    def begun(self, thing: Any) -> Any:
        self.things.append(thing)
        return thing

    def read_list(self, row: list[Any]) -> list[Any]:
        made: list[Any] = self.begun([])
        made += self.rest(row, 1)
        return made

    def read_set(self, row: list[Any]) -> Any:
        made = self.begun(set())
        made.update(self.rest(row, 1))
        return made

    def read_dict(self, row: list[Any]) -> dict[Any, Any]:
        made: dict[Any, Any] = self.begun({})
        for at in range(1, len(row), 2):
            made[self.value(row[at])] = self.value(row[at + 1])
        return made

    def read_deque(self, row: list[Any]) -> Any:
        made = self.begun(deque(maxlen=row[1]))
        made.extend(self.rest(row, 2))
        return made

    def read_object(self, row: list[Any]) -> Any:
        kind, names = self.classes[row[1]]
        there = self.attach(kind, row[2:])
        made = self.begun(kind.__new__(kind) if there is None else there)
        values = list(zip(names, self.rest(row, 2), strict=True))
        if there is None:
            self.fill(made, values)
        else:
            self.attached.append((made, values))
        return made

    def fill(self, made: Any, values: list[tuple[str, Any]]) -> None:
        for name, value in values:
            object.__setattr__(made, name, value)
        for name, empty in self.kinds.caches.get(type(made), {}).items():
            object.__setattr__(made, name, empty(made))

    def read_method(self, row: list[Any]) -> Any:
        owner, name = self.value(row[1]), row[2]
        found = None if name.startswith("_") else getattr(owner, name)
        ours = name_of(type(owner)) in self.kinds.named
        kept = any(owner is one for one in self.kept.values())
        if not isinstance(found, MethodType) or not (ours or kept):
            raise NotASnapshot(f"{name} is no method of a {name_of(type(owner))}")
        return found


def state_of(dice: random.Random) -> bytes:
    """The state of a generator."""
    version, numbers, left_over = dice.getstate()
    return msgspec.msgpack.encode([version, list(numbers), left_over])


def put_back(dice: random.Random, state: bytes) -> None:
    """Continue a generator from that state."""
    version, numbers, left_over = msgspec.msgpack.decode(state)
    dice.setstate((version, tuple(numbers), left_over))
