"""What is sampled for a day beside its ordinary faults. Each kind has dice of its own.

So a day without a kind is the same day as before that kind existed.
"""

import random
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any, Literal, cast
from unittest.mock import patch

from brygga import wiring
from brygga.core.stock import Timing
from brygga.database.work_items import Kind
from brygga.sync.worker.turn import Handler
from brygga_sandbox.bigcommerce.switches import Switches
from tests.simulation.process import MakeHandlers

SAMPLED = True
"""Whether there are such days at all."""
SHARES: Mapping[str, float] = {
    "silent spell": 1 / 4,
    "till offline": 1 / 4,
    "order edits": 1 / 3,
    "backorders": 1 / 6,
    "calls in part": 1 / 6,
    "lag per item": 1 / 4,
    "timings": 1 / 2,
}
"""Kind -> on how many of the days it is on."""
READINGS = ("kept_beside", "served_first", "below_zero")
LONGEST_LATE_S = 25.0
"""A request that its sender has given up arrives before the sender takes it for dead."""


def dice_of(seed: int, kind: str) -> random.Random:
    return random.Random(f"{seed} {kind}")


def sampled(seed: int) -> frozenset[str]:
    """The kinds that are on."""
    on = {kind for kind, share in SHARES.items() if dice_of(seed, kind).random() < share}
    return frozenset(on) if SAMPLED else frozenset()


@dataclass(frozen=True, slots=True)
class Times:
    """How long things take on a day: the platform's side, and the service's waits, which bound
    it.
    """

    read_lag_s: float = 3.0
    stale_s: float = 8.0
    """What the fault of stale reads makes of the lag."""
    late_s: float = 3.0
    """A request that is delivered late arrives after so long at most."""
    service: Timing = Timing()  # noqa: RUF009 - it is frozen


def times_of(seed: int, on: frozenset[str]) -> Times:
    """The service's read lag is never below what reads may trail: that is what the operator sets it
    for.
    """
    part = Timing(is_whole=False) if "calls in part" in on else Timing()
    if "timings" not in on:
        return Times(service=part)
    dice = dice_of(seed, "timings of the day")
    read_lag_s = dice.choice([6.0, 10.0, 20.0])
    service = Timing(
        read_lag_s=read_lag_s,
        repeat_s=dice.choice([1.0, 2.0, 4.0]),
        write_hold_s=dice.choice([2.0, 5.0, 10.0]),
        request_deadline_s=dice.choice([45.0, 90.0]),
        resolve_timeout_s=dice.choice([60.0, 120.0, 300.0]),
        is_whole=part.is_whole,
    )
    return Times(
        dice.uniform(0, 0.9) * read_lag_s,
        0.9 * read_lag_s,
        dice.uniform(1, LONGEST_LATE_S),
        service,
    )


def switches_of(seed: int, on: frozenset[str], clock_offset_s: float) -> Switches:
    """The readings of BigCommerce's documents that the day goes by."""
    dice = dice_of(seed, "switches of the day")
    reading = cast("Literal['kept_beside', 'served_first', 'below_zero']", dice.choice(READINGS))
    hooks = cast("Literal['as_usual', 'own_only']", dice.choice(["as_usual", "own_only"]))
    back = cast(
        "Literal['takes_again', 'takes_nothing']", dice.choice(["takes_again", "takes_nothing"])
    )
    backorders: dict[str, Any] = {"backordered_units": reading, "backorder_hooks": hooks}
    return Switches(
        random_read_lag=True,
        clock_ahead_s=clock_offset_s,
        read_lag_per_item="lag per item" in on,
        partial_adjustments="calls in part" in on,
        order_brought_back=back,
        # Seeds keep their stories: whole seconds would make the waits after a 429 longer.
        retry_after_header=False,
        **(backorders if "backorders" in on else {}),
    )


def timed(make: MakeHandlers, service: Timing) -> MakeHandlers:
    """The work with these waiting times. A wrong engine that has its own keeps them."""
    is_own = vars(wiring)["Timing"] is not Timing

    def made() -> Mapping[Kind, Handler]:
        with nullcontext() if is_own else patch.object(wiring, "Timing", lambda: service):
            return make()

    return made
