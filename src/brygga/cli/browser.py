"""A browser client that reads pages and presses buttons over plain HTTP, for the demo and the
check.

It knows none of our routes: it finds forms and links by their text, as a merchant would, and keeps
cookies.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin

import httpx2


class Lost(Exception):
    """The page has no such button or link; the message shows what it has."""


@dataclass
class Form:
    action: str
    method: str
    fields: list[tuple[str, str]] = field(default_factory=list)
    choices: list[tuple[str, str]] = field(default_factory=list)
    """Radio buttons and check boxes that are not chosen: (name, value)."""
    buttons: list[tuple[str, str, str, str]] = field(default_factory=list)
    """(text, name, value, an address of its own or "")."""


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.forms: list[Form] = []
        self.by_id: dict[str, Form] = {}
        self.links: list[tuple[str, str]] = []
        self._form: Form | None = None
        self._words: list[str] | None = None
        self._ends: tuple[str, str, str, str] = ("", "", "", "")
        self._target: Form | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        match tag:
            case "form":
                self._form = self._named(given["id"]) if given.get("id") else Form("", "get")
                self._form.action, self._form.method = (
                    given.get("action", ""),
                    given.get("method", "get").lower(),
                )
                self.forms.append(self._form)
            case "input":
                self._input(given)
            case "button":
                self._target = self._named(given["form"]) if "form" in given else self._form
                self._words = []
                self._ends = (
                    tag,
                    given.get("name", ""),
                    given.get("value", ""),
                    given.get("formaction", ""),
                )
            case "a":
                self._words, self._ends = [], (tag, given.get("href", ""), "", "")

    def _named(self, name: str) -> Form:
        """The form with that id: a button may come before its form."""
        return self.by_id.setdefault(name, Form("", "get"))

    def _input(self, given: dict[str, str]) -> None:
        form = self._named(given["form"]) if "form" in given else self._form
        name, value, kind = given.get("name", ""), given.get("value", ""), given.get("type", "text")
        if form is None:
            return
        if kind == "submit":
            form.buttons.append((value, name, value, given.get("formaction", "")))
        elif kind in {"radio", "checkbox"} and "checked" not in given:
            form.choices.append((name, value or "on"))
        elif name:
            form.fields.append((name, value or ("on" if kind == "checkbox" else "")))

    def handle_data(self, data: str) -> None:
        if self._words is not None:
            self._words.append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None
        elif self._words is not None and tag == self._ends[0]:
            words = " ".join("".join(self._words).split())
            if tag == "a":
                self.links.append((words, self._ends[1]))
            elif self._target is not None:
                self._target.buttons.append((words, *self._ends[1:]))
            self._words = None


class BrowserClient:
    """One browser without a screen. `page` is the text of the open page, `url` its address."""

    def __init__(self, http: httpx2.AsyncClient) -> None:
        self._http = http
        self.url = ""
        self.page = ""

    async def open(self, url: str) -> str:
        return await self._show(await self._http.get(urljoin(self.url, url), follow_redirects=True))

    async def press(self, *words: str, **choices: str | Sequence[str]) -> str:
        """Presses the first button, or follows the first link, with one of the texts; `choices`
        fill its form.

        Several values of one name are a sequence. An empty sequence is a box that is not ticked.
        """
        reader = self._read()
        for form in reader.forms:
            for label, name, value, action in form.buttons:
                if any(word in label for word in words):
                    return await self._submit(form, action or form.action, (name, value), choices)
        for label, href in reader.links:
            if any(word in label for word in words):
                return await self.open(href)
        seen = [label for form in reader.forms for label, *_ in form.buttons] + [
            label for label, _ in reader.links
        ]
        raise Lost(f"{self.url} has none of {words}, only {seen}")

    def offers(self, *words: str) -> bool:
        """Whether the open page has a button or link with one of the texts."""
        reader = self._read()
        labels = [label for form in reader.forms for label, *_ in form.buttons] + [
            label for label, _ in reader.links
        ]
        return any(word in label for word in words for label in labels)

    def _read(self) -> _Reader:
        reader = _Reader()
        reader.feed(self.page)
        return reader

    async def _submit(
        self,
        form: Form,
        action: str,
        pressed: tuple[str, str],
        choices: Mapping[str, str | Sequence[str]],
    ) -> str:
        data: dict[str, list[str]] = {}
        for key, given in [*form.fields, *([pressed] if pressed[0] else [])]:
            if key not in choices:
                data.setdefault(key, []).append(given)
        data |= {
            key: [given] if isinstance(given, str) else [*given] for key, given in choices.items()
        }
        target = urljoin(self.url, action) if action else self.url
        if form.method == "post":
            return await self._show(await self._http.post(target, data=data, follow_redirects=True))
        return await self._show(await self._http.get(target, params=data, follow_redirects=True))

    async def _show(self, answer: httpx2.Response) -> str:
        self.url, self.page = str(answer.url), answer.text
        if answer.is_error:
            raise Lost(
                f"{answer.request.method} {self.url} answered {answer.status_code}: "
                f"{self.page[:400]}"
            )
        return self.page
