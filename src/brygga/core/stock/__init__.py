"""The ledger of one variant: two shelves, one number (rules S1-S7, decisions 2, 3, 4, 7).

Here lives what a stock level read on one side means for the other: `ledger` holds the shelves and their law, `moves` the moves that
keep it, `accounts` what the platforms told of a shelf, `settling` what becomes of a write that was never answered, `sending` how much may
be written and when, `sharing` how a shelf is born, adopted, remade, split, joined, stopped and started, `counting` what the merchant
counted, `story` why a number is what it is, `explaining` which sale or order made it so.

Here never lives: a request, a row, a clock or a merchant's sentence. Time comes in as a value; every function takes a ledger and gives one.
"""

from brygga.core.stock.accounts import Account
from brygga.core.stock.counting import counted
from brygga.core.stock.ledger import FEW, Change, Flight, Gap, Kind, Ledger, Level, Look, Shelf, Side, Timing, Told
from brygga.core.stock.moves import (
    Hint,
    Observed,
    corrected,
    hinted,
    landed,
    missing,
    observed,
    refused,
    sent,
    short,
    unanswered,
)
from brygga.core.stock.sending import LIMITS, excess, next_look, sendable, sendable_at
from brygga.core.stock.settling import (
    Settled,
    Verdict,
    absent,
    evidence,
    has_caught_up,
    is_told_late,
    reconsidered,
    retold,
    settle,
    settle_at,
)
from brygga.core.stock.sharing import (
    adopted,
    born,
    carried,
    ended,
    first_level,
    joined,
    opened,
    remade,
    reset,
    reset_refused,
    restarted,
    split,
    stopped,
    woken,
)

__all__ = [
    "FEW",
    "LIMITS",
    "Account",
    "Change",
    "Flight",
    "Gap",
    "Hint",
    "Kind",
    "Ledger",
    "Level",
    "Look",
    "Observed",
    "Settled",
    "Shelf",
    "Side",
    "Timing",
    "Told",
    "Verdict",
    "absent",
    "adopted",
    "born",
    "carried",
    "corrected",
    "counted",
    "ended",
    "evidence",
    "excess",
    "first_level",
    "has_caught_up",
    "hinted",
    "is_told_late",
    "joined",
    "landed",
    "missing",
    "next_look",
    "observed",
    "opened",
    "reconsidered",
    "refused",
    "remade",
    "reset",
    "reset_refused",
    "restarted",
    "retold",
    "sendable",
    "sendable_at",
    "sent",
    "settle",
    "settle_at",
    "short",
    "split",
    "stopped",
    "unanswered",
    "woken",
]
