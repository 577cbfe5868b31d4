"""`brygga certify`: the same as `brygga-sandbox certify`."""

from brygga_sandbox.commands.certify import add, run

__all__ = ["add", "run"]
