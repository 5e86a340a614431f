"""What a form sends."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from starlette.requests import Request

from badgefed.errors import Invalid, TooLarge, UnsupportedMedia
from badgefed.model.recipient import check_email
from badgefed.protocol import multipart
from badgefed.texts import N_, say

MAX_BYTES = 32_768
MAX_FIELDS = 20
MEDIA_TYPE = "application/x-www-form-urlencoded"

_UNREADABLE = N_("The form can't be read.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """Fields trimmed, the last one of a name; `files` only those that were chosen."""

    fields: Mapping[str, str]
    files: Mapping[str, bytes] = field(default_factory=dict)


async def read_form(request: Request, *, max_fields: int = MAX_FIELDS) -> Mapping[str, str]:
    """The fields, trimmed, the last one of a name. Raises `UnsupportedMedia`, `TooLarge`, `Invalid`."""
    _require(request, MEDIA_TYPE)
    body = await _read_body(request, MAX_BYTES)
    return _read_fields(body, MAX_FIELDS)


async def read_upload_form(request: Request, *, max_bytes: int, max_fields: int = MAX_FIELDS) -> Form:
    """A form that may bring files, in either encoding. Raises as `read_form`."""
    kind = _require(request, MEDIA_TYPE, multipart.MEDIA_TYPE)
    body = await _read_body(request, max_bytes)
    if kind == MEDIA_TYPE:
        return Form(fields=await asyncio.to_thread(_read_fields, body, max_fields))
    content_type = request.headers["content-type"]
    parts = await asyncio.to_thread(multipart.read_multipart, body, content_type, max_parts=max_fields)
    try:
        fields = {part.name: _clean(part.data.decode()) for part in parts if part.filename is None}
    except ValueError as error:
        raise Invalid(_UNREADABLE) from error
    return Form(fields=fields, files={part.name: part.data for part in parts if part.filename})


def read_email(form: Mapping[str, str], name: str = "email") -> str:
    """An address that was typed. Raises `Invalid`, in words for people."""
    try:
        return check_email(form.get(name, ""))
    except Invalid as error:
        raise Invalid("Write an e-mail address like jane@example.org.", field=name) from error


def _require(request: Request, *media_types: str) -> str:
    sent = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if sent not in media_types:
        raise UnsupportedMedia(
            say("A form is sent as %(media_types)s.", media_types=" or ".join(media_types))
        )
    return sent


async def _read_body(request: Request, max_bytes: int) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > max_bytes:
            raise TooLarge(say("A form may have %(max_bytes)s bytes.", max_bytes=f"{max_bytes:,}"))
    return bytes(body)


def _read_fields(body: bytes, max_fields: int) -> Mapping[str, str]:
    try:
        fields = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=max_fields, errors="strict")
    except ValueError as error:
        raise Invalid(_UNREADABLE) from error
    return {name: _clean(value) for name, value in fields}


def _clean(value: str) -> str:
    return value.replace("\r\n", "\n").strip()
