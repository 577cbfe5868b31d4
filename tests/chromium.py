"""The Chromium of the browser tests.

Debian's headless shell draws the same pages without windows of its own: a new page costs it a
quarter of the CPU time.
"""

import os
import shutil
from pathlib import Path
from typing import Final

NAMES: Final = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
"""As `scripts/chromium.sh` looks for them, the cheapest first."""
CHROMIUM: Final = Path(
    os.environ.get("BRYGGA_CHROMIUM")
    or next(filter(None, map(shutil.which, NAMES)), "/usr/bin/chromium")
)
FLAGS: Final = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
