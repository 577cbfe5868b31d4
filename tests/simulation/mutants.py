"""Engines that are wrong on purpose, a few lines each. A simulation that does not catch them is decoration."""

from tests.simulation.disk import Disk
from tests.simulation.judging import Verdict
from tests.simulation.naive import naive_handlers
from tests.simulation.session import session


def played(name: str, seed: int, disk: Disk) -> Verdict:
    """One session of the engine as it is, or of a mutant."""
    if name == "naive":
        return session(seed, disk, naive_handlers)
    return session(seed, disk)
