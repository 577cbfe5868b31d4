"""The lines that `brygga bench` knows."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping

from brygga.cli import demo_stack
from brygga.cli.benching import growing, ingesting, syncing, trading
from brygga.cli.benching.figures import Figure
from brygga.cli.benching.homes import Failed
from brygga.cli.benching.syncing import Size
from brygga.cli.browser import Lost

Measure = Callable[[str, Size, float], Awaitable[list[Figure]]]
"""Takes the address of an empty database, how much to measure, and what is added to each answer of
the platforms, in seconds.
"""
MEASURES: Mapping[str, Measure] = {
    "start": growing.start,
    "first_sync": syncing.first_sync,
    "bulk_update": syncing.bulk_update,
    "quiet_sweep": syncing.quiet_sweep,
    "sale": trading.trade,
    "ingest": ingesting.ingest,
    "fairness": trading.fairness,
    "many": growing.many,
    "scale_out": growing.scale_out,
    "growth": growing.growth,
}
ALSO = {"order": "sale", "cpu": "first_sync"}
"""Names of the table that another measure brings along."""


def measured(
    names: Mapping[str, None], size: Size, latency_s: float, *, durable: bool = False
) -> Iterator[list[Figure] | str]:
    """The figures of each measure, one after the other, each on a database of its own. A text where
    it could not be measured: why. `durable`: commits wait for the disk, as an installation's do.
    """
    for name in names:
        with demo_stack.throwaway_database(durable=durable) as url:
            try:
                yield asyncio.run(_within(MEASURES[name](url, size, latency_s), size.within_s))
            except TimeoutError:
                yield f"{name}: not measured within {size.within_s:g} s"
            except (Failed, Lost) as failed:
                why, *_ = str(failed).splitlines()
                yield f"{name}: {why}"


async def _within(measure: Awaitable[list[Figure]], seconds: float) -> list[Figure]:
    async with asyncio.timeout(seconds):
        return await measure
