"""Keys and values of our own at products, by which a lost binding is found again. Only our app
reads them (bigcommerce facts 3.12).
"""

from collections.abc import Sequence

from brygga.bigcommerce import shapes
from brygga.bigcommerce.api.door import Door, body_of
from brygga.bigcommerce.refusals import problem, refusal
from brygga.bigcommerce.values import MetafieldsSaved
from brygga.wire.reading import record, records, text, whole, within

NAMESPACE = "brygga"
WRITTEN_AT_ONCE = 50  # not documented; what other connectors use (bigcommerce facts 2.2)


class MetafieldCalls(Door):
    async def create_metafields(self, items: Sequence[tuple[int, str, str]]) -> MetafieldsSaved:
        """Writes 1 to 50 (product id, key, value). A 422 saved some of them: `saved` says which
        (bigcommerce facts 3.12).
        """
        assert 1 <= len(items) <= WRITTEN_AT_ONCE
        body = [
            {
                "resource_id": product_id,
                "permission_set": "app_only",
                "namespace": NAMESPACE,
                "key": key,
                "value": value,
            }
            for product_id, key, value in items
        ]
        # A repeated call is refused as a duplicate and writes no second metafield.
        call = self.call(
            "POST",
            "/v3/catalog/products/metafields",
            json=body,
            repeatable=True,
            wanted=frozenset({409, 422}),
        )
        answer = await self.send(call)
        found = record(body_of(call, answer))
        saved = tuple(shapes.metafield(raw) for raw in records(found.get("data")))
        if not answer.is_success and whole(within(found, "meta", "total")) is None:
            raise refusal(call, answer)
        return MetafieldsSaved(
            saved, () if answer.is_success else _words(found, problem(answer).title)
        )

    async def delete_metafields(self, ids: Sequence[int]) -> None:
        """Deletes metafields by their ids; those that are gone are no failure."""
        assert 1 <= len(ids) <= WRITTEN_AT_ONCE
        call = self.call(
            "DELETE",
            "/v3/catalog/products/metafields",
            json=list(ids),
            wanted=frozenset({404, 422}),
        )
        await self.send(call)


def _words(found: object, title: str) -> tuple[str, ...]:
    errors = record(found).get("errors")
    rows = errors if isinstance(errors, list) else [title]
    return tuple(
        text(record(one).get("title")) or text(record(one).get("message")) or text(one)
        for one in rows
    )
