"""The moves of a connection: each state has those that it allows, and no other (C4, C5, C11)."""

from inspect import getmembers, isfunction
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brygga.core import lifecycle
from brygga.core.lifecycle import (
    Departure,
    Ended,
    Joined,
    Leaving,
    PricesChosen,
    ProductsChosen,
    Removing,
    Running,
    SignedIn,
    State,
    Watching,
    stage_of,
    state_of,
)
from brygga.core.model import Choices, Connection, Organization, Shop, Stage

ACCOUNT = Organization("6a1d3b00-52a1-11ed-9c3e-0b3d1f2a4c55", "Linds Keramik", "SEK", "SE")
SHOP = Shop("abc123", "Annas Butik", "SEK", None, prices_include_tax=True)
ALLOWED: dict[type, dict[str, type]] = {
    SignedIn: {"join": Joined, "leave": Leaving},
    Joined: {"choose_prices": PricesChosen, "leave": Leaving},
    PricesChosen: {"choose_products": ProductsChosen, "change": Joined, "leave": Leaving},
    ProductsChosen: {
        "finish": Running,
        "watch": Watching,
        "change": Joined,
        "leave": Leaving,
    },
    Watching: {"take_over": Running, "stop": ProductsChosen, "leave": Leaving},
    Running: {"leave": Leaving, "remove": Removing},
    Removing: {"undo": Running, "delete": Leaving},
    Leaving: {"end": Ended},
    Ended: {},
}
GIVEN: dict[str, tuple[tuple[Any, ...], dict[str, Any]]] = {
    "join": ((SHOP,), {}),
    "choose_prices": ((), {"wish": True}),
    "choose_products": ((), {"whole_library": True}),
    "leave": ((Departure.REMOVE,), {}),
}


def move(state: Any, name: str) -> Any:
    positional, named = GIVEN.get(name, ((), {}))
    return getattr(state, name)(*positional, **named)


def test_the_table_names_every_state() -> None:
    assert set(ALLOWED) == set(get_args(State))


@pytest.mark.rule("C5", "C11")
@pytest.mark.parametrize("state", list(ALLOWED))
def test_a_state_has_the_moves_it_allows_and_no_other(state: type) -> None:
    """What is not there cannot be called: a type checker refuses it, and so does Python."""
    moves = {name for name, _ in getmembers(state, isfunction) if not name.startswith("_")}

    assert set(ALLOWED[state]) == moves


@pytest.mark.rule("C11")
@given(st.lists(st.integers(min_value=0, max_value=10), max_size=12))
def test_whatever_is_pressed_nothing_runs_before_all_is_chosen(presses: list[int]) -> None:
    """And what is put on disk is what is read back."""
    state: Any = SignedIn(ACCOUNT)
    passed = [type(state)]
    for press in presses:
        names = sorted(ALLOWED[type(state)])
        if not names:
            break
        name = names[press % len(names)]
        after = move(state, name)
        assert ALLOWED[type(state)][name] is type(after)
        state = after
        passed.append(type(state))
        assert state == state_of(
            on_disk(state), getattr(state, "departure", ""), undoable=isinstance(state, Removing)
        )

    if Running in passed:
        order = [
            passed.index(each) for each in (SignedIn, Joined, PricesChosen, ProductsChosen, Running)
        ]
        assert sorted(order) == order
    if Ended in passed:
        assert Leaving is passed[-2]


def on_disk(state: Any) -> Connection:
    shop = None if isinstance(state, SignedIn) else SHOP
    prices = getattr(state, "prices", False)
    return Connection(1, ACCOUNT, stage_of(state), shop, getattr(state, "choices", Choices(prices)))


@pytest.mark.rule("C4")
@pytest.mark.parametrize(("currency", "prices"), [("SEK", True), ("EUR", False), ("", False)])
def test_prices_are_off_where_currencies_differ_whatever_is_wished(
    currency: str, prices: bool
) -> None:
    shop = Shop("abc123", "Annas Butik", currency, None, prices_include_tax=True)

    assert prices is Joined(ACCOUNT, shop).choose_prices(wish=True).prices
    assert not Joined(ACCOUNT, shop).choose_prices(wish=False).prices


def test_a_row_without_a_store_is_no_further_than_signed_in() -> None:
    assert SignedIn(ACCOUNT) == state_of(Connection(1, ACCOUNT, Stage.RUNNING), "")


def test_only_the_moves_change_a_connections_stage() -> None:
    """The program puts no connection into a stage by hand."""
    root = lifecycle.__file__.rpartition("/core/")[0]
    found = callers_of(root, "set_stage(")

    assert ["database/connections.py"] == found


def callers_of(root: str, words: str) -> list[str]:
    return [
        str(path.relative_to(root))
        for path in sorted(Path(root).rglob("*.py"))
        if words in path.read_text(encoding="utf-8")
    ]
