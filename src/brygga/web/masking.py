"""The token of our forms, never twice the same on a page.

Answers are compressed. Whoever can make a browser ask for a page with words of theirs in its
address, and sees how long each answer is, learns byte by byte what else stands in it if that is
always the same (BREACH). The token is the one secret that a page holds, and so each page has it
under a mask of its own.
"""

import hashlib
from typing import Final

HALF: Final = 64
"""Hexadecimal digits of a session's token; its mask has as many."""


def masked(secret: str, noise: str) -> str:
    """A mask made of `noise`, and the secret under it."""
    mask = hashlib.sha256(noise.encode()).digest()
    return mask.hex() + _mixed(mask, bytes.fromhex(secret)).hex()


def unmasked(text: str) -> str | None:
    """None for what no page of ours can have held."""
    try:
        given = bytes.fromhex(text)
    except ValueError:
        return None
    if len(given) != HALF:
        return None
    return _mixed(given[: HALF // 2], given[HALF // 2 :]).hex()


def _mixed(one: bytes, other: bytes) -> bytes:
    return bytes(left ^ right for left, right in zip(one, other, strict=True))
