"""`brygga sandbox`: both platforms alone, for anybody who builds against them. The same as `python
-m brygga_sandbox`.
"""

import argparse

from brygga_sandbox import __main__ as toy_town


def add(parser: argparse.ArgumentParser) -> None:
    toy_town.add_arguments(parser)


def run(asked: argparse.Namespace) -> int:
    return toy_town.open_town(asked)
