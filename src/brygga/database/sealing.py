"""An encrypted secret can be opened only in the row that it was sealed for.

AES-GCM: four bytes that name the key, twelve bytes of nonce, then the ciphertext. The table, the
connection and the platform are the associated data, so a ciphertext that is moved to another
merchant's row does not open.
"""

import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_KEY_ID = 4
_NONCE = 12


class SealBroken(Exception):
    """A stored secret does not open: its key is no longer in BRYGGA_SECRET_KEYS, or the row was
    tampered with.
    """


def _key(secret: str) -> bytes:
    return hashlib.sha256(b"brygga sealing key\0" + secret.encode()).digest()


def _key_id(key: bytes) -> bytes:
    return hashlib.sha256(b"brygga key id\0" + key).digest()[:_KEY_ID]


@dataclass(frozen=True, slots=True)
class Sealer:
    """Seals with the first secret and opens with any of them, so that keys can be changed without
    losing what was sealed before.
    """

    secrets: tuple[str, ...]
    fresh: Callable[[int], bytes] = os.urandom
    """The source of nonces. It is not the simulation's random source: a nonce must be new even when
    a seed replays the same run.
    """

    def __post_init__(self) -> None:
        if not self.secrets or any(not secret for secret in self.secrets):
            raise ValueError("at least one secret key is needed, and none may be empty")

    def __repr__(self) -> str:
        return f"Sealer({len(self.secrets)} keys)"

    def seal(self, plain: bytes, *place: object) -> bytes:
        """`place` names where the secret is stored: table, connection, platform."""
        key = _key(self.secrets[0])
        nonce = self.fresh(_NONCE)

        return _key_id(key) + nonce + AESGCM(key).encrypt(nonce, plain, _associated(place))

    def is_newest(self, sealed: bytes) -> bool:
        """Whether it was sealed with the first secret."""
        return sealed[:_KEY_ID] == _key_id(_key(self.secrets[0]))

    def has_key_of(self, sealed: bytes) -> bool:
        """Whether one of the secrets sealed it, as far as its name tells."""
        return sealed[:_KEY_ID] in {_key_id(key) for key in map(_key, self.secrets)}

    def open(self, sealed: bytes, *place: object) -> bytes:
        """Raises `SealBroken` when no key fits or the secret was sealed for another place."""
        key_id, nonce, ciphertext = (
            sealed[:_KEY_ID],
            sealed[_KEY_ID : _KEY_ID + _NONCE],
            sealed[_KEY_ID + _NONCE :],
        )
        key = next((key for key in map(_key, self.secrets) if _key_id(key) == key_id), None)
        if key is None:
            raise SealBroken(f"no secret key opens {_associated(place).decode()}")

        try:
            return AESGCM(key).decrypt(nonce, ciphertext, _associated(place))
        except InvalidTag:
            raise SealBroken(
                f"the secret does not belong to {_associated(place).decode()}"
            ) from None


def _associated(place: tuple[object, ...]) -> bytes:
    return "/".join(str(part).replace("/", "//") for part in place).encode()
