"""Another server of the Fediverse, made by hand: actors with keys that sign, documents that can be fetched, an inbox that keeps."""

from __future__ import annotations

import itertools
import json
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

import httpx
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from starlette.applications import Starlette

from badgefed.model.times import SECOND
from badgefed.net.transport import Request, Response
from badgefed.protocol import digests, keys, signatures
from badgefed.protocol.activities import AS2, PUBLIC
from badgefed.protocol.signatures import OutboundRequest, Scheme
from badgefed.web import inbox
from badgefed.work.services import Services
from tests.world import Clock, Network, answer

SECURITY = "https://w3id.org/security/v1"
ACTIVITY = "application/activity+json"
_serial = itertools.count(1)

Document = dict[str, Any]


@lru_cache(maxsize=64)
def rsa_key(name: str) -> RSAPrivateKey:
    """One key for each name in the whole run: making one takes a while."""
    return keys.generate_rsa()


def make_door(services: Services) -> httpx.AsyncClient:
    """A client of an application that has the inboxes only; a crash in it fails the test."""
    app = Starlette(routes=inbox.routes)
    app.state.services = services
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(app=app, raise_app_exceptions=True), base_url=services.addresses.base
    )


@dataclass(kw_only=True)
class RemoteServer:
    """Mounted on the network as `host`. `received` is what came to its inboxes: (path, document), in order."""

    network: Network
    clock: Clock
    host: str = "social.example"
    received: list[tuple[str, Document]] = field(default_factory=list)
    documents: dict[str, Response] = field(default_factory=dict)
    people: dict[str, RemotePerson] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.network.mount(self.host, self._handle)

    def person(self, name: str) -> RemotePerson:
        """The actor of this name, made on first use."""
        if name not in self.people:
            self.people[name] = RemotePerson(server=self, name=name)
        return self.people[name]

    def serve(
        self, path: str, document: Document, *, status: int = 200, content_type: str = ACTIVITY
    ) -> None:
        """Answers GETs of this path (with its query) with the document, whatever else stood there."""
        self.documents[path] = answer(status, json.dumps(document).encode(), content_type)

    def fail(self, path: str, status: int) -> None:
        self.documents[path] = answer(status, b"", "text/plain")

    @property
    def answers(self) -> list[Document]:
        return [document for _, document in self.received]

    async def _handle(self, request: Request) -> Response:
        return replace(self._answer(request), url=request.url)

    def _answer(self, request: Request) -> Response:
        parts = urlsplit(request.url)
        path = f"{parts.path}?{parts.query}" if parts.query else parts.path
        if request.method == "POST":
            self.received.append((path, json.loads(request.body)))
            return answer(202)
        if path in self.documents:
            return self.documents[path]
        for person in self.people.values():
            if person.id == request.url:
                return answer(200, json.dumps(person.document).encode())
        if parts.path == "/.well-known/webfinger":
            return self._webfinger(parts.query)
        return answer(404, b"", "text/plain")

    def _webfinger(self, query: str) -> Response:
        for person in self.people.values():
            if query == f"resource=acct:{person.name}@{self.host}":
                link = {"rel": "self", "type": ACTIVITY, "href": person.id}
                jrd = {"subject": f"acct:{person.name}@{self.host}", "links": [link]}
                return answer(200, json.dumps(jrd).encode(), "application/jrd+json")
        return answer(404, b"", "text/plain")


@dataclass(kw_only=True)
class RemotePerson:
    """An actor who signs what it posts. `key_name` chooses the private key, `key_id` its id."""

    server: RemoteServer
    name: str
    key_name: str = ""
    key_id: str = ""
    extra: Document = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.key_name = self.key_name or f"{self.name}@{self.server.host}"
        self.key_id = self.key_id or f"{self.id}#main-key"

    @property
    def id(self) -> str:
        return f"https://{self.server.host}/users/{self.name}"

    @property
    def private_key(self) -> RSAPrivateKey:
        return rsa_key(self.key_name)

    @property
    def public_key(self) -> Document:
        pem = keys.public_pem(self.private_key.public_key())
        return {"id": self.key_id, "owner": self.id, "publicKeyPem": pem}

    @property
    def document(self) -> Document:
        return {
            "@context": [AS2, SECURITY],
            "id": self.id,
            "type": "Person",
            "preferredUsername": self.name,
            "name": self.name.title(),
            "url": f"https://{self.server.host}/@{self.name}",
            "inbox": f"{self.id}/inbox",
            "endpoints": {"sharedInbox": f"https://{self.server.host}/inbox"},
            "publicKey": self.public_key,
        } | self.extra

    def new_id(self, kind: str = "activities") -> str:
        return f"https://{self.server.host}/{kind}/{next(_serial)}"

    def activity(self, verb: str, target: Any, /, **members: Any) -> Document:
        """Members that are None are left out."""
        whole = {
            "@context": AS2,
            "id": self.new_id(),
            "type": verb,
            "actor": self.id,
            "object": target,
        } | members
        return {name: value for name, value in whole.items() if value is not None}

    def note(self, reply_to: str | None, content: str, /, *, public: bool = True, **members: Any) -> Document:
        return {
            "id": self.new_id("notes"),
            "type": "Note",
            "attributedTo": self.id,
            "inReplyTo": reply_to,
            "content": content,
            "to": [PUBLIC] if public else ["https://badges.example/actor/org"],
            "cc": [],
        } | members

    def reply(self, reply_to: str, content: str, /, *, public: bool = True, **members: Any) -> Document:
        note = self.note(reply_to, content, public=public, **members)
        return self.activity("Create", note, to=note["to"], cc=note["cc"])

    def headers(
        self, url: str, body: bytes, *, scheme: Scheme = "cavage", content_type: str = ACTIVITY
    ) -> dict[str, str]:
        """What a signed POST of the body to the URL carries."""
        return signatures.sign(
            OutboundRequest(
                method="POST",
                url=url,
                body_digest=digests.sha256_base64(body),
                content_type=content_type,
            ),
            scheme=scheme,
            key_id=self.key_id,
            private_key=self.private_key,
            now=self.server.clock() / SECOND,
        )

    async def post(
        self,
        door: httpx.AsyncClient,
        activity: Document | bytes,
        *,
        path: str = "/inbox",
        scheme: Scheme = "cavage",
    ) -> httpx.Response:
        """Signs and sends; bytes go as they are."""
        body = activity if isinstance(activity, bytes) else json.dumps(activity).encode()
        url = f"{door.base_url}".rstrip("/") + path
        return await door.post(path, content=body, headers=self.headers(url, body, scheme=scheme))
