"""The product library: read whole, by page, by change, or one product. Only our own "Add product"
form writes to it (rule P7).
"""

import base64
import posixpath
import re
from dataclasses import replace
from urllib.parse import quote, urlsplit

from brygga.core.failures import Refused
from brygga.core.model import Product
from brygga.wire import Call, lost
from brygga.wire.door import detail
from brygga.wire.reading import record, records, text
from brygga.zettle import shapes
from brygga.zettle.api.door import Door, body_of, following, object_of, problem, refusal
from brygga.zettle.codes import Code
from brygga.zettle.values import FeedTooOld, LibraryPage, NewProduct, Picture, Unreadable

PAGE = 500  # zettle facts 2.2
PICTURE_BYTES = 8 * 1024 * 1024  # what the store accepts (bigcommerce facts 2.3)
_PICTURE_PLACE = re.compile(
    r"https://(?:[a-z0-9-]+\.)+i?zettle\.com(?::443)?/[^\s\\\x00-\x1f\x7f]{0,2000}", re.IGNORECASE
)
"""Zettle's own hosts, over TLS, at the usual port, and nothing that two readers of an address could
read differently: no user, no backslash, no space.
"""
FORMATS = {
    "image/jpeg": "JPEG",
    "image/png": "PNG",
    "image/gif": "GIF",
    "image/bmp": "BMP",
}  # zettle facts 6.1
ENDINGS = {
    "image/jpeg": ".jpg",
    "image/png": ".png",
    "image/gif": ".gif",
    "image/webp": ".webp",
    "image/bmp": ".bmp",
}


class ProductCalls(Door):
    async def products(self) -> tuple[tuple[Product, ...], tuple[Unreadable, ...]]:
        """Every product of the account, and those that cannot be read."""
        call = Call(
            "zettle", "GET", self._products("/v2"), params=(("sort", "false"),), timeout_s=60
        )
        return shapes.readable(records(await self.read_all(call)))

    async def library_page(self, since: str = "", page: str = "") -> LibraryPage | FeedTooOld:
        """A page of the library: all of it, or with `since` (an earlier page's `until`) what
        changed after that.

        `page` is the `next` of the page before. FeedTooOld means that `since` is too old or
        unknown: read the whole library.
        """
        base = f"{self.urls.products}/organizations/self/library"
        # Products that Zettle's till app does not show belong to the library too, and may be left
        # out without `all` (zettle facts 2.2).
        params: tuple[tuple[str, str], ...] = (("limit", str(PAGE)), ("all", "true"))
        if since:
            params += (("eventLogUuid", since),)
        # 412 is documented; how long the log is kept is not, so any refusal of the point in time
        # means the same (zettle facts 2.2).
        wanted = frozenset({400, 404, 410, 412, 422}) if since else frozenset[int]()
        call = Call(
            "zettle",
            "GET",
            page or base,
            params=() if page else params,
            timeout_s=60,
            wanted=wanted,
        )
        answer = await self.send(call)
        if not answer.is_success:
            return FeedTooOld()
        # An empty library, or a feed without news, has an empty list of products (zettle facts
        # 2.2).
        body = object_of(call, answer, "products")
        if not isinstance(body["products"], list):
            raise lost(call, f"{answer.status} no list of products")
        good, bad = shapes.readable(records(body["products"]))
        deleted = body.get("deletedProducts")
        gone = (
            tuple(text(uuid) for uuid in deleted if text(uuid)) if isinstance(deleted, list) else ()
        )
        after = following(call, answer)
        return LibraryPage(
            good, bad, gone, text(body.get("untilEventLogUuid")), after.url if after else ""
        )

    async def library(self, since: str = "") -> LibraryPage | FeedTooOld:
        """All pages as one, with the `until` of the first."""
        whole = await self.library_page(since)
        while isinstance(whole, LibraryPage) and whole.next:
            page = await self.library_page(since, whole.next)
            if isinstance(page, FeedTooOld):
                return page
            whole = replace(
                whole,
                products=whole.products + page.products,
                unreadable=whole.unreadable + page.unreadable,
                deleted=whole.deleted + page.deleted,
                next=page.next,
            )
        return whole

    async def product(self, uuid: str) -> Product | None:
        """One product as it is now; None when Zettle does not have it any more. Raises Refused when
        it cannot be read.
        """
        call = Call(
            "zettle", "GET", self._products(f"/{quote(uuid, safe='')}"), wanted=frozenset({404})
        )
        answer = await self.send(call)
        return None if answer.status == 404 else shapes.product(object_of(call, answer, "uuid"))

    async def create_product(self, new: NewProduct) -> Product:
        """The product as Zettle holds it. The uuid is ours, so a repeated call finds the first
        product instead of creating a second.
        """
        call = Call(
            "zettle",
            "POST",
            self._products(""),
            params=(("returnEntity", "true"),),
            json=shapes.product_body(new),
            repeatable=True,
            wanted=frozenset({400, 409, 422}),
        )
        answer = await self.send(call)
        if not answer.is_success and problem(answer).kind != "ITEM_ALREADY_EXIST":
            raise refusal(call, answer)
        if answer.is_success and answer.body:
            return shapes.product(record(body_of(call, answer)))
        made = await self.product(new.uuid)
        if made is None:
            raise Refused(Code.PRODUCT_EXISTS, detail(call, answer), answer.status)
        return made

    async def upload_picture(self, media_type: str, content: bytes) -> str:
        """The address at which Zettle now has the picture. A repeated call creates another address,
        which does no harm (zettle facts 6.1).
        """
        call = Call(
            "zettle",
            "POST",
            f"{self.urls.image}/v2/images/organizations/self/products",
            json={
                "imageFormat": FORMATS[media_type],
                "imageData": base64.b64encode(content).decode(),
            },
            repeatable=True,
            timeout_s=60,
            wanted=frozenset({400, 413, 422}),
        )
        answer = await self.send(call)
        if not answer.is_success:
            raise Refused(
                Code.PICTURE_REFUSED, detail(call, answer, problem(answer).words), answer.status
            )
        urls = record(body_of(call, answer)).get("imageUrls")
        found = next(filter(None, map(text, urls if isinstance(urls, list) else ())), "")
        if not found:
            raise Refused(Code.PICTURE_REFUSED, detail(call, answer, "no address"), answer.status)
        return found

    async def picture(self, url: str) -> Picture:
        """The bytes of one of the merchant's pictures. Raises Refused when there is none; a new
        picture may be available a little later.

        Pictures are public: no token is sent, and only Zettle's hosts are called.
        """
        if not self._is_theirs(url):
            raise Refused(Code.PICTURE_UNREADABLE, "GET: no address of Zettle's")
        call = Call(
            "zettle",
            "GET",
            url,
            headers={"Accept": "image/*"},
            max_bytes=PICTURE_BYTES,
            timeout_s=30,
        )
        answer = await self.wire.send(call, self.gate)
        media_type = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
        if not answer.is_success or not answer.whole or media_type not in ENDINGS:
            raise Refused(Code.PICTURE_UNREADABLE, detail(call, answer, media_type), answer.status)
        stem = posixpath.splitext(posixpath.basename(call.path))[0] or "picture"
        return Picture(stem + ENDINGS[media_type], media_type, answer.body)

    def _is_theirs(self, url: str) -> bool:
        if _PICTURE_PLACE.fullmatch(url):
            return True
        try:
            parts, own = urlsplit(url), urlsplit(self.urls.products)
        except ValueError:
            return False
        return (parts.scheme, parts.netloc) == (own.scheme, own.netloc)

    def _products(self, rest: str) -> str:
        return f"{self.urls.products}/organizations/self/products{rest}"
