"""The Issuers API as a whole: an Open Badges 2.0 service whose clients know issuers, badges and awards."""

from __future__ import annotations

from starlette.routing import BaseRoute

from badgefed.api.errors import Error, plain_error
from badgefed.api.issuers_api import awards, badges, issuers
from badgefed.api.issuers_api.dialect import COMMON_REFUSALS, KEY_TEXTS
from badgefed.api.operations import Api
from badgefed.api.resources import make_routes

DESCRIPTION = """\
Every request carries an API key, best in the header `X-Api-Key`. `badgefed create-key --dialect issuers` makes one.

A body is `{"parameters": {…}}`, or the parameters themselves. Texts are trimmed, an empty text counts as absent. An answer
is `{"statusCode": 200, "info": {…}}`, an error `{"error": "…"}` with its HTTP status.

Ids are URLs where they come out. Where they go in, the URL, percent-encoded or not, and the UUID at its end mean the same.

An organization may have a plan, which limits its issuers, badges and keys (403) and its awards per calendar month (402)."""

API = Api(
    name="Issuers",
    roots=(),  # whatever is below an address of theirs is an id
    description=DESCRIPTION,
    texts=KEY_TEXTS,
    operations=(*issuers.OPERATIONS, *badges.OPERATIONS, *awards.OPERATIONS),
    refusals=COMMON_REFUSALS,
    respond=plain_error,
    error_shapes={0: Error},
)

routes: list[BaseRoute] = make_routes(API)
