"""Argument types that several commands share: numbers within bounds, and an error message for any
other value; and what a command says of a connection that is not there.
"""

import argparse
import sys
from collections.abc import Callable

LARGEST = 2**63 - 1
"""The largest number of a connection that the database can hold."""


def between(low: int, high: int) -> Callable[[str], int]:
    """A whole number within bounds, both included."""

    def read(text: str) -> int:
        if not text.strip().isdecimal() or not low <= int(text) <= high:
            raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from {low} to {high}")
        return int(text)

    return read


connection = between(1, LARGEST)
"""As `brygga status` shows it."""
port = between(0, 65_535)
"""0: any free port."""
port_base = between(0, 65_533)
"""The first of three ports; 0: any free ports."""


def one_connection(parser: argparse.ArgumentParser) -> None:
    """`connection`: the number of one, which has to be given."""
    parser.add_argument(
        "connection",
        type=connection,
        help="the number of a connection, as `brygga status` shows it",
    )


def unknown(number: int) -> int:
    """Says that there is no connection of this number. The command ends with 1."""
    print(f"there is no connection {number}; `brygga status` lists them", file=sys.stderr)
    return 1
