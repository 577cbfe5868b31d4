"""Pending webhooks: at least once, on a retry schedule, and lost, duplicated, delayed and reordered
as a test requires.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

import httpx2

from brygga_sandbox.clock import Clock, sleep_until

Post = Callable[[str, dict[str, str], bytes], Awaitable[int | None]]


def nothing() -> None:
    """The callback of a sender that ignores the result."""


def ignore(attempt: int, status: int | None) -> None:
    """The callback of a sender that ignores failures."""


@dataclass(slots=True)
class Message:
    """One message to deliver.

    `address` returns URL and headers before every attempt. None means that the message is no longer
    wanted. `gaps` are the seconds between attempts. After the last failed attempt `given_up` is
    called. `failed` gets the number of the attempt (from 1) and the status (None: no answer). It is
    also called for the last attempt.
    """

    body: bytes
    address: Callable[[], tuple[str, dict[str, str]] | None]
    gaps: Sequence[float] = ()
    landed: Callable[[], None] = nothing
    failed: Callable[[int, int | None], None] = ignore
    given_up: Callable[[], None] = nothing
    renewed: Callable[[], bytes] | None = None
    """The body of the second and later attempts, requested before the address. None: the same body.
    """


@dataclass(slots=True)
class DeliveryFaults:
    """The delivery faults: how deliveries go wrong without an error at either end. Probabilities
    are 0 to 1, times are seconds.
    """

    loss: float = 0.0
    duplicate: float = 0.0
    shuffle: float = 0.0
    shuffle_within: float = 30.0
    delay: tuple[float, float] = (0.0, 0.0)


@dataclass(slots=True)
class Tally:
    """The results of the messages."""

    sent: int = 0
    landed: int = 0
    failed: int = 0
    lost: int = 0
    doubled: int = 0
    given_up: int = 0


@dataclass(slots=True, eq=False)
class Delivery:
    """One pending message. `due` is the time of the next attempt, on the sandbox's clock."""

    message: Message
    due: float
    attempt: int = 1


@dataclass(slots=True)
class Outbox:
    """The deliveries of one platform, as tasks on its clock. `post` returns the status, or None
    without an answer.
    """

    clock: Clock
    post: Post
    dice: random.Random
    delivery_faults: DeliveryFaults = field(default_factory=DeliveryFaults)
    tally: Tally = field(default_factory=Tally)
    tasks: set[asyncio.Task[None]] = field(default_factory=set)
    deliveries: dict[Delivery, None] = field(default_factory=dict)
    """The pending messages, in the order in which they began to wait."""
    working: int = 0
    quiet: asyncio.Event = field(default_factory=asyncio.Event)

    def send(self, message: Message) -> None:
        """Accept a message. It is sent as soon as the delivery faults allow. Needs a running event
        loop.
        """
        self.tally.sent += 1
        if self.roll(self.delivery_faults.loss):
            self.tally.lost += 1
            return
        self.launch(message)
        if self.roll(self.delivery_faults.duplicate):
            self.tally.doubled += 1
            self.launch(message)

    def roll(self, probability: float) -> bool:
        """Draw a random number only if chance is required, so that an unused switch does not change
        the other results.
        """
        return probability > 0 and self.dice.random() < probability

    def hold_back(self) -> float:
        """How long the delivery faults delay a message."""
        low, high = self.delivery_faults.delay
        wait = self.dice.uniform(low, high) if high > 0 else 0.0
        if self.roll(self.delivery_faults.shuffle):
            wait += self.dice.uniform(0, self.delivery_faults.shuffle_within)
        return wait

    def launch(self, message: Message) -> None:
        wait = self.hold_back()
        self.start(Delivery(message, self.clock.now() + wait), wait)

    def resume(self, deliveries: Sequence[Delivery]) -> None:
        """Resume the deliveries of a snapshot, in their order. Needs a running event loop."""
        for delivery in deliveries:
            self.start(delivery, None)

    def start(self, delivery: Delivery, wait: float | None) -> None:
        self.deliveries[delivery] = None
        task = asyncio.get_running_loop().create_task(self.deliver(delivery, wait))
        self.enter()
        self.tasks.add(task)
        task.add_done_callback(partial(self.finished, delivery))

    def finished(self, delivery: Delivery, task: "asyncio.Task[None]") -> None:
        """This also runs for a task that was stopped before it began."""
        self.deliveries.pop(delivery, None)
        self.tasks.discard(task)
        self.leave()
        if not task.cancelled() and (error := task.exception()):
            asyncio.get_running_loop().call_exception_handler(
                {"message": "a delivery broke", "exception": error}
            )

    async def deliver(self, delivery: Delivery, wait: float | None) -> None:
        """Try until the message is delivered, is no longer wanted, or the schedule ends. Without
        `wait` the message first waits until it is due.
        """
        message = delivery.message
        await self.rest(delivery, wait)
        while await self.fails(delivery):
            attempt = delivery.attempt
            if attempt > len(message.gaps):
                self.tally.given_up += 1
                message.given_up()
                return
            gap = message.gaps[attempt - 1]
            delivery.attempt, delivery.due = attempt + 1, self.clock.now() + gap
            await self.rest(delivery, gap)

    async def fails(self, delivery: Delivery) -> bool:
        """One attempt. False when the message is delivered or no longer wanted."""
        message, attempt = delivery.message, delivery.attempt
        body = message.renewed() if message.renewed and attempt > 1 else message.body
        address = message.address()
        if address is None:
            return False
        status = await self.post(*address, body)
        if status is not None and 200 <= status < 300:
            self.tally.landed += 1
            message.landed()
            return False
        self.tally.failed += 1
        message.failed(attempt, status)
        return True

    async def rest(self, delivery: Delivery, wait: float | None) -> None:
        """Sleep on the clock. During that time this delivery is not due."""
        if (delivery.due <= self.clock.now()) if wait is None else wait <= 0:
            return
        if delivery in self.deliveries:
            del self.deliveries[delivery]
            self.deliveries[delivery] = None
        self.leave()
        try:
            if wait is not None:
                await self.clock.sleep(wait)
            else:
                await sleep_until(self.clock, delivery.due)
        finally:
            self.enter()

    def enter(self) -> None:
        self.working += 1
        self.quiet.clear()

    def leave(self) -> None:
        self.working -= 1
        if self.working == 0:
            self.quiet.set()

    async def idle(self) -> None:
        """Return when nothing is due now: every message is delivered, dropped, or waits for a later
        attempt.
        """
        while self.working:
            await self.quiet.wait()

    async def stop(self) -> None:
        """Drop the pending messages, and wait until all tasks have ended."""
        tasks = list(self.tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def anything(answer: httpx2.Response) -> bool:
    """The default check: every answer counts."""
    return True


def poster(
    client: httpx2.AsyncClient,
    timeout: float = 10.0,
    fits: Callable[[httpx2.Response], bool] = anything,
) -> Post:
    """A `post` over an HTTP client: the status, or None without an answer in time that `fits`."""

    async def post(url: str, headers: dict[str, str], body: bytes) -> int | None:
        try:
            async with asyncio.timeout(timeout):
                answer = await client.post(url, headers=headers, content=body, timeout=timeout)
        except (httpx2.HTTPError, httpx2.InvalidURL, TimeoutError):
            return None
        return answer.status_code if fits(answer) else None

    return post
