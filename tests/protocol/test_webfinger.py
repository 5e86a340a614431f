"""Which actor a resource names, in all the spellings that peers send, and the round trip back."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import quote
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from badgefed.errors import Invalid
from badgefed.model.addresses import Addresses
from badgefed.protocol.webfinger import (
    Kind,
    Resource,
    canonical_host,
    host_meta_json,
    host_meta_xrd,
    instance_jrd,
    issuer_jrd,
    read_resource,
)
from tests.protocol.badge_values import ADDRESSES, ISSUER

LOCAL = Addresses(base="http://127.0.0.1:8000")
IDN = Addresses(base="https://xn--bcher-kva.example")
MAKERS = Resource(kind=Kind.USERNAME, value="makers")
INSTANCE = Resource(kind=Kind.INSTANCE, value="badges.example")


@pytest.mark.parametrize(
    ("text", "resource"),
    [
        ("acct:makers@badges.example", MAKERS),
        ("acct%3Amakers%40badges.example", MAKERS),
        ("acct:%40makers@badges.example", MAKERS),
        ("ACCT:Makers@BADGES.example", MAKERS),
        ("makers@badges.example", MAKERS),
        ("@makers@badges.example", MAKERS),
        ("acct:makers@badges.example.", MAKERS),
        ("acct:makers@badges.example:443", MAKERS),
        (" acct:makers@badges.example ", MAKERS),
        ("https://badges.example/@makers", MAKERS),
        ("https://badges.example/@Makers/", MAKERS),
        ("acct:badges.example@badges.example", INSTANCE),
        ("https://badges.example", INSTANCE),
        ("https://badges.example/", INSTANCE),
        ("HTTPS://Badges.Example./", INSTANCE),
        ("https%3A%2F%2Fbadges.example%2F", INSTANCE),
        ("https://badges.example/actor", INSTANCE),
        (ISSUER.actor_id, Resource(kind=Kind.URL, value=ISSUER.actor_id)),
        (f"{ISSUER.actor_id}/#main-key", Resource(kind=Kind.URL, value=ISSUER.actor_id)),
        ("https://badges.example/x?author=1", Resource(kind=Kind.URL, value="https://badges.example/x?author=1")),
        ("acct:makers@other.example", Resource(kind=Kind.FOREIGN, value="other.example")),
        ("https://other.example/@makers", Resource(kind=Kind.FOREIGN, value="other.example")),
        ("https://makers@badges.example/", Resource(kind=Kind.FOREIGN, value="makers@badges.example")),
    ],
)  # fmt: skip
def test_resources(text: str, resource: Resource) -> None:
    assert read_resource(text, ADDRESSES) == resource


@pytest.mark.parametrize(
    "text",
    [None, "", "acct:", "acct:makers", "acct:@badges.example", "acct:makers@", "mailto:x", "a b@c", "x/y@z", "a@b@c",
     "acct:x@" + "ü" * 70, "https://[badges.example", "x" * 2049, "acct:x@bücher..example"],
)  # fmt: skip
def test_what_is_no_resource_is_refused(text: str | None) -> None:
    with pytest.raises(Invalid) as caught:
        read_resource(text, ADDRESSES)
    assert caught.value.field == "resource"


@pytest.mark.parametrize(
    ("text", "addresses", "kind"),
    [
        ("acct:makers@127.0.0.1:8000", LOCAL, Kind.USERNAME),
        ("acct:127.0.0.1@127.0.0.1:8000", LOCAL, Kind.INSTANCE),
        ("http://127.0.0.1:8000/", LOCAL, Kind.INSTANCE),
        ("acct:makers@127.0.0.1", LOCAL, Kind.FOREIGN),
        ("acct:makers@Bücher.example", IDN, Kind.USERNAME),
        ("acct:makers@xn--bcher-kva.example", IDN, Kind.USERNAME),
        ("https://bücher.example/@makers", IDN, Kind.USERNAME),
    ],
)
def test_hosts_with_ports_and_other_alphabets(text: str, addresses: Addresses, kind: Kind) -> None:
    assert read_resource(text, addresses).kind is kind


def kind_or_refusal(resource: str) -> str | None:
    try:
        return read_resource(resource, ADDRESSES).kind
    except Invalid as error:
        return error.field


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    for resource in (text, f"acct:{text}@badges.example", f"https://badges.example/{text}", f"acct:u@{text}"):
        assert kind_or_refusal(resource) in {*Kind, "resource"}


@pytest.mark.parametrize(
    ("host", "canonical"),
    [
        ("A.Example", "a.example"),
        ("a.example.:443", "a.example"),
        ("a.example:8443", "a.example:8443"),
        ("[::1]:8000", "[::1]:8000"),
        ("[::1]", "[::1]"),
        ("münchen.example", "xn--mnchen-3ya.example"),
    ],
)
def test_canonical_host(host: str, canonical: str) -> None:
    assert canonical_host(host) == canonical


def test_the_jrd_of_an_issuer_leads_back_to_it() -> None:
    jrd = issuer_jrd(ISSUER, ADDRESSES)
    own = [link for link in jrd["links"] if link["rel"] == "self"]
    assert jrd["links"][0] == own[0]
    assert own == [{"rel": "self", "type": "application/activity+json", "href": ISSUER.actor_id}]
    assert jrd["subject"] == "acct:makers@badges.example"
    assert jrd["aliases"] == [ISSUER.actor_id]
    assert {link["rel"].rpartition("/")[2]: link["type"] for link in jrd["links"]} == {
        "self": "application/activity+json",
        "profile-page": "text/html",
        "avatar": "image/png",
    }
    for name in (jrd["subject"], quote(jrd["subject"], safe=""), jrd["subject"].removeprefix("acct:")):
        assert read_resource(name, ADDRESSES) == MAKERS


def test_an_imported_issuer_keeps_its_id() -> None:
    imported = replace(ISSUER, actor_id="https://badges.example/actors/badges.example/makers")
    jrd = issuer_jrd(imported, ADDRESSES)
    assert jrd["links"][0]["href"] == imported.actor_id
    assert read_resource(imported.actor_id, ADDRESSES) == Resource(kind=Kind.URL, value=imported.actor_id)


@pytest.mark.parametrize("addresses", [ADDRESSES, LOCAL])
def test_the_jrd_of_the_instance_leads_back_to_it(addresses: Addresses) -> None:
    jrd = instance_jrd(addresses)
    assert jrd["links"][0] == {
        "rel": "self",
        "type": "application/activity+json",
        "href": addresses.instance_actor,
    }
    assert [link["rel"] for link in jrd["links"]].count("self") == 1
    assert jrd["links"][1]["rel"] == "https://www.w3.org/ns/activitystreams#Service"
    for name in (jrd["subject"], *jrd["aliases"]):
        assert read_resource(name, addresses).kind is Kind.INSTANCE


def test_host_meta_names_webfinger_in_both_forms() -> None:
    template = "https://badges.example/.well-known/webfinger?resource={uri}"
    (link,) = ElementTree.fromstring(host_meta_xrd(ADDRESSES))
    assert link.tag == "{http://docs.oasis-open.org/ns/xri/xrd-1.0}Link"
    assert (link.get("rel"), link.get("template")) == ("lrdd", template)
    (entry,) = host_meta_json(ADDRESSES)["links"]
    assert (entry["rel"], entry["template"]) == ("lrdd", template)
