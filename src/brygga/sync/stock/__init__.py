"""The work of stock: look at both shelves, let `core.stock` decide, write what is owed, and find
out what became of it.

Here live the handlers of stock marks, the births of shelves, the part of the sweep that compares
levels, and the desk at which pages split and join stock. Here never live a rule of stock
(`core.stock`), SQL (`store.ledgers`), or a platform's words (`zettle`, `bigcommerce`).
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
