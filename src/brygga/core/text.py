"""A merchant's text in the forms that BigCommerce accepts: clean lines, cut text, safe HTML, paths,
video ids, trade numbers.

`core/unseen.py` removes invisible characters, and `one_line` applies it.

Every function depends on its text alone. The caller decides which lines the sync log gets.
"""

import html
import re
import unicodedata
from urllib.parse import parse_qs, urlsplit

import nh3

from brygga.core.unseen import visible

ELLIPSIS = "…"

_BREAK = re.compile("\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
"""The line breaks besides \\n: Unicode's mandatory breaks (UAX 14)."""
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x9f\ufeff\ud800-\udfff]")
_TAG = re.compile(
    r"</?(?:p|br|b|i|u|em|strong|small|ul|ol|li|h[1-6]|a|span|div|table|tbody|thead|tr|td|th|img|hr|blockquote|pre|sub|sup|"
    r"script|style|iframe|section|article|figure|font|center)\b[^<>]*>",
    re.IGNORECASE,
)
_BLOCK = re.compile(
    r"<(?:p|br|div|ul|ol|li|h[1-6]|table|tr|hr|blockquote|pre|section|article|figure|center)\b",
    re.IGNORECASE,
)
_TAGS = frozenset(
    (  # noqa: SIM905
        "p br b i u em strong small ul ol li h1 h2 h3 h4 h5 h6 a span div table tbody thead tr td "
        "th "
        "hr blockquote pre sub sup img"
    ).split()
)
_ATTRIBUTES = {
    "a": {"href", "title"},
    "img": {"src", "alt", "title", "width", "height"},
    "td": {"colspan", "rowspan"},
}
_LEFT_OUT_WITH_CONTENT = {"script", "style", "iframe", "object", "template", "noscript"}


def one_line(text: str) -> str:
    """The text on one line, without surrounding space and invisible characters (decision 20)."""
    return visible(re.sub(r"[\t\n]+", " ", _broken(text))).strip()


def many_lines(text: str) -> str:
    """The text with its line breaks as \\n, without other control characters or outer space."""
    return _broken(text).strip()


def _broken(text: str) -> str:
    """The text with every line break as \\n, and without other control characters."""
    return _CONTROL.sub("", _BREAK.sub("\n", text))


def cut(text: str, limit: int) -> str:
    """The text if it fits, else its beginning and "…", together `limit` characters (decision 8).

    A combining accent or an emoji's joiner is never separated from its character.
    """
    if len(text) <= limit:
        return text
    end = limit - len(ELLIPSIS)
    while end > 0 and (_belongs_to_the_one_before(text[end]) or text[end - 1] == "\u200d"):
        end -= 1
    return text[:end].rstrip() + ELLIPSIS


def _belongs_to_the_one_before(character: str) -> bool:
    return (
        bool(unicodedata.combining(character))
        or character in "\u200d\ufe0e\ufe0f"
        or "🏻" <= character <= "🏿"
    )


def looks_like_html(text: str) -> bool:
    """True when the text has a tag that is usual in product descriptions. "<5 cm" is text."""
    return _TAG.search(text) is not None


def safe_html(text: str) -> tuple[str, bool]:
    """The text as HTML that is safe in a store, and whether something was removed.

    Zettle does not say whether a description is text or HTML (zettle facts 2.5). Text is escaped
    and keeps its line breaks. HTML is sanitised. Text with a few words in bold is still text: if no
    tag makes lines, its own line breaks do.
    """
    text = many_lines(text)
    if not looks_like_html(text):
        return _paragraphs(text), False
    kept = nh3.clean(
        text,
        tags=set(_TAGS),
        attributes={tag: set(names) for tag, names in _ATTRIBUTES.items()},
        clean_content_tags=set(_LEFT_OUT_WITH_CONTENT),
        url_schemes={"http", "https", "mailto", "tel"},
        link_rel=None,
    )
    changed = _tags(text) != _tags(kept)
    kept = kept.strip()
    return (kept if _BLOCK.search(kept) else kept.replace("\n", "<br>\n")), changed


def _paragraphs(text: str) -> str:
    paragraphs = [part.strip("\n") for part in re.split(r"\n[ \t]*\n", text)]
    lines = [
        [html.escape(line.rstrip(), quote=False) for line in part.split("\n")]
        for part in paragraphs
        if part.strip()
    ]
    return "\n".join(f"<p>{'<br>'.join(part)}</p>" for part in lines)


def _tags(text: str) -> list[tuple[str, int]]:
    """Every opening tag's name and its number of attributes: what sanitising may have removed."""
    found = re.findall(r"<([a-zA-Z][a-zA-Z0-9]*)\b([^<>]*)>", text)
    return sorted(
        (name.lower(), attributes.count("="))
        for name, attributes in found
        if name.lower() != "tbody"
    )


def path(slug: str) -> str:
    """A slug as a URL's path between slashes: lower case, letters a to z, digits, hyphens. "" when
    nothing is left.
    """
    plain = unicodedata.normalize("NFKD", slug.casefold()).encode("ascii", "ignore").decode()
    words = re.sub(r"[^a-z0-9._]+", "-", plain).strip("-._")
    return f"/{words}/" if words else ""


_YOUTUBE_HOSTS = frozenset(
    {
        "youtube.com",
        "m.youtube.com",
        "music.youtube.com",
        "youtube-nocookie.com",
        "gaming.youtube.com",
    }
)
_YOUTUBE_FOLDERS = frozenset({"embed", "shorts", "live", "v", "e", "vi", "watch"})
_YOUTUBE_ID = re.compile(r"[A-Za-z0-9_-]{11}")
_NO_VIDEO = frozenset({"videoseries", "live_stream"})
"""Pages under embed/ whose names look like ids: a playlist, and a channel's current live stream.
"""


def youtube_id(url: str) -> str:
    """The video's id from any form of a YouTube link, or "". BigCommerce shows only YouTube
    (bigcommerce facts 3.11).
    """
    url = url.strip()
    try:
        parts = urlsplit(url if "//" in url else f"https://{url}")
        host = (parts.hostname or "").removeprefix("www.")
    except ValueError:
        return ""
    steps = [step for step in parts.path.split("/") if step]
    asked = parse_qs(parts.query)
    if host == "youtu.be":
        candidate = steps[0] if steps else ""
    elif host in _YOUTUBE_HOSTS:
        candidate = _in_youtube(steps, asked)
    else:
        return ""
    return candidate if _YOUTUBE_ID.fullmatch(candidate) and candidate not in _NO_VIDEO else ""


def _in_youtube(steps: list[str], asked: dict[str, list[str]]) -> str:
    if inner := asked.get("u"):  # attribution_link?u=/watch?v=…
        return parse_qs(urlsplit(inner[0]).query).get("v", [""])[0]
    if named := asked.get("v") or asked.get("vi"):
        return named[0]
    return steps[1] if len(steps) > 1 and steps[0] in _YOUTUBE_FOLDERS else ""


_PICTURE = re.compile(r"\.(?:png|jpe?g|gif|webp|bmp|avif|tiff?|heic)$", re.IGNORECASE)


def is_picture(url: str) -> bool:
    """True when a media address is a picture's, by its ending."""
    return _PICTURE.search(url.split("?", 1)[0]) is not None


_FETCHED = re.compile(r"\.(?:png|jpe?g|gif|webp|bmp|wbmp|xbm)$", re.IGNORECASE)
_ADDRESS_LIMIT = 255


def goes_by_address(url: str) -> bool:
    """True when BigCommerce can fetch a picture itself: at most 255 characters, with a known ending
    (bigcommerce facts 2.3, 3.10).

    Any other is uploaded as bytes. Some Zettle addresses have no ending (zettle facts 6.2).
    """
    return len(url) <= _ADDRESS_LIMIT and _FETCHED.search(url.split("?", 1)[0]) is not None


def is_named_after(file: str, url: str) -> bool:
    """True when a file in the store can be the picture of this address: BigCommerce keeps the name
    and adds to it (bigcommerce facts 3.10).
    """
    kept = re.sub(r"__\d+$", "", _stem(file))
    plain, wanted = re.sub(r"[^a-z0-9]", "", kept), re.sub(r"[^a-z0-9]", "", _stem(url))
    return plain == wanted or (len(plain) >= _TELLING and wanted.startswith(plain))


_TELLING = 20


def _stem(address: str) -> str:
    return address.split("?", 1)[0].rsplit("/", 1)[-1].rsplit(".", 1)[0].lower()


def is_web_address(url: str) -> bool:
    """True for an absolute http or https address without spaces."""
    return re.fullmatch(r"https?://[^\s/]+(?:/\S*)?", url, re.IGNORECASE) is not None


_DASHES = r"\u2010-\u2015\u2043\u2212\u3030\ufe58\ufe63\uff0d\uff65"
"""Characters that look like a dash, and the bullet, the wave and the half-width dot that keyboards
give instead of one.
"""
_SPACES_AND_DASHES = re.compile(rf"[\s\-{_DASHES}]+")
_DASH = re.compile(f"[{_DASHES}]")
_NUMBER = re.compile(r"[0-9]+[Xx]?")
"""Digits. A ten-digit ISBN ends in X if its check digit is ten."""
GTIN_LENGTHS = frozenset({8, 12, 13, 14})


def barcode(text: str) -> str:
    """A barcode without spaces and dashes of any kind between digits (decision 20).

    In a merchant's own code with letters a dash is part of the code: a scanner reads it.
    """
    written = one_line(text)
    bare = _digits(_SPACES_AND_DASHES.sub("", written))
    return bare if _NUMBER.fullmatch(bare) else written


def code_key(code: str) -> str:
    """A key that is equal for codes that look alike: one dash, one kind of space, no case (P11)."""
    return " ".join(_DASH.sub("-", _digits(one_line(code))).split()).casefold()


def _digits(text: str) -> str:
    """The text with digits of any width and script as 0 to 9, and a full-width X as X."""
    return "".join(
        str(unicodedata.decimal(one, "X" if one in "\uff38\uff58" else one)) for one in text
    )


def looks_like_gtin(barcode: str) -> bool:
    """True for as many digits as a GTIN has, also with a wrong check digit."""
    return barcode.isascii() and barcode.isdigit() and len(barcode) in GTIN_LENGTHS


def is_gtin(barcode: str) -> bool:
    """True for 8, 12, 13 or 14 digits whose last is the GS1 check digit of the others. Only zeros
    are not a GTIN.
    """
    if not looks_like_gtin(barcode) or not barcode.strip("0"):
        return False
    weighted = sum(
        int(digit) * (3, 1)[place % 2] for place, digit in enumerate(reversed(barcode[:-1]))
    )
    return (10 - weighted % 10) % 10 == int(barcode[-1])
