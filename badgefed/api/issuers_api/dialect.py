"""How the Issuers API answers: successes in an envelope, always with status 200, and errors as `{"error": "…"}`."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from badgefed.api.authentication import KeyTexts
from badgefed.api.errors import INTERNAL, json_response
from badgefed.api.issuers_api.parameters import MAX_PICTURE_BYTES, NO_PARAMETERS
from badgefed.api.operations import Refusal, Shape, Success
from badgefed.api.requests import MAX_BYTES, services_of
from badgefed.errors import Invalid, TooLarge, UnsupportedMedia
from badgefed.protocol.bodies import Body
from badgefed.protocol.data_uris import read_base64
from badgefed.store.database import Transaction

KEY_TEXTS = KeyTexts(missing="missing API key", invalid="invalid API key")
STATUS_CODE = 200

COMMON_REFUSALS = (
    Refusal(status=401, texts=(KEY_TEXTS.missing, KEY_TEXTS.invalid)),
    Refusal(status=403, texts=("This API key lacks the scope …",)),
    Refusal(status=429, texts=("Too many requests. Try again in … seconds.",)),
    Refusal(status=500, texts=(INTERNAL,)),
)
UNREADABLE = (
    Refusal(
        status=400,
        texts=("request body must be a JSON object", NO_PARAMETERS, "Request body is not valid JSON: …"),
    ),
    Refusal(
        status=413,
        texts=(f"Request body cannot exceed {MAX_BYTES} (with a picture {MAX_PICTURE_BYTES}) bytes",),
    ),
    Refusal(status=415, texts=("Content-Type must be application/json",)),
)


def broken(body: Body, *others: str) -> Refusal:
    """The refusal of parameters that break rules, or are wrong in other ways."""
    return Refusal(status=400, texts=tuple(dict.fromkeys((*(rule.text for rule in body.rules), *others))))


def enveloped(info: Shape, description: str, example: Mapping[str, Any]) -> Success:
    """A success whose `info` has this shape."""
    return Success(
        shape=_envelope(info),
        description=description,
        example={"statusCode": STATUS_CODE, "info": example},
    )


@lru_cache
def _envelope(info: Shape) -> Shape:
    return msgspec.defstruct(
        f"{info.__name__}Answer",
        [("status_code", int), ("info", info)],
        frozen=True,
        kw_only=True,
        rename="camel",
        namespace={"__doc__": "The answer to a request that was carried out."},
    )


def wrap(info: msgspec.Struct) -> Mapping[str, object]:
    """The answer of a success."""
    return {"statusCode": STATUS_CODE, "info": info}


def succeed(info: msgspec.Struct) -> Response:
    return json_response(wrap(info))


async def carry_out(
    request: Request, work: Callable[[Transaction], Awaitable[object]], info: msgspec.Struct
) -> Response:
    """Does the work in one transaction and answers with the info."""
    services = services_of(request)
    await services.database.write(work)
    services.wake.set()
    return succeed(info)


async def read_picture(text: str | None, name: str) -> bytes | None:
    """The bytes of a parameter that is a picture as base64. Raises `Invalid`."""
    if text is None:
        return None
    with refusing_pictures(name):
        return await asyncio.to_thread(read_base64, text)


@contextmanager
def refusing_pictures(name: str) -> Iterator[None]:
    """In this API a picture that can't be taken is a bad parameter like any other."""
    try:
        yield
    except (UnsupportedMedia, TooLarge) as error:
        raise Invalid(f"invalid {name}: {error}", field=name) from error
    except Invalid as error:
        if error.field != "image":
            raise
        raise Invalid(f"invalid {name}: {error}", field=name) from error
