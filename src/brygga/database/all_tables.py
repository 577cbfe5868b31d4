"""Every table: `metadata` is whole where it comes from here."""

from brygga.database import (
    access_tables,
    alert_tables,
    product_tables,
    stock_tables,
    watching_tables,
)
from brygga.database.tables import metadata

MODULES = (access_tables, alert_tables, product_tables, stock_tables, watching_tables)
"""The modules that add their tables to the metadata when they are imported."""

__all__ = ["MODULES", "metadata"]
