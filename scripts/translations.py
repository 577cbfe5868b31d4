"""Translations: `update` collects the pages' sentences, `compile` makes the catalogs, `check` says
what is missing.

translations.py compile   locale/*/messages.po -> messages.mo, run when the environment is made
translations.py update    adds new sentences, empty, and drops those that no page says any more
translations.py check     fails when a sentence lacks a translation, is fuzzy, or loses a parameter
"""

import argparse
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

WEB = Path(__file__).parent.parent / "src" / "brygga" / "web"
LANGUAGES = ("sv", "en", "nb", "da", "fi", "de")
TRANSLATED = tuple(language for language in LANGUAGES if language != "en")
"""English sentences of the pages are their own keys."""
METHODS = [("templates/**.html", "jinja2"), ("**.py", "python")]
OPTIONS = {
    "templates/**.html": {
        "trimmed": "true",
        "newstyle_gettext": "true",
        "extensions": "jinja2.ext.do",
    }
}
KEY = re.compile(r"^[a-z_]+\.[a-z0-9_.-]+$")
"""Sentences that belong to a code have the code as their key; every language must then have the
words.
"""
PARAMETER = re.compile(r"%\((\w+)\)[sd]")

Identity = str | tuple[str, ...]


def source(language: str) -> Path:
    return WEB / "locale" / language / "LC_MESSAGES" / "messages.po"


def load(language: str) -> Catalog:
    with source(language).open("rb") as file:
        return read_po(file, locale=language)


def store(language: str, catalog: Catalog) -> None:
    plural = catalog.plural_forms
    with source(language).open("wb") as file:
        file.write(
            (
                'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=utf-8\\n"\n"Plural-Forms: '
                f'{plural}\\n"\n\n'
            ).encode()
        )
        write_po(file, catalog, width=140, omit_header=True, sort_output=True, no_location=True)


def collected() -> dict[str, Identity]:
    """Every English sentence of templates and code, by its (singular) text."""
    found: dict[str, Identity] = {}
    for _, _, message, _, _ in extract_from_dir(
        WEB, METHODS, OPTIONS, keywords={"_": None, "gettext": None, "ngettext": (1, 2)}
    ):
        identity = tuple(message[:2]) if isinstance(message, tuple) else message
        singular = identity if isinstance(identity, str) else identity[0]
        if singular not in found or not isinstance(identity, str):
            found[singular] = identity
    return found


def entries(catalog: Catalog) -> Iterator[Message]:
    return (message for message in catalog if message.id)


def singular(message: Message) -> str:
    return message.id if isinstance(message.id, str) else message.id[0]


def compile_all() -> int:
    for language in LANGUAGES:
        with source(language).with_suffix(".mo").open("wb") as file:
            write_mo(file, load(language))
    return 0


def update() -> int:
    wanted = collected()
    for language in LANGUAGES:
        old = load(language)
        known = {singular(message): message for message in entries(old)}
        fresh = Catalog(locale=language, project="Brygga", charset="utf-8", fuzzy=False)
        for message in known.values():
            if KEY.match(singular(message)):
                fresh.add(message.id, message.string)
        if language != "en":
            for text, identity in wanted.items():
                fresh.add(identity, known[text].string if text in known else None)
        store(language, fresh)
    return 0


def problems() -> Iterator[str]:
    catalogs = {
        language: {singular(message): message for message in entries(load(language))}
        for language in LANGUAGES
    }
    for text in collected():
        for language in TRANSLATED:
            if text not in catalogs[language]:
                yield f"{language}: no entry for {text!r}"
    for language, catalog in catalogs.items():
        for text, message in catalog.items():
            strings = (
                message.string if isinstance(message.string, tuple | list) else [message.string]
            )
            if message.fuzzy or not all(strings):
                yield f"{language}: {text!r} is empty or fuzzy"
            if not KEY.match(text) and set(PARAMETER.findall(text)) != set(
                PARAMETER.findall(strings[-1] or "")
            ):
                yield f"{language}: {text!r} has other parameters than its translation"
    coded = {
        language: {text for text in catalog if KEY.match(text)}
        for language, catalog in catalogs.items()
    }
    for language, keys in coded.items():
        for text in set.union(*coded.values()) - keys:
            yield f"{language}: no words for the code {text!r}"


def check() -> int:
    found = sorted(problems())
    for line in found:
        sys.stderr.write(f"{line}\n")
    return 1 if found else 0


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("command", choices=["compile", "update", "check"])
    commands = {"compile": compile_all, "update": update, "check": check}
    return commands[parser.parse_args().command]()


if __name__ == "__main__":
    sys.exit(main())
