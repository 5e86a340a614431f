"""The picture of a profile, fetched for whoever is about to grant it a badge."""

from __future__ import annotations

import asyncio
import io
from dataclasses import replace
from urllib.parse import quote

import httpx
import pytest
from PIL import Image

from badgefed.model.blocks import BlockKind
from badgefed.model.organization import Role
from badgefed.net.client import Client
from badgefed.net.transport import AiohttpTransport
from badgefed.store import blocks
from badgefed.web.console.granting import AVATARS_PER_MINUTE
from badgefed.work.services import Services
from tests.conftest import World
from tests.console import PASSWORD, add_person, browse, open_page, sign_in, submit
from tests.html_pages import check_page
from tests.remote import RemoteServer
from tests.world import Clock, Network, answer

FORM = "/console/o/org/granting"
PICTURE = "https://files.example/jane.png"
JANE = "https://social.example/users/jane"
AVATAR = f"{FORM}/avatar?profile={quote(JANE, safe='')}"


def encode(width: int, height: int, kind: str = "PNG") -> bytes:
    written = io.BytesIO()
    Image.new("1" if kind == "PNG" else "RGB", (width, height)).save(written, kind)
    return written.getvalue()
