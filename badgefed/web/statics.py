"""Style sheets, fonts and icons. Their addresses change with their content, so browsers may keep them for ever."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from badgefed.errors import NotFound
from badgefed.settings import resource_folder

MEDIA_TYPES: Mapping[str, str] = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".woff2": "font/woff2",
    ".txt": "text/plain; charset=utf-8",
}
FOR_EVER = "public, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asset:
    body: bytes
    media_type: str
    etag: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Assets:
    """All static files by their path. `version` stands for the content of all of them together."""

    version: str
    files: Mapping[str, Asset]

    def url(self, path: str) -> str:
        """The address of a file on this server. Raises KeyError for a file that is not there.

        The version comes before the path, so that relative addresses inside a style sheet hold.
        """
        if path not in self.files:
            raise KeyError(path)
        return f"/static/{self.version}/{path}"


@lru_cache(maxsize=1)
def load_assets() -> Assets:
    """Reads the static files, once."""
    folder = resource_folder("static")
    files = {path.relative_to(folder).as_posix(): _read(path) for path in _paths(folder)}
    digest = hashlib.sha256("\n".join(f"{path} {file.etag}" for path, file in files.items()).encode())
    return Assets(version=digest.hexdigest()[:12], files=files)


def _paths(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.suffix in MEDIA_TYPES and path.is_file())


def _read(path: Path) -> Asset:
    body = path.read_bytes()
    return Asset(
        body=body,
        media_type=MEDIA_TYPES[path.suffix],
        etag=f'"{hashlib.sha256(body).hexdigest()[:32]}"',
    )


async def static_file(request: Request) -> Response:
    """A file; under another version's address it is the current one, to be asked for again."""
    assets = load_assets()
    file = assets.files.get(request.path_params["path"])
    if file is None:
        raise NotFound("There is no such file.")
    is_current = request.path_params["version"] == assets.version
    headers = {"ETag": file.etag, "Cache-Control": FOR_EVER if is_current else "no-cache"}
    if file.etag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return Response(file.body, headers=headers, media_type=file.media_type)


routes: list[BaseRoute] = [Route("/static/{version}/{path:path}", static_file)]
