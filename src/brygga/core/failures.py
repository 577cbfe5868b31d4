"""What a failure did to the world: nothing, maybe, never, or "ask the merchant".

    Failure
    ├─ Unreachable     nothing happened: try again, not before `after_s`
    ├─ Unanswered      sent, no answer: settle what became of it, never blindly repeat
    ├─ Refused         the platform said no and why: no retry until the data changes
    └─ NeedsMerchant   only the merchant can help: pause the connection and tell them

`wire` and the two platform packages raise them, `sync.worker.judging` decides, nobody between
catches. Anything else is a bug of ours.
"""

import hashlib
from collections.abc import Mapping
from types import MappingProxyType

_NOTHING: Mapping[str, str] = MappingProxyType({})


def fingerprint(token: str) -> str:
    """Names a token without telling it: failures and logs must not carry secrets."""
    return hashlib.sha256(token.encode()).hexdigest()[:24]


class Failure(Exception):
    """The base of the four. `code` names the sentence the merchant reads; `detail` is for the
    operator, without secrets.
    """

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(f"{code}: {detail}" if detail else code)
        self.code = code
        self.detail = detail


class Unreachable(Failure):
    """Nothing happened on the platform. Try again in `after_s` seconds, or when the caller sees fit
    if None.
    """

    def __init__(self, code: str, detail: str = "", after_s: float | None = None) -> None:
        super().__init__(code, detail)
        self.after_s = after_s


class Unanswered(Failure):
    """A write was sent and no answer came: it may have happened."""


class Refused(Failure):
    """The platform refused, and would refuse again. `status` is HTTP's; `errors` are the fields it
    named.
    """

    def __init__(
        self, code: str, detail: str = "", status: int = 0, errors: Mapping[str, str] = _NOTHING
    ) -> None:
        super().__init__(code, detail)
        self.status = status
        self.errors = errors


class NeedsMerchant(Failure):
    """Access is gone or lacks a right, or the plan is full: work for this connection waits for a
    person.

    `access` is the fingerprint of the token that was refused: only a token that is still in use
    pauses a connection. "" where the token is not the reason.
    """

    def __init__(self, code: str, detail: str = "", access: str = "") -> None:
        super().__init__(code, detail)
        self.access = access


class LeaseLost(Exception):
    """Another worker holds this connection now, or soon may: what was not yet sent stays unsent,
    what was not yet written stays unwritten.

    Not a `Failure`: it says nothing about a platform, only about who may speak to it. Raised at the
    socket and at the first statement of a fenced transaction.
    """
