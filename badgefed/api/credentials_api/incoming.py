"""What a badge is defined by: a JSON object, or a form with a file."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request

from badgefed.api.credentials_api.definitions import ONE_PICTURE
from badgefed.api.requests import is_json, parse_json, read_bytes
from badgefed.errors import FetchFailed, Invalid, TooLarge, UnsupportedMedia
from badgefed.net.media_types import IMAGES
from badgefed.protocol import multipart
from badgefed.protocol.bodies import Body, Values
from badgefed.protocol.data_uris import read_base64
from badgefed.protocol.raster import UPLOAD_BYTES
from badgefed.work.services import Services

MAX_BYTES = 7_500_000
MEDIA = "Content-Type must be application/json or multipart/form-data"
IMAGE = "image"
FETCHED = (*IMAGES, "image/svg+xml")
TAGS = "tags"


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """Checked values, the names of the members that were sent, and the file `image` of a form."""

    values: Values
    sent: frozenset[str]
    file: bytes | None


async def read_definition(request: Request, body: Body) -> Incoming:
    """Raises `TooLarge`, `UnsupportedMedia`, `Invalid`."""
    data = await read_bytes(request, max_bytes=MAX_BYTES)
    return await asyncio.to_thread(_read, data, request.headers.get("content-type", ""), body)


def _read(data: bytes, content_type: str, body: Body) -> Incoming:
    if not data.strip():
        raise Invalid("Request body is required")
    file: bytes | None = None
    if is_json(content_type):
        document = parse_json(data)
    elif content_type.partition(";")[0].strip().lower() == multipart.MEDIA_TYPE:
        document, file = _read_form(data, content_type)
    else:
        raise UnsupportedMedia(MEDIA)
    values = body.read(document)
    if file is not None and (values[IMAGE] or values["imageUrl"]) is not None:
        raise Invalid(ONE_PICTURE, field=IMAGE)
    names = {name.lower() for name in document} if isinstance(document, dict) else set()
    sent = frozenset(field.name for field in body.fields if field.name.lower() in names)
    return Incoming(values=values, sent=sent, file=file)


def _read_form(data: bytes, content_type: str) -> tuple[dict[str, Any], bytes | None]:
    """A field may be empty for none; tags come one by one, with commas between them, or as a JSON list."""
    parts = multipart.read_multipart(data, content_type)
    files = [part.data for part in parts if part.filename and part.name == IMAGE]
    document: dict[str, Any] = {}
    tags: list[str] = []
    for part in parts:
        if part.filename is not None:
            continue
        text = part.data.decode("utf-8", "replace").replace("\r\n", "\n").strip()
        if part.name.removesuffix("[]") == TAGS:
            tags += _read_tags(text)
            document[TAGS] = tags
        elif part.name == "isActive":
            document[part.name] = {"true": True, "false": False}.get(text.lower(), text or None)
        else:
            document[part.name] = text
    return document, files[0] if files else None


def _read_tags(text: str) -> list[str]:
    if text.startswith("["):
        try:
            found = json.loads(text)
        except ValueError:
            found = None
        if isinstance(found, list):
            return found
    return [tag.strip() for tag in text.split(",") if tag.strip()]


async def find_picture(services: Services, incoming: Incoming, *, present: str | None = None) -> bytes | None:
    """The bytes of the picture that is given in one of the three ways; None for none, and for the `present` one's address.

    Nobody has decoded them yet, nor looked how many a file has. Raises `Invalid` for one that can't be fetched, `TooLarge`.
    """
    if incoming.file is not None:
        return incoming.file
    if incoming.values[IMAGE] is not None:
        return await asyncio.to_thread(read_base64, incoming.values[IMAGE])
    url = incoming.values["imageUrl"]
    if url is None or url == present:
        return None
    try:
        found = await services.client.get(
            url, accept=", ".join(FETCHED), content_types=FETCHED, max_bytes=UPLOAD_BYTES
        )
    except FetchFailed as failure:
        raise Invalid(f"The picture could not be fetched: {failure}", field="imageUrl") from failure
    return found.body


@contextmanager
def picture_faults() -> Iterator[None]:
    """What is wrong with a picture is a fault of the member `image`: 413 and 415 are about the request itself."""
    try:
        yield
    except (TooLarge, UnsupportedMedia) as fault:
        raise Invalid(str(fault), field=IMAGE) from fault
