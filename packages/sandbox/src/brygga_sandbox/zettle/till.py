"""The till and the back office: what a merchant does by hand. Each action sends the messages it
causes (zettle facts 11).
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from brygga_sandbox.zettle import accounts, images, library, stock
from brygga_sandbox.zettle.core import Core
from brygga_sandbox.zettle.ids import slug
from brygga_sandbox.zettle.merging import patched, pruned
from brygga_sandbox.zettle.pusher import emit
from brygga_sandbox.zettle.receipts import AMOUNTS, Amount, Line, Receipts, Sold
from brygga_sandbox.zettle.state import JSON, Inventory, Organization, Stored
from brygga_sandbox.zettle.stock import Cause, Movement


class Till:
    """What one merchant does by hand. Raises LookupError for what does not exist and ValueError for
    impossible values.
    """

    def __init__(self, core: Core, organization: Organization) -> None:
        self.core = core
        self.organization = organization
        self.receipts = Receipts(core, organization)

    # -- finding

    def variant(self, *, sku: str) -> str:
        """The first variant with that SKU."""
        for stored in self.organization.products_after(0):
            if sku.encode() in stored.body:
                for one in stored.value()["variants"]:
                    if one.get("sku") == sku:
                        return str(one["uuid"])
        raise LookupError(f"no variant has the SKU {sku!r}")

    def product_of(self, variant: str) -> Stored:
        """The product a variant belongs to."""
        return library.of_variant(self.organization, variant)

    def product(self, uuid: str) -> JSON:
        """A product as the API answers it."""
        return self.stored(uuid).value()

    def stored(self, uuid: str) -> Stored:
        stored = self.organization.products.get(uuid)
        if stored is None:
            raise LookupError(f"there is no product {uuid}")
        return stored

    def balance(self, variant: str) -> int:
        """How many units of a variant can be sold: its balance in STORE."""
        store = self.organization.inventory("STORE")
        return self.organization.balance(store.uuid, variant) if store else 0

    # -- selling

    def sell(
        self, lines: Sequence[Sold] | str, quantity: int = 1, *, at: float | None = None
    ) -> JSON:
        """Sell several lines, or a number of units of one variant. Tracked stock moves from STORE
        to SOLD, also below zero (3.5).

        `at` is an earlier time: a till that was offline reports its sales when it reconnects, and
        stock moves then.
        """
        lines = [Line(lines, quantity)] if isinstance(lines, str) else lines
        if not lines or any(line.quantity < 1 for line in lines):
            raise ValueError("a sale has at least one line, and each line at least one unit")
        if any(
            isinstance(line, Amount) and (line.price < 0 or line.type not in AMOUNTS)
            for line in lines
        ):
            raise ValueError(f"an amount is 0 or more, of type {' or '.join(AMOUNTS)}")
        if at is not None and at > self.core.now():
            raise ValueError("a sale is not of the future")
        purchase = self.receipts.written(lines, 1, at)
        self.shift(lines, "STORE", "SOLD")
        self.receipts.file(purchase, at)
        return purchase

    def refund(
        self,
        purchase: JSON | str,
        quantity: int = 1,
        *,
        restock: bool = True,
        part: Mapping[int, int] | None = None,
    ) -> JSON:
        """Refund what is left of a purchase, a part of it ({line number: units}), or a number of
        units of one variant.

        With `restock` the goods return to STORE (3.5).
        """
        if isinstance(purchase, str):
            numbered: dict[int, Sold] = {0: Line(purchase, quantity)}
            of = None
        else:
            numbered, of = self.receipts.left_of(purchase, part), purchase
        lines = list(numbered.values())
        if not lines or any(line.quantity < 1 for line in lines):
            raise ValueError("only a sale can be refunded, and at least one unit of it")
        refund = self.receipts.written(lines, -1)
        refund["refund"] = True
        for row, number in zip(refund["products"], numbered, strict=True):
            row["id"] = str(number)
        if of:
            refund["refundsPurchaseUUID1"] = of["purchaseUUID1"]
            of["refunded"] = True
            of.setdefault("refundedByPurchaseUUIDs1", []).append(refund["purchaseUUID1"])
        if restock:
            self.shift(lines, "SOLD", "STORE")
        self.receipts.file(refund)
        return refund

    def shift(self, lines: Iterable[Sold], source: str, target: str) -> None:
        """Move the stock of tracked products. One message covers the whole receipt."""
        movements = [
            Movement(
                product.uuid,
                line.variant,
                self._place(source).uuid,
                self._place(target).uuid,
                line.quantity,
            )
            for line in lines
            if isinstance(line, Line)
            and self.organization.tracked((product := self.product_of(line.variant)).uuid)
        ]
        if movements:
            client = None if self.core.switches.sales_name_no_client else stock.BACK_OFFICE
            stock.move(
                self.core, self.organization, movements, Cause(self.organization.owner.uuid, client)
            )

    def _place(self, kind: str) -> Inventory:
        return stock.place(self.core, self.organization, kind)

    # -- stock

    def set_stock(self, variant: str, balance: int) -> None:
        """Type in a balance. Goods come from SUPPLIER, or go to BIN (3.5)."""
        product = self.product_of(variant)
        if not self.organization.tracked(product.uuid):
            raise ValueError("inventory tracking is off for this product")
        if not -stock.MOST_STOCK <= balance <= stock.MOST_STOCK:
            raise ValueError(f"stock cannot exceed {stock.MOST_STOCK}")
        by = balance - self.balance(variant)
        if by == 0:
            return
        source, target = ("SUPPLIER", "STORE") if by > 0 else ("STORE", "BIN")
        movement = Movement(
            product.uuid, variant, self._place(source).uuid, self._place(target).uuid, abs(by)
        )
        cause = Cause(self.organization.owner.uuid, stock.BACK_OFFICE)
        stock.move(self.core, self.organization, [movement], cause)

    def track(self, product: str, on: bool = True) -> None:
        """Switch "inventory tracking" of a product."""
        self.stored(product)
        cause = Cause(self.organization.owner.uuid, stock.BACK_OFFICE)
        stock.track(self.core, self.organization, product, on, cause)

    # -- products

    def create_product(self, name: str, variants: Sequence[JSON] = (), **fields: Any) -> JSON:
        """A product as the back office creates it, with at least a hidden `online` with a slug
        (2.5).

        `variants` may leave out uuids. Without `variants` the product has one variant, and `price`
        (minor units), `sku` and `barcode` belong to it.
        """
        own: JSON = {key: fields.pop(key) for key in ("price", "sku", "barcode") if key in fields}
        product = {
            "uuid": self.core.uuid1(),
            "name": name,
            "metadata": {"inPos": True, "source": {"external": False, "name": "izettle"}},
            "online": {"status": "HIDDEN", "seo": {"slug": slug(name)}},
            "vatPercentage": self.organization.details.get("vatPercentage"),
            **fields,
            "variants": [self.fresh(one) for one in variants or [own]],
        }
        return library.create(
            self.core, self.organization, pruned(product), self.organization.owner.uuid
        ).value()

    def fresh(self, variant: JSON) -> JSON:
        """A variant with a uuid. Its price becomes a money value."""
        price = variant.get("price")
        if isinstance(price, int):
            variant = {
                **variant,
                "price": {"amount": price, "currencyId": self.organization.currency},
            }
        return {"uuid": self.core.uuid1(), **variant}

    def edit_product(self, uuid: str, **changes: Any) -> JSON:
        """Save several fields of a product. None removes a field. Variants are the whole list, each
        merged by uuid.
        """
        stored = self.stored(uuid)
        if changes.get("variants"):
            changes["variants"] = [self.fresh(one) for one in changes["variants"]]
        body = pruned(patched(pruned(stored.value()), changes))
        library.update(self.core, self.organization, stored, body, self.organization.owner.uuid)
        return stored.value()

    def edit_variant(self, uuid: str, **changes: Any) -> JSON:
        """Save several fields of one variant, with `price` in minor units. None removes a field."""
        stored = self.product_of(uuid)
        if isinstance(changes.get("price"), int):
            changes["price"] = {
                "amount": changes["price"],
                "currencyId": self.organization.currency,
            }
        rows = stored.value()["variants"]
        variants = [
            {"uuid": one["uuid"], **(changes if one["uuid"] == uuid else {})} for one in rows
        ]
        return self.edit_product(stored.uuid, variants=variants)

    def delete_product(self, uuid: str) -> None:
        """Delete a product and its stock."""
        self.stored(uuid)
        library.delete(self.core, self.organization, uuid, self.organization.owner.uuid)

    def add_picture(self, key: str, data: bytes, content_type: str) -> None:
        """Take a picture. It may be missing for a moment (6.2)."""
        images.register(self.core, key, data, content_type, fresh=True)

    # -- the account

    def edit_organization(self, **changes: Any) -> None:
        """Change the account's details, and send the message."""
        self.organization.details = {**self.organization.details, **changes}
        emit(
            self.core,
            self.organization,
            "OrganizationUpdated",
            {**self.organization.details, "optionalText": None},
        )

    def remove_app(self, client_id: str) -> None:
        """Revoke an app's access."""
        if not accounts.remove_connection(self.core, self.organization, client_id):
            raise LookupError(f"no connection with {client_id}")
