"""The merchants' guide, docs/guide: made from the texts in scripts/guide, the words of the pages,
the answers of the help page, and pictures.

guide.py write      writes every page anew
guide.py check      fails when a page is not what `write` makes, or a picture is missing
guide.py pictures   takes the pictures, in Chromium, from a demo of its own

In a text, {{Finish set-up}} is a word of the pages in the guide's language, {{answer vat}} an
answer of the help page, {{picture overview | what it shows}} a picture, and {{rules C1 C2}} names
the rules of docs/rules.md that a section explains.
"""

import argparse
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from translations import collected

from brygga.web.codes import chapters, page_of
from brygga.web.i18n import Language, Words, words
from brygga.web.pages.help import QUESTIONS

ROOT = Path(__file__).parent.parent
TEXTS = Path(__file__).parent / "guide"
GUIDE = ROOT / "docs" / "guide"
PICTURES = GUIDE / "pictures"
LANGUAGES: tuple[Language, ...] = ("sv", "en", "nb", "da", "fi", "de")
SPOT = re.compile(r"{{([^{}]+)}}")
TITLES = {
    "sv": ("Guide för handlare", "Alla meddelanden", "Frågor och svar"),
    "en": ("Guide for merchants", "All messages", "Questions and answers"),
    "nb": ("Veiledning for forhandlere", "Alle meldinger", "Spørsmål og svar"),
    "da": ("Vejledning til forhandlere", "Alle meddelelser", "Spørgsmål og svar"),
    "fi": ("Kauppiaan opas", "Kaikki viestit", "Kysymykset ja vastaukset"),
    "de": ("Leitfaden für Händler", "Alle Meldungen", "Fragen und Antworten"),
}
MADE = {
    "sv": "Bilderna visar exempel. Sidan är gjord av `scripts/guide.py`.",
    "en": "Pictures show examples. This page is made by `scripts/guide.py`.",
    "nb": "Bildene viser eksempler. Siden er laget av `scripts/guide.py`.",
    "da": "Billederne viser eksempler. Siden er lavet af `scripts/guide.py`.",
    "fi": "Kuvat ovat esimerkkejä. Sivun tekee `scripts/guide.py`.",
    "de": "Die Bilder zeigen Beispiele. Diese Seite erstellt `scripts/guide.py`.",
}
EXPLAINED = {
    "sv": "Vad synk-loggen och sidorna kan säga, varför, och vad du gör. Namn och siffror är "
    "exempel.",
    "en": "What the sync log and the pages can say, why, and what to do. Names and numbers are "
    "examples.",
    "nb": "Hva synkloggen og sidene kan si, hvorfor, og hva du gjør. Navn og tall er eksempler.",
    "da": "Hvad synkloggen og siderne kan sige, hvorfor, og hvad du gør. Navne og tal er "
    "eksempler.",
    "fi": "Mitä synkronointiloki ja sivut voivat sanoa, miksi ja mitä teet. Nimet ja luvut ovat "
    "esimerkkejä.",
    "de": "Was das Sync-Protokoll und die Seiten sagen können, warum, und was zu tun ist. Namen "
    "und Zahlen sind Beispiele.",
}
MESSAGES, ANSWERS = "08-messages.md", "09-questions.md"


# ---- The pages -----------------------------------------------------------------------------------


def pages() -> dict[Path, str]:
    """Every page of the guide, by its file."""
    found: dict[Path, str] = {GUIDE / "README.md": _front()}
    for language in LANGUAGES:
        folder, speech = GUIDE / language, words(language)
        texts = {path.name: path.read_text() for path in sorted((TEXTS / language).glob("*.md"))}
        made = {name: filled(text, speech) for name, text in texts.items()}
        made[MESSAGES], made[ANSWERS] = messages(speech), answers(speech)
        found |= {folder / name: text for name, text in made.items()}
        found[folder / "README.md"] = _contents(speech, made)
    return found


def filled(text: str, speech: Words) -> str:
    sentences = collected()

    def put(spot: re.Match[str]) -> str:
        kind, _, rest = spot[1].partition(" ")
        match kind:
            case "rules":
                return f"<!-- {rest} -->"
            case "picture":
                name, _, shows = (part.strip() for part in rest.partition("|"))
                file = picture(name, speech.language)
                return f"![{shows}](../../{file})" if file else ""
            case "answer":
                return answer(speech, rest.strip())
        if spot[1] not in sentences:
            raise KeyError(f"no page says {spot[1]!r}")
        return f"**{speech.text(spot[1])}**"

    return re.sub(r"\n{3,}", "\n\n", SPOT.sub(put, text))


def picture(name: str, language: str) -> str:
    """The file below docs/ that shows this page, or ""."""
    file = f"guide/pictures/{name}-{language}-light-1280.webp"
    return file if (ROOT / "docs" / file).exists() else ""


def answer(speech: Words, key: str) -> str:
    said = speech.text(f"help.{key}.answer").replace("\n", "\n\n")
    return f'<a id="{key}"></a>\n## {speech.text(f"help.{key}.question")}\n\n{said}'


def answers(speech: Words) -> str:
    """Every question of the help page, with its answer (E2)."""
    parts = [f"# {TITLES[speech.language][2]}\n<!-- E2 -->"]
    parts += [answer(speech, key) for keys in QUESTIONS.values() for key in keys]
    return "\n\n".join(parts) + "\n"


def messages(speech: Words) -> str:
    """Every code: what happened, why, what to do, and the page where it is done."""
    parts = [f"# {TITLES[speech.language][1]}", EXPLAINED[speech.language]]
    for chapter in chapters():
        parts.append(f"## {speech.text(chapter.key)}")
        for code in chapter.codes:
            page = page_of(speech, code)
            button = speech.text(f"code.button.{page.button}")
            parts.append(
                f'<a id="{code}"></a>\n### {page.sentence}\n\n{page.cause}\n\n{page.action}\n\n'
                f"→ **{button}** · `{page.link}`"
            )
    return "\n\n".join(parts) + "\n"


def _contents(speech: Words, made: dict[str, str]) -> str:
    lines = [
        f"{name[:2].lstrip('0')}. [{text.partition(chr(10))[0].lstrip('# ')}]({name})"
        for name, text in sorted(made.items())
    ]
    title, language = TITLES[speech.language][0], speech.language
    return f"# Brygga: {title}\n\n{MADE[language]}\n\n" + "\n".join(lines) + "\n"


def _front() -> str:
    lines = [f"* [{TITLES[language][0]}]({language}/README.md)" for language in LANGUAGES]
    return "# Brygga\n\n" + "\n".join(lines) + "\n"


# ---- Commands ------------------------------------------------------------------------------------


def write() -> int:
    for path, text in pages().items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return 0


def problems() -> Iterator[str]:
    made = pages()
    for path, text in made.items():
        here = path.relative_to(ROOT)
        if not path.exists() or path.read_text() != text:
            yield f"{here} is out of date: run scripts/guide.py write"
    for language in LANGUAGES:
        for name in shown(language):
            if not picture(name, language):
                yield f"no picture shows {name} in {language}: run scripts/guide.py pictures"
    for path in GUIDE.rglob("*.md"):
        if path not in made:
            yield f"{path.relative_to(ROOT)} is made by nothing"


def check() -> int:
    found = [*problems()]
    for line in found:
        sys.stderr.write(f"{line}\n")
    return 1 if found else 0


def pictures() -> int:
    command = [sys.executable, str(ROOT / "scripts" / "screenshots.py"), "--guide", str(PICTURES)]
    return subprocess.run(command, check=False).returncode  # noqa: S603 - our own


def shown(language: Language) -> list[str]:
    """The names of the pictures that the guide shows."""
    texts = [path.read_text() for path in sorted((TEXTS / language).glob("*.md"))]
    return [name for text in texts for name in re.findall(r"{{picture ([\w-]+)", text)]


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("command", choices=["write", "check", "pictures"])
    commands = {"write": write, "check": check, "pictures": pictures}
    return commands[parser.parse_args().command]()


if __name__ == "__main__":
    sys.exit(main())
