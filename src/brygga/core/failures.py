"""The four failures, by their effect on a platform and what must follow.

    Failure
    ├─ Unreachable     nothing happened: try again, not before `after_s`
    ├─ Unanswered      sent, no answer: resolve its outcome first, never repeat it before
    ├─ Refused         the platform refused and said why: no retry until the data changes
    └─ NeedsMerchant   only the merchant can help: pause the connection and inform them

`wire` and the two platform packages raise them. `sync.worker.judging` decides. No code between them
catches. Any other exception is a bug of ours.
"""

import hashlib
from collections.abc import Mapping
from types import MappingProxyType

_NOTHING: Mapping[str, str] = MappingProxyType({})


def fingerprint(token: str) -> str:
    """Identifies a token without revealing it: failures and logs must not contain secrets."""
    return hashlib.sha256(token.encode()).hexdigest()[:24]


class Failure(Exception):
    """The base of the four. `code` names the sentence that the merchant reads. `detail` is for the
    operator and has no secrets.
    """

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(f"{code}: {detail}" if detail else code)
        self.code = code
        self.detail = detail


class Unreachable(Failure):
    """Nothing happened on the platform. Try again in `after_s` seconds. If None, the caller decides
    when.
    """

    def __init__(self, code: str, detail: str = "", after_s: float | None = None) -> None:
        super().__init__(code, detail)
        self.after_s = after_s


class Unanswered(Failure):
    """A write was sent and no answer came. It may have taken effect."""


class Refused(Failure):
    """The platform refused, and would refuse again. `status` is the HTTP status. `errors` are the
    fields that it named.
    """

    def __init__(
        self, code: str, detail: str = "", status: int = 0, errors: Mapping[str, str] = _NOTHING
    ) -> None:
        super().__init__(code, detail)
        self.status = status
        self.errors = errors


class NeedsMerchant(Failure):
    """Access is gone or lacks a right, or the plan is full. The work of this connection waits for
    the merchant.

    `access` is the fingerprint of the refused token. Only a token that is still in use pauses a
    connection. "" where the token is not the reason.
    """

    def __init__(self, code: str, detail: str = "", access: str = "") -> None:
        super().__init__(code, detail)
        self.access = access


class LeaseLost(Exception):
    """Another worker holds this connection, or may hold it soon. What is not sent stays unsent, and
    what is not written stays unwritten.

    It is not a `Failure`: it says nothing about a platform, only about which worker may call it. It
    is raised at the socket and at the first statement of a fenced transaction.
    """
