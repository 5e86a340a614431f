"""What the visitors come to: a running server with issuers, badges, and people who hold some of them."""

from __future__ import annotations

import email
import email.policy
import re
from collections.abc import Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import httpx

from tests.html_pages import Page
from tests.interop.our import ORGANIZATION, OurServer
from tests.interop.processes import eventually

ISSUERS = (
    ("academy", "Academy of Free Software", "#3f7d58", "We teach people to write, share and keep software."),
    ("radio", "Harbour Radio", "#b4532a", "A neighbourhood's station, made by those who listen to it."),
)
BADGES = (
    ("academy", "First Patch", "Milestone", "The first change that went into a project of others.", "#opensource #firsts"),
    ("academy", "Mentor", "Recognition", "Stayed with newcomers until they stood on their own.", "#opensource #teaching"),
    ("academy", "Translator", "Credential", "Brought a whole program into another language.", "#opensource #languages"),
    ("radio", "Night Shift", "Achievement", "Kept the station on the air while the city slept.", "#radio"),
)  # fmt: skip
AWARDS = (
    ("First Patch", "Amara Okafor", "amara@example.org", "public"),
    ("First Patch", "Jonas Lindqvist", "jonas@example.org", "public"),
    ("First Patch", "Mei-Lin Chow", "meilin@example.org", "public"),
    ("Mentor", "Sofía Álvarez", "sofia@example.org", "public"),
    ("Mentor", "Amara Okafor", "amara@example.org", "unlisted"),
    ("Night Shift", "Bruno Keller", "bruno@example.org", "public"),
    ("Night Shift", "Amara Okafor", "amara@example.org", "private"),
)
EVIDENCE = "Found the cause of a crash that three others had given up on, and wrote the test that keeps it away. https://code.example/patches/17"


@dataclass(frozen=True, slots=True, kw_only=True)
class Offered:
    """A grant that waits for its recipient."""

    id: int
    uuid: str
    code: str
    accept_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """The server, the ids of its badges by title, and the first public award of each."""

    our: OurServer
    badges: dict[str, int]
    awards: dict[str, Offered]

    @property
    def base(self) -> str:
        return self.our.base

    def offer(self, title: str, *, name: str, address: str, **fields: Any) -> Offered:
        """Grants a badge by the API, to an e-mail address or to a profile's id."""
        recipient = {"profileUri" if address.startswith("http") else "email": address}
        body = {"badgeId": self.badges[title], "name": name, "evidence": EVIDENCE, **recipient, **fields}
        response = self.our.client.post("/api/badges/grant", json=body)
        assert response.status_code == 200, response.text
        answer = response.json()
        found = self.our.rows("SELECT uuid, code FROM grants WHERE id = ?", answer["badgeRecord"]["id"])
        return Offered(
            id=answer["badgeRecord"]["id"], uuid=found[0][0], code=found[0][1], accept_url=answer["acceptUrl"]
        )

    def award(
        self, title: str, *, name: str, address: str, visibility: str = "public", **fields: Any
    ) -> Offered:
        """Grants a badge that is accepted, signed and published at once."""
        offered = self.offer(title, name=name, address=address, **fields)
        _accept(self.our, offered, visibility)
        eventually(lambda: self.state(offered) == "processed")
        return offered

    def state(self, offered: Offered) -> str:
        state: str = self.our.rows("SELECT status FROM grants WHERE id = ?", offered.id)[0][0]
        return state

    def note(self, offered: Offered) -> str:
        """The address of its page."""
        address: str = self.our.rows("SELECT note_uri FROM grants WHERE id = ?", offered.id)[0][0]
        return address

    def mailed_link(self, address: str, path: str, *, after: str = "") -> str:
        """The link below `path` in the newest mail to this address that has one, other than `after`; waits for it."""
        pattern = re.compile(rf"{re.escape(self.base)}{path}/\S+")

        def find() -> str | None:
            for message in reversed(self._mails(address)):
                body = message.get_body(("plain",))
                found = pattern.search(body.get_content()) if body else None
                if found and found[0] != after:
                    return found[0]
            return None

        return eventually(find) or ""

    def _mails(self, address: str) -> Sequence[EmailMessage]:
        folder = Path(self.our.environment["BADGEFED_DATA_DIR"]) / "mail"
        messages = [
            email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
            for file in sorted(folder.glob("*.eml"))
        ]
        return [message for message in messages if address in str(message["To"])]


def _accept(our: OurServer, offered: Offered, visibility: str) -> None:
    """As somebody with a browser would."""
    page = our.client.get(offered.accept_url, headers={"accept": "text/html"})
    form = {"token": Page(page.text).value("token"), "visibility": visibility, "answer": "accept"}
    response = httpx.post(offered.accept_url, data=form, timeout=30)
    assert response.status_code == 303, response.text


def build(our: OurServer) -> Scene:
    """Fills an empty server."""
    for username, name, colour, summary in ISSUERS:
        our.command(
            "create-issuer",
            *("--organization", ORGANIZATION, "--username", username, "--name", name),
            *("--colour", colour, "--summary", summary, "--url", "https://issuer.example/"),
        )
    badges = {badge[1]: _create_badge(our, *badge) for badge in BADGES}
    scene = Scene(our=our, badges=badges, awards={})
    for title, name, address, visibility in AWARDS:
        offered = scene.offer(title, name=name, address=address)
        _accept(our, offered, visibility)
        scene.awards.setdefault(title, offered)
    scene.offer("Translator", name="Amara Okafor", address="amara@example.org")
    eventually(lambda: not our.rows("SELECT id FROM grants WHERE status = 'accepted'"))
    return scene


def _create_badge(our: OurServer, issuer: str, title: str, kind: str, description: str, hashtags: str) -> int:
    made = our.command(
        "create-badge",
        *("--issuer", issuer, "--title", title, "--type", kind, "--description", description),
        *("--criteria", "Somebody who was there says so, and shows what was made."),
        *("--hashtags", hashtags, "--post-hashtags"),
    )
    badge_id: int = made["id"]
    return badge_id
