"""The merchant's access to both platforms.

BigCommerce's token does not expire (`ShopAccess`). Zettle's token is refreshed early, and neither a
crash nor two refreshes at once lose it (`ZettleAccess`). A refresh may make the token that was used
for it invalid (zettle facts 1.3). So the intent is saved first, and the new pair is saved before it
is used. A lost answer does not end the access: the old token is tried once more before anybody
reports that access is gone.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import timedelta

from brygga.core.failures import NeedsMerchant, Unanswered, Unreachable, fingerprint
from brygga.database import tokens
from brygga.database.engine import Tx
from brygga.database.tokens import Platform, Token
from brygga.seams import Clock
from brygga.zettle.codes import Code
from brygga.zettle.oauth import Grant

EARLY = timedelta(minutes=10)
"""A token is replaced this long before it expires. A slice of work is never longer."""

Transaction = Callable[[], AbstractAsyncContextManager[Tx]]


@dataclass
class ShopAccess:
    """The token of one connection's store, for `bigcommerce.api`.

    It does not expire: it is valid until the merchant approves the app again, and a refused call
    shows that (bigcommerce facts 1.4).
    """

    connection_id: int
    read: Transaction
    _token: str = field(repr=False)

    async def __call__(self) -> str:
        return self._token

    async def renew(self, stale: str) -> str:
        """The token in the database. When it equals `stale`, it was refused although nobody has
        approved again.
        """
        async with self.read() as tx:
            found = await tokens.get(tx, self.connection_id, Platform.BIGCOMMERCE)
        if found is not None:
            self._token = found.access
        return self._token


@dataclass
class ZettleAccess:
    """The tokens of one connection, for `zettle.api`. `transaction` is the turn's fenced one."""

    connection_id: int
    transaction: Transaction
    refresh: Callable[[str], Awaitable[Grant]]
    clock: Clock
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    _token: Token | None = None

    def hand_on(self, token: Token | None) -> None:
        """The token as it was read with the lease. One that is revoked is read again, and refused
        then.
        """
        if token is not None and token.revoked_at is None:
            self._token = token

    async def __call__(self) -> str:
        """A token that is still valid for a while. Raises NeedsMerchant when access is gone."""
        async with self._lock:
            token = self._token or await self._read()
            if not self._ends_soon(token):
                return token.access
            return await self._refreshed(token)

    async def renew(self, stale: str) -> str:
        """A token other than the one that Zettle refused."""
        async with self._lock:
            token = await self._read()
            return (
                token.access
                if token.access != stale
                else await self._refreshed(token, refused=True)
            )

    async def _read(self) -> Token:
        async with self.transaction() as tx:
            token = await tokens.get(tx, self.connection_id, Platform.ZETTLE)
        if token is None or token.revoked_at is not None:
            gone = fingerprint(token.access) if token is not None else ""
            raise NeedsMerchant(Code.ACCESS_GONE, "no token that Zettle honours", gone)
        self._token = token
        return token

    async def _refreshed(self, token: Token, *, refused: bool = False) -> str:
        """Refreshes the token. `refused`: Zettle refused this token already, even if it has not
        expired. It is never used again.
        """
        async with self.transaction() as tx:
            await tokens.begin_refresh(tx, self.connection_id, Platform.ZETTLE, self.clock.now())
        try:
            grant = await self.refresh(token.refresh)
        except Unreachable:
            async with self.transaction() as tx:
                await tokens.abandon_refresh(tx, self.connection_id, Platform.ZETTLE)
            if refused:
                raise
            return self._still_good(token)
        except Unanswered as lost:
            # The intent stays: the next attempt uses the old token once more. Only its refusal
            # means that access is gone.
            self._token = None
            raise Unreachable(Code.UNREACHABLE, lost.detail) from lost
        except NeedsMerchant:
            return await self._replaced_by_somebody(token)
        return await self._save(token, grant)

    def _still_good(self, token: Token) -> str:
        """The current token, while it is still valid and Zettle's sign-in is unreachable."""
        if token.expires_at is not None and token.expires_at > self.clock.now():
            return token.access
        raise Unreachable(Code.UNREACHABLE, "the sign-in does not answer and the token has ended")

    async def _replaced_by_somebody(self, token: Token) -> str:
        """A refused refresh token ends the access only if it is still the one in the database."""
        async with self.transaction() as tx:
            found = await tokens.get(tx, self.connection_id, Platform.ZETTLE)
            if found is None or found.refresh == token.refresh:
                await tokens.revoke(tx, self.connection_id, Platform.ZETTLE, self.clock.now())
        if found is None or found.refresh == token.refresh:
            self._token = None
            raise NeedsMerchant(
                Code.ACCESS_GONE, "the refresh token was refused", fingerprint(token.access)
            )
        self._token = found
        return found.access

    async def _save(self, token: Token, grant: Grant) -> str:
        now = self.clock.now()
        fresh = Token(
            access=grant.access_token,
            refresh=grant.refresh_token,
            issued_at=now,
            expires_at=now + timedelta(seconds=grant.lifetime_s),
            scopes=token.scopes,
            account=token.account,
        )
        async with self.transaction() as tx:
            saved = await tokens.finish_refresh(
                tx, self.connection_id, Platform.ZETTLE, token.refresh, fresh
            )
        if not saved:
            return (await self._read()).access
        self._token = fresh
        return fresh.access

    def _ends_soon(self, token: Token) -> bool:
        return token.expires_at is not None and token.expires_at - self.clock.now() < EARLY
