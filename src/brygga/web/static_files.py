"""Sends the static files of `assets`: under a name with a hash for ever, under a plain name only
until the browser asks again.
"""

import re
from typing import Final

from litestar import Response, get

from brygga.web import assets
from brygga.web.session import AnyRequest
from brygga.web.visit import NotThere

HASHED: Final = re.compile(r"(?P<stem>\w+)\.[0-9a-f]{12}\.(?P<kind>\w+)")
FOR_EVER: Final = "public, max-age=31536000, immutable"
ASK_AGAIN: Final = "no-cache"


@get("/static/{name:str}")
async def serve(request: AnyRequest, name: str) -> Response[bytes]:
    """A file by its name with the hash, or by its plain name.

    While a new version starts, an old page may ask a new process, or the reverse. It then gets the
    file that there is, and may not keep it.
    """
    older = HASHED.fullmatch(name)
    file = assets.files().get(f"{older['stem']}.{older['kind']}" if older else name)
    if file is None:
        raise NotThere
    kept = FOR_EVER if name == file.hashed else ASK_AGAIN
    headers = {"cache-control": kept, "etag": file.etag, "vary": "Accept-Encoding"}
    if request.headers.get("if-none-match") == file.etag:
        return Response(b"", status_code=304, headers=headers)
    if file.packed is None or "gzip" not in request.headers.get("accept-encoding", ""):
        return Response(file.content, media_type=file.media_type, headers=headers)
    headers["content-encoding"] = "gzip"
    return Response(file.packed, media_type=file.media_type, headers=headers)
