"""A server of the Fediverse on a port of this machine, whose people the visitors are: they sign in there, follow and share from
there, get messages, and have pages. What came to it is kept.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from badgefed.protocol import digests, keys, signatures
from badgefed.protocol.activities import AS2, PUBLIC
from badgefed.protocol.signatures import OutboundRequest
from tests.interop.processes import HOST, eventually, free_port
from tests.oauth_server import OauthServer
from tests.remote import ACTIVITY, SECURITY, rsa_key

SUBSCRIBE = "http://ostatus.org/schema/1.0/subscribe"
KEY = "the town"
PAGE = (
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title><link rel="icon" href="data:,">'
    "</head><body><h1>{title}</h1>{body}</body></html>"
)

Document = dict[str, Any]


@dataclass(kw_only=True)
class Town:
    """`sign_in` is its OAuth. `received` is what came to inboxes: (path, document); `wanted` what people came to do there.

    `pages` and `files` are what stands at further paths: HTML, and JSON. `told` is what came to its webhooks: the name, the
    signature, the body. While it `is_down`, it takes nothing.
    """

    sign_in: OauthServer
    received: list[tuple[str, Document]] = field(default_factory=list)
    wanted: list[str] = field(default_factory=list)
    pages: dict[str, str] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    told: list[tuple[str, str, bytes]] = field(default_factory=list)
    is_down: bool = False

    @property
    def origin(self) -> str:
        return self.sign_in.origin

    def actor(self, name: str) -> str:
        return self.sign_in.actor_id(name)

    def handle(self, name: str) -> str:
        return f"@{name}@{self.sign_in.host}"

    def message(self, name: str) -> str:
        """The content of the newest direct message to somebody; waits for it."""

        def find() -> str:
            notes = [document.get("object") for _, document in self.received]
            found = [
                note for note in notes if isinstance(note, dict) and self.actor(name) in note.get("to", ())
            ]
            return str(found[-1]["content"]) if found else ""

        return eventually(find)

    def documents(self, name: str, kind: str) -> list[Document]:
        """What of this type came to somebody's inbox."""
        path = f"/users/{name}/inbox"
        return [document for place, document in self.received if place == path and document["type"] == kind]

    def post(self, name: str, verb: str, target: Any, *, inbox: str) -> None:
        """Somebody does something, and their server tells it to an inbox."""
        url = f"{self.actor(name)}/activities/{time.time_ns()}"
        activity = {"@context": AS2, "id": url, "type": verb, "actor": self.actor(name), "object": target}
        body = json.dumps(activity | {"to": [PUBLIC]}).encode()
        request = OutboundRequest(
            method="POST", url=inbox, body_digest=digests.sha256_base64(body), content_type=ACTIVITY
        )
        headers = signatures.sign(
            request,
            scheme="cavage",
            key_id=f"{self.actor(name)}#main-key",
            private_key=rsa_key(KEY),
            now=time.time(),
        )
        response = httpx.post(inbox, content=body, headers=headers, timeout=30)
        assert response.status_code == 202, response.text

    def note(self, name: str, reply_to: str, content: str) -> Document:
        """A public reply."""
        return {
            "id": f"{self.actor(name)}/notes/{time.time_ns()}",
            "type": "Note",
            "attributedTo": self.actor(name),
            "inReplyTo": reply_to,
            "content": content,
            "to": [PUBLIC],
        }

    @property
    def app(self) -> Starlette:
        self.sign_in.replies |= {"/users/{name}": self._actor, "/.well-known/webfinger": self._webfinger}
        routes = [
            Route("/users/{name}/inbox", self._inbox, methods=["POST"]),
            Route("/authorize_interaction", self._interaction),
            Route("/pages/{name}", self._page),
            Route("/files/{name}", self._file),
            Route("/hooks/{name}", self._hook, methods=["POST"]),
        ]
        return Starlette(routes=[*routes, *self.sign_in.app.routes])

    async def _actor(self, request: Request) -> Response:
        name = request.path_params["name"]
        actor = self.actor(name)
        document = {
            "@context": [AS2, SECURITY],
            "id": actor,
            "type": "Person",
            "preferredUsername": name,
            "name": name.split("-", 1)[0].title(),
            "inbox": f"{actor}/inbox",
            "url": f"{self.origin}/@{name}",
            "publicKey": {
                "id": f"{actor}#main-key",
                "owner": actor,
                "publicKeyPem": keys.public_pem(rsa_key(KEY).public_key()),
            },
        }
        return JSONResponse(document, media_type=ACTIVITY)

    async def _webfinger(self, request: Request) -> Response:
        handle = request.query_params["resource"].removeprefix("acct:")
        links = [
            {"rel": "self", "type": ACTIVITY, "href": self.actor(handle.partition("@")[0])},
            {"rel": SUBSCRIBE, "template": f"{self.origin}/authorize_interaction?uri={{uri}}"},
        ]
        return JSONResponse({"subject": f"acct:{handle}", "links": links}, media_type="application/jrd+json")

    async def _inbox(self, request: Request) -> Response:
        if self.is_down:
            return Response(status_code=503)
        self.received.append((request.url.path, await request.json()))
        return Response(status_code=202)

    async def _hook(self, request: Request) -> Response:
        if self.is_down:
            return Response(status_code=503)
        signature = request.headers["badgefed-signature"]
        self.told.append((request.path_params["name"], signature, await request.body()))
        return Response("thank you")

    async def _interaction(self, request: Request) -> Response:
        self.wanted.append(request.query_params["uri"])
        return HTMLResponse(PAGE.format(title="Do you want to?", body=""))

    async def _page(self, request: Request) -> Response:
        name = request.path_params["name"]
        return HTMLResponse(PAGE.format(title=name, body=self.pages[name]))

    async def _file(self, request: Request) -> Response:
        return Response(self.files[request.path_params["name"]], media_type="application/json")


@contextmanager
def open_town() -> Iterator[Town]:
    """A town that listens until the end."""
    port = free_port()
    town = Town(sign_in=OauthServer(origin=f"http://{HOST}:{port}"))
    config = uvicorn.Config(town.app, host=HOST, port=port, log_config=None, lifespan="off", ws="none")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        eventually(lambda: server.started)
        yield town
    finally:
        server.should_exit = True
        thread.join()
