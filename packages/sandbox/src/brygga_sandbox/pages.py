"""What the sandbox's web pages share: templates, the style sheet, and the choice between Swedish
and English.
"""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

from brygga_sandbox.http import Request, Response, Router, html_response, redirect
from brygga_sandbox.templating import Templates

HERE: Final = Path(__file__).parent
KINDS: Final = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}


@cache
def templates() -> Templates:
    """The templates. Every value is escaped, and an unknown name is an error. They are read with
    the first page, because most sandboxes show none.
    """
    return Templates(HERE / "templates")


def language(request: Request) -> str:
    """ "sv" or "en": from ?lang=, otherwise from the cookie, otherwise from the browser's
    preference, otherwise Swedish.
    """
    wanted = request.value("lang") or request.cookies().get("lang")
    if wanted in {"sv", "en"}:
        return wanted
    first = request.headers.get("accept-language", "sv")[:2].lower()
    return "sv" if first in {"sv", "nb", "no", "da"} or not first.isalpha() else "en"


def show(
    request: Request, template: str, words: Mapping[str, tuple[str, str]], **values: Any
) -> Response:
    """A page in the reader's language. `words` maps a key to (Swedish, English); templates say
    t("key").
    """
    lang = language(request)
    place = 0 if lang == "sv" else 1

    def t(key: str, **parts: Any) -> str:
        return words[key][place].format(**parts)

    text = templates().render(template, {"t": t, "lang": lang, "path": request.path, **values})
    page = html_response(text, int(values.get("status", 200)))
    if request.value("lang") == lang:
        page.header("Set-Cookie", f"lang={lang}; Path=/; SameSite=Lax")
    return page


def onward(request: Request, path: str) -> Response:
    """Redirect to another page, in the requested language."""
    lang = request.value("lang")
    return redirect(f"{path}?lang={lang}" if lang in {"sv", "en"} else path)


def mount_static(router: Router, prefix: str = "/static") -> None:
    """GET {prefix}/{file}: the sandbox's own style sheet and script."""

    async def static(request: Request) -> Response:
        path = HERE / "static" / request.params["file"]
        if path.suffix not in KINDS or not path.is_file():
            return Response(404)
        headers = [("Content-Type", KINDS[path.suffix]), ("Cache-Control", "max-age=60")]
        return Response(200, path.read_bytes(), headers)

    router.add("GET", f"{prefix}/{{file}}", static, control=True)
