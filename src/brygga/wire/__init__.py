"""One HTTP door: a call goes out, an answer or one of the four failures comes back.

Here lives what both platforms share: calls and answers, the gates that a call waits at (request
budgets, a lease), what a lost connection or a status means for the world, and the tolerant reading
of JSON.

Here never lives: a word about one platform's endpoints, a retry, a redirect, or a token that
outlives its call.
"""

from brygga.wire.budget import StoreBudget
from brygga.wire.call import Answer, Call, Upload
from brygga.wire.clocks import Bounds, Clocks, time_of
from brygga.wire.door import Observer, Wire, failure_of, lost, open_client
from brygga.wire.gates import Gate, GuardedGate, InventoryPace, OpenGate

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
    "StoreBudget",
    "Upload",
    "Wire",
    "failure_of",
    "lost",
    "open_client",
    "time_of",
]
