"""The clock of the simulation: an event loop whose time jumps when no task is ready. The seed
decides the order of the ready tasks, and nothing else does: not the machine, nor where an object
lies in memory.
"""

import asyncio
import random
import selectors
from collections import deque
from collections.abc import Coroutine, Generator
from typing import Any, ClassVar, TypeVar

T = TypeVar("T")
STEP_S = 1e-6
"""Running code takes time too: without this, code that waits for a rounding error of time would
spin for ever.
"""


class StandsStill(RuntimeError):
    """Everybody waits for somebody else: no timer, nothing ready."""


class _Jumping(selectors.DefaultSelector):
    loop: "SimLoop"

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, Any]]:
        if timeout is None:
            raise StandsStill
        if timeout > 0:
            self.loop.elapsed += timeout
        return []


class NumberedTask(asyncio.Task[T]):
    """A task that is hashed by its number. A task group that ends early cancels a set of tasks, and
    a set has its members in the order of their hashes: by address, which is another on each
    machine.
    """

    def __init__(self, number: int, coro: Coroutine[Any, Any, T], **more: Any) -> None:
        self.number = number
        super().__init__(coro, **more)

    def __hash__(self) -> int:
        return self.number


class SimLoop(asyncio.SelectorEventLoop):
    """Begins at 0. Everything that sleeps by `asyncio` sleeps on its time."""

    turns: ClassVar[int] = 0
    """How often any of these loops has turned: what sees the same number twice was not
    interrupted.
    """

    def __init__(self, seed: int) -> None:
        self.elapsed = 0.0
        self.order = random.Random(seed)
        selector = _Jumping()
        selector.loop = self
        super().__init__(selector)
        self._clock_resolution = 1e-9
        self.tasks = 0
        self.set_task_factory(self._task)

    def _task(
        self,
        _: asyncio.AbstractEventLoop,
        coro: Coroutine[Any, Any, T] | Generator[Any, None, T],
        **more: Any,
    ) -> NumberedTask[T]:
        self.tasks += 1
        return NumberedTask(self.tasks, coro, loop=self, **more)  # type: ignore[arg-type]

    def time(self) -> float:
        return self.elapsed

    def _run_once(self) -> None:
        """A hook of asyncio's own, the same in CPython 3.11 to 3.14."""
        if len(self._ready) > 1:  # type: ignore[has-type]
            ready = list(self._ready)  # type: ignore[has-type]
            self.order.shuffle(ready)
            self._ready = deque(ready)
        SimLoop.turns += 1
        super()._run_once()  # type: ignore[misc]
        self.elapsed += STEP_S


def run(main: Coroutine[Any, Any, T], seed: int) -> T:
    """On a new loop of this seed."""
    with asyncio.Runner(loop_factory=lambda: SimLoop(seed)) as runner:
        return runner.run(main)
