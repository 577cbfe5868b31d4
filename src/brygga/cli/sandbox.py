"""`brygga sandbox`: both platforms alone, for anybody who develops against them. The same as
`python -m brygga_sandbox`.
"""

import argparse

from brygga_sandbox import __main__ as sandbox_command


def add(parser: argparse.ArgumentParser) -> None:
    sandbox_command.add_arguments(parser)


def run(asked: argparse.Namespace) -> int:
    return sandbox_command.open_sandbox(asked)
