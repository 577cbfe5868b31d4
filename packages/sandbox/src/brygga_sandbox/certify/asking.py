"""Asks every question, one after the other, and always cleans up."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Literal

import httpx2

from brygga_sandbox.certify.bench import Bench, Unclear

Reading = bool | int | str | tuple[str, ...]
Verdict = Literal["settled", "holds", "broken", "seen", "unclear"]
Side = Literal["shop", "till"]


@dataclass(frozen=True, slots=True)
class Question:
    """Something to find out. With a `switch` the answer is that switch's value. Without one it is a
    rule that must hold (True).

    A `look` is neither: its answer is a text for a person. `number` names the open question of
    docs/open-questions.md that it answers, if there is one.
    """

    key: str
    side: Side
    text: str
    ask: Callable[[Bench], Awaitable[Reading]]
    switch: str = ""
    number: str = ""
    look: bool = False


@dataclass(frozen=True, slots=True)
class Answered:
    """A question with its answer. Several values mean that any of these is possible and the run
    cannot distinguish them.
    """

    question: Question
    verdict: Verdict
    reading: Reading | None = None
    why: str = ""
    evidence: tuple[str, ...] = ()


@dataclass(slots=True)
class Certificate:
    """All answers of a run, and what could not be removed after it."""

    against: str
    answers: list[Answered] = field(default_factory=list)
    left_behind: list[str] = field(default_factory=list)

    @property
    def good(self) -> bool:
        """True when no rule is broken and nothing is left behind. An open question has no wrong
        answer.
        """
        return not self.left_behind and all(one.verdict != "broken" for one in self.answers)

    def reading(self, switch: str) -> Reading | None:
        """The answer that decides a switch. None without one."""
        return next((one.reading for one in self.answers if one.question.switch == switch), None)


class Questions:
    """A list of questions that grows by decoration."""

    def __init__(self, side: Side) -> None:
        self.side: Side = side
        self.questions: list[Question] = []

    def rule(
        self, text: str
    ) -> Callable[[Callable[[Bench], Awaitable[Reading]]], Callable[[Bench], Awaitable[Reading]]]:
        """What must hold everywhere."""
        return self.question("", text)

    def question(
        self, switch: str, text: str, number: str = ""
    ) -> Callable[[Callable[[Bench], Awaitable[Reading]]], Callable[[Bench], Awaitable[Reading]]]:
        """What the documents leave open."""

        def note(
            ask: Callable[[Bench], Awaitable[Reading]],
        ) -> Callable[[Bench], Awaitable[Reading]]:
            self.questions.append(Question(ask.__name__, self.side, text, ask, switch, number))
            return ask

        return note

    def look(
        self, text: str, number: str
    ) -> Callable[[Callable[[Bench], Awaitable[str]]], Callable[[Bench], Awaitable[str]]]:
        """What no switch can express. The answer is text."""

        def note(ask: Callable[[Bench], Awaitable[str]]) -> Callable[[Bench], Awaitable[str]]:
            self.questions.append(
                Question(ask.__name__, self.side, text, ask, "", number, look=True)
            )
            return ask

        return note


async def certify(bench: Bench, against: str, questions: list[Question]) -> Certificate:
    """Ask all questions, each with its own objects. What an earlier run left is removed first. What
    this run created is removed at the end, also when it is cancelled.
    """
    certificate = Certificate(against)
    await bench.clean_up()
    try:
        for question in questions:
            if bench.place.shop_token if question.side == "shop" else bench.place.zettle_token:
                certificate.answers.append(await put(bench, question))
    finally:
        # Shielded: one interruption still leaves a clean account.
        certificate.left_behind = await asyncio.shield(asyncio.ensure_future(bench.clean_up()))
    return certificate


async def put(bench: Bench, question: Question) -> Answered:
    """One question and its answer."""
    bench.evidence.clear()
    try:
        reading = await question.ask(bench)
    except Unclear as unclear:
        return Answered(question, "unclear", None, str(unclear), tuple(bench.evidence))
    except (httpx2.HTTPError, KeyError, ValueError, TypeError, IndexError, StopIteration) as error:
        # An answer of an unexpected shape belongs in the report. It does not end the run.
        return Answered(
            question, "unclear", None, f"{type(error).__name__}: {error}", tuple(bench.evidence)
        )
    if question.look:
        return Answered(question, "seen", reading, "", tuple(bench.evidence))
    if question.switch:
        return Answered(question, "settled", reading, "", tuple(bench.evidence))
    return Answered(
        question, "holds" if reading is True else "broken", reading, "", tuple(bench.evidence)
    )
