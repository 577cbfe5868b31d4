"""The meaning of an answer of BigCommerce that is not a success: one code per meaning (the table is
in `codes`).

The same meaning comes in several shapes: v3 problems, wrapped ones of the trees, `batch_errors` of
variants, v2 arrays, plain text (bigcommerce facts 9). So the body is first read into one `Problem`.
The first matching row of `MEANINGS` then names it.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from brygga.bigcommerce.codes import Code
from brygga.core.failures import Failure, NeedsMerchant, Refused
from brygga.wire import Answer, Call, lost
from brygga.wire.door import clean, detail
from brygga.wire.reading import record, records, text, whole


@dataclass(frozen=True, slots=True)
class Problem:
    """An error body of any shape. `words` is all its text, in lower case, to distinguish the
    meanings.
    """

    status: int
    title: str = ""
    code: int = 0
    errors: Mapping[str, str] = field(default_factory=dict)

    @property
    def words(self) -> str:
        return " ".join((self.title, *self.errors.values())).lower()

    def names(self, *fields: str) -> bool:
        """Whether one of these fields caused the error, alone or inside another."""
        return any(
            part in fields for name in self.errors for part in re.split(r"[.\[\]]+", name.lower())
        )

    def says(self, *words: str) -> bool:
        return any(word in self.words for word in words)


def problem(answer: Answer) -> Problem:
    """The error body as one value; a plain text body becomes its title."""
    try:
        body = answer.json()
    except ValueError:
        return Problem(answer.status, answer.body[:200].decode("utf-8", "replace"))
    if isinstance(body, list):  # v2
        first = next(records(body), {})
        return Problem(
            answer.status, text(first.get("message")), errors=_flat(first.get("details"))
        )
    body = record(body)
    if isinstance(body.get("batch_errors"), list):
        return _batch(answer.status, body["batch_errors"])
    inner = record(body.get("errors"))
    if "title" in inner or "status" in inner:  # trees, and every 207
        body, inner = inner, record(inner.get("errors"))
    errors = _flat(inner or body.get("errors"))
    title = text(body.get("title")) or text(body.get("error")) or text(body.get("detail"))
    return Problem(
        whole(body.get("status")) or answer.status, title, whole(body.get("code")) or 0, errors
    )


def _batch(status: int, batch: list[Any]) -> Problem:
    found = [record(one) for one in batch]
    errors: dict[str, str] = {}
    for one in found:
        errors |= _flat(one.get("errors"))
    code = next((whole(one.get("code")) or 0 for one in found), 0)
    return Problem(status, "; ".join(text(one.get("title")) for one in found), code, errors)


def _flat(errors: Any, prefix: str = "") -> dict[str, str]:
    """Errors by field, at any depth; a list's members are numbered."""
    match errors:
        case dict():
            pairs = list(errors.items())
        case list():
            pairs = [(str(at), one) for at, one in enumerate(errors)]
        case None:
            return {}
        case _:
            return {prefix or "?": text(errors)}
    flat: dict[str, str] = {}
    for name, value in pairs:
        flat |= _flat(value, f"{prefix}.{name}" if prefix else str(name))
    return flat


# ---- Meanings ------------------------------------------------------------------------------------

Test = Callable[[Problem, str], bool]
_TAKEN = ("duplicate", "not unique", "must be unique", "already", "taken", "in use")


def _taken(*fields: str) -> Test:
    return lambda found, _: (
        found.status in (409, 422)
        and found.says(*_TAKEN)
        and (
            found.names(*fields)
            or any(re.search(rf"\b{one}\b", found.title.lower()) for one in fields)
        )
    )


def _stock(*words: str) -> Test:
    return lambda found, path: "/inventory/" in path and found.says(*words)


def _at(place: str, *words: str) -> Test:
    return lambda found, path: place in path and found.says(*words)


MEANINGS: tuple[tuple[Code, Test], ...] = (
    (Code.TOO_MANY_ITEMS, lambda found, _: found.status == 413),
    (Code.NEEDS_ABSOLUTE_FIRST, _stock("absolute adjustment before relative", "requires absolute")),
    (Code.TRACKING_LEVEL, _stock("is tracked by", "not tracked", "is untracked", "tracking")),
    (Code.ITEM_UNKNOWN, _stock("not found", "does not exist", "unknown")),
    (
        Code.NOT_ENOUGH_STOCK,
        _stock("enough", "insufficient", "safety stock", "out of stock", "below"),
    ),
    (Code.VARIANT_EXISTS, lambda found, _: found.code == 22010 or found.says("same option values")),
    (Code.HOOK_EXISTS, _at("/hooks", *_TAKEN, "exists")),
    (Code.METAFIELD_EXISTS, _at("/metafields", *_TAKEN, "exists")),
    (Code.CATEGORY_EXISTS, _at("/categories", *_TAKEN, "siblings")),
    (
        Code.OPTION_EXISTS,
        lambda found, path: (
            "/options" in path and found.status in (409, 422) and found.says(*_TAKEN)
        ),
    ),
    (Code.SKU_TAKEN, _taken("sku")),
    (Code.URL_TAKEN, _taken("custom_url", "url")),
    (Code.NAME_TAKEN, _taken("name")),
    (
        Code.CATEGORY_UNKNOWN,
        lambda found, _: found.names("categories", "category_id") or found.says("categor"),
    ),
    (Code.IMAGE_UNREACHABLE, lambda found, path: _of_image(found, path) and _unfetched(found)),
    (Code.IMAGE_REFUSED, lambda found, path: found.code == 10001 or _of_image(found, path)),
    (
        Code.VIDEO_REFUSED,
        lambda found, path: "/videos" in path or found.names("video_id", "videos"),
    ),
)


def _of_image(found: Problem, path: str) -> bool:
    named = "/image" in path or found.names("image_url", "images", "image_file")
    # Inside POST product a 400 may name no field at all, only mention it in the title (bigcommerce
    # facts 3.4).
    return found.status in (400, 422) and (
        named or re.search(r"\bimages?\b", found.title.lower()) is not None
    )


def _unfetched(found: Problem) -> bool:
    # 400 is documented for a picture that cannot be fetched. Inside POST product neither the status
    # nor the words are documented (bigcommerce facts 3.4).
    return found.status == 400 or found.says(
        "download", "fetch", "reach", "retriev", "could not", "404"
    )


def refusal(call: Call, answer: Answer) -> Failure:
    """The failure that this answer means. 401 is not judged here: it needs a second check
    (bigcommerce facts 9).
    """
    found = problem(answer)
    reported = detail(call, answer, found.title)
    if answer.status == 507:
        return NeedsMerchant(Code.PLAN_LIMIT, reported)
    if answer.status >= 500:
        return lost(call, str(answer.status))
    if answer.status == 403:
        return NeedsMerchant(_forbidden(found), reported)
    errors = {name: clean(call, words) for name, words in found.errors.items()}
    code = _meaning(found, call.path)
    if code in (Code.SKU_TAKEN, Code.NAME_TAKEN, Code.URL_TAKEN) and (
        quoted := re.search(r"`([^`]+)`", found.title)
    ):
        errors["value"] = quoted[1]
    if "/inventory/" in call.path:
        errors |= _identities(found.title)
    return Refused(code, reported, answer.status, errors)


def _forbidden(found: Problem) -> Code:
    if found.says("scope"):
        return Code.SCOPE_MISSING
    return Code.PLAN_LIMIT if found.says("limit", "maximum", "exceed") else Code.FORBIDDEN


def _meaning(found: Problem, path: str) -> Code:
    if found.status == 404:
        return _missing(found, path)
    for code, fits in MEANINGS:
        if fits(found, path):
            return code
    return Code.INPUT_REFUSED if found.status in (400, 422) else Code.REFUSED


def _missing(found: Problem, path: str) -> Code:
    if "/inventory/" in path:
        return Code.ITEM_UNKNOWN
    alone = re.search(r"/catalog/products/\d+$", path)
    return (
        Code.PRODUCT_GONE
        if alone or found.says("product was not found", "product not found")
        else Code.GONE
    )


def _identities(title: str) -> dict[str, str]:
    """The items that a stock refusal names, which it does in its title only (bigcommerce facts
    5.2).
    """
    named: dict[str, list[str]] = {}
    for kind, value in re.findall(r"\b(variant_id|product_id)[ :=]+(\d+)", title):
        named.setdefault(kind, []).append(value)
    return {kind: ",".join(dict.fromkeys(values)) for kind, values in named.items()}


def named_items(refused: Refused) -> frozenset[tuple[str, int]]:
    """The stock items that a refusal names, as ("variant_id" | "product_id", id). Empty: bisect the
    batch.
    """
    return frozenset(
        (kind, int(value))
        for kind in ("variant_id", "product_id")
        for value in refused.errors.get(kind, "").split(",")
        if value.isdigit()
    )
