"""The certificate as a page to read and as JSON to keep."""

from collections.abc import Sequence
from typing import Any

from brygga.sandbox.certify.asking import Answered, Certificate, Reading

NOT_ASKED = {
    "Z3, Z12, B1, B10, B11, B14": "need a public address for webhooks and callbacks, or a person at the till and in the shop",
    "Z1, Z2": "are looked up in goods that a merchant has made by hand",
    "Z4, Z5": "end or decline a sign-in; try them with the app's own page",
    "Z10": "needs a call refused for its rate, and none is provoked on a live account",
    "Z11, Z13": "need a webhook receiver, and goods sold by weight",
}
"""Open questions that no run can settle by itself, and why."""


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


def as_json(certificate: Certificate, switches: dict[str, dict[str, Any]] | None = None) -> dict[str, Any]:
    """Plain values. `switches`: what the sandbox has in force, side by side."""
    return {
        "against": certificate.against,
        "good": certificate.good,
        "answers": [row(one, switches or {}) for one in certificate.answers],
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
    """True where a switch's value is (one of) what was read."""
    return value in reading if isinstance(reading, tuple) else bool(reading == value)


def as_markdown(certificate: Certificate, switches: dict[str, dict[str, Any]] | None = None) -> str:
    """A page: what is broken first, then open questions with their switches, then the rules, then the evidence."""
    known = switches or {}
    answers = certificate.answers
    settled = [one for one in answers if one.verdict == "settled"]
    unclear = [one for one in answers if one.verdict == "unclear"]
    rules = [one for one in answers if one.verdict in {"holds", "broken"}]
    broken = [one for one in rules if one.verdict == "broken"]
    lines = [
        f"# Certificate: {certificate.against}",
        "",
        (
            f"{len(rules) - len(broken)} of {len(rules)} rules hold; {len(settled)} open questions settled, "
            f"{len(unclear)} unclear; {len(certificate.left_behind)} things left behind."
        ),
        *section("Broken rules", [f"- **{one.question.text}**" for one in broken]),
        *section("Left behind", [f"- {one}" for one in certificate.left_behind]),
        *section("Open questions, settled", table(settled, known)),
        *section("Open questions, unclear", [f"- {one.question.text} {one.why}" for one in unclear]),
        *section("Open questions, not asked", [f"- {which}: {why}" for which, why in NOT_ASKED.items()]),
        *section("Rules that hold", [f"- {one.question.text}" for one in rules if one.verdict == "holds"]),
        *section("Evidence", [line for one in answers for line in evidence(one)]),
    ]
    return "\n".join(lines) + "\n"


def section(title: str, lines: Sequence[str]) -> list[str]:
    return ["", f"## {title}", "", *lines] if lines else []


def table(settled: Sequence[Answered], switches: dict[str, dict[str, Any]]) -> list[str]:
    head = ["| # | question | answer | switch | sandbox |", "|---|---|---|---|---|"]
    rows = []
    for one in settled:
        value = switches.get(one.question.side, {}).get(one.question.switch)
        mark = "" if value is None else f"{shown(value)}{'' if agrees(one.reading, value) else ' **differs**'}"
        rows.append(
            f"| {one.question.number} | {one.question.text} | {shown(one.reading)} | `{one.question.switch}` | {mark} |"
        )
    return head + rows


def evidence(one: Answered) -> list[str]:
    return [f"- {one.question.key} ({one.verdict})", *(f"    - `{line}`" for line in one.evidence)]
