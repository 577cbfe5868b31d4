"""The certificate as a page to read and as JSON to store."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from brygga_sandbox.certify.asking import Answered, Certificate, Reading
from brygga_sandbox.certify.not_asked import NOT_ASKED


def shown(reading: Reading | None) -> str:
    """A reading as the switch takes it."""
    match reading:
        case None:
            return "–"
        case bool():
            return "yes" if reading else "no"
        case tuple():
            return " or ".join(reading)
        case _:
            return str(reading)


def as_json(
    certificate: Certificate, switches: dict[str, dict[str, Any]] | None = None
) -> dict[str, Any]:
    """The certificate as plain values. `switches`: what the sandbox has in force, for
    comparison.
    """
    return {
        "against": certificate.against,
        "good": certificate.good,
        "answers": [row(one, switches or {}) for one in certificate.answers],
        "not_asked": [asdict(one) for one in NOT_ASKED],
        "left_behind": certificate.left_behind,
    }


def row(one: Answered, switches: dict[str, dict[str, Any]]) -> dict[str, Any]:
    question = one.question
    return {
        "key": question.key,
        "platform": "BigCommerce" if question.side == "shop" else "Zettle",
        "question": question.text,
        "number": question.number,
        "switch": question.switch,
        "verdict": one.verdict,
        "reading": one.reading,
        "sandbox": switches.get(question.side, {}).get(question.switch),
        "why": one.why,
        "evidence": list(one.evidence),
    }


def agrees(reading: Reading | None, value: Any) -> bool:
    """True if a switch's value is (one of) the values that were read."""
    return value in reading if isinstance(reading, tuple) else bool(reading == value)


def as_markdown(certificate: Certificate, switches: dict[str, dict[str, Any]] | None = None) -> str:
    """The page: broken rules first, then open questions with their switches, then the rules, then
    the evidence.
    """
    known = switches or {}
    answers = certificate.answers
    settled = [one for one in answers if one.verdict == "settled"]
    unclear = [one for one in answers if one.verdict == "unclear"]
    seen = [one for one in answers if one.verdict == "seen"]
    rules = [one for one in answers if one.verdict in {"holds", "broken"}]
    broken = [one for one in rules if one.verdict == "broken"]
    lines = [
        f"# Certificate: {certificate.against}",
        "",
        (
            f"{len(rules) - len(broken)} of {len(rules)} rules hold; {len(settled)} open questions "
            "settled, "
            f"{len(unclear)} unclear, {len(seen)} looked at; {len(certificate.left_behind)} things "
            "left behind."
        ),
        *section("Broken rules", [f"- **{one.question.text}**" for one in broken]),
        *section("Left behind", [f"- {one}" for one in certificate.left_behind]),
        *section("Open questions, settled", table(settled, known)),
        *section("Open questions, unclear", [line(one) for one in unclear]),
        *section("Seen, for a person to judge", looks(seen)),
        *section("Open questions, not asked", not_asked()),
        *section(
            "Rules that hold", [f"- {one.question.text}" for one in rules if one.verdict == "holds"]
        ),
        *section("Evidence", [line for one in answers for line in evidence(one)]),
    ]
    return "\n".join(lines) + "\n"


def line(one: Answered) -> str:
    """A question without an answer, with its number and switch if it has them, and the reason."""
    marks = " ".join(
        part
        for part in (one.question.number, f"`{one.question.switch}`" if one.question.switch else "")
        if part
    )
    return f"- {marks + ': ' if marks else ''}{one.question.text} {one.why}"


def section(title: str, lines: Sequence[str]) -> list[str]:
    return ["", f"## {title}", "", *lines] if lines else []


def table(settled: Sequence[Answered], switches: dict[str, dict[str, Any]]) -> list[str]:
    head = ["| # | question | answer | switch | sandbox |", "|---|---|---|---|---|"]
    rows = []
    for one in settled:
        value = switches.get(one.question.side, {}).get(one.question.switch)
        mark = (
            ""
            if value is None
            else f"{shown(value)}{'' if agrees(one.reading, value) else ' **differs**'}"
        )
        rows.append(
            f"| {one.question.number} | {one.question.text} | {shown(one.reading)} | "
            f"`{one.question.switch}` | {mark} |"
        )
    return head + rows


def looks(seen: Sequence[Answered]) -> list[str]:
    head = ["| # | question | seen |", "|---|---|---|"]
    return (
        [
            *head,
            *(
                f"| {one.question.number} | {one.question.text} | {shown(one.reading)} |"
                for one in seen
            ),
        ]
        if seen
        else []
    )


def not_asked() -> list[str]:
    """The questions that a person must answer, with what to do."""
    head = [
        "| # | question | switches | why no run can tell | how to find out |",
        "|---|---|---|---|---|",
    ]
    rows = [
        (
            f"| {', '.join(one.numbers)} | {one.text} | "
            f"{', '.join(f'`{name}`' for name in one.switches)} | {one.why} | {one.how} |"
        )
        for one in NOT_ASKED
    ]
    return head + rows


def evidence(one: Answered) -> list[str]:
    return [f"- {one.question.key} ({one.verdict})", *(f"    - `{line}`" for line in one.evidence)]
