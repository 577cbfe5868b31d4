"""`brygga plan`: what the next sync would do for one merchant, product by product, as the plan page
shows it. Reads the database only.
"""

import argparse
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from brygga.cli import arguments, logs, process
from brygga.cli.process import Runtime
from brygga.database import connections
from brygga.sync.products.preview import Action, Step, Target, preview

NAME_WIDTH = 48


def add(parser: argparse.ArgumentParser) -> None:
    arguments.one_connection(parser)
    parser.add_argument(
        "--all", action="store_true", help="also the products with which nothing would be done"
    )
    parser.add_argument(
        "--if-chosen",
        action="store_true",
        help="as if every product that nobody has decided on were chosen",
    )
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(asked: argparse.Namespace) -> int:
    logs.configure()
    return process.run(lambda runtime: _plan(asked, runtime))


async def _plan(asked: argparse.Namespace, runtime: Runtime) -> int:
    database = runtime.database()
    try:
        async with database.read() as tx:
            connection = await connections.by_id(tx, asked.connection)
            ready = connection is not None and connection.shop is not None
            steps = (
                await preview(tx, connection, suppose=asked.if_chosen)
                if connection is not None and ready
                else ()
            )
    finally:
        await database.close()
    if connection is None:
        print(f"there is no connection {asked.connection}")
        return 1
    if not ready:
        print(f"connection {asked.connection} has no store yet: there is nothing to plan")
        return 1
    shown = [one for one in steps if asked.all or one.action is not Action.NOTHING]
    print(as_json(steps, shown) if asked.json else reported(steps, shown))
    return 0


def counts(steps: Sequence[Step]) -> dict[str, int]:
    found = Counter(one.action for one in steps)
    return {action.value: found[action] for action in Action} | {
        "undecided": sum(one.undecided for one in steps)
    }


def as_json(steps: Sequence[Step], shown: Sequence[Step]) -> str:
    whole = {"counts": counts(steps), "products": [_plain(one) for one in shown]}
    return json.dumps(whole, indent=2, ensure_ascii=False)


def _plain(step: Step) -> Mapping[str, Any]:
    return {
        "uuid": step.uuid,
        "name": step.name,
        "action": step.action.value,
        "reason": step.reason,
        "if_chosen": step.supposed,
        "linked_with": None if step.target is None else _other(step.target),
        "likely": [_other(one) for one in step.likely],
        "choice": step.choice.value,
        "notes": [{"code": note.code, **note.params} for note in step.notes],
    }


def _other(target: Target) -> Mapping[str, Any]:
    return {
        "product_id": target.product_id,
        "name": target.name,
        "reason": target.reason,
        "certainty": target.certainty,
    }


def reported(steps: Sequence[Step], shown: Sequence[Step]) -> str:
    rows = [f"{one.action.value:<10} {_fitted(one.name)} {_why(one)}".rstrip() for one in shown]
    summary = ", ".join(f"{count} {action}" for action, count in counts(steps).items() if count)
    return "\n".join([*rows, f"{len(steps)} products: {summary or 'none'}"])


def _why(step: Step) -> str:
    """The reason, the other product, the likely ones without a decision, and the notes."""
    parts = [step.reason] if step.reason else []
    if step.target is not None:
        parts.append(f"with #{step.target.product_id} {_line(step.target.name)}")
    elif step.undecided:
        parts += [
            f"likely #{one.product_id} {_line(one.name)} ({one.certainty}: {one.reason})"
            for one in step.likely
        ]
    parts += dict.fromkeys(note.code for note in step.notes if note.code != step.reason)
    return ", ".join(parts)


def _line(text: str) -> str:
    return " ".join(text.split())


def _fitted(name: str) -> str:
    line = _line(name)
    return f"{line if len(line) <= NAME_WIDTH else line[: NAME_WIDTH - 1] + '…':<{NAME_WIDTH}}"
