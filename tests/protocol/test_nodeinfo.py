"""NodeInfo documents against the rules of their schemas."""

from __future__ import annotations

from typing import Any

import jsonschema
import pytest

from badgefed.protocol.nodeinfo import Usage, Version, content_type, nodeinfo, well_known
from tests.protocol.badge_values import ADDRESSES

USAGE = Usage(issuers=3, active_month=1, active_half_year=2, badges=40)
COUNT = {"type": "integer", "minimum": 0}


def schema(version: Version) -> dict[str, Any]:
    """What the published schema of that version requires."""
    software = {"name": {"type": "string", "pattern": "^[a-z0-9-]+$"}, "version": {"type": "string"}}
    if version is Version.V2_1:
        software |= {"repository": {"type": "string"}, "homepage": {"type": "string"}}
    services = {"type": "array", "uniqueItems": True}
    return {
        "type": "object",
        "additionalProperties": False,
        "required": [
            "version",
            "software",
            "protocols",
            "services",
            "openRegistrations",
            "usage",
            "metadata",
        ],
        "properties": {
            "version": {"const": str(version)},
            "software": {
                "type": "object",
                "additionalProperties": False,
                "required": ["name", "version"],
                "properties": software,
            },
            "protocols": {"type": "array", "minItems": 1, "items": {"const": "activitypub"}},
            "services": {
                "type": "object",
                "additionalProperties": False,
                "required": ["inbound", "outbound"],
                "properties": {"inbound": services, "outbound": services},
            },
            "openRegistrations": {"type": "boolean"},
            "usage": {
                "type": "object",
                "additionalProperties": False,
                "required": ["users"],
                "properties": {
                    "users": {
                        "type": "object",
                        "additionalProperties": False,
                        "properties": {"total": COUNT, "activeHalfyear": COUNT, "activeMonth": COUNT},
                    },
                    "localPosts": COUNT,
                    "localComments": COUNT,
                },
            },
            "metadata": {"type": "object"},
        },
    }


@pytest.mark.parametrize("homepage", [None, "https://badges.example/"])
@pytest.mark.parametrize("version", Version)
def test_documents_fit_the_schema_of_their_version(version: Version, homepage: str | None) -> None:
    document = nodeinfo(version, software_version="0.1.0", usage=USAGE, name="Badges", homepage=homepage)
    jsonschema.validate(document, schema(version))
    assert document["software"]["name"] == "badgefed"
    assert document["usage"] == {
        "users": {"total": 3, "activeMonth": 1, "activeHalfyear": 2},
        "localPosts": 40,
    }
    assert document["metadata"]["nodeName"] == "Badges"
    assert document["openRegistrations"] is False


def test_only_the_newer_version_names_a_homepage() -> None:
    home = {"software_version": "1", "usage": USAGE, "name": "B", "homepage": "https://badges.example/"}
    assert nodeinfo(Version.V2_1, **home)["software"]["homepage"] == "https://badges.example/"  # type: ignore[arg-type]
    assert "homepage" not in nodeinfo(Version.V2_0, **home)["software"]  # type: ignore[arg-type]


def test_well_known_names_the_newest_document_first_and_the_instance_actor() -> None:
    links = {link["rel"]: link["href"] for link in well_known(ADDRESSES)["links"]}
    assert list(links.items()) == [
        ("http://nodeinfo.diaspora.software/ns/schema/2.1", "https://badges.example/nodeinfo/2.1"),
        ("http://nodeinfo.diaspora.software/ns/schema/2.0", "https://badges.example/nodeinfo/2.0"),
        ("https://www.w3.org/ns/activitystreams#Application", "https://badges.example/actor"),
    ]


def test_content_type_names_the_schema() -> None:
    assert (
        content_type(Version.V2_1)
        == 'application/json; profile="http://nodeinfo.diaspora.software/ns/schema/2.1#"'
    )
