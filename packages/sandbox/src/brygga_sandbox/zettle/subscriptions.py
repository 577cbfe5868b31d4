"""The Pusher host: webhook subscriptions (zettle facts 4.1, 4.2)."""

import re
from urllib.parse import urlsplit

from brygga_sandbox.clock import iso
from brygga_sandbox.http import Answer, Request, Response, Router, json_response
from brygga_sandbox.zettle.answers import no_scope, refusal
from brygga_sandbox.zettle.core import Caller, Core
from brygga_sandbox.zettle.pusher import EVENTS, knock
from brygga_sandbox.zettle.state import JSON, Subscription

HERE = "/pusher/organizations/{org}/subscriptions"
EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")


def mount(router: Router, core: Core) -> None:
    """Every call of the Pusher host."""
    host = Subscriptions(core)
    router.add("POST", HERE, core.guarded(None, host.create))
    router.add("GET", HERE, core.guarded(None, host.list))
    router.add("PUT", f"{HERE}/{{uuid}}", core.guarded(None, host.update))
    # Both forms are in use. The documents' own example is the longer one (4.1).
    router.add("DELETE", f"{HERE}/{{uuid}}", core.guarded(None, host.delete))
    router.add("DELETE", f"{HERE}/uuid/{{uuid}}", core.guarded(None, host.delete))


def is_address(text: str, schemes: set[str]) -> bool:
    """Whether a text is an address with a host, by one of these schemes."""
    try:
        parts = urlsplit(text)
        return (
            parts.scheme in schemes
            and bool(parts.hostname)
            and parts.port != 0
            and all(letter > " " for letter in text)
        )
    except ValueError:
        return False


class Subscriptions:
    """The handlers. A subscription belongs to the organization and the app of the token that
    created it.
    """

    def __init__(self, core: Core) -> None:
        self.core = core

    async def create(self, request: Request, caller: Caller) -> Response:
        """200 with the signing key, once the destination has answered a test message."""
        body = self.body(request)
        if not isinstance(body.get("uuid"), str) or body.get("transportName") != "WEBHOOK":
            return refusal(400, "uuid and transportName must not be null")
        uuid = str(body["uuid"]).lower()
        self.core.version_1("uuid", uuid)
        names = self.names(body.get("eventNames"), caller)
        destination, email = self.destination(body), self.email(body)
        self.free(uuid, caller)

        key = self.core.ids.signing_key()
        await self.test(caller, destination, key)

        self.free(uuid, caller)
        one = Subscription(uuid, caller.client_id, names, destination, email, key, self.core.now())
        caller.organization.subscriptions[uuid] = one
        return json_response(self.as_json(one, key=True))

    def free(self, uuid: str, caller: Caller) -> None:
        if uuid in caller.organization.subscriptions:
            raise Answer(refusal(400, "Subscription already exists", "SUBSCRIPTION_ALREADY_EXIST"))

    async def test(self, caller: Caller, destination: str, key: str) -> None:
        """The destination must answer 2xx within 10 s, before the call is answered (4.2)."""
        status = await knock(self.core, caller.organization, destination, key)
        if status is None:
            raise Answer(
                refusal(400, "Destination is not accessible", "DESTINATION_NOT_ACCESSIBLE")
            )
        if not 200 <= status < 300:
            message = f"Destination responded with {status}"
            raise Answer(refusal(500, message, "DESTINATION_RESPONDED_WITH_ERROR_CODE"))

    async def list(self, request: Request, caller: Caller) -> Response:
        mine = [
            one
            for one in caller.organization.subscriptions.values()
            if one.client_id == caller.client_id
        ]
        return json_response(
            [self.as_json(one, key=self.core.switches.list_shows_signing_key) for one in mine]
        )

    async def update(self, request: Request, caller: Caller) -> Response:
        """200 without a body and without the key."""
        one = self.known(request, caller)
        body = self.body(request)
        names = self.names(body["eventNames"], caller) if "eventNames" in body else one.event_names
        destination = self.destination(body) if "destination" in body else one.destination
        email = self.email(body) if "contactEmail" in body else one.contact_email
        if destination != one.destination and self.core.switches.update_tests_destination:
            await self.test(caller, destination, one.signing_key)
        one.event_names, one.destination, one.contact_email = names, destination, email
        one.updated = self.core.now()
        return Response(200)

    async def delete(self, request: Request, caller: Caller) -> Response:
        one = self.known(request, caller)
        del caller.organization.subscriptions[one.uuid]
        return Response(204)

    # -- reading the body

    def body(self, request: Request) -> JSON:
        body = request.json()
        if not isinstance(body, dict):
            raise Answer(refusal(400, "Could not read the request body"))
        return body

    def known(self, request: Request, caller: Caller) -> Subscription:
        one = caller.organization.subscriptions.get(request.params["uuid"].lower())
        if one is None or one.client_id != caller.client_id:
            raise Answer(refusal(404, "Subscription not found", "SUBSCRIPTION_NOT_FOUND"))
        return one

    def names(self, names: object, caller: Caller) -> tuple[str, ...]:
        """Known events that the scopes of the token allow. An empty list means all of them."""
        if names is None:
            names = []
        if not isinstance(names, list) or not all(
            isinstance(name, str) and name in EVENTS for name in names
        ):
            raise Answer(refusal(400, "eventNames holds an unknown event"))
        needed = {EVENTS[name] for name in names or EVENTS}
        if needed - {None, *caller.scopes}:
            raise Answer(no_scope())
        return tuple(names)

    def destination(self, body: JSON) -> str:
        """A public https address."""
        text = body.get("destination")
        schemes = {"https", "http"} if self.core.config.insecure_destinations else {"https"}
        if not isinstance(text, str) or not is_address(text, schemes):
            raise Answer(refusal(422, "destination must be a valid https URL"))
        return text

    def email(self, body: JSON) -> str:
        """A mail address of at most 512 characters."""
        text = body.get("contactEmail")
        if not isinstance(text, str) or len(text) > 512 or not EMAIL.fullmatch(text):
            raise Answer(refusal(422, "contactEmail must be a valid email"))
        return text

    def as_json(self, one: Subscription, *, key: bool) -> JSON:
        row: JSON = {
            "uuid": one.uuid,
            "transportName": "WEBHOOK",
            "eventNames": list(one.event_names),
            "updated": iso(one.updated, digits=6),
            "destination": one.destination,
            "contactEmail": one.contact_email,
            "status": one.status,
        }
        if self.core.switches.subscription_names_client:
            row["clientId"] = one.client_id
        return {**row, "signingKey": one.signing_key} if key else row
