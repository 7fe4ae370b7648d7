"""Small pictures and originals by address, so that no page carries their bytes.

Every address is signed with a secret of this process: it is known only to who was shown the page
it stands on, and good only for the file it names. Behind the gate it needs a session as well.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

from photo_factory.dashboard.context import context
from photo_factory.dashboard.queries.detail import original_of
from photo_factory.shared.errors import PhotoFactoryError
from photo_factory.shared.settings import Settings

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import Route

_SECRET = secrets.token_bytes(32)
_EXTENSIONS = {"jpeg": "jpg", "webp": "webp"}


def picture_url(file_hash: str, size: int) -> str:
    """The address of an original's small picture, the nearest size there is."""
    name = f"{file_hash}_{nearest(context().settings, size)}"
    return f"/pictures/{name}?seal={_seal('picture', name)}"


def original_url(asset_id: uuid.UUID) -> str:
    """The address an original is downloaded from."""
    return f"/originals/{asset_id}?seal={_seal('original', str(asset_id))}"


def nearest(settings: Settings, size: int) -> int:
    """The smallest size that is made and not below `size`, else the largest."""
    larger = [made for made in settings.thumbnail_sizes if made >= size]
    return min(larger) if larger else max(settings.thumbnail_sizes)


def picture_path(file_hash: str, size: int) -> Path:
    """Where the small picture stands, if it does."""
    here = context()
    extension = _EXTENSIONS[here.settings.thumbnail_format]
    return here.paths.thumbnail(file_hash, size, extension)


def routes() -> list[Route]:
    """Where both are answered."""
    from starlette.routing import Route

    return [
        Route("/pictures/{name}", _picture, methods=["GET"]),
        Route("/originals/{name}", _original, methods=["GET"]),
    ]


def _picture(request: Request) -> Response:
    from starlette.responses import FileResponse

    name = request.path_params["name"]
    if not _is_sealed(request, "picture", name):
        return _missing()
    file_hash, _, size = name.partition("_")
    path = picture_path(file_hash, int(size))
    # The picture of a hash is made anew at most with other settings: a day is not too long.
    headers = {"cache-control": "private, max-age=86400"}
    return FileResponse(path, headers=headers) if path.is_file() else _missing()


def _original(request: Request) -> Response:
    """The bytes of a stranger: always to be saved, never to be shown."""
    from starlette.responses import FileResponse, PlainTextResponse

    name = request.path_params["name"]
    if not _is_sealed(request, "original", name):
        return _missing()
    here = context()
    try:
        final_path, original_name = original_of(here.engine, uuid.UUID(name))
    except PhotoFactoryError as error:
        return PlainTextResponse(str(error), 503)
    path = here.paths.on_disk(final_path)
    if not path.is_file():
        return PlainTextResponse(f"{final_path} is not in the archive now", 404)
    return FileResponse(
        path,
        media_type="application/octet-stream",
        filename=original_name,
        content_disposition_type="attachment",
        headers={"cache-control": "no-store", "content-security-policy": "sandbox"},
    )


def _missing() -> Response:
    from starlette.responses import PlainTextResponse

    return PlainTextResponse("there is no such file", 404)


def _seal(kind: str, name: str) -> str:
    return hmac.new(_SECRET, f"{kind}/{name}".encode(), hashlib.sha256).hexdigest()[:32]


def _is_sealed(request: Request, kind: str, name: str) -> bool:
    given = request.query_params.get("seal", "")
    return hmac.compare_digest(given.encode(), _seal(kind, name).encode())
