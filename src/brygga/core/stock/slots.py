"""The marker (decision 16): one more item in a stock call, whose level tells whether the call
landed.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Slot:
    """One variant of the marker product: the level that it has while no call holds it."""

    variant_id: int
    count: int
