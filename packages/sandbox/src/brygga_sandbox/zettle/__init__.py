"""A Zettle that behaves as its documents say: accounts, library, inventory, webhooks, purchases,
pictures, and a till.

This package holds the merchant's data and the rules by which Zettle refuses requests. It never
holds anything about how a client uses them. Numbers in brackets, such as (4.5), name sections of
docs/platforms/zettle.md.
"""

from brygga_sandbox.zettle.core import Config
from brygga_sandbox.zettle.images import painted
from brygga_sandbox.zettle.receipts import Amount, Line
from brygga_sandbox.zettle.sandbox import Tokens, ZettleSandbox
from brygga_sandbox.zettle.state import App, Organization
from brygga_sandbox.zettle.switches import Switches
from brygga_sandbox.zettle.till import Till

__all__ = [
    "Amount",
    "App",
    "Config",
    "Line",
    "Organization",
    "Switches",
    "Till",
    "Tokens",
    "ZettleSandbox",
    "painted",
]
