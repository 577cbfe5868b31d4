"""The signed-in user and account, and giving access back."""

from dataclasses import replace

from brygga.core.model import Organization
from brygga.wire import Call
from brygga.wire.reading import records, text
from brygga.zettle import shapes
from brygga.zettle.api.door import Door, object_of
from brygga.zettle.values import User


class AccountCalls(Door):
    async def user(self) -> User:
        """Who signed in, and for which organization."""
        call = Call("zettle", "GET", f"{self.urls.oauth}/users/self")
        body = object_of(call, await self.send(call), "uuid", "organizationUuid")
        return User(text(body.get("uuid")), text(body.get("organizationUuid")))

    async def organization(self) -> Organization:
        """The account. Its own endpoint is not in the public documents. When it refuses, the
        account is put together from other endpoints (1.6).
        """
        url = f"{self.urls.secure}/api/resources/organizations/self"
        call = Call("zettle", "GET", url, wanted=frozenset({403, 404}))
        answer = await self.send(call)
        if not answer.is_success:
            return await self._organization_otherwise()
        found = shapes.organization(object_of(call, answer, "uuid"))
        return found if found.currency else replace(found, currency=await self._currency())

    async def _organization_otherwise(self) -> Organization:
        user = await self.user()
        # Accounts without sales tax get 403 here, and their mode is inclusive.
        call = Call(
            "zettle", "GET", f"{self.urls.products}/v1/taxes/settings", wanted=frozenset({403, 404})
        )
        answer = await self.send(call)
        settings = object_of(call, answer, "taxationMode") if answer.is_success else {}
        return shapes.organization(
            {**settings, "uuid": user.organization_uuid, "currency": await self._currency()}
        )

    async def _currency(self) -> str:
        """The account's one currency, from any price; "" while no product has a price."""
        call = Call(
            "zettle", "GET", f"{self.urls.products}/organizations/self/products/v2", timeout_s=60
        )
        for raw in records(await self.read_all(call)):
            for variant in records(raw.get("variants")):
                if price := shapes.money(variant.get("price")):
                    return price.currency
        return ""

    async def disconnect(self) -> None:
        """Gives our access back; Zettle then deletes our subscriptions too. Access that is already
        gone is no failure.
        """
        url = f"{self.urls.oauth}/application-connections/self"
        await self.send(Call("zettle", "DELETE", url, repeatable=True, wanted=frozenset({404})))
