"""How the worker divides its time, and what every connection has done now and then."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from brygga.store.marks import Kind


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds, and the size of a batch."""

    lease_s: float = 90
    """Longer than any call's timeout, or no call could ever leave."""
    renew_s: float = 5
    grace_s: float = 10
    """After a lease that was not given back ended: so long until another worker may take over."""
    slice_s: float = 8
    """So long one connection keeps its place before others have their turn."""
    patience_s: float = 10
    """How long a stop waits for handlers to come to an end by themselves."""
    tick_s: float = 1
    tidy_s: float = 60
    batch: int = 250
    retry_first_s: float = 2
    retry_most_s: float = 300


ROUTINES: Mapping[Kind, timedelta] = {
    Kind.HOOKS: timedelta(minutes=30),
    Kind.SWEEP: timedelta(hours=6),
    Kind.ACCOUNT: timedelta(hours=24),
}
