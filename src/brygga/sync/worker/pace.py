"""How the worker divides its time, and which routine work every connection gets."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from brygga.core.model import Stage
from brygga.database.work_items import Kind


@dataclass(frozen=True, slots=True)
class Pace:
    """Times in seconds, and the size of a batch."""

    lease_s: float = 90
    """Longer than the timeout of any call. Otherwise no call could ever be sent."""
    renew_s: float = 5
    takeover_delay_s: float = 10
    """After a lease ended without being given back, another worker waits this long before it takes
    over.
    """
    slice_s: float = 8
    """The time that one connection may work before other connections have their turn."""
    shutdown_timeout_s: float = 10
    """How long a stop waits for handlers to finish by themselves."""
    tick_s: float = 1
    busy_s: float = 0.1
    """A worker whose timer wakes later than this has more to do than its processor can."""
    held_back_s: float = 20
    """The longest time by which such a worker holds back work for which nobody waits. After as long
    without a turn, every worker counts it as urgent.
    """
    tidy_s: float = 60
    batch: int = 250
    retry_first_s: float = 2
    retry_most_s: float = 300
    park_first_s: float = 3600
    """The delay before the first retry after a bug of ours. A pause is as long as the work has
    failed so far.
    """
    park_most_s: float = 24 * 3600


ROUTINES: Mapping[Kind, timedelta] = {
    Kind.HOOKS: timedelta(minutes=30),
    Kind.SWEEP: timedelta(hours=6),
    Kind.ACCOUNT: timedelta(hours=24),
}

NETS: Mapping[Kind, tuple[timedelta, tuple[Stage, ...]]] = {
    Kind.LEAVE: (timedelta(minutes=5), (Stage.LEAVING,)),
    Kind.ACCOUNT: (
        timedelta(hours=1),
        (Stage.STORE_CONNECTED, Stage.PRICES_CHOSEN, Stage.PRODUCTS_CHOSEN, Stage.WATCHING),
    ),
    Kind.WATCH: (timedelta(minutes=15), (Stage.WATCHING,)),
}
"""Work without which a disconnection or a set-up would wait for ever. It is added again where it
was lost.
"""
