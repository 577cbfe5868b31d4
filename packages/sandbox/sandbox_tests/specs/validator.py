"""Every request that the service sends and every answer that the sandbox gives, held against the
platforms' OpenAPI files.

What does not fit is a finding. A finding is a violation unless `slips` names it: there the file
itself is wrong, and the reason is given.
"""

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sandbox_tests.specs.operations import ZETTLE, Operation, Operations, Parameter
from sandbox_tests.specs.slips import GENERAL_ERROR, SLIPS, Slip

OURS = "Brygga"
"""How the service names itself in User-Agent. What tests ask by hand is meant to be wrong at times;
it is not checked.
"""
_API = re.compile(r".*/stores/[^/]+(/v[23]/.*)")
_ZETTLE = re.compile(r"(/products/(?:organizations|v1)/.*)")
_NEVER_PARAMETERS = frozenset({"accept", "content-type", "authorization"})
"""OpenAPI 3.0: header parameters of these names are to be ignored."""
_DECLARED_ELSEWHERE = frozenset(
    {400, 401, 403, 404, 405, 406, 408, 409, 412, 413, 415, 422, 423, 429, 507}
)


@dataclass(frozen=True, slots=True)
class Asked:
    """One request, as it came over the wire."""

    method: str
    path: str
    query: tuple[tuple[str, str], ...]
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Answered:
    """One answer."""

    status: int
    media_type: str
    body: bytes


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """Something that does not fit: whose side, which operation, which status (0 for a request),
    where, and what.
    """

    side: str
    operation: str
    status: int
    where: str
    what: str

    def __str__(self) -> str:
        status = f" {self.status}" if self.status else ""
        return f"{self.side} {self.operation}{status} at {self.where or '/'}: {self.what}"


@dataclass(slots=True)
class Tally:
    """What was checked and what came of it; mergeable, so that several processes can add up."""

    requests: int = 0
    answers: int = 0
    unread: int = 0
    operations: Counter[str] = field(default_factory=Counter)
    violations: dict[str, list[str]] = field(default_factory=dict)
    slips: Counter[str] = field(default_factory=Counter)

    def add(self, other: dict[str, Any]) -> None:
        """Take over what another process found."""
        self.requests += other["requests"]
        self.answers += other["answers"]
        self.unread += other["unread"]
        self.operations.update(other["operations"])
        self.slips.update(other["slips"])
        for finding, seen in other["violations"].items():
            self.violations.setdefault(finding, []).extend(seen)

    def portable(self) -> dict[str, Any]:
        """The same as plain values."""
        return {
            "requests": self.requests,
            "answers": self.answers,
            "unread": self.unread,
            "operations": dict(self.operations),
            "slips": dict(self.slips),
            "violations": self.violations,
        }


class Validator:
    """Reads the files once; remembers what it has seen, so that the same bytes are checked once."""

    def __init__(self, folder: Path, slips: Iterable[Slip] = SLIPS) -> None:
        self.operations = Operations(folder)
        self.slips = tuple(slips)
        self.tally = Tally()
        self._seen: dict[tuple[Any, ...], list[Finding]] = {}
        self._slip_of: dict[Finding, Slip | None] = {}

    def check(self, asked: Asked, answered: Answered | None, test: str = "") -> list[Finding]:
        """Check one exchange and book it. Gives what is a violation; [] for an address that no file
        speaks of.
        """
        address = _API.fullmatch(asked.path) or _ZETTLE.fullmatch(asked.path)
        at_path = self.operations.at(address[1].rstrip("/")) if address else None
        if at_path is None:
            return []
        ours = asked.headers.get("user-agent", "").startswith(OURS)
        operation = at_path.get(asked.method)
        if operation is None:
            unknown = Finding(
                "request", f"{asked.method} {asked.path}", 0, "", "no such method in the files"
            )
            return self._noted([unknown] if ours else [], test)
        found: list[Finding] = []
        if ours:
            self.tally.requests += 1
            self.tally.operations[operation.name] += 1
            found += self._once(
                ("q", operation, asked.query, asked.body), lambda: self.request(operation, asked)
            )
        if answered is not None:
            self.tally.answers += 1
            found += self._once(
                ("a", operation, answered), lambda: self.answer(operation, answered)
            )
        return self._noted(found, test)

    def _once(self, key: tuple[Any, ...], look: Any) -> list[Finding]:
        key = (key[0], id(key[1]), *key[2:])
        if key not in self._seen:
            self._seen[key] = list(look())
        return self._seen[key]

    def _noted(self, found: list[Finding], test: str) -> list[Finding]:
        violations = []
        for finding in found:
            if finding not in self._slip_of:
                self._slip_of[finding] = next(
                    (slip for slip in self.slips if slip.covers(finding)), None
                )
            slip = self._slip_of[finding]
            if slip is not None:
                self.tally.slips[slip.name] += 1
                continue
            violations.append(finding)
            seen = self.tally.violations.setdefault(str(finding), [])
            if test not in seen and len(seen) < 3:
                seen.append(test)
        return violations

    # -- the service's side

    def request(self, operation: Operation, asked: Asked) -> Iterator[Finding]:
        """What in a request does not fit its operation."""

        def wrong(where: str, what: str) -> Finding:
            return Finding("request", operation.name, 0, where, what)

        yield from (wrong(f"?{name}", what) for name, what in queries(operation, asked.query))
        for name, header in operation.parameters["header"].items():
            if header.required and name not in asked.headers and name not in _NEVER_PARAMETERS:
                yield wrong(name, "a required header is missing")
        if not asked.body:
            if operation.body_required:
                yield wrong("", "the body is missing")
            return
        kind = asked.headers.get("content-type", "").partition(";")[0]
        if kind not in operation.bodies:
            yield wrong("", f"a body of type {kind} is not expected")
        elif kind == "application/json":
            yield from (
                wrong(where, what)
                for where, what in misfits(operation.bodies[kind], json.loads(asked.body))
            )

    # -- the sandbox's side

    def answer(self, operation: Operation, answered: Answered) -> Iterator[Finding]:
        """What in an answer does not fit its operation. A page where JSON belongs is a fault on
        purpose.
        """

        def wrong(where: str, what: str) -> Finding:
            return Finding("answer", operation.name, answered.status, where, what)

        word = operation.declared(answered.status)
        if answered.media_type == "text/html" or answered.status >= 500 or answered.status == 304:
            self.tally.unread += 1
            return
        if word is None and answered.status not in _DECLARED_ELSEWHERE:
            yield wrong("", "a status that the file does not know")
            return
        if answered.status == 204:
            if answered.body:
                yield wrong("", "204 with a body")
            return
        value, readable = read(answered)
        if not readable:
            # Refusals may be plain text (bigcommerce facts 9), or nothing at all (zettle facts
            # 2.6).
            if answered.status < 400 and (
                answered.body or (word is not None and operation.statuses[word])
            ):
                yield wrong("", "the body is not JSON")
            return
        yield from (
            wrong(where, what) for where, what in self._misfits(operation, word, answered, value)
        )

    def _misfits(
        self, operation: Operation, word: str | None, answered: Answered, value: Any
    ) -> Iterable[tuple[str, str]]:
        checks = operation.answer(word, answered.media_type) if word else None
        found = list(misfits(checks, value)) if checks is not None else []
        if answered.status < 400 or operation.file == ZETTLE or (checks is not None and not found):
            return found
        # Errors have one general shape, whatever narrower one the operation shows (bigcommerce
        # facts 9).
        general = list(
            misfits(GENERAL_ERROR["v2" if operation.template.startswith("/v2") else "v3"], value)
        )
        return found if found and general else general


def read(answered: Answered) -> tuple[Any, bool]:
    """The value of a JSON body, and whether there is one."""
    if not answered.body or "json" not in answered.media_type:
        return None, False
    try:
        return json.loads(answered.body), True
    except ValueError:
        return None, False


def misfits(checks: tuple[Any, Any], value: Any) -> Iterator[tuple[str, str]]:
    """Where a value does not fit and why, indexes of lists as "*"."""
    shape, names = checks
    if not shape.is_valid(value):
        for error in shape.iter_errors(value):
            yield from innermost(error)
    if not names.is_valid(value):
        for error in names.iter_errors(value):
            yield (
                place(error),
                re.sub(r"^Additional properties are not allowed ", "unknown: ", error.message),
            )


def innermost(error: Any) -> Iterator[tuple[str, str]]:
    """The errors inside the branch of a choice that came closest; of any other error itself."""
    here = list(error.instance_path)
    branches = [
        branch for branch in getattr(error.kind, "context", None) or [] if not _only_null(branch)
    ]
    if not branches:
        yield (
            place(error),
            re.sub(r"^.{100,}?( is | are | has | does )", r"a long value\1", error.message)[:200],
        )
        return
    for one in min(branches, key=lambda branch: (_wrong_kind(branch, here), len(branch))):
        yield from innermost(one)


def place(error: Any) -> str:
    return "/".join("*" if isinstance(part, int) else str(part) for part in error.instance_path)


def _only_null(branch: Any) -> bool:
    return len(branch) == 1 and branch[0].message.endswith('is not of type "null"')


def _wrong_kind(branch: Any, here: list[Any]) -> bool:
    return any(
        "is not of type" in one.message and list(one.instance_path) == here for one in branch
    )


def queries(operation: Operation, query: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Which values of the query do not fit: (name, what is wrong)."""
    known = operation.parameters["query"]
    given = list(query)
    for name, text in given:
        parameter = known.get(name)
        if parameter is None:
            yield name, "no such parameter"
            continue
        for part in text.split(",") if parameter.many else [text]:
            yield from (
                (name, what) for _, what in misfits(parameter.checks, typed(parameter, part))
            )
    names = {name for name, _ in given}
    yield from (
        (name, "is required")
        for name, parameter in known.items()
        if parameter.required and name not in names
    )


def typed(parameter: Parameter, text: str) -> Any:
    """The value that a text in the query stands for; the text itself where it stands for none."""
    if parameter.kind == "boolean":
        return {"true": True, "false": False}.get(text, text)
    if parameter.kind in {"integer", "number"} and re.fullmatch(r"-?\d+(\.\d+)?", text):
        return float(text) if "." in text else int(text)
    return text
