"""The work of stock: read both sides, let `core.stock` decide, write `to_push`, and resolve the
writes.

This package contains the handlers of stock work items, the initial levels, the part of the sweep
that compares levels, and the commands with which pages split and join stock. It never contains a
rule of stock (`core.stock`), SQL (`database.ledgers`), or a platform's words (`zettle`,
`bigcommerce`).
"""

from brygga.sync.stock.commands import Checked, Counted, Moved, StockCommands
from brygga.sync.stock.first_levels import StockInitialLevels
from brygga.sync.stock.gather import Till
from brygga.sync.stock.sweeping import StockSweep
from brygga.sync.stock.tracking import TrackingWork
from brygga.sync.stock.work import StockWork

__all__ = [
    "Checked",
    "Counted",
    "Moved",
    "StockCommands",
    "StockInitialLevels",
    "StockSweep",
    "StockWork",
    "Till",
    "TrackingWork",
]
