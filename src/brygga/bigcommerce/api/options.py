"""Options and their values. They create no variants; renaming one keeps its id and its variants
(bigcommerce facts 3.8, 3.9).
"""

from brygga.bigcommerce import bodies, shapes
from brygga.bigcommerce.api.door import Door
from brygga.core.model import CatalogOption, ObservedOption, ObservedValue

PAGE = 250
VALUES_AT_MOST = 250  # bigcommerce facts 2.3


class OptionCalls(Door):
    async def options(self, product_id: int) -> tuple[ObservedOption, ...]:
        """A product's options with their values. Raises Refused when there is no such product."""
        rows = await self.pages(self.call("GET", _options(product_id)), PAGE, of_one=True)
        return tuple(shapes.option(raw) for raw in rows)

    async def create_option(
        self, product_id: int, option: CatalogOption, sort_order: int
    ) -> ObservedOption:
        """Creates an option with all its values, 1 to 250."""
        assert 1 <= len(option.labels) <= VALUES_AT_MOST
        body = bodies.option_body(option, sort_order)
        return shapes.option(await self.object(self.call("POST", _options(product_id), json=body)))

    async def rename_option(
        self, product_id: int, option_id: int, name: str, sort_order: int
    ) -> ObservedOption:
        """Renames or moves an option. Its values are not sent: it is not documented what happens to
        values that are left out (bigcommerce facts 3.8).
        """
        body = {"display_name": name, "sort_order": sort_order}
        return shapes.option(
            await self.object(self.call("PUT", f"{_options(product_id)}/{option_id}", json=body))
        )

    async def delete_option(self, product_id: int, option_id: int) -> None:
        """Deletes an option. Its variants lose their identity, so delete those first. An option
        that is gone is no failure.
        """
        await self.send(
            self.call("DELETE", f"{_options(product_id)}/{option_id}", wanted=frozenset({404}))
        )

    async def create_value(
        self, product_id: int, option_id: int, label: str, sort_order: int
    ) -> ObservedValue:
        body = {"label": label, "sort_order": sort_order}
        call = self.call("POST", f"{_options(product_id)}/{option_id}/values", json=body)
        return shapes.option_value(await self.object(call))

    async def rename_value(
        self, product_id: int, option_id: int, value_id: int, label: str, sort_order: int
    ) -> ObservedValue:
        """Renames or moves a value; its variants follow."""
        body = {"label": label, "sort_order": sort_order}
        call = self.call("PUT", f"{_options(product_id)}/{option_id}/values/{value_id}", json=body)
        return shapes.option_value(await self.object(call))

    async def delete_value(self, product_id: int, option_id: int, value_id: int) -> None:
        """Deletes a value that no variant uses any more; one that is gone is no failure."""
        path = f"{_options(product_id)}/{option_id}/values/{value_id}"
        await self.send(self.call("DELETE", path, wanted=frozenset({404})))


def _options(product_id: int) -> str:
    return f"/v3/catalog/products/{product_id}/options"
