"""NodeInfo 2.0 and 2.1, and the address of the instance actor (FEP-2677)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from badgefed.model.addresses import Addresses

SCHEMA = "http://nodeinfo.diaspora.software/ns/schema"


class Version(StrEnum):
    V2_0 = "2.0"
    V2_1 = "2.1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Counts of issuers (all, active within a month, within half a year) and of published public badges."""

    issuers: int
    active_month: int
    active_half_year: int
    badges: int


def content_type(version: Version) -> str:
    """The media type with the schema as profile, as the protocol wants it."""
    return f'application/json; profile="{SCHEMA}/{version}#"'


def well_known(addresses: Addresses) -> dict[str, Any]:
    """`/.well-known/nodeinfo`: both documents, served at `/nodeinfo/{version}`, and the instance actor."""
    documents = [
        {"rel": f"{SCHEMA}/{version}", "href": f"{addresses.base}/nodeinfo/{version}"}
        for version in (Version.V2_1, Version.V2_0)
    ]
    actor = {"rel": "https://www.w3.org/ns/activitystreams#Application", "href": addresses.instance_actor}
    return {"links": [*documents, actor]}


def nodeinfo(
    version: Version,
    *,
    software_version: str,
    usage: Usage,
    name: str,
    description: str = "",
    homepage: str | None = None,
    open_registrations: bool = False,
) -> dict[str, Any]:
    """The document of that version; 2.0 knows no homepage."""
    software = {"name": "badgefed", "version": software_version}
    if version is Version.V2_1 and homepage:
        software["homepage"] = homepage
    return {
        "version": str(version),
        "software": software,
        "protocols": ["activitypub"],
        "services": {"inbound": [], "outbound": []},
        "openRegistrations": open_registrations,
        "usage": {
            "users": {
                "total": usage.issuers,
                "activeMonth": usage.active_month,
                "activeHalfyear": usage.active_half_year,
            },
            "localPosts": usage.badges,
        },
        "metadata": {"nodeName": name, "nodeDescription": description},
    }
