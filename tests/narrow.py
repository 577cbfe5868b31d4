"""Every page on the narrowest phone: nothing sticks out sideways, and no English is left in another
language.
"""

import re
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Final

from babel.messages.pofile import read_po

from brygga.web.i18n import Language

WIDTH: Final = 320
CATALOGS: Final = Path(__file__).parents[1] / "src" / "brygga" / "web" / "locale"
ENGLISH: Final = re.compile(
    r"\b(the|and|you|your|this|with|are|from|which|their|there|when|what|were|been|could|should)\b",
    re.IGNORECASE,
)
"""Words that none of the other languages has."""

WALK: Final = """(pages) => {
  const wide = document.documentElement.clientWidth, found = [], said = {};
  const scrolls = ".wide, .tabs, .unseen, .skip, .plan thead, .moves thead, .shares thead, select";
  const over = (name, root) => {
    if (document.documentElement.scrollWidth > wide) {
      found.push(`${name}: the page is ${document.documentElement.scrollWidth} wide`);
    }
    for (const one of root.querySelectorAll("*")) {
      const box = one.getBoundingClientRect();
      if (!box.width || box.right <= wide + 1 || one.closest(scrolls)) continue;
      const text = one.textContent.trim().slice(0, 40);
      found.push(`${name}: ${one.localName}.${one.className} ${text}`);
    }
  };
  const read = (name) => {
    const texts = said[name] = [];
    const nodes = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (nodes.nextNode()) {
      const around = nodes.currentNode.parentElement;
      const skipped = around.closest("[lang]:not(html), code, pre, .mono, script, style");
      const text = nodes.currentNode.textContent.replace(/\\s+/g, " ").trim();
      if (text && !skipped) texts.push(text);
    }
    for (const key of ["aria-label", "placeholder", "title", "alt", "data-label", "data-text"]) {
      for (const one of document.querySelectorAll(`[${key}]`)) texts.push(one.getAttribute(key));
    }
  };
  for (const [name, html] of pages) {
    const page = new DOMParser().parseFromString(html, "text/html");
    document.documentElement.lang = page.documentElement.lang;
    document.body.replaceWith(page.body);
    read(name);
    over(name, document.body);
    for (const one of document.querySelectorAll("details")) one.open = true;
    over(`${name}, unfolded`, document.body);
    for (const dialog of document.querySelectorAll("dialog")) {
      dialog.showModal();
      over(`${name} #${dialog.id}`, dialog);
      dialog.close();
    }
  }
  return [found, said];
}"""
"""`pages` are names and HTML. Returns what is wider than the window, and every text by page."""


@cache
def english_alone(language: Language) -> frozenset[str]:
    """English sentences that read otherwise in this language, and that it has nowhere."""
    english, own = _texts("en"), _texts(language)
    return frozenset(english.get(key) or key for key in own) - frozenset(own.values())


def _texts(language: str) -> dict[str, str]:
    with (CATALOGS / language / "LC_MESSAGES" / "messages.po").open("rb") as file:
        catalog = read_po(file, locale=language)
    return {one.id: str(one.string) for one in catalog if isinstance(one.id, str) and one.id}


def left_in_english(language: Language, said: Mapping[str, Iterable[str]]) -> list[str]:
    """Texts of pages in this language, by page, that are English."""
    if language == "en":
        return []
    alone = english_alone(language)
    return [
        f"{page}: {text}"
        for page, texts in said.items()
        for text in texts
        if text in alone or ENGLISH.search(text)
    ]
