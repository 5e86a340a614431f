"""Our actor documents under the rules of every peer that we know."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from badgefed.model.addresses import Addresses
from badgefed.model.issuer import ActorType, Issuer
from badgefed.protocol import jsonld
from badgefed.protocol.activities import update
from badgefed.protocol.actors import (
    ed25519_key_id,
    instance_actor,
    issuer_actor,
    issuer_icon,
    main_key_id,
    tombstone,
)
from badgefed.protocol.remote_actors import read_actor
from tests.protocol import peers
from tests.protocol.badge_values import ADDRESSES, HARD_TEXTS, ISSUER, NOW, NOW_TEXT, with_text

PEM = "-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A\n-----END PUBLIC KEY-----\n"
MULTIKEY = "z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2"


def make_actor(issuer: Issuer = ISSUER, **more: Any) -> dict[str, Any]:
    return issuer_actor(issuer, ADDRESSES, rsa_public_pem=PEM, **more)


def make_instance(addresses: Addresses = ADDRESSES, **more: Any) -> dict[str, Any]:
    return instance_actor(addresses, rsa_public_pem=PEM, name="Badges", created_at=NOW, **more)


ACTORS = {
    "organization": make_actor(),
    "service": make_actor(replace(ISSUER, actor_type=ActorType.SERVICE)),
    "with Ed25519": make_actor(ed25519_multikey=MULTIKEY),
    "bare": make_actor(replace(ISSUER, summary="", url=None)),
    "instance": make_instance(),
    "instance with Ed25519": make_instance(ed25519_multikey=MULTIKEY),
}


@pytest.mark.parametrize("actor", ACTORS.values(), ids=ACTORS)
def test_actors_break_no_rule(actor: dict[str, Any]) -> None:
    assert peers.wire_problems(actor, host="badges.example") == []
    assert peers.mastodon_actor_problems(actor) == []
    assert peers.misskey_actor_problems(actor) == []
    assert isinstance(peers.badgefed_reads(actor), peers.BadgeFedActor)


def test_an_issuer() -> None:
    actor = make_actor(ed25519_multikey=MULTIKEY)
    base = "https://badges.example/actor/makers"
    assert actor["type"] == "Organization"
    assert (actor["id"], actor["url"]) == (base, base)
    assert [actor[name] for name in ("inbox", "outbox", "followers", "following", "featured")] == [
        f"{base}/{name}" for name in ("inbox", "outbox", "followers", "following", "featured")
    ]
    assert (actor["preferredUsername"], actor["webfinger"]) == ("makers", "makers@badges.example")
    assert (actor["name"], actor["summary"]) == ("Maker Society", "<p>We make things.</p>")
    assert (actor["manuallyApprovesFollowers"], actor["discoverable"], actor["indexable"]) == (
        False,
        True,
        True,
    )
    assert actor["published"] == NOW_TEXT
    assert actor["endpoints"] == {"sharedInbox": "https://badges.example/inbox"}
    assert actor["publicKey"] == {"id": f"{base}#main-key", "owner": base, "publicKeyPem": PEM}
    assert actor["assertionMethod"] == [
        {
            "id": f"{base}#ed25519-key",
            "type": "Multikey",
            "controller": base,
            "publicKeyMultibase": MULTIKEY,
        }
    ]
    assert (main_key_id(base), ed25519_key_id(base)) == (f"{base}#main-key", f"{base}#ed25519-key")
    assert actor["attachment"] == [
        {
            "type": "PropertyValue",
            "name": "Website",
            "value": '<a href="https://makers.example/" rel="me noopener">https://makers.example/</a>',
        }
    ]
    assert actor["icon"]["mediaType"] == "image/png"
    assert issuer_icon(replace(ISSUER, updated_at=NOW + 1), ADDRESSES) != actor["icon"]["url"]


def test_the_instance_actor_says_what_the_server_implements() -> None:
    actor = make_instance(Addresses(base="http://127.0.0.1:8000"))
    assert (actor["id"], actor["type"], actor["preferredUsername"]) == (
        "http://127.0.0.1:8000/actor",
        "Application",
        "127.0.0.1",
    )
    assert (actor["webfinger"], actor["manuallyApprovesFollowers"]) == ("127.0.0.1@127.0.0.1:8000", True)
    assert "followers" not in actor
    assert actor["generator"]["implements"][0]["href"] == "https://datatracker.ietf.org/doc/html/rfc9421"
    assert peers.wire_problems(actor, host="127.0.0.1:8000") == []


def test_json_ld_readers_find_the_multikey_and_the_rsa_key() -> None:
    (expanded,) = jsonld.expand(make_actor(ed25519_multikey=MULTIKEY))
    (method,) = expanded["https://w3id.org/security#assertionMethod"]
    assert method["@type"] == ["https://w3id.org/security#Multikey"]
    assert method["https://w3id.org/security#publicKeyMultibase"] == [
        {"@type": "https://w3id.org/security#multibase", "@value": MULTIKEY}
    ]
    (key,) = expanded["https://w3id.org/security#publicKey"]
    assert key["https://w3id.org/security#publicKeyPem"] == [{"@value": PEM}]
    assert key["https://w3id.org/security#owner"] == [{"@id": ISSUER.actor_id}]


def test_our_own_reader_understands_our_actor() -> None:
    actor, keys = read_actor(make_actor(ed25519_multikey=MULTIKEY), url=ISSUER.actor_id, now=NOW)
    assert (actor.handle, actor.shared_inbox) == ("@makers@badges.example", ADDRESSES.shared_inbox)
    assert [key.id for key in keys] == [f"{ISSUER.actor_id}#main-key", f"{ISSUER.actor_id}#ed25519-key"]


@pytest.mark.parametrize("text", HARD_TEXTS.values(), ids=HARD_TEXTS)
def test_hard_texts_break_nothing(text: str) -> None:
    _check_with(text)


@settings(max_examples=30, deadline=None)
@given(st.text(max_size=2000))
def test_any_text_breaks_nothing(text: str) -> None:
    _check_with(text)


def _check_with(text: str) -> None:
    actor = make_actor(with_text(text)[2])
    assert peers.wire_problems(actor, host="badges.example") == []
    assert peers.misskey_actor_problems(actor) == []
    assert peers.mastodon_html(actor["summary"]) == actor["summary"]


def test_summaries_keep_their_paragraphs_and_lose_their_markup() -> None:
    actor = make_actor(replace(ISSUER, summary="One <b>\nline\n\n\n\nTwo"))
    assert actor["summary"] == "<p>One &lt;b&gt;<br>line</p><p>Two</p>"


@pytest.mark.parametrize(
    "url", [None, "", "makers.example", "javascript:alert(1)", "https://[x", "https://a b"]
)
def test_only_web_addresses_become_a_profile_field(url: str | None) -> None:
    assert make_actor(replace(ISSUER, url=url))["attachment"] == []


def test_tombstone() -> None:
    document = tombstone("https://badges.example/actor/makers/statuses/1", former_type="Note", deleted=NOW)
    assert document["type"] == "Tombstone"
    assert (document["formerType"], document["deleted"]) == ("Note", NOW_TEXT)
    assert peers.wire_problems(document, host="badges.example") == []


def test_update_of_an_actor_goes_to_the_public_and_its_followers() -> None:
    activity = update(f"{ISSUER.actor_id}#updates/2", make_actor())
    assert (activity["actor"], activity["cc"]) == (ISSUER.actor_id, [f"{ISSUER.actor_id}/followers"])
    assert peers.wire_problems(activity, host="badges.example") == []
