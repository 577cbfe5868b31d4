"""Webhook subscriptions. They belong to the organization and our app; we never change those of
other apps (zettle facts 4.1).
"""

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from brygga.wire import Call
from brygga.wire.reading import record, records
from brygga.zettle import shapes
from brygga.zettle.api.door import Door, body_of, problem, refusal
from brygga.zettle.values import Subscription

EVENTS = (
    "ProductCreated",
    "ProductUpdated",
    "ProductDeleted",
    "InventoryBalanceChanged",
    "InventoryTrackingStarted",
    "InventoryTrackingStopped",
    "OrganizationUpdated",
    "ApplicationConnectionRemoved",
    "PersonalAssertionDeleted",
)
"""The events that we subscribe to. Purchases are not among them: balances already show what a sale
did (zettle facts 5.4).
"""


class SubscriptionCalls(Door):
    async def subscriptions(self) -> tuple[Subscription, ...]:
        """Our app's subscriptions at this account."""
        rows = await self.read_all(self._subscriptions("GET"))
        return tuple(shapes.subscription(row) for row in records(rows))

    async def subscribe(
        self, uuid: str, destination: str, contact_email: str, events: Sequence[str] = EVENTS
    ) -> Subscription:
        """A new subscription with its signing key. Zettle calls the destination while this call is
        open, and needs a 200 from it.

        The uuid is ours (version 1): a repeated call is refused as SUBSCRIPTION_EXISTS and creates
        no second one.
        """
        body = {
            "uuid": uuid,
            "transportName": "WEBHOOK",
            "eventNames": list(events),
            "destination": destination,
            "contactEmail": contact_email,
        }
        # Zettle also answers 500 when the destination answered badly (zettle facts 4.1).
        call = self._subscriptions(
            "POST", json=body, repeatable=True, timeout_s=40, wanted=frozenset({500})
        )
        answer = await self.send(call)
        if not answer.is_success:
            raise refusal(call, answer)
        made = shapes.subscription(record(body_of(call, answer)))
        return made if made.uuid else shapes.subscription({**body, "signingKey": made.signing_key})

    async def change_subscription(
        self, uuid: str, destination: str, contact_email: str, events: Sequence[str] = EVENTS
    ) -> None:
        """Changes the address or the events of a subscription. The answer holds no key."""
        body = {
            "eventNames": list(events),
            "destination": destination,
            "contactEmail": contact_email,
        }
        call = self._subscriptions(
            "PUT",
            f"/{quote(uuid, safe='')}",
            json=body,
            repeatable=True,
            timeout_s=40,
            wanted=frozenset({500}),
        )
        answer = await self.send(call)
        if not answer.is_success:
            raise refusal(call, answer)

    async def unsubscribe(self, uuid: str) -> None:
        """Deletes a subscription; one that is already gone is no failure. Both documented paths are
        tried (zettle facts 4.1).
        """
        for form in (f"/uuid/{quote(uuid, safe='')}", f"/{quote(uuid, safe='')}"):
            call = self._subscriptions(
                "DELETE", form, repeatable=True, wanted=frozenset({400, 404, 405})
            )
            answer = await self.send(call)
            if answer.is_success or problem(answer).kind == "SUBSCRIPTION_NOT_FOUND":
                return

    def _subscriptions(self, method: str, rest: str = "", **more: Any) -> Call:
        url = f"{self.urls.pusher}/organizations/self/subscriptions{rest}"
        # Only our app sees them: nothing of the merchant's changes.
        return Call("zettle", method, url, writes=False, **more)
