"""The clock and the random source. Besides wire and disk, these are the two places where chance
enters.

`brygga.system` has the real ones. The simulation makes its own, so that a seed can replay a day.
"""

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    def now(self) -> datetime:
        """The time in UTC, with its zone."""
        ...

    def monotonic(self) -> float:
        """Seconds that never decrease. Only differences have a meaning."""
        ...

    async def sleep(self, seconds: float) -> None: ...


class Dice(Protocol):
    def uuid1(self) -> str:
        """A fresh version-1 uuid in lower case: the version that Zettle demands (zettle facts
        2.7).
        """
        ...

    def token(self) -> str:
        """At least 256 unguessable bits, safe in a URL."""
        ...

    def random(self) -> float:
        """A number in [0, 1), for jitter."""
        ...
