"""The certificate as a page to read and as JSON to keep."""

from collections.abc import Sequence
from typing import Any

from brygga.sandbox.certify.asking import Answered, Certificate, Reading

NOT_ASKED = {
    "B10, B11, B12, B14, Z3, Z7, Z12, Z16, Z28, Z29, Z31": (
        "what webhooks hold and when they come: they need a public address, and a person at the till or in the shop"
    ),
    "B1, Z5, Z15": "end or decline a connection; try them with the app's own pages",
    "Z4, Z18, Z17": "are about signing in with the app's own keys and fewer rights, not with an API key",
    "Z11, Z30": "need a public address that answers the platform's test message",
    "B28, Z10": "need a call refused for its rate, and none is provoked on a live account",
    "B27": "needs many measurements over a day; one run would only find one delay",
    "Z1, Z2, Z13": "are looked up in goods that a merchant has made by hand, with videos, texts and decimal units",
    "Z23": "needs an account with a long history",
    "Z24": "only an account in which nothing was ever tracked can tell, and asking the others changes that",
    "Z32": "needs pictures in the account, which cannot be removed again",
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
