"""The store's properties: its name, money, units, tax, channels and stock settings. Read, never
written.
"""

from datetime import datetime

from brygga.bigcommerce import shapes
from brygga.bigcommerce.api.door import DENIED, Door
from brygga.bigcommerce.codes import Code
from brygga.bigcommerce.refusals import problem
from brygga.bigcommerce.values import Channel, Currency, InventorySettings
from brygga.core.failures import NeedsMerchant, Unreachable, fingerprint
from brygga.core.model import Shop, WeightUnit
from brygga.wire import lost
from brygga.wire.door import detail
from brygga.wire.reading import flag, moment, record, records

PAGE = 250


class StoreCalls(Door):
    async def store(self) -> Shop:
        """The store. Its location, category and stock settings come from other calls."""
        call = self.call("GET", "/v2/store")
        found = shapes.shop(record(await self.read(call)))
        if not found.store_hash:
            raise lost(call, "no store")
        return found

    async def time(self) -> datetime:
        """The store's clock: the cheapest call, and the clock that `date_created` uses."""
        call = self.call("GET", "/v2/time", urgent=True)
        found = moment(record(await self.read(call)).get("time"))
        if found is None:
            raise lost(call, "no time")
        return found

    async def confirm_access(self) -> None:
        """Returns when the store accepts the token. Raises NeedsMerchant when it refuses the token
        twice: with 401, or with the 403 or 404 of a closed store (bigcommerce facts 1.8).
        """
        call = self.call("GET", "/v2/time", urgent=True, wanted=DENIED | {404})
        answer, token = await self._send_as_now(call)
        if not answer.is_success:
            answer, token = await self._send_as_now(call)
        if answer.is_success:
            return
        if answer.status == 404 and problem(answer).says("route is not found"):
            raise Unreachable(Code.UNREACHABLE, detail(call, answer, "no such route"))
        raise NeedsMerchant(Code.ACCESS_GONE, detail(call, answer), fingerprint(token))

    async def prices_include_tax(self) -> bool:
        """Whether the store's prices are entered with tax (rule C7)."""
        call = self.call("GET", "/v3/tax/settings")
        found = flag((await self.object(call)).get("tax_entered_with_prices"))
        if found is None:
            raise lost(call, "no tax setting")
        return found

    async def inventory_settings(self) -> InventorySettings:
        """When orders and refunds move stock (rule C12)."""
        return shapes.inventory_settings(
            await self.object(self.call("GET", "/v3/settings/inventory"))
        )

    async def weight_unit(self) -> WeightUnit | None:
        """The unit of every weight; None for one that we do not know."""
        found = await self.object(self.call("GET", "/v3/settings/store/units-of-measurement"))
        return shapes.weight_unit(found.get("weight_measurement"))

    async def channels(self) -> tuple[Channel, ...]:
        """The store's channels. The right to read them is optional: without it
        NeedsMerchant(scope_missing) is raised.
        """
        return tuple(
            shapes.channel(raw) for raw in await self.pages(self.call("GET", "/v3/channels"), PAGE)
        )

    async def currencies(self) -> tuple[Currency, ...]:
        """The store's currencies; catalogue prices are in the default one. A store has at least
        one.
        """
        call = self.call("GET", "/v2/currencies")
        rows = await self.v2_list(call)
        if not rows:
            raise lost(call, "no currency")
        return tuple(shapes.currency(raw) for raw in records(rows))
