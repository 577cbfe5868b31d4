"""Python runs this first in every process that a watched test starts: what its sandbox is asked and
answers is written down.

Nothing of the project or the tests is imported here, and a process without a sandbox is left as it
is.
"""

import base64
import importlib.abc
import importlib.machinery
import importlib.util
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

ROOM = "brygga_sandbox.http"
FOLDER = "BRYGGA_SPECS_RECORDED"


class Ear(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Lets the room load as ever, then listens at its table of routes."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname != ROOM:
            return None
        sys.meta_path.remove(self)
        self.spec = importlib.util.find_spec(fullname)
        return (
            importlib.util.spec_from_loader(fullname, self, origin=self.spec.origin)
            if self.spec
            else None
        )

    def exec_module(self, module: ModuleType) -> None:
        assert self.spec is not None
        assert self.spec.loader is not None
        self.spec.loader.exec_module(module)
        listen(module.Router)


def listen(router: Any) -> None:
    """Write a line of JSON for every exchange; at once, since a process may be killed."""
    dispatch = router.dispatch
    test = os.environ.get("PYTEST_CURRENT_TEST", "").partition(" ")[0]
    paper = Path(os.environ[FOLDER], f"{os.getpid()}.jsonl").open("a", buffering=1)  # noqa: SIM115

    async def received(self: Any, request: Any) -> Any:
        response = None
        try:
            response = await dispatch(self, request)
        finally:
            line = {"test": test, "asked": asked(request), "answered": answered(response)}
            paper.write(json.dumps(line) + "\n")
        return response

    router.unrecorded = dispatch  # a worker of a parallel run checks for itself
    router.dispatch = received


def asked(request: Any) -> dict[str, Any]:
    body = base64.b64encode(request.body).decode()
    return {
        "method": request.method,
        "path": request.path,
        "query": request.query,
        "headers": request.headers,
        "body": body,
    }


def answered(response: Any) -> dict[str, Any] | None:
    """Nothing for an answer that a fault made wrong on purpose."""
    if response is None or response.is_fault:
        return None
    body = base64.b64encode(response.body).decode()
    return {"status": response.status, "headers": response.headers, "body": body}


if os.environ.get(FOLDER):
    sys.meta_path.insert(0, Ear())
