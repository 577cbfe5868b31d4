"""The marker (decision 16): one more item in a stock call. Its level shows if the call landed."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Slot:
    """One variant of the marker product, and the level that it has while no call uses it."""

    variant_id: int
    count: int
