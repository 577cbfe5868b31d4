"""The token of our forms, never twice the same on a page.

Answers are compressed. Whoever can make a browser ask for a page with words of theirs in its
address, and sees how long each answer is, learns byte by byte what else stands in it if that is
always the same (BREACH). The token is the one secret that a page holds, and so each page has it
under a mask of its own.
"""

import hashlib
import re
from hmac import compare_digest
from typing import Final

from litestar.middleware.csrf import CSRFMiddleware

HALF: Final = 64
"""Hexadecimal digits of Litestar's secret; the other half of its token is a signature, which
the cookie alone need bear."""


def secret_of(token: str) -> str | None:
    """Of Litestar's token, as the cookie bears it; None for what it has not made."""
    secret = token[:HALF]
    return secret if re.fullmatch(f"[0-9a-f]{{{HALF}}}", secret) else None


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


class MaskedTokens(CSRFMiddleware):
    """Litestar's check of forms, for tokens that come masked."""

    def _csrf_tokens_match(self, request_csrf_token: str, cookie_csrf_token: str) -> bool:
        cookie = self._decode_csrf_token(cookie_csrf_token)
        given = unmasked(request_csrf_token)
        return cookie is not None and given is not None and compare_digest(given, cookie)
