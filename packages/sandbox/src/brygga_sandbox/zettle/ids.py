"""Ids and times as Zettle writes them. The caller supplies the random generator and the clock."""

import base64
import random
import re
import string
import uuid
from datetime import UTC, datetime
from typing import Final

UUID: Final = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE
)
GREGORIAN: Final = (
    0x01B21DD213814000  # 100 ns between 1582-10-15 and 1970-01-01, from which version 1 counts
)


class Ids:
    """A source of ids: time-based uuids from one node, and random texts."""

    def __init__(self, dice: random.Random) -> None:
        self.dice = dice
        # A random node has the multicast bit set, so it is no real network card.
        self.node = dice.getrandbits(48) | 1 << 40
        self.ticks = 0

    def uuid1(self, now: float) -> str:
        """A version-1 uuid of that time (2.7). It is unique."""
        self.ticks = max(self.ticks + 1, int(now * 1e7) + GREGORIAN)
        low, mid, high = (
            self.ticks & 0xFFFFFFFF,
            self.ticks >> 32 & 0xFFFF,
            self.ticks >> 48 & 0x0FFF,
        )
        clock = 0x8000 | self.node & 0x3FFF
        return f"{low:08x}-{mid:04x}-{0x1000 | high:04x}-{clock:04x}-{self.node:012x}"

    def uuid_of(self, version: int) -> str:
        """A random uuid with that version digit."""
        bits = self.dice.getrandbits(128) & ~(0xF << 76) & ~(3 << 62) | version << 76 | 2 << 62
        return str(uuid.UUID(int=bits))

    def hexadecimal(self, digits: int) -> str:
        """That many lower-case hex digits."""
        return f"{self.dice.getrandbits(4 * digits):0{digits}x}"

    def etag(self) -> str:
        """32 upper-case hex digits (2.3)."""
        return f"{self.dice.getrandbits(128):032X}"

    def signing_key(self) -> str:
        """64 letters and digits (4.1)."""
        return "".join(self.dice.choices(string.ascii_letters + string.digits, k=64))

    def bytes(self, number: int) -> bytes:
        """Random bytes."""
        return self.dice.randbytes(number)


def is_uuid(value: object) -> bool:
    """Whether this is the text of a uuid."""
    return isinstance(value, str) and UUID.fullmatch(value) is not None


def version(value: str) -> int:
    """The version digit of a uuid's text."""
    return int(value[14], 16)


def short(purchase_uuid: str) -> str:
    """The deprecated short form of a purchase's uuid (5.3): its bytes in URL-safe base64 without
    padding.
    """
    return base64.urlsafe_b64encode(uuid.UUID(purchase_uuid).bytes).decode().rstrip("=")


def zoned(moment: float) -> str:
    """2017-10-30T16:40:28.579+0000: the times of products, organizations and purchases (2.3)."""
    whole = datetime.fromtimestamp(int(moment), UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{whole}.{int(moment % 1 * 1000):03d}+0000"


def slug(name: str) -> str:
    """The last part of a web address, derived from a product's name (2.5)."""
    plain = name.lower().translate(str.maketrans("åäöéèüø", "aaoeeuo"))
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:256] or "product"
