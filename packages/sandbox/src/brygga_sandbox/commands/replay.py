"""Play a recording again at a fresh sandbox, and tell the first difference.

Exit code 0: everything was the same; 1: something differs; 2: the file cannot be played.
"""

import argparse
import asyncio
import sys
from pathlib import Path

from brygga_sandbox.recording import NotARecording, events_of
from brygga_sandbox.replaying import replayed


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, help="what `brygga-sandbox --record` wrote")


def run(asked: argparse.Namespace) -> int:
    try:
        played = asyncio.run(replayed(events_of(asked.file.read_bytes())))
    except (OSError, NotARecording) as wrong:
        print(f"brygga-sandbox replay: {asked.file}: {wrong}", file=sys.stderr)
        return 2
    same = f"{played.requests} answers and {played.messages} messages are the same"
    if played.difference is None:
        print(same)
        return 0
    print(f"{played.difference}\n{same} before it")
    return 1
