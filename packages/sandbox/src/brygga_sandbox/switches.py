"""Switches: where a platform's documents leave a choice, a frozen dataclass names the choices, and
a test may select another one.
"""

from collections.abc import Callable
from dataclasses import asdict, fields, replace
from math import isfinite
from typing import (
    TYPE_CHECKING,
    Annotated,
    Any,
    Literal,
    TypeVar,
    get_args,
    get_origin,
    get_type_hints,
)

from brygga_sandbox.http import Request, Response, Router, json_response

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

    S = TypeVar("S", bound=DataclassInstance)
else:
    S = TypeVar("S")

A_DAY_S = 86_400
EitherWay = Annotated[float, "at most a day before or after"]
"""Seconds, negative or positive."""


def check_choices(switches: "DataclassInstance") -> None:
    """Raises ValueError for a value that is none of a switch's choices, and for a number that is
    too small, too large or not finite.
    """
    for name, kind in get_type_hints(type(switches), include_extras=True).items():
        value = getattr(switches, name)
        if get_origin(kind) is Literal:
            choices = get_args(kind)
            if not any(value == choice and type(value) is type(choice) for choice in choices):
                raise ValueError(f"{name} is one of {', '.join(map(repr, choices))}, not {value!r}")
        elif kind == EitherWay:
            if not -A_DAY_S <= value <= A_DAY_S:
                raise ValueError(f"{name} is a number from -{A_DAY_S} to {A_DAY_S}, not {value!r}")
        elif kind in {int, float} and not (isfinite(value) and value >= 0):
            raise ValueError(f"{name} is a number from 0, not {value!r}")


def switched(switches: S, changes: Any) -> S:
    """The switches with these changes. Raises ValueError for an unknown name, a value of another
    type or an unknown choice.
    """
    if not isinstance(changes, dict):
        raise ValueError("switches are a JSON object")  # noqa: TRY004 - one error for all that a caller can get wrong
    known = {field.name: getattr(switches, field.name) for field in fields(switches)}
    for name, value in changes.items():
        if name not in known:
            raise ValueError(f"there is no switch {name!r}; there are {', '.join(sorted(known))}")
        if type(value) is not type(known[name]) and not (
            isinstance(known[name], float) and type(value) is int
        ):
            raise ValueError(f"{name} is a {type(known[name]).__name__}")
    changed = replace(switches, **changes)
    check_choices(changed)
    return changed


def mount_switches(router: Router, get: Callable[[], S], put: Callable[[S], None]) -> None:
    """GET and POST /sandbox/switches. POST takes an object with the switches to change."""

    async def show(request: Request) -> Response:
        return json_response(asdict(get()))

    async def change(request: Request) -> Response:
        try:
            put(switched(get(), request.json()))
        except ValueError as error:
            return json_response({"error": str(error)}, 400)
        return json_response(asdict(get()))

    router.add("GET", "/sandbox/switches", show, control=True)
    router.add("POST", "/sandbox/switches", change, control=True)
