"""Ids of another organization's things, wherever one can be given: they get what ids of nothing get, and change nothing."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import httpx
import pytest
import pytest_asyncio

from tests.access.house import House, Stage, open_house
from tests.access.people import Who
from tests.access.requests import BODIES, QUERIES, body_of, fill_in
from tests.access.table import ROWS
from tests.access.things import NOTHING
from tests.conftest import BASE
from tests.html_pages import BROWSER, Page
from tests.issuers_api import BADGE, ISSUED_ON, JANE

_ORGANIZATION = re.compile(r"{(?:orgId|organization)}")
_NEW = re.compile(r'name="(?:token|once)" value="[^"]*"|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}')
NONE = "987654"
OTHER = "/console/o/other"
FORM = {
    "reason": "Asked",
    "code": "ABCD-EFGH",
    "number": "1",
    "active": "no",
    "url": "https://hooks.example/in",
    "name": "Changed",
    "email": "them@example.net",
    "version": "1",
    "title": "Changed",
    "description": "Changed",
    "criteria": "Changed",
    "badge_type": "Badge",
    "username": "other",
    "posting": "quiet",
}
"""What would do in the forms below an id."""


@dataclass(frozen=True, kw_only=True)
class Field:
    """Where an id is given: `{id}` in the address, or a value `{id}` in a JSON body or a form.

    `foreign`: the id, among those of the first organization; `unknown`: one of nothing. `keeps`: what is sent is kept as
    one's own all the same, for a page to say what is wrong with it.
    """

    address: str
    foreign: str
    unknown: str = NOTHING
    body: Any = None
    form: dict[str, str] = field(default_factory=dict)
    file: str | None = None
    keeps: bool = False

    def __str__(self) -> str:
        return f"{self.address} {self.foreign}"


_RECIPIENT = {"recipient": JANE}
_GRANTING = {"recipient": "jane@example.org", "name": "Jane"}
_TEXTS = {"title": "New", "description": "New.", "criteria": "Be new.", "badge_type": "Badge"}
FIELDS = (
    # Badges API
    Field(
        address="POST /api/badges/grant",
        foreign="badge number",
        unknown=NONE,
        body={"badgeId": "{id}", "email": "jane@example.org"},
    ),
    *(
        Field(address="POST /api/bulk?dryRun=true", foreign=name, unknown=none, body=body)
        for name, none in (("badge number", NONE), ("badge", NOTHING), ("badge slug", "no-such-badge"))
        for body in (
            {"badge": "{id}", "rows": [{"email": "jane@example.org"}]},
            {"rows": [{"email": "jane@example.org", "badge": "{id}"}]},
        )
    ),
    Field(
        address="GET /api/badges/grant/{id}/status", foreign="note", unknown=f"{BASE}/actor/org/statuses/none"
    ),
    # Issuers API
    Field(address="POST /badges", foreign="issuer", body={**BADGE, "issuerId": "{id}"}),
    Field(
        address="POST /awards",
        foreign="badge",
        body={"badgeId": "{id}", **_RECIPIENT, "issuedOn": ISSUED_ON},
    ),
    Field(address='GET /awards?filter={"badgeId":"{id}"}', foreign="badge"),
    Field(address="GET /awards?lastEvaluatedKey={id}", foreign="award"),
    # Credentials API, for programs and for people
    *(
        one
        for root in ("/api/v1", "/api/organizations/other")
        for one in (
            Field(
                address=f"POST {root}/credentials", foreign="badge", body={"badgeId": "{id}", **_RECIPIENT}
            ),
            Field(address=f"GET {root}/credentials?badgeId={{id}}", foreign="badge"),
        )
    ),
    Field(
        address="POST /api/v1/credentials/bulk",
        foreign="badge",
        body={"badgeId": "{id}", "recipients": [JANE]},
    ),
    # Console
    *(
        Field(
            address=f"POST {OTHER}/granting{way}",
            foreign=name,
            unknown=none,
            form={**_GRANTING, field: "{id}"},
        )
        for way in ("", "/send", "/change")
        for field, name, none in (
            ("badge", "badge number", NONE),
            ("badge-name", "badge slug", "no-such-badge"),
        )
    ),
    Field(address=f"GET {OTHER}/granting?badge={{id}}", foreign="badge number", unknown=NONE),
    Field(address=f"GET {OTHER}/grants?badge={{id}}", foreign="badge number", unknown=NONE),
    Field(address=f"GET {OTHER}/grants.csv?badge={{id}}", foreign="badge number", unknown=NONE),
    Field(address=f"GET {OTHER}/grants?order=expiry&before={{id}}", foreign="expiring grant", unknown=NONE),
    Field(
        address=f"POST {OTHER}/lists",
        foreign="badge number",
        unknown=NONE,
        form={"badge": "{id}"},
        file="email\njane@example.org\n",
        keeps=True,
    ),
    Field(
        address=f"POST {OTHER}/badges/new",
        foreign="issuer",
        form={**_TEXTS, "issuer": "{id}", "once": NOTHING},
    ),
    Field(
        address=f"POST {OTHER}/badges/preview",
        foreign="issuer",
        form={**_TEXTS, "issuer": "{id}", "once": NOTHING},
    ),
    Field(
        address=f"POST {OTHER}/badges/new",
        foreign="picture",
        form={**_TEXTS, "issuer": "{own issuer}", "kept": "{id}", "once": NOTHING},
    ),
    Field(address=f"GET {OTHER}/badges/preview.svg?kind=Badge&issuer={{id}}", foreign="issuer"),
    Field(address=f"POST {OTHER}/people/withdraw", foreign="invitation", form={"invitation": "{id}"}),
    Field(address=f"POST {OTHER}/people/role", foreign="user", form={"user": "{id}", "role": "viewer"}),
    Field(address=f"POST {OTHER}/people/remove", foreign="user", form={"user": "{id}"}),
    Field(address=f"POST {OTHER}/keys/revoke", foreign="key", form={"key": "{id}"}),
    Field(
        address=f"POST {OTHER}/followers/other/remove",
        foreign="follower",
        unknown=NONE,
        form={"follower": "{id}"},
    ),
    Field(
        address=f"POST {OTHER}/federation/retry",
        foreign="host",
        unknown="none.example",
        form={"host": "{id}"},
    ),
    Field(address="POST /console/account/sessions/end", foreign="session", form={"session": "{id}"}),
    Field(
        address="POST /console/account/profiles/unlink",
        foreign="profile",
        unknown="https://social.example/users/none",
        form={"actor": "{id}"},
    ),
)
BELOW_AN_ORGANIZATION = tuple(
    row.address
    for row in ROWS
    if (found := _ORGANIZATION.search(row.address)) and "{" in row.address[found.end() :]
)
ID_QUERIES = {
    "badge number": "SELECT id AS value FROM badges WHERE organization_id = 1",
    "badge": "SELECT uuid AS value FROM badges WHERE organization_id = 1",
    "badge slug": "SELECT slug AS value FROM badges WHERE organization_id = 1",
    "note": "SELECT note_uri AS value FROM grants WHERE organization_id = 1",
    "issuer": "SELECT uuid AS value FROM issuers WHERE organization_id = 1 AND username = 'org'",
    "own issuer": "SELECT uuid AS value FROM issuers WHERE username = 'other'",
    "award": "SELECT uuid AS value FROM grants WHERE organization_id = 1 AND status = 'processed'",
    "expiring grant": "SELECT id AS value FROM grants WHERE organization_id = 1",
    "picture": "SELECT uuid AS value FROM picture_drafts",
    "invitation": "SELECT uuid AS value FROM invitations",
    "user": "SELECT uuid AS value FROM users WHERE email = 'owner@example.org'",
    "key": "SELECT uuid AS value FROM api_keys WHERE organization_id = 1 ORDER BY id",
    "follower": "SELECT id AS value FROM followers",
    "host": "SELECT host AS value FROM deliveries",
    "session": "SELECT sessions.uuid AS value FROM sessions JOIN users ON users.id = user_id WHERE email = 'owner@example.org'",
    "profile": "SELECT actor_id AS value FROM user_identities",
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(stage: Stage, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """One for all: what is refused leaves it as it was."""
    async with open_house(stage, tmp_path_factory.mktemp("ids")) as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope="module")
async def stranger(house: House) -> AsyncIterator[httpx.AsyncClient]:
    """The other organization's owner, at a program or a browser."""
    transport = httpx.ASGITransport(app=house.app, raise_app_exceptions=False)
    shown = house.scene.passes[Who.FOREIGN]
    headers = {"origin": BASE, "cookie": f"__Host-badgefed-console={shown.session}"}
    async with httpx.AsyncClient(transport=transport, base_url=BASE, headers=headers) as client:
        yield client


async def send(
    house: House,
    client: httpx.AsyncClient,
    address: str,
    *,
    body: Any = None,
    form: dict[str, str] | None = None,
    file: str | None = None,
) -> httpx.Response:
    """With what the door asks for: a key, a token, or the token of the console's forms."""
    method, _, url = address.partition(" ")
    shown = house.scene.passes[Who.FOREIGN]
    if not url.startswith("/console"):
        is_personal = url.startswith("/api/organizations")
        proof = {"Authorization": f"Bearer {shown.token}"} if is_personal else {"X-ApiKey": shown.key or ""}
        return await client.request(method, url, json=body, headers=proof)
    browser = {"accept": BROWSER}
    if method == "GET":
        return await client.get(url, headers=browser)
    page = Page((await client.get("/console/account", headers=browser)).text)
    files = {"file": ("list.csv", file)} if file is not None else None
    return await client.post(
        url, data={**(form or {}), "token": page.value("token")}, files=files, headers=browser
    )


def bare(response: httpx.Response, value: str = "", foreign: str = "") -> tuple[int, str, str]:
    """An answer about `value` as it would be about the other id, without what is new in every answer."""
    text, location = response.text, response.headers.get("location", "")
    for spell in (str, quote, lambda name: quote(name, safe="")):
        text, location = (one.replace(spell(value), spell(foreign)) for one in (text, location))
    return response.status_code, _NEW.sub("…", text), _NEW.sub("…", location)


async def ids(house: House, text: str) -> str:
    for name, sql in ID_QUERIES.items():
        if f"{{{name}}}" in text:
            row = await house.database.one(sql)
            assert row is not None, name
            text = text.replace(f"{{{name}}}", str(row["value"]))
    return text


@pytest.mark.parametrize("one", FIELDS, ids=str)
@pytest.mark.asyncio(loop_scope="module")
async def test_in_bodies_forms_and_queries(one: Field, house: House, stranger: httpx.AsyncClient) -> None:
    foreign = await ids(house, f"{{{one.foreign}}}")
    before = house.database.changes.commits(house.tables)
    answers = []
    for value in (foreign, one.unknown):
        form = {name: await ids(house, text.replace("{id}", value)) for name, text in one.form.items()}
        method, _, url = one.address.partition(" ")
        address = f"{method} {url.replace('{id}', quote(value, safe=''))}"
        body = json.loads(json.dumps(one.body).replace("{id}", value))
        answer = await send(house, stranger, address, body=body, form=form, file=one.file)
        if one.keeps:
            assert answer.status_code == 303
            answer = await send(house, stranger, f"GET {answer.headers['location']}/trial")
        answers.append(bare(answer, value, foreign))
    assert answers[0] == answers[1]
    assert answers[0][0] not in (401, 403, 405, 415, 422, 429, 500), answers[0]
    if not one.keeps:
        assert house.database.changes.commits(house.tables) == before


@pytest.mark.parametrize("address", BELOW_AN_ORGANIZATION)
@pytest.mark.asyncio(loop_scope="module")
async def test_in_paths_below_ones_own_organization(
    address: str, house: House, stranger: httpx.AsyncClient
) -> None:
    method, _, route = address.partition(" ")
    wanted = _ORGANIZATION.sub("other", f"{route}?{QUERIES[address]}" if address in QUERIES else route)
    theirs = fill_in(house.scene.names, route, wanted)
    none = re.sub(r"{\w+}", NOTHING, wanted)
    before = house.database.changes.commits(house.tables)
    body = body_of(house.scene.names, address, "them") if address in BODIES else None
    answers = [
        bare(await send(house, stranger, f"{method} {path}", body=body, form=FORM)) for path in (theirs, none)
    ]
    assert answers[0] == answers[1]
    assert answers[0][0] in (303, 404), answers[0]
    assert house.database.changes.commits(house.tables) == before
