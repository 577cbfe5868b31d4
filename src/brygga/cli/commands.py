"""The table of commands."""

import argparse
import gc
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.metadata import version
from types import ModuleType

COMMANDS = {
    "demo": "the whole thing on this machine, with both platforms' sandboxes",
    "check": "prove the main job on the sandbox, without a screen",
    "serve": "the pages and webhook receivers",
    "worker": "the work",
    "migrate": "bring the database to this version",
    "sandbox": "both platforms' sandboxes alone",
    "certify": "put the platforms' open questions to a real account, or to the sandbox",
    "doctor": "what is wrong with this installation, and how to mend it",
    "status": "how connections are doing",
    "plan": "what the next sync would do for one merchant",
    "sync": "sync one merchant, or one product, now",
    "pause": "hold all work of one merchant, until you resume it",
    "resume": "let the work of one merchant go on",
    "queue": "the work that waits, what failed and why, what each worker does",
    "retry": "try again now what failed by a fault of ours",
    "backup": "everything of this installation in one file, checked by restoring it",
    "restore": "replace the database by a backup",
    "reconcile": "what connections ask after a restore, and answers by rule",
    "shadow": "connections that watch beside another app, and what Brygga would have written",
    "replay": "read kept webhooks again: what this version would do differently",
    "export": "one merchant in a file, to move to another installation",
    "import": "take a merchant from the file of another installation, after showing what comes",
    "adopt": "link what another connector made, by equal SKUs, after showing what",
    "erase": "everything of one merchant who has left, with a receipt",
    "signout": "end every session of one merchant; the sync goes on",
    "log": "a merchant's sync log in words, or the report behind a support id",
    "support": "the support bundle of one merchant: codes, ids, counts and times",
    "operator": "secrets for the operator's pages and API, and an end of all sessions there",
    "audit": "acts of one merchant that matter to security: sign-ins, disconnects, exports",
    "bench": "what the work costs in requests, statements and processor time",
}

MODULES = {"import": "importing", "export": "exporting"}
"""The module of a command, where it has another name."""
SANDBOX = "brygga_sandbox"
MISSING = "the sandbox, which is not installed: pip install 'brygga[demo]'"


def run(arguments: Sequence[str]) -> int:
    """The exit code: 0 success, 1 failure, 2 wrong arguments, 130 ended by Ctrl-C, 141 nobody reads
    the output any more.
    """
    try:
        code = _run(arguments)
        sys.stdout.flush()
    except KeyboardInterrupt:
        print(file=sys.stderr)
        return 130
    except BrokenPipeError:
        # At the end Python flushes once more: into nothing, not into the closed pipe.
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115
        return 141
    return code


def _run(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(
        "brygga", description="Links Zettle tills with BigCommerce shops."
    )
    parser.add_argument("--version", action="version", version=f"brygga {version('brygga')}")
    kinds = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    chosen = next((word for word in arguments if word in COMMANDS), None)
    for name, meaning in COMMANDS.items():
        command = kinds.add_parser(name, help=meaning, description=meaning.capitalize() + ".")
        if name == chosen:
            # Only the chosen command is loaded: `brygga --help` answers at once.
            module = loaded(name)
            if module is None:
                print(f"brygga {name} needs {MISSING}", file=sys.stderr)
                return 2
            module.add(command)
    asked = parser.parse_args(arguments)
    if not gc.isenabled():
        # A process of its own (`__main__`): what is loaded stays until the end.
        gc.freeze()
        gc.enable()
    return int(import_module(module_of(asked.command)).run(asked))


def loaded(name: str) -> ModuleType | None:
    """The module of a command. None where it needs the sandbox, and the sandbox is not
    installed.
    """
    try:
        return import_module(module_of(name))
    except ModuleNotFoundError as missing:
        if missing.name != SANDBOX:
            raise
        return None


def module_of(name: str) -> str:
    return f"brygga.cli.{MODULES.get(name, name)}"
