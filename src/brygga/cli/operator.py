"""`brygga operator`: makes a secret for the operator's pages and API, or ends all sessions."""

import argparse
import hashlib

from brygga.cli import logs, process
from brygga.cli.acting import acted
from brygga.database import operator_sessions
from brygga.database.engine import Tx
from brygga.system import SystemClock, SystemDice
from brygga.web.operating import acts


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "what",
        choices=["new-secret", "sign-out"],
        help="new-secret: print a secret, and the line with its hash; sign-out: end all sessions",
    )


def run(asked: argparse.Namespace) -> int:
    """0: done."""
    logs.configure()
    if asked.what == "new-secret":
        print(new_secret())
        return 0
    return process.run(lambda runtime: acted(runtime, _sign_out))


def new_secret() -> str:
    made = SystemDice().token()
    return (
        f"{made}\n\nKeep it where you keep passwords. This line goes into the file that\n"
        "BRYGGA_OPERATOR_SECRETS_FILE names, or BRYGGA_OPERATOR_READERS_FILE:\n\n"
        f"sha256:{hashlib.sha256(made.encode()).hexdigest()}"
    )


async def _sign_out(tx: Tx) -> str:
    ended = await operator_sessions.end_all(tx)
    await acts.COMMAND.note(
        tx, None, SystemClock().now(), command="operator sign-out", sessions=str(ended)
    )
    return f"{ended} sessions have ended"
