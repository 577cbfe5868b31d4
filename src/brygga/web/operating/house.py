"""The file in which a merchant moves from one installation to another: JSON, compressed.

Tokens and the key of the webhooks' addresses are in it only under a passphrase. Without them the
merchant approves both platforms again at the new address.
"""

import base64
import gzip
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from importlib.metadata import version
from typing import Any, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from brygga.core.report import Code, Line, Topic
from brygga.database import connections, migrating, moving, restoring, synclog, tokens
from brygga.database.engine import Tx
from brygga.database.moving import Contents, Strange
from brygga.database.tokens import Platform, Token
from brygga.seams import Dice
from brygga.web.operating import acts
from brygga.web.operating.acts import COMMAND, NotNow

FORMAT: Final = "brygga merchant"
LEAST: Final = 12
"""The least characters of a passphrase."""
LARGEST: Final = 2_000_000_000
PLACE: Final = b"brygga merchant secrets"


@dataclass(frozen=True, slots=True)
class Secrets:
    hook_key: str = field(repr=False)
    tokens: Mapping[Platform, Token] = field(repr=False, default_factory=dict)


@dataclass(frozen=True, slots=True)
class Parcel:
    """What a file holds. `sealed` is None where it has no secrets."""

    made_at: str
    program: str
    schema: str
    contents: Contents
    sealed: Mapping[str, str] | None

    @property
    def organization(self) -> str:
        found: Mapping[str, Any] = self.contents.connection.get("organization") or {}
        return str(found.get("name") or found.get("uuid") or "")


# ---- Leaving -------------------------------------------------------------------------------------


async def packed(tx: Tx, number: int, passphrase: str, now: datetime, noise: str) -> bytes:
    """The file. From this transaction on the connection is held here: two installations must never
    work for one store. `noise` is a token that is used once. Raises `NotNow`.
    """
    connection = await acts.known(tx, number)
    if connection.stage.value != "running":
        raise NotNow("not_running", "only a merchant whose set-up is finished can be moved")
    await connections.hold(tx, number, now)
    contents = await moving.read(tx, number)
    found = {of: await tokens.get(tx, number, of) for of in Platform}
    secrets = Secrets(connection.hook_key, {of: one for of, one in found.items() if one})
    kept = "sealed" if passphrase else "left out"
    await COMMAND.note(tx, number, now, command="export", secrets=kept)
    salt = hashlib.sha256(noise.encode()).digest()
    whole = {
        "format": FORMAT,
        "made_at": now.isoformat(),
        "program": version("brygga"),
        "schema": await migrating.revision(tx),
        "connection": contents.connection,
        "tables": contents.tables,
        "sealed": _sealed(secrets, passphrase, salt) if passphrase else None,
    }
    return gzip.compress(json.dumps(whole, ensure_ascii=False).encode(), mtime=0)


def _sealed(secrets: Secrets, passphrase: str, salt: bytes) -> Mapping[str, str]:
    plain = {
        "hook_key": secrets.hook_key,
        "tokens": {of.value: _token_out(one) for of, one in secrets.tokens.items()},
    }
    nonce = salt[16:28]
    text = AESGCM(_key(passphrase, salt[:16])).encrypt(nonce, json.dumps(plain).encode(), PLACE)
    parts = {"salt": salt[:16], "nonce": nonce, "text": text}
    return {name: base64.b64encode(part).decode() for name, part in parts.items()}


def _key(passphrase: str, salt: bytes) -> bytes:
    return hashlib.scrypt(
        passphrase.encode(), salt=salt, n=2**15, r=8, p=1, maxmem=64 * 2**20, dklen=32
    )


def _token_out(token: Token) -> dict[str, str]:
    return {
        "access": token.access,
        "refresh": token.refresh,
        "issued_at": token.issued_at.isoformat(),
        "expires_at": token.expires_at.isoformat() if token.expires_at else "",
        "scopes": token.scopes,
        "account": token.account,
    }


# ---- Arriving ------------------------------------------------------------------------------------


def opened(file: bytes) -> Parcel:
    """What the file says. Raises `Strange`."""
    try:
        found = json.loads(gzip.decompress(file))
    except (OSError, EOFError, ValueError):
        raise Strange("the file is no export of Brygga") from None
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        raise Strange("the file is no export of Brygga")
    own, tables = found.get("connection"), found.get("tables")
    if not isinstance(own, dict) or not isinstance(tables, dict):
        raise Strange("the file is damaged")
    contents, made = Contents(own, tables), str(found.get("made_at"))
    return Parcel(
        made, str(found.get("program")), str(found.get("schema")), contents, found.get("sealed")
    )


def unsealed(parcel: Parcel, passphrase: str) -> Secrets | None:
    """None where the file has no secrets, or no passphrase is given. Raises `Strange` for a wrong
    one.
    """
    if parcel.sealed is None or not passphrase:
        return None
    try:
        parts = {name: base64.b64decode(one) for name, one in parcel.sealed.items()}
        key = _key(passphrase, parts["salt"])
        found = json.loads(AESGCM(key).decrypt(parts["nonce"], parts["text"], PLACE))
        given = {Platform(of): _token_in(one) for of, one in found["tokens"].items()}
    except (InvalidTag, KeyError, ValueError):
        raise Strange("this passphrase does not open the file's secrets") from None
    return Secrets(found["hook_key"], given)


def _token_in(found: Mapping[str, str]) -> Token:
    return Token(
        found["access"],
        datetime.fromisoformat(found["issued_at"]),
        found["refresh"],
        datetime.fromisoformat(found["expires_at"]) if found["expires_at"] else None,
        found["scopes"],
        found["account"],
    )


async def obstacles(tx: Tx, parcel: Parcel) -> list[str]:
    """Why the merchant cannot come now, a line each."""
    own = parcel.contents.connection
    found = []
    if parcel.schema not in migrating.known():
        found.append(f"the file is of version {parcel.schema}, which this one does not know")
    account, store = str(own.get("organization_uuid")), str(own.get("store_hash"))
    found += [
        f"connection {number} here has the same account or store: disconnect it first"
        for number in await moving.in_the_way(tx, account, store)
    ]
    return found


async def arrived(
    tx: Tx, parcel: Parcel, secrets: Secrets | None, now: datetime, dice: Dice
) -> int:
    """The number of the connection here. It reads both platforms before it writes, as after a
    restore. Raises `Strange`.
    """
    hook_key = secrets.hook_key if secrets and secrets.hook_key else dice.token()
    number = await moving.begin(tx, parcel.contents, hook_key)
    await moving.fill(tx, number, parcel.contents)
    for platform, token in (secrets.tokens if secrets else {}).items():
        await tokens.save(tx, number, platform, token)
    await restoring.begin(tx, number, now)
    await synclog.add(tx, number, Line(Code.MOVED_HERE, Topic.CONNECTION), now)
    kept = "sealed" if secrets else "left out"
    await COMMAND.note(tx, number, now, command="import", secrets=kept)
    return number
