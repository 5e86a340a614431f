"""Another server of the Fediverse as far as people sign in with it: Mastodon's OAuth, from its documentation.

It checks what the documentation says is checked: the registered redirect URI, the scopes, the client's secret, PKCE, and
that a code is used once. `replies` lets a test answer any path with anything instead.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import itertools
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from badgefed.protocol.activities import AS2

ACTIVITY = "application/activity+json"
_INVALID_CLIENT = (
    "Client authentication failed due to unknown client, no client authentication included, or unsupported"
    " authentication method."
)
_INVALID_GRANT = (
    "The provided authorization grant is invalid, expired, revoked, does not match the redirection URI used in the"
    " authorization request, or was issued to another client."
)

Reply = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True, kw_only=True)
class Code:
    client_id: str
    redirect_uri: str
    scope: str
    challenge: str
    username: str


@dataclass(kw_only=True)
class OauthServer:
    """`is_old`: as Mastodon was before 4.3, without a description, PKCE and the scope `profile`, and without `uri`.

    `signed_in` is who sits at the browser there.
    """

    origin: str = "https://social.example"
    handle_host: str = ""
    is_old: bool = False
    has_api: bool = True
    signed_in: str = "amara"
    denies: bool = False
    sends_issuer: bool = False
    metadata: dict[str, Any] = field(default_factory=dict)
    identity: dict[str, Any] = field(default_factory=dict)
    replies: dict[str, Reply] = field(default_factory=dict)
    clients: dict[str, dict[str, str]] = field(default_factory=dict)
    codes: dict[str, Code] = field(default_factory=dict)
    tokens: dict[str, Code] = field(default_factory=dict)
    revoked: list[str] = field(default_factory=list)
    seen: list[str] = field(default_factory=list)
    forms: dict[str, list[dict[str, str]]] = field(default_factory=dict)
    serial: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    @property
    def host(self) -> str:
        return self.origin.partition("://")[2]

    def actor_id(self, username: str) -> str:
        return f"{self.origin}/users/{username}"

    @property
    def app(self) -> Starlette:
        api: list[BaseRoute] = [
            self._route("/api/v1/apps", self._register, "POST"),
            self._route("/oauth/authorize", self._authorize),
            self._route("/oauth/token", self._token, "POST"),
            self._route("/oauth/revoke", self._revoke, "POST"),
            self._route("/oauth/userinfo", self._userinfo),
            self._route("/api/v1/accounts/verify_credentials", self._account),
            self._route("/.well-known/oauth-authorization-server", self._metadata),
        ]
        documents: list[BaseRoute] = [
            self._route("/users/{name}", self._actor),
            self._route("/.well-known/webfinger", self._webfinger),
        ]
        return Starlette(routes=[*(api if self.has_api else []), *documents])

    def _route(self, path: str, reply: Reply, method: str = "GET") -> Route:
        async def handle(request: Request) -> Response:
            self.seen.append(path)
            if method == "POST":
                self.forms.setdefault(path, []).append(dict(parse_qsl((await request.body()).decode())))
            return await self.replies.get(path, reply)(request)

        return Route(path, handle, methods=[method])

    async def _metadata(self, request: Request) -> Response:
        if self.is_old:
            return Response("not here", 404)
        doors = {
            "authorization_endpoint": "/oauth/authorize",
            "token_endpoint": "/oauth/token",
            "app_registration_endpoint": "/api/v1/apps",
            "revocation_endpoint": "/oauth/revoke",
            "userinfo_endpoint": "/oauth/userinfo",
        }
        described: dict[str, Any] = {
            "issuer": f"{self.origin}/",
            "scopes_supported": ["read", "profile", "write", "read:accounts"],
            "response_types_supported": ["code"],
            "code_challenge_methods_supported": ["S256"],
            "authorization_response_iss_parameter_supported": self.sends_issuer,
        } | {name: self.origin + path for name, path in doors.items()}
        return JSONResponse(
            {k: v for k, v in (described | self.metadata).items() if v is not None},
        )

    async def _register(self, request: Request) -> Response:
        form = self.forms["/api/v1/apps"][-1]
        known = {"read", "read:accounts", "write"} | (set() if self.is_old else {"profile"})
        if not set(form.get("scopes", "read").split()) <= known:
            return JSONResponse({"error": "Validation failed: Scopes doesn't match configured."}, 422)
        number = next(self.serial)
        client = {**form, "client_id": f"client-{number}", "client_secret": f"secret-{number}"}
        self.clients[client["client_id"]] = client
        return JSONResponse({"id": str(number), "client_secret_expires_at": 0, **client})

    async def _authorize(self, request: Request) -> Response:
        query = request.query_params
        client = self.clients.get(query["client_id"])
        if client is None:
            return JSONResponse({"error": "invalid_client", "error_description": _INVALID_CLIENT}, 401)
        assert query["response_type"] == "code"
        assert query["redirect_uri"] == client["redirect_uris"]
        assert set(query["scope"].split()) <= set(client["scopes"].split())
        assert query["code_challenge_method"] == "S256"
        back = {"state": query["state"]}
        if self.sends_issuer:
            back["iss"] = f"{self.origin}/"
        if self.denies:
            back |= {"error": "access_denied", "error_description": "The resource owner denied the request."}
        else:
            back["code"] = f"code-{next(self.serial)}"
            self.codes[back["code"]] = Code(
                client_id=query["client_id"],
                redirect_uri=query["redirect_uri"],
                scope=query["scope"],
                challenge=query["code_challenge"],
                username=self.signed_in,
            )
        return RedirectResponse(f"{query['redirect_uri']}?{urlencode(back)}", 302)

    async def _token(self, request: Request) -> Response:
        form = self.forms["/oauth/token"][-1]
        client = self.clients.get(form["client_id"])
        if client is None or form["client_secret"] != client["client_secret"]:
            return JSONResponse({"error": "invalid_client", "error_description": _INVALID_CLIENT}, 401)
        code = self.codes.pop(form["code"], None)
        digest = hashlib.sha256(form["code_verifier"].encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        wanted = (form["client_id"], form["redirect_uri"])
        is_good = code is not None and (code.client_id, code.redirect_uri) == wanted
        if code is None or not is_good or (not self.is_old and code.challenge != challenge):
            return JSONResponse({"error": "invalid_grant", "error_description": _INVALID_GRANT}, 400)
        token = f"token-{next(self.serial)}"
        self.tokens[token] = code
        answer = {"access_token": token, "token_type": "Bearer", "scope": code.scope, "created_at": 1}
        return JSONResponse(answer)

    async def _revoke(self, request: Request) -> Response:
        form = self.forms["/oauth/revoke"][-1]
        if self.clients[form["client_id"]]["client_secret"] != form["client_secret"]:
            return JSONResponse({"error": "unauthorized_client"}, 403)
        self.revoked.append(form["token"])
        self.tokens.pop(form["token"], None)
        return JSONResponse({})

    def _owner(self, request: Request, *scopes: str) -> str | Response:
        code = self.tokens.get(request.headers.get("authorization", "").removeprefix("Bearer "))
        if code is None:
            return JSONResponse({"error": "The access token is invalid"}, 401)
        if not set(code.scope.split()) & set(scopes):
            return JSONResponse({"error": "This action is outside the authorized scopes"}, 403)
        return code.username

    async def _userinfo(self, request: Request) -> Response:
        owner = self._owner(request, "profile")
        if isinstance(owner, Response):
            return owner
        known = {"iss": f"{self.origin}/", "sub": self.actor_id(owner), "preferred_username": owner}
        return JSONResponse(known | self.identity)

    async def _account(self, request: Request) -> Response:
        owner = self._owner(request, "profile", "read:accounts", "read")
        if isinstance(owner, Response):
            return owner
        known = {"id": "1", "username": owner, "acct": owner, "url": f"{self.origin}/@{owner}"}
        newer = {} if self.is_old else {"uri": self.actor_id(owner)}
        return JSONResponse(known | newer | self.identity)

    async def _actor(self, request: Request) -> Response:
        name = request.path_params["name"]
        document = {
            "@context": AS2,
            "id": self.actor_id(name),
            "type": "Person",
            "preferredUsername": name,
            "inbox": f"{self.actor_id(name)}/inbox",
            "url": f"{self.origin}/@{name}",
        }
        return Response(json.dumps(document), media_type=ACTIVITY)

    async def _webfinger(self, request: Request) -> Response:
        [resource] = parse_qs(request.url.query)["resource"]
        name = resource.removeprefix("acct:").partition("@")[0]
        link = {"rel": "self", "type": ACTIVITY, "href": self.actor_id(name)}
        subject = f"acct:{name}@{self.handle_host or self.host}"
        return JSONResponse({"subject": subject, "links": [link]}, media_type="application/jrd+json")


async def visit(server: OauthServer, url: str) -> httpx.Response:
    """What the person's browser gets there."""
    transport = httpx.ASGITransport(app=server.app)
    async with httpx.AsyncClient(transport=transport) as client:
        return await client.get(url)


@asynccontextmanager
async def listening(server: OauthServer) -> AsyncIterator[None]:
    """The server on a port of this machine, which its origin is set to."""
    config = uvicorn.Config(
        _Late(server), host="127.0.0.1", port=0, log_config=None, lifespan="off", ws="none"
    )
    listener = uvicorn.Server(config)
    socket = config.bind_socket()
    server.origin = f"http://127.0.0.1:{socket.getsockname()[1]}"
    task = asyncio.create_task(listener.serve(sockets=[socket]))
    try:
        yield
    finally:
        listener.should_exit = True
        await task


class _Late:
    """The application as it is when asked: the origin is known after the port."""

    def __init__(self, server: OauthServer) -> None:
        self._server = server

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await self._server.app(scope, receive, send)
