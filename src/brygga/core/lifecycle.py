"""The states of a connection, and the moves that each state allows.

    SignedIn        join             -> Joined
    Joined          choose_prices    -> PricesChosen
    PricesChosen    choose_products  -> ProductsChosen     change -> Joined
    ProductsChosen  finish           -> Running            change -> Joined
    ProductsChosen  watch            -> Watching
    Watching        take_over        -> Running            stop   -> ProductsChosen
    Running         remove           -> Removing
    Removing        undo             -> Running            delete -> Leaving
    SignedIn to Running   leave      -> Leaving
    Leaving         end              -> Ended

A move is a method of the state that allows it. A state has no method for a move that it does not
allow, so the type checker refuses the move (C5, C11).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from brygga.core.connecting import price_refusal
from brygga.core.model import Choices, Connection, Organization, Shop, Stage


class Departure(StrEnum):
    """How a connection ends (D1 to D3)."""

    KEEP = "keep"
    REMOVE = "remove"
    UNINSTALLED = "uninstalled"
    """The app was uninstalled in BigCommerce: the products are kept (decision 5)."""


@dataclass(frozen=True, slots=True)
class Ended:
    """Account and store are free for another connection. No move follows."""

    departure: Departure


@dataclass(frozen=True, slots=True)
class Leaving:
    """The worker carries out the departure."""

    departure: Departure

    def end(self) -> Ended:
        return Ended(self.departure)


class _Active:
    """A connection that its merchant, or an uninstall, can end."""

    __slots__ = ()

    def leave(self, departure: Departure) -> Leaving:
        return Leaving(departure)


@dataclass(frozen=True, slots=True)
class Removing:
    """The products will be removed. They are hidden, and none is deleted yet."""

    shop: Shop
    choices: Choices

    def undo(self) -> "Running":
        return Running(self.shop, self.choices)

    def delete(self) -> Leaving:
        return Leaving(Departure.REMOVE)


@dataclass(frozen=True, slots=True)
class Running(_Active):
    """The products are synced."""

    shop: Shop
    choices: Choices

    def remove(self) -> Removing:
        return Removing(self.shop, self.choices)


@dataclass(frozen=True, slots=True)
class ProductsChosen(_Active):
    """Everything is chosen; nothing is synced yet (C11)."""

    organization: Organization
    shop: Shop
    choices: Choices

    def finish(self) -> Running:
        return Running(self.shop, self.choices)

    def change(self) -> "Joined":
        return Joined(self.organization, self.shop)

    def watch(self) -> "Watching":
        return Watching(self.organization, self.shop, self.choices)


@dataclass(frozen=True, slots=True)
class Watching(_Active):
    """Everything is chosen. Brygga reads both sides beside the app that links them today, and
    writes nothing.
    """

    organization: Organization
    shop: Shop
    choices: Choices

    def take_over(self) -> Running:
        return Running(self.shop, self.choices)

    def stop(self) -> ProductsChosen:
        return ProductsChosen(self.organization, self.shop, self.choices)


@dataclass(frozen=True, slots=True)
class PricesChosen(_Active):
    organization: Organization
    shop: Shop
    prices: bool

    def choose_products(self, *, whole_library: bool) -> ProductsChosen:
        return ProductsChosen(self.organization, self.shop, Choices(self.prices, whole_library))

    def change(self) -> "Joined":
        return Joined(self.organization, self.shop)


@dataclass(frozen=True, slots=True)
class Joined(_Active):
    """Account and store are one connection."""

    organization: Organization
    shop: Shop

    def choose_prices(self, *, wish: bool) -> PricesChosen:
        """Prices are off where they may not be chosen, whatever the wish (C4)."""
        may = price_refusal(self.organization, self.shop) is None
        return PricesChosen(self.organization, self.shop, wish and may)


@dataclass(frozen=True, slots=True)
class SignedIn(_Active):
    """The Zettle account alone."""

    organization: Organization

    def join(self, shop: Shop) -> Joined:
        return Joined(self.organization, shop)


Active = SignedIn | Joined | PricesChosen | ProductsChosen | Watching | Running
State = Active | Removing | Leaving | Ended


STAGES: Final[Mapping[type[State], Stage]] = MappingProxyType(
    {
        SignedIn: Stage.ZETTLE_CONNECTED,
        Joined: Stage.STORE_CONNECTED,
        PricesChosen: Stage.PRICES_CHOSEN,
        ProductsChosen: Stage.PRODUCTS_CHOSEN,
        Watching: Stage.WATCHING,
        Running: Stage.RUNNING,
        Removing: Stage.LEAVING,
        Leaving: Stage.LEAVING,
        Ended: Stage.DISCONNECTED,
    }
)


def stage_of(state: State) -> Stage:
    return STAGES[type(state)]


def state_of(connection: Connection, departure: str, *, undoable: bool = False) -> State:
    """The state of a stored connection. `departure` is "" before the merchant disconnects.
    `undoable`: nothing is deleted yet.
    """
    how = Departure(departure or Departure.KEEP)
    if connection.stage is Stage.DISCONNECTED:
        return Ended(how)
    if connection.stage is Stage.LEAVING:
        if undoable and connection.shop is not None:
            return Removing(connection.shop, connection.choices)
        return Leaving(how)
    return _active(connection)


def _active(connection: Connection) -> Active:
    organization, choices = connection.organization, connection.choices
    match connection.stage, connection.shop:
        case Stage.RUNNING, Shop() as shop:
            return Running(shop, choices)
        case Stage.WATCHING, Shop() as shop:
            return Watching(organization, shop, choices)
        case Stage.PRODUCTS_CHOSEN, Shop() as shop:
            return ProductsChosen(organization, shop, choices)
        case Stage.PRICES_CHOSEN, Shop() as shop:
            return PricesChosen(organization, shop, choices.prices)
        case Stage.STORE_CONNECTED, Shop() as shop:
            return Joined(organization, shop)
        case _:
            return SignedIn(organization)
