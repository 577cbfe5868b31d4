"""The command `brygga`."""

import sys

from brygga.cli import commands


def main() -> int:
    return commands.run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
