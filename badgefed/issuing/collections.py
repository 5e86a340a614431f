"""Everything that a holder has, to carry away: single files, one Verifiable Presentation, a ZIP, and all data about the holder."""

from __future__ import annotations

import asyncio
import io
import json
import zipfile
from base64 import b64encode
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import Any

from badgefed.issuing.holders import Holder
from badgefed.model.badge import Badge
from badgefed.model.grant import Grant, Status
from badgefed.model.issuer import Issuer
from badgefed.model.times import format_rfc3339
from badgefed.protocol import presentations
from badgefed.store import badges, documents, external_badges, held_grants, issuers, personal_data
from badgefed.store.database import Reader, Row
from badgefed.store.documents import DocumentKind
from badgefed.store.external_badges import ExternalBadge
from badgefed.work import award_files, credentials
from badgefed.work.award_files import Picture
from badgefed.work.services import Services

MAX_GRANTS = 1000
MAX_EXTERNAL = 1000
_EPOCH_OF_ZIP = (1980, 1, 1, 0, 0, 0)


class FileKind(StrEnum):
    """The files of a badge, by the ends of their names."""

    PNG = "png"
    SVG = "svg"
    ASSERTION = "ob2.json"
    CREDENTIAL = "json"
    JWT = "jwt"


MEDIA_TYPES: Mapping[FileKind, str] = {
    FileKind.PNG: "image/png",
    FileKind.SVG: "image/svg+xml",
    FileKind.ASSERTION: "application/ld+json",
    FileKind.CREDENTIAL: "application/vc+ld+json",
    FileKind.JWT: "text/plain",
}
_IN_ARCHIVE = (FileKind.PNG, FileKind.ASSERTION, FileKind.CREDENTIAL, FileKind.JWT)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Award:
    """A processed grant with its documents; `badge` as it is now, `jwt` None where the credential is older than JWTs here."""

    grant: Grant
    badge: Badge
    issuer: Issuer
    assertion: bytes
    credential: bytes
    jwt: bytes | None
    picture: Picture

    @property
    def stem(self) -> str:
        return f"{self.badge.slug}-{self.grant.code}"


def is_carried(grant: Grant) -> bool:
    """Whether there are files of it: it is signed, and was not revoked."""
    return grant.status is Status.PROCESSED


async def list_grants(reader: Reader, holder: Holder) -> list[Grant]:
    """Newest first, in every state; the newest thousand."""
    return await held_grants.list_held(reader, holder.names, limit=MAX_GRANTS)


async def make_file(services: Services, grant: Grant, kind: FileKind) -> tuple[str, bytes] | None:
    """Name and content of one file, whatever the visibility of the badge; None if there are no files of it."""
    award = await services.database.read(lambda reader: _load(reader, grant))
    if award is None:
        return None
    return f"{award.stem}.{kind}", await _make(services, award, kind)


async def _load(reader: Reader, grant: Grant) -> _Award | None:
    badge = await badges.find_badge(reader, grant.badge_id)
    assertion = await documents.find_document(reader, grant.id, DocumentKind.ASSERTION)
    credential = await documents.find_document(reader, grant.id, DocumentKind.CREDENTIAL)
    jwt = await documents.find_document(reader, grant.id, DocumentKind.JWT)
    if badge is None or assertion is None or credential is None or not is_carried(grant):
        return None
    return _Award(
        grant=grant,
        badge=badge,
        issuer=await issuers.get_issuer(reader, grant.issuer_id),
        assertion=assertion.body,
        credential=credential.body,
        jwt=jwt.body if jwt is not None else None,
        picture=await award_files.load_picture(reader, grant),
    )


async def _make(services: Services, award: _Award, kind: FileKind) -> bytes:
    hosted = award_files.hosted_assertion(award.assertion, award.grant, award.badge, services.addresses)
    if kind is FileKind.ASSERTION:
        return hosted
    if kind is FileKind.CREDENTIAL:
        return award.credential
    if kind is FileKind.JWT:
        made = award.jwt or await credentials.make_jwt(services, json.loads(award.credential), award.issuer)
        return made if isinstance(made, bytes) else made.encode()
    bake = award_files.baked_png if kind is FileKind.PNG else award_files.baked_svg
    return await asyncio.to_thread(bake, award.picture, hosted.decode(), award.credential.decode())


async def stream_presentation(services: Services, holder: Holder) -> AsyncIterator[bytes]:
    """All signed credentials in one Verifiable Presentation, in pieces; what is Open Badges 2.0 alone has no place in it."""
    yield presentations.HEAD
    separator = b""
    async for credential in _credentials(services, holder):
        yield separator + credential
        separator = b","
    yield presentations.TAIL


async def _credentials(services: Services, holder: Holder) -> AsyncIterator[bytes]:
    for grant in await services.database.read(lambda reader: list_grants(reader, holder)):
        if is_carried(grant):
            stored = await documents.find_document(services.database, grant.id, DocumentKind.CREDENTIAL)
            if stored is not None:
                yield stored.body
    for badge in await _list_external(services, holder):
        if not str(badge.result["kind"]).startswith("ob3"):
            continue
        document = await external_badges.find_document(services.database, badge.id)
        if document is not None:
            yield presentations.envelope(document.decode()) if badge.is_token else document


async def _list_external(services: Services, holder: Holder) -> list[ExternalBadge]:
    return await external_badges.list_badges(services.database, holder.id, limit=MAX_EXTERNAL)


class _Pipe(io.RawIOBase):
    """Takes what is written to it until somebody comes for it."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._parts.append(bytes(data))
        return len(data)

    def take(self) -> bytes:
        taken = b"".join(self._parts)
        self._parts.clear()
        return taken


async def stream_archive(services: Services, holder: Holder) -> AsyncIterator[bytes]:
    """A ZIP with the files of each badge and an `index.json`, in pieces: never more than one badge's files are in memory."""
    pipe, index = _Pipe(), []
    with zipfile.ZipFile(pipe, "w") as archive:
        for grant in await services.database.read(lambda reader: list_grants(reader, holder)):
            award = await services.database.read(partial(_load, grant=grant))
            if award is None:
                continue
            files = {f"{award.stem}.{kind}": await _make(services, award, kind) for kind in _IN_ARCHIVE}
            await asyncio.to_thread(_write, archive, files)
            index.append(_describe(services, award, list(files)))
            yield pipe.take()
        for badge in await _list_external(services, holder):
            name = f"imported/{badge.uuid}.{'jwt' if badge.is_token else 'json'}"
            document = await external_badges.find_document(services.database, badge.id)
            if document is None:
                continue
            await asyncio.to_thread(_write, archive, {name: document})
            index.append(_describe_external(badge, name))
            yield pipe.take()
        listed = json.dumps({"badges": index}, ensure_ascii=False, indent=2).encode()
        await asyncio.to_thread(_write, archive, {"index.json": listed})
    yield pipe.take()


def _write(archive: zipfile.ZipFile, files: Mapping[str, bytes]) -> None:
    for name, content in files.items():
        info = zipfile.ZipInfo(name, _EPOCH_OF_ZIP)
        info.compress_type = zipfile.ZIP_STORED if name.endswith(".png") else zipfile.ZIP_DEFLATED
        archive.writestr(info, content)


def _describe(services: Services, award: _Award, files: list[str]) -> dict[str, Any]:
    grant, badge = award.grant, award.badge
    return {
        "name": badge.title,
        "issuer": award.issuer.name,
        "issuedAt": format_rfc3339(grant.issued_at),
        "expiresAt": format_rfc3339(grant.expires_at) if grant.expires_at is not None else None,
        "suspended": grant.suspended_at is not None,
        "code": grant.code,
        "id": services.addresses.credential(grant.uuid),
        "visibility": grant.visibility,
        "files": files,
    }


def _describe_external(badge: ExternalBadge, file: str) -> dict[str, Any]:
    shown = badge.result["badge"]
    return {
        "name": shown["name"],
        "issuer": shown["issuer"]["name"],
        "issuedAt": shown["issuedAt"],
        "expiresAt": shown["expiresAt"],
        "state": "external",
        "verdict": badge.verdict,
        "source": badge.source,
        "files": [file],
    }


async def stream_data(services: Services, holder: Holder) -> AsyncIterator[bytes]:
    """All that the store has about the holder, as JSON in pieces: its tables' rows, instants as text, documents as text or base64."""

    async def load(reader: Reader) -> dict[str, list[Row]]:
        grant_ids = [grant.id for grant in await list_grants(reader, holder)]
        return await personal_data.load_rows(
            reader, holder_id=holder.id, names=holder.names, grant_ids=grant_ids
        )

    tables = await services.database.read(load)
    yield f'{{"exportedAt": "{format_rfc3339(services.clock())}"'.encode()
    for name, rows in tables.items():
        yield await asyncio.to_thread(_encode, name, rows)
    yield b"\n}\n"


def _encode(table: str, rows: Sequence[Row]) -> bytes:
    """A member of the object that was begun, with a line for each row."""
    lines = ",\n".join(json.dumps(_plain(row), ensure_ascii=False) for row in rows)
    return f',\n"{table}": [{lines}]'.encode("utf-8", "replace")


def _plain(row: Row) -> dict[str, Any]:
    return {name: _value(name, value) for name, value in row.items()}


def _value(name: str, value: Any) -> Any:
    if isinstance(value, bytes):
        try:
            return value.decode()
        except UnicodeDecodeError:
            return b64encode(value).decode()
    return format_rfc3339(value) if name.endswith("_at") and isinstance(value, int) else value
