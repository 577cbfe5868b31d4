"""A page for each code: what happened, why, what to do, and the button that leads there."""

from dataclasses import dataclass

from litestar import Response, get

from brygga.web.codes import HERE, Chapter, CodePage, chapters, known, page_of
from brygga.web.visit import NotThere, Visit


@dataclass(frozen=True, slots=True)
class CodesView:
    """All codes by chapter, each with its sentence."""

    chapters: tuple[tuple[Chapter, tuple[CodePage, ...]], ...]


@get(HERE)
async def show(visit: Visit) -> Response[str]:
    found = tuple(
        (chapter, tuple(page_of(visit.words, code) for code in chapter.codes))
        for chapter in chapters()
    )
    return visit.page("codes.html", CodesView(found), section="help")


@get(f"{HERE}/{{code:str}}")
async def one(visit: Visit, code: str) -> Response[str]:
    if code not in known():
        raise NotThere
    return visit.page("code.html", page_of(visit.words, code), section="help")
