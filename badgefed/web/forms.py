"""What a form sends."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import parse_qsl

from starlette.requests import Request

from badgefed.errors import Invalid, TooLarge, UnsupportedMedia

MAX_BYTES = 32_768
MAX_FIELDS = 20
MEDIA_TYPE = "application/x-www-form-urlencoded"


async def read_form(request: Request) -> Mapping[str, str]:
    """The fields, trimmed, the last one of a name. Raises `UnsupportedMedia`, `TooLarge`, `Invalid`."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != MEDIA_TYPE:
        raise UnsupportedMedia(f"A form is sent as {MEDIA_TYPE}.")
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BYTES:
            raise TooLarge(f"A form may have {MAX_BYTES} bytes.")
    try:
        fields = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=MAX_FIELDS, errors="strict")
    except ValueError as error:
        raise Invalid("The form can't be read.") from error
    return {name: value.replace("\r\n", "\n").strip() for name, value in fields}
