"""The columns of the access table: how each kind of door answers each kind of visitor.

A cell is a status and the words that come with it: the sentence of an API's refusal, where a redirect leads, what a page says.
`SAME`: what the owner gets. `THEIRS`: what the owner gets, but of the visitor's own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from tests.access.people import Who

SAME = "same"
THEIRS = "theirs"


class Tongue(StrEnum):
    """How a door says no: `bare` and `coded` JSON, or a page."""

    BARE = "bare"
    PROBLEM = "problem"
    CODED = "coded"
    PAGE = "page"


@dataclass(frozen=True, kw_only=True)
class Row:
    """`address`: method and route. `browsers`: there for browsers alone, at an address that programs use as well."""

    address: str
    tongue: Tongue
    cells: Mapping[Who, str]
    scope: str | None = None
    browsers: bool = False


def _cells(*cells: str) -> dict[Who, str]:
    return dict(zip(Who, cells, strict=True))


Api = Callable[..., Row]


def _keyed(tongue: Tongue, missing: str, invalid: str) -> Api:
    """Doors for keys: a viewer's key reads, and no cookie and no token is a key."""

    def row(address: str, scope: str, foreign: str, owner: str = "200") -> Row:
        lacks = f"403 This API key lacks the scope {scope}."
        viewer = SAME if scope in ("badges:read", "grants:read", "issuers:read") else lacks
        cells = _cells(missing, invalid, lacks, foreign, invalid, missing, invalid, viewer, owner)
        return Row(address=address, tongue=tongue, cells=cells, scope=scope)

    return row


badges = _keyed(
    Tongue.PROBLEM,
    "401 API key is required. Provide it via X-ApiKey header or apiKey query parameter.",
    "401 Invalid API key.",
)
issuers = _keyed(Tongue.BARE, "401 missing API key", "401 invalid API key")
credentials = _keyed(
    Tongue.CODED,
    "401 An API key is required: Authorization: Bearer crd_live_…",
    "401 This API key is not valid.",
)

NO_TOKEN = "401 This needs the token of a session as Authorization: Bearer, no API key; POST /api/auth/login gives one for e-mail and password."
BAD_TOKEN = "401 This token is not valid (any more); get a new one by POST /api/auth/login."
NO_ROLE = "403 Your role in this organization does not allow that."


def session(
    address: str, viewer: str, foreign: str = "404 There is no such organization.", owner: str = "200"
) -> Row:
    """A door for people's programs: tokens alone."""
    cells = _cells(NO_TOKEN, BAD_TOKEN, NO_TOKEN, foreign, BAD_TOKEN, NO_TOKEN, viewer, NO_TOKEN, owner)
    return Row(address=address, tongue=Tongue.CODED, cells=cells)


def user(address: str, signed_in: str, *, out: str = "303 /console/sign-in") -> Row:
    """A page for everybody who is signed in to the console, with what is theirs."""
    cells = _cells(out, out, out, signed_in, out, signed_in, out, out, signed_in)
    return Row(address=address, tongue=Tongue.PAGE, cells=cells)


def desk(address: str, viewer: str, owner: str, foreign: str = "404 There is nothing here") -> Row:
    """A page of the organization."""
    method, _, path = address.partition(" ")
    out = (
        f"303 /console/sign-in?next={path}" if method == "GET" and "." not in path else "303 /console/sign-in"
    )
    cells = _cells(out, out, out, foreign, out, viewer, out, out, owner)
    return Row(address=address, tongue=Tongue.PAGE, cells=cells)


def holder(address: str, owner: str, foreign: str | None = None) -> Row:
    """A page for who holds badges; the owner's browser is that of a recipient too, and `foreign` that of another's."""
    out = "303 /me"
    cells = _cells(out, out, out, foreign or owner, out, out, out, out, owner)
    return Row(address=address, tongue=Tongue.PAGE, cells=cells)


def public(address: str, answer: str, tongue: Tongue = Tongue.PAGE, *, browsers: bool = False) -> Row:
    """The same for everybody, whatever they show."""
    return Row(address=address, tongue=tongue, cells=dict.fromkeys(Who, answer), browsers=browsers)


def nothing(root: str, tongue: Tongue, answer: str = "404 There is no such path in this API.") -> Row:
    return public(f"ANY {root}/{{rest}}", answer, tongue)


ACTIVITY, LD_JSON, JSON, VC = (
    "200 application/activity+json",
    "200 application/ld+json",
    "200 application/json",
    "200 application/vc+ld+json",
)
PNG, SVG, HTML, TEXT = "200 image/png", "200 image/svg+xml", "200 text/html", "200 text/plain"
INCOMPLETE = "403 This form is incomplete"
NO_ADMIN = "403 Your role here is viewer; this needs one of these: owner, admin."
NO_OWNER = "403 Your role here is viewer; this needs one of these: owner."
BARE, CODED, PROBLEM = Tongue.BARE, Tongue.CODED, Tongue.PROBLEM
NO_ISSUER = "403 Your role here is viewer; this needs one of these: owner, admin, issuer."
