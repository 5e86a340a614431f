"""Does anybody here know the issuer?"""

from __future__ import annotations

from urllib.parse import unquote

from badgefed.model.hosts import normal_host
from badgefed.store import issuers
from badgefed.store.database import Reader
from badgefed.texts import say
from badgefed.verification.inquiry import Inquiry
from badgefed.verification.members import web_only
from badgefed.verification.results import Check, CheckName, passed, warned
from badgefed.work.services import Services


async def check_issuer_known(inquiry: Inquiry, issuer_id: str | None) -> Check:
    """An issuer that nobody knows is a warning: it may be as good as any other."""
    name = CheckName.ISSUER_KNOWN
    known = inquiry.services.settings.known_issuers
    host = host_of_issuer(issuer_id or "")
    if issuer_id is not None and issuer_id in known:
        return passed(name, say("The issuer is one that this server's operator knows."), issuer_id)
    if issuer_id is not None and await _is_ours(inquiry.services, issuer_id):
        return passed(name, say("The issuer is one of this server."), issuer_id)
    if host and host in known:
        return passed(name, say("The issuer is one that this server's operator knows."), host)
    if not host:
        return warned(
            name,
            say("The issuer is known by a key alone, which proves no name and no organization."),
            issuer_id,
        )
    return warned(
        name,
        say("%(host)s issued it. Whether that is who you think it is, you must judge yourself.", host=host),
        "neither an issuer of this server nor in its list of known issuers",
    )


def host_of_issuer(issuer_id: str) -> str:
    """The host that an https or did:web issuer proves to have; empty for others."""
    if web_only(issuer_id):
        return normal_host(issuer_id)
    if issuer_id.startswith("did:web:"):
        return normal_host(unquote(issuer_id.split(":")[2]))
    return ""


async def _is_ours(services: Services, issuer_id: str) -> bool:
    addresses = services.addresses

    async def look(reader: Reader) -> bool:
        if issuer_id.startswith(addresses.did("")):
            username = issuer_id.removeprefix(addresses.did(""))
            issuer = await issuers.find_issuer(reader, username)
            return issuer is not None and issuer.username == username
        if issuer_id.startswith(addresses.issuer_profile("")):
            uuid = issuer_id.removeprefix(addresses.issuer_profile(""))
            return await issuers.find_issuer_by_uuid(reader, uuid) is not None
        return False

    return await services.database.read(look)
