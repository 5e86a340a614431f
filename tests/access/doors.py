"""The columns of the access table: how each kind of door answers each kind of visitor.

A cell is a status and the words that come with it: the sentence of an API's refusal, where a redirect leads, what a page says.
`SAME`: what the owner gets. `THEIRS`: what the owner gets, but of the visitor's own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from badgefed.model.organization import Role
from tests.access.people import ROLES, Who

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
    """`address`: method and route. `suspended`: what the owner gets while the organization is suspended, where that is said.

    `browsers`: there for browsers alone, at an address that programs use as well. `public`: byte for byte the same for
    everybody. `lost`: what whoever has no good link gets, where the address holds a secret.
    """

    address: str
    tongue: Tongue
    cells: Mapping[Who, str]
    scope: str | None = None
    suspended: str | None = None
    browsers: bool = False
    public: bool = False
    lost: str | None = None

    @property
    def writes(self) -> bool:
        """Whether anybody gets something done here."""
        is_done = any(cell in (SAME, THEIRS) or cell.startswith("2") for cell in self.cells.values())
        return is_done and not self.address.startswith(("GET ", "ANY "))

    @property
    def is_page(self) -> bool:
        """Whether a browser comes here, which sends cookies alone."""
        is_data = any(word in self.cells[Who.OWNER] for word in ("json", "image", "text/plain"))
        return self.tongue is Tongue.PAGE and (self.browsers or not is_data)


def _cells(*cells: str) -> dict[Who, str]:
    return dict(zip(Who, cells, strict=True))


def _is_least(role: Role, least: Role) -> bool:
    return ROLES.index(role) >= ROLES.index(least)


Api = Callable[..., Row]

SCOPES = {
    "badges:read": Role.VIEWER,
    "badges:write": Role.ISSUER,
    "grants:read": Role.VIEWER,
    "grants:write": Role.ISSUER,
    "issuers:read": Role.VIEWER,
    "issuers:write": Role.ADMIN,
    "webhooks:read": Role.ADMIN,
    "webhooks:write": Role.OWNER,
}
"""The least role whose keys have a scope."""
LOW = "403 The role of who made this API key does not allow that."


def _keyed(tongue: Tongue, missing: str, invalid: str) -> Api:
    """Doors for keys: no cookie and no token is one. `least`: the role that its maker must have, where the scope is not enough."""

    def row(address: str, scope: str, foreign: str, owner: str = "200", *, least: Role = Role.VIEWER) -> Row:
        lacks = f"403 This API key lacks the scope {scope}."

        def cell(role: Role) -> str:
            if not _is_least(role, SCOPES[scope]):
                return lacks
            if not _is_least(role, least):
                return LOW
            return SAME if address.startswith("GET ") else owner

        viewer, issuer, admin, _ = map(cell, ROLES)
        cells = _cells(
            missing, invalid, lacks, foreign, invalid, invalid, missing, invalid, viewer, issuer, admin, owner
        )
        return Row(address=address, tongue=tongue, cells=cells, scope=scope, suspended=invalid)

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
NO_ORGANIZATION = "404 There is no such organization."
SUSPENDED_API = "403 This organization is suspended: it can only be looked at."


def session(address: str, least: Role, owner: str = "200") -> Row:
    """A door for an organization's people with their programs: tokens alone. Operators look at the console's pages only."""

    def cell(role: Role) -> str:
        if not _is_least(role, least):
            return NO_ROLE
        return SAME if address.startswith("GET ") else owner

    viewer, issuer, admin, _ = map(cell, ROLES)
    foreign = operator = NO_ORGANIZATION
    cells = _cells(
        NO_TOKEN,
        BAD_TOKEN,
        NO_TOKEN,
        foreign,
        BAD_TOKEN,
        operator,
        NO_TOKEN,
        viewer,
        NO_TOKEN,
        issuer,
        admin,
        owner,
    )
    suspended = owner if least is Role.VIEWER else SUSPENDED_API
    return Row(address=address, tongue=Tongue.CODED, cells=cells, suspended=suspended)


def person(address: str) -> Row:
    """A door for every person's programs, with what is theirs."""
    cells = _cells(
        NO_TOKEN,
        BAD_TOKEN,
        NO_TOKEN,
        THEIRS,
        BAD_TOKEN,
        THEIRS,
        NO_TOKEN,
        THEIRS,
        NO_TOKEN,
        THEIRS,
        THEIRS,
        "200",
    )
    return Row(address=address, tongue=Tongue.CODED, cells=cells, suspended="200")


def user(
    address: str, signed_in: str, *, out: str = "303 /console/sign-in", operator: str | None = None
) -> Row:
    """A page for everybody who is signed in to the console, with what is theirs."""
    inside = signed_in
    cells = _cells(out, out, out, inside, out, operator or inside, inside, out, out, inside, inside, inside)
    return Row(address=address, tongue=Tongue.PAGE, cells=cells)


NOTHING_HERE = "404 There is nothing here"
LOST = "404 This link leads nowhere"


def desk(
    address: str,
    answer: str,
    least: Role = Role.VIEWER,
    *,
    looks: bool = False,
    others: str | None = None,
    out: str | None = None,
) -> Row:
    """A page of the organization for this role and those above; to strangers there is no such organization.

    `looks`: it is looked at also while the organization is suspended, which is so for all that a viewer sees. `others`: what
    those below the owner get who may come, where it is the owner's alone.
    """
    able = ", ".join(role for role in reversed(ROLES) if _is_least(role, least))

    def cell(role: Role) -> str:
        if not _is_least(role, least):
            return f"403 Your role here is {role}; this needs one of these: {able}."
        return answer if role is Role.OWNER or others is None else others

    out = out or _sign_in_first(address)
    viewer, issuer, admin, owner = map(cell, ROLES)
    cells = _cells(out, out, out, NOTHING_HERE, out, viewer, viewer, out, out, issuer, admin, owner)
    may_look = looks or least is Role.VIEWER
    suspended = answer if may_look else "403 is suspended on this server: nothing can be changed in it."
    return Row(address=address, tongue=Tongue.PAGE, cells=cells, suspended=suspended)


def _sign_in_first(address: str) -> str:
    method, _, path = address.partition(" ")
    comes_back = method == "GET" and "." not in path
    return f"303 /console/sign-in?next={path}" if comes_back else "303 /console/sign-in"


def server(address: str, answer: str) -> Row:
    """A page for operators; to everybody else there is none."""
    out, none = _sign_in_first(address), NOTHING_HERE
    cells = _cells(out, out, out, none, out, answer, none, out, out, none, none, none)
    return Row(address=address, tongue=Tongue.PAGE, cells=cells)


def holder(address: str, owner: str, foreign: str | None = None, *, out: str = "303 /me") -> Row:
    """A page for who holds badges; the owner's browser is that of a recipient too, and `foreign` that of another's."""
    cells = dict.fromkeys(Who, out) | {Who.FOREIGN: foreign or owner, Who.OWNER: owner}
    return Row(address=address, tongue=Tongue.PAGE, cells=cells)


def public(address: str, answer: str, tongue: Tongue = Tongue.PAGE, *, browsers: bool = False) -> Row:
    """The same for everybody, whatever they show, with nothing private in it."""
    cells = dict.fromkeys(Who, answer)
    return Row(address=address, tongue=tongue, cells=cells, browsers=browsers, public=True)


def linked(address: str, answer: str, lost: str = LOST) -> Row:
    """For whoever has the link, which holds a secret."""
    return Row(address=address, tongue=Tongue.PAGE, cells=dict.fromkeys(Who, answer), lost=lost)


def nothing(root: str, tongue: Tongue, answer: str = "404 There is no such path in this API.") -> Row:
    return public(f"ANY {root}/{{rest}}", answer, tongue)


ACTIVITY, LD_JSON, JSON, VC = (
    "200 application/activity+json",
    "200 application/ld+json",
    "200 application/json",
    "200 application/vc+ld+json",
)
PNG, SVG, HTML, TEXT = "200 image/png", "200 image/svg+xml", "200 text/html", "200 text/plain"
ATOM, FEED = "200 application/atom+xml", "200 application/feed+json"
INCOMPLETE = "403 This form is incomplete"
BARE, CODED, PROBLEM = Tongue.BARE, Tongue.CODED, Tongue.PROBLEM
