"""The ledger of one variant: two stock records, one number (rules S1-S7, decisions 2, 3, 4, 7, 16).

This package says what a stock level read on one side means for the other:

- `ledger`: the stock records and their law
- `moves`: the moves that keep the law
- `resolving`: what becomes of a write that got no answer
- `sending`: how much may be written, and when
- `sharing`: how a record is created, attached, recreated, split, joined, stopped, started
  and counted
- `rebasing`: what a ledger from a backup becomes
- `movement`: why a number is what it is
- `explaining`: which sale or order made it so

It never contains a request, a database row, a clock or a sentence for the merchant. Time is passed
in as a value. Every function takes a ledger and returns one.
"""

# fmt: off
# ruff: noqa: I001 - packed, to be read at a glance
from brygga.core.stock.ledger import (
    SUSPENDED, Change, PendingWrite, Gap, Kind, Ledger, Level, LevelRead, StockRecord, Side, Timing,
    ReportedChange, Slot,
)
from brygga.core.stock.moves import (
    Hint, Observed, corrected, hinted, is_held, is_ordered, is_zeroed, landed,
    observed, refused, sent, short, suspended, unanswered, unproven,
)
from brygga.core.stock.rebasing import Doubt, SoldSince, Window, doubt, rebased
from brygga.core.stock.resolving import (
    Resolved, Review, Verdict, absent, resolve_at, resolve_shop, resolve_till, reviewed,
)
from brygga.core.stock.sending import LIMITS, excess, next_read, sendable, unshown
from brygga.core.stock.sharing import (
    Orders, attached, created, carried, ended, first_level, is_unsure, joined, new_ledger,
    began, counted, recreated, renewed, reset, restarted, seen_off, split, stopped, resumed,
)

__all__ = [
    "LIMITS", "SUSPENDED", "Change", "Doubt", "Gap", "Hint", "Kind", "Ledger", "Level",
    "LevelRead", "Observed", "Orders", "PendingWrite", "ReportedChange", "Resolved", "Review",
    "Side", "Slot", "SoldSince", "StockRecord", "Timing", "Verdict", "Window", "absent",
    "attached", "began", "carried", "corrected", "counted", "created", "doubt", "ended", "excess",
    "first_level", "hinted",
    "is_held", "is_ordered", "is_unsure", "is_zeroed", "joined", "landed", "new_ledger",
    "next_read", "observed", "rebased", "recreated", "refused", "renewed", "reset",
    "resolve_at", "resolve_shop", "resolve_till", "restarted", "resumed", "reviewed",
    "seen_off", "sendable", "sent", "short", "split", "stopped", "suspended", "unanswered",
    "unproven", "unshown",
]
