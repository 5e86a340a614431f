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
from badgefed.api.errors import INTERNAL, json_bytes
from badgefed.api.idempotency import (
    HEADER,
    REPLAYED,
    Answer,
    answer_once,
    check_idempotency_key,
    identify,
)
from badgefed.api.issuers_api.parameters import MAX_PICTURE_BYTES
from badgefed.api.operations import Parameter, Refusal, Shape, Success
from badgefed.api.requests import MAX_BYTES, services_of
from badgefed.errors import Invalid, TooLarge, UnsupportedMedia
from badgefed.model.organization import ApiKey
from badgefed.protocol.bodies import Values
from badgefed.protocol.data_uris import read_base64
from badgefed.store.database import Reader, Transaction
from badgefed.store.users import find_user_by_id

KEY_TEXTS = KeyTexts(missing="missing API key", invalid="invalid API key")
STATUS_CODE = 200

IDEMPOTENCY_KEY = Parameter(
    name=HEADER,
    place="header",
    description="A value of your own choice. The same request with the same value within 24 hours is carried out once and"
    " gets the same answer, with the header Idempotency-Replayed.",
    schema={"type": "string", "minLength": 1, "maxLength": 255},
    example="8f14e45f-ceea-467f-a0e6-0c9d8b6f1a2b",
)
COMMON_REFUSALS = (
    Refusal(status=401, texts=(KEY_TEXTS.missing, KEY_TEXTS.invalid)),
    Refusal(status=403, texts=("This API key lacks the scope …",)),
    Refusal(status=429, texts=("Too many requests. Try again in … seconds.",)),
    Refusal(status=500, texts=(INTERNAL,)),
)
UNREADABLE = (
    Refusal(status=400, texts=("request body must be a JSON object", "Request body is not valid JSON: …")),
    Refusal(
        status=413,
        texts=(f"Request body cannot exceed {MAX_BYTES} (with a picture {MAX_PICTURE_BYTES}) bytes",),
    ),
    Refusal(status=415, texts=("Content-Type must be application/json",)),
)
REPEATED = (
    Refusal(status=400, texts=(f"{HEADER} must have 1 to 255 printable ASCII characters",)),
    Refusal(status=422, texts=(f"This {HEADER} was used for another request within the last 24 hours",)),
)


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


def encode(info: msgspec.Struct) -> bytes:
    """The answer of a success."""
    return msgspec.json.encode({"statusCode": STATUS_CODE, "info": info})


def succeed(info: msgspec.Struct) -> Response:
    return json_bytes(encode(info))


async def create_once(
    request: Request,
    key: ApiKey,
    operation: str,
    values: Values,
    work: Callable[[Transaction], Awaitable[msgspec.Struct]],
) -> Response:
    """Carries a creation out in one transaction, once for each Idempotency-Key."""
    services = services_of(request)
    once = await asyncio.to_thread(identify, operation, key, check_idempotency_key(request), values)

    async def answer(tx: Transaction) -> Answer:
        return Answer(status=STATUS_CODE, body=encode(await work(tx)))

    given = await services.database.write(lambda tx: answer_once(tx, services, once, answer))
    if not given.is_replay:
        services.wake.set()
    headers = {REPLAYED: "true"} if given.is_replay else {}
    return json_bytes(given.body, status=given.status, headers=headers)


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


async def find_account_email(reader: Reader, key: ApiKey) -> str:
    """The e-mail address of the account that the key belongs to."""
    user = await find_user_by_id(reader, key.user_id)
    return user.email if user is not None else ""
