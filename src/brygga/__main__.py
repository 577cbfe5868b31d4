"""The command `brygga`."""

import gc
import sys

from brygga.cli import commands


def main() -> int:
    # While modules load, hardly anything becomes garbage: looking for it takes a tenth of a start.
    gc.disable()
    return commands.run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
