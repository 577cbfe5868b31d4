"""Control addresses that are the same on both platforms: the clock, and the delivery of
webhooks.
"""

from dataclasses import asdict, replace

from brygga_sandbox.clock import Clock, iso
from brygga_sandbox.http import Request, Response, Router, json_response
from brygga_sandbox.outbox import DeliveryFaults, Outbox
from brygga_sandbox.switches import switched

FAR_S = 10 * 365 * 86_400
"""The longest time by which one call may advance the clock: ten years."""


def mount_clock(router: Router, clock: Clock) -> None:
    """GET /sandbox/clock returns the time. POST {"seconds"} advances the clock, if it can be
    advanced.
    """

    def reported() -> Response:
        return json_response({"now": clock.now(), "iso": iso(clock.now())})

    async def show(request: Request) -> Response:
        return reported()

    async def move(request: Request) -> Response:
        advance = getattr(clock, "advance", None)
        if advance is None:
            return json_response(
                {"error": "this clock is the machine's own; it cannot be moved"}, 409
            )
        asked = request.json()
        seconds = asked.get("seconds") if isinstance(asked, dict) else None
        if (
            isinstance(seconds, bool)
            or not isinstance(seconds, int | float)
            or not 0 <= seconds <= FAR_S
        ):
            return json_response(
                {"error": f"seconds is a number from 0 to {FAR_S}: time only goes forward"}, 400
            )
        await advance(float(seconds))
        return reported()

    router.add("GET", "/sandbox/clock", show, control=True)
    router.add("POST", "/sandbox/clock", move, control=True)


def mount_delivery_faults(router: Router, outbox: Outbox) -> None:
    """GET /sandbox/outbox. GET and POST /sandbox/weather set the delivery faults: {} or an empty
    body removes them. `delay` is a pair of seconds.
    """

    async def tally(request: Request) -> Response:
        return json_response({**asdict(outbox.tally), "on_their_way": len(outbox.tasks)})

    async def show(request: Request) -> Response:
        return json_response(asdict(outbox.delivery_faults))

    async def change(request: Request) -> Response:
        asked = request.json() if request.body else {}
        try:
            if isinstance(asked, dict) and "delay" in asked:
                low, high = asked["delay"]
                asked["delay"] = (float(low), float(high))
            outbox.delivery_faults = (
                switched(replace(outbox.delivery_faults), asked) if asked else DeliveryFaults()
            )
        except (TypeError, ValueError) as error:
            return json_response({"error": str(error)}, 400)
        return json_response(asdict(outbox.delivery_faults))

    router.add("GET", "/sandbox/outbox", tally, control=True)
    router.add("GET", "/sandbox/weather", show, control=True)
    router.add("POST", "/sandbox/weather", change, control=True)
