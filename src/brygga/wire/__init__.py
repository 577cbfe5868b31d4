"""The HTTP client of both platforms: a call is sent, and an answer or one of the four failures
comes back.

This package holds what both platforms share: calls and answers, the gates where a call waits
(request budgets, a lease), the meaning of a lost connection or a status, and the tolerant reading
of JSON.

Never here: the endpoints of one platform, a retry, a redirect, or a token that outlives its call.
"""

from brygga.wire.budget import StoreBudget
from brygga.wire.call import Answer, Call, Upload
from brygga.wire.clocks import Bounds, Clocks, time_of
from brygga.wire.door import Observer, Wire, failure_of, lost, open_client
from brygga.wire.gates import (
    Gate,
    GuardedGate,
    InventoryPace,
    OpenGate,
    ReadOnlyGate,
    WriteRefused,
)

__all__ = [
    "Answer",
    "Bounds",
    "Call",
    "Clocks",
    "Gate",
    "GuardedGate",
    "InventoryPace",
    "Observer",
    "OpenGate",
    "ReadOnlyGate",
    "StoreBudget",
    "Upload",
    "Wire",
    "WriteRefused",
    "failure_of",
    "lost",
    "open_client",
    "time_of",
]
