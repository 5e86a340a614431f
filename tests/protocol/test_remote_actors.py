"""Actor documents as the servers of the Fediverse write them, and those that must not be believed."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from badgefed.errors import BadgefedError, Gone, Invalid
from badgefed.model.actor import RemoteActor, RemoteKey
from badgefed.protocol.remote_actors import MAX_KEYS, read_actor, read_keys

AS2 = "https://www.w3.org/ns/activitystreams"
SECURITY = "https://w3id.org/security/v1"
NOW = 1_772_000_000_000_000
PEM = "-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A\n-----END PUBLIC KEY-----"
PKCS1 = "-----BEGIN RSA PUBLIC KEY-----\nMIIBCgKCAQEA\n-----END RSA PUBLIC KEY-----"
MULTIKEY = "z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2"


def key(actor_id: str, suffix: str = "#main-key", **more: Any) -> dict[str, Any]:
    return {"id": actor_id + suffix, "owner": actor_id, "publicKeyPem": PEM + "\n", **more}


def actor(actor_id: str, **more: Any) -> dict[str, Any]:
    """The least that everybody publishes."""
    return {
        "@context": [AS2, SECURITY],
        "id": actor_id,
        "type": "Person",
        "preferredUsername": "jane",
        "inbox": f"{actor_id}/inbox",
        "publicKey": key(actor_id),
        **more,
    }


MASTODON = "https://m.example/ap/users/116148392810"
GTS = "https://gts.example/users/jane"
MISSKEY = "https://misskey.example/users/9abcdef012"
PLEROMA = "https://pl.example/users/jane"
PIXELFED = "https://pixel.example/users/jane"
LEMMY = "https://lemmy.example/u/jane"
WORDPRESS = "https://blog.example/?author=1"
PEERTUBE = "https://tube.example/accounts/jane"
HUBZILLA = "https://hub.example/channel/jane"
BONFIRE = "https://bonfire.example/pub/actors/jane"
SMITHEREEN = "https://smith.example/users/1"
FEDIFY = "https://fedify.example/users/0191d2a0-1111-7000-8000-000000000001"
BADGEFED = "https://b.example/actors/b.example/org"

# Document, then what must be read from it: type, inbox, shared inbox, handle, name, url, icon, ids of keys.
SERVERS: dict[str, tuple[dict[str, Any], tuple[Any, ...]]] = {
    "Mastodon with numeric id": (
        actor(
            MASTODON,
            name="Jane 🏅",
            summary="<p>hi</p>",
            url="https://m.example/@jane",
            webfinger="jane@m.example",
            endpoints={"sharedInbox": "https://m.example/inbox"},
            icon={"type": "Image", "mediaType": "image/jpeg", "url": "https://files.m.example/a.jpg"},
            attachment=[{"type": "PropertyValue", "name": "n", "value": "v"}],
            assertionMethod=[],
            tag=[],
        ),
        (
            "Person",
            f"{MASTODON}/inbox",
            "https://m.example/inbox",
            "@jane@m.example",
            "Jane 🏅",
            "https://m.example/@jane",
            "https://files.m.example/a.jpg",
            [f"{MASTODON}#main-key"],
        ),
    ),
    "GoToSocial": (
        actor(GTS, url="https://gts.example/@jane", publicKey=key(GTS, "/main-key"), icon=[]),
        (
            "Person",
            f"{GTS}/inbox",
            None,
            "@jane@gts.example",
            None,
            "https://gts.example/@jane",
            None,
            [f"{GTS}/main-key"],
        ),
    ),
    "Misskey": (
        actor(
            MISSKEY,
            name=None,
            url="https://misskey.example/@jane",
            sharedInbox="https://misskey.example/inbox",
            endpoints={"sharedInbox": "https://misskey.example/inbox"},
            icon={
                "type": "Image",
                "url": "https://media.misskey.example/x.webp",
                "sensitive": False,
                "name": None,
            },
            publicKey=key(MISSKEY, type="Key"),
            isCat=True,
        ),
        (
            "Person",
            f"{MISSKEY}/inbox",
            "https://misskey.example/inbox",
            "@jane@misskey.example",
            None,
            "https://misskey.example/@jane",
            "https://media.misskey.example/x.webp",
            [f"{MISSKEY}#main-key"],
        ),
    ),
    "Pleroma": (
        actor(
            PLEROMA,
            url=PLEROMA,
            name="Jane",
            endpoints={
                "oauthTokenEndpoint": "https://pl.example/oauth/token",
                "sharedInbox": "https://pl.example/inbox",
            },
            capabilities={"acceptsChatMessages": True},
            icon={"type": "Image", "url": "https://pl.example/media/a.png?name=a b.png"},
        ),
        (
            "Person",
            f"{PLEROMA}/inbox",
            "https://pl.example/inbox",
            "@jane@pl.example",
            "Jane",
            PLEROMA,
            None,
            [f"{PLEROMA}#main-key"],
        ),
    ),
    "Pixelfed": (
        actor(
            PIXELFED,
            name="Jane",
            url="https://pixel.example/jane",
            endpoints={"sharedInbox": "https://pixel.example/f/inbox"},
            icon={"type": "Image", "mediaType": "image/jpeg", "url": "https://pixel.example/a.jpg"},
        ),
        (
            "Person",
            f"{PIXELFED}/inbox",
            "https://pixel.example/f/inbox",
            "@jane@pixel.example",
            "Jane",
            "https://pixel.example/jane",
            "https://pixel.example/a.jpg",
            [f"{PIXELFED}#main-key"],
        ),
    ),
    "Lemmy": (
        actor(LEMMY, endpoints={"sharedInbox": "https://lemmy.example/inbox"}, matrixUserId=None),
        (
            "Person",
            f"{LEMMY}/inbox",
            "https://lemmy.example/inbox",
            "@jane@lemmy.example",
            None,
            None,
            None,
            [f"{LEMMY}#main-key"],
        ),
    ),
    "WordPress": (
        actor(
            WORDPRESS,
            type="Person",
            name="Jane",
            url="https://blog.example/author/jane/",
            inbox="https://blog.example/wp-json/activitypub/1.0/actors/1/inbox",
            endpoints={"sharedInbox": "https://blog.example/wp-json/activitypub/1.0/inbox"},
            icon={"type": "Image", "url": "https://secure.gravatar.example/avatar/0?s=120&d=mm&r=g"},
            webfinger="jane@blog.example",
            generator={"type": "Application", "implements": []},
        ),
        (
            "Person",
            "https://blog.example/wp-json/activitypub/1.0/actors/1/inbox",
            "https://blog.example/wp-json/activitypub/1.0/inbox",
            "@jane@blog.example",
            "Jane",
            "https://blog.example/author/jane/",
            "https://secure.gravatar.example/avatar/0?s=120&d=mm&r=g",
            [f"{WORDPRESS}#main-key"],
        ),
    ),
    "PeerTube": (
        actor(
            PEERTUBE,
            name="Jane",
            url=PEERTUBE,
            endpoints={"sharedInbox": "https://tube.example/inbox"},
            icon=[
                {
                    "type": "Image",
                    "mediaType": "image/png",
                    "height": 48,
                    "url": "https://tube.example/48.png",
                },
                {
                    "type": "Image",
                    "mediaType": "image/png",
                    "height": 120,
                    "url": "https://tube.example/120.png",
                },
            ],
        ),
        (
            "Person",
            f"{PEERTUBE}/inbox",
            "https://tube.example/inbox",
            "@jane@tube.example",
            "Jane",
            PEERTUBE,
            "https://tube.example/48.png",
            [f"{PEERTUBE}#main-key"],
        ),
    ),
    "Hubzilla": (
        actor(
            HUBZILLA,
            inbox="https://hub.example/inbox/jane",
            name="Jane",
            url=[
                {"type": "Link", "rel": "me", "href": "https://hub.example/channel/jane"},
                {"type": "Link", "mediaType": "text/html", "href": "https://hub.example/profile/jane"},
            ],
            icon={"type": "Image", "url": {"type": "Link", "href": "https://hub.example/photo/1"}},
            attachment={"type": "PropertyValue", "name": "single", "value": "object"},
            publicKey={"id": HUBZILLA, "owner": HUBZILLA, "publicKeyPem": PEM},
        ),
        (
            "Person",
            "https://hub.example/inbox/jane",
            None,
            "@jane@hub.example",
            "Jane",
            "https://hub.example/profile/jane",
            "https://hub.example/photo/1",
            [HUBZILLA],
        ),
    ),
    "Bonfire": (
        actor(
            BONFIRE,
            type=["Person", "https://schema.example/Person"],
            icon=["https://bonfire.example/files/a.jpg"],
            url={"type": "Link", "href": "https://bonfire.example/@jane"},
            endpoints={"sharedInbox": "https://bonfire.example/pub/shared_inbox"},
            publicKey=[key(BONFIRE)],
        ),
        (
            "Person",
            f"{BONFIRE}/inbox",
            "https://bonfire.example/pub/shared_inbox",
            "@jane@bonfire.example",
            None,
            "https://bonfire.example/@jane",
            "https://bonfire.example/files/a.jpg",
            [f"{BONFIRE}#main-key"],
        ),
    ),
    "Smithereen": (
        actor(
            SMITHEREEN,
            url="https://smith.example/jane",
            name="Jane\nDoe",
            icon={
                "type": "Image",
                "url": [
                    {"type": "Link", "href": "https://smith.example/a.webp"},
                    "https://smith.example/a.jpg",
                ],
            },
            publicKey=[key(SMITHEREEN), key(SMITHEREEN, "#second", publicKeyPem=PKCS1)],
            endpoints={
                "sharedInbox": "https://smith.example/activitypub/sharedInbox",
                "collectionSimpleQuery": "x",
            },
        ),
        (
            "Person",
            f"{SMITHEREEN}/inbox",
            "https://smith.example/activitypub/sharedInbox",
            "@jane@smith.example",
            "Jane Doe",
            "https://smith.example/jane",
            "https://smith.example/a.webp",
            [f"{SMITHEREEN}#main-key", f"{SMITHEREEN}#second"],
        ),
    ),
    "Fedify": (
        actor(
            FEDIFY,
            type="Application",
            publicKey=key(FEDIFY, type="CryptographicKey"),
            assertionMethod={
                "id": f"{FEDIFY}#multikey-2",
                "type": "Multikey",
                "controller": FEDIFY,
                "publicKeyMultibase": MULTIKEY,
            },
            endpoints={"type": "as:Endpoints", "sharedInbox": "https://fedify.example/inbox"},
            url="https://fedify.example/@jane",
        ),
        (
            "Application",
            f"{FEDIFY}/inbox",
            "https://fedify.example/inbox",
            "@jane@fedify.example",
            None,
            "https://fedify.example/@jane",
            None,
            [f"{FEDIFY}#main-key", f"{FEDIFY}#multikey-2"],
        ),
    ),
    "BadgeFed": (
        actor(
            BADGEFED,
            type="Service",
            preferredUsername="org",
            name="Org",
            inbox="https://b.example/inbox",
            url="https://org.example/",
            endpoints=None,
            icon={
                "type": "Image",
                "mediaType": "image/png",
                "url": "https://b.example//pages/a.png",
                "name": None,
            },
            publicKey=key(BADGEFED, **{"@context": SECURITY, "@type": "Key"}),
            attachment=[],
            memorial=False,
        ),
        (
            "Service",
            "https://b.example/inbox",
            None,
            "@org@b.example",
            "Org",
            None,
            "https://b.example//pages/a.png",
            [f"{BADGEFED}#main-key"],
        ),
    ),
}


def read(document: dict[str, Any]) -> tuple[RemoteActor, tuple[RemoteKey, ...]]:
    return read_actor(document, url=document["id"], now=NOW)


@pytest.mark.parametrize(("document", "expected"), SERVERS.values(), ids=SERVERS)
def test_actors_of_the_known_servers(document: dict[str, Any], expected: tuple[Any, ...]) -> None:
    found, keys = read(json.loads(json.dumps(document)))
    assert (
        found.actor_type,
        found.inbox,
        found.shared_inbox,
        found.handle,
        found.name,
        found.url,
        found.icon,
        [item.id for item in keys],
    ) == expected
    assert (found.id, found.fetched_at) == (document["id"], NOW)
    assert found.id.startswith(f"https://{found.host}/")
    assert {(item.owner, item.fetched_at) for item in keys} == {(found.id, NOW)}
    assert {item.public_key for item in keys} <= {PEM, PKCS1, MULTIKEY}


JANE = "https://h.example/users/jane"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"id": None}, "id"),
        ({"id": 7}, "id"),
        ({"id": "acct:jane@h.example"}, "id"),
        ({"id": JANE + "#me"}, "id"),
        ({"id": JANE + "/"}, "id"),
        ({"id": "https://evil.example/users/jane"}, "id"),
        ({"type": None}, "type"),
        ({"type": "Note"}, "type"),
        ({"type": [3, {"x": 1}]}, "type"),
        ({"inbox": None}, "inbox"),
        ({"inbox": 5}, "inbox"),
        ({"inbox": "/inbox"}, "inbox"),
        ({"inbox": "ftp://h.example/inbox"}, "inbox"),
        ({"inbox": "https://evil.example/inbox"}, "inbox"),
        ({"inbox": "https://h.example.evil.example/inbox"}, "inbox"),
        ({"inbox": "https://h.example@evil.example/inbox"}, "inbox"),
        ({"inbox": "https://h.example:8443/inbox"}, "inbox"),
        ({"inbox": "http://h.example/inbox"}, "inbox"),
        ({"inbox": "https://h.example/in box"}, "inbox"),
        ({"inbox": "https://h.example/\r\nX: y"}, "inbox"),
        ({"inbox": "https://[h.example/"}, "inbox"),
        ({"inbox": "https://h.example:99999/"}, "inbox"),
        ({"inbox": "https://h.example/" + "x" * 2048}, "inbox"),
        ({"inbox": None, "endpoints": {"sharedInbox": "https://evil.example/inbox"}}, "inbox"),
    ],
)
def test_what_breaks_the_rules_is_refused_with_the_field(changes: dict[str, Any], field: str) -> None:
    document = {name: value for name, value in (actor(JANE) | changes).items() if value is not None}
    with pytest.raises(Invalid) as caught:
        read_actor(document, url=JANE, now=NOW)
    assert caught.value.field == field


@pytest.mark.parametrize("document", [None, "x", [], [actor(JANE)], 3])
def test_what_is_no_object_is_refused(document: object) -> None:
    with pytest.raises(Invalid):
        read_actor(document, url=JANE, now=NOW)
    assert read_keys(document, url=JANE, now=NOW) == ()


def test_a_tombstone_is_gone() -> None:
    with pytest.raises(Gone):
        read({"id": JANE, "type": "Tombstone"})


@pytest.mark.parametrize(
    ("changes", "member", "value"),
    [
        ({"inbox": {"id": f"{JANE}/inbox"}}, "inbox", f"{JANE}/inbox"),
        ({"inbox": [f"{JANE}/inbox"]}, "inbox", f"{JANE}/inbox"),
        ({"inbox": "https://H.example:443/inbox"}, "inbox", "https://H.example:443/inbox"),
        ({"inbox": None, "sharedInbox": "https://h.example/inbox"}, "inbox", "https://h.example/inbox"),
        ({"endpoints": "https://h.example/endpoints"}, "shared_inbox", None),
        ({"endpoints": {"sharedInbox": "https://evil.example/inbox"}}, "shared_inbox", None),
        ({"preferredUsername": None}, "handle", None),
        ({"preferredUsername": "a b"}, "username", None),
        ({"preferredUsername": "x@evil.example"}, "handle", None),
        ({"preferredUsername": "élodie.x-1"}, "username", "élodie.x-1"),
        ({"webfinger": "other@h.example"}, "handle", "@other@h.example"),
        ({"webfinger": "acct:other@H.example"}, "handle", "@other@h.example"),
        ({"webfinger": "jane@evil.example"}, "handle", "@jane@h.example"),
        ({"webfinger": ["x"]}, "handle", "@jane@h.example"),
        ({"name": "  \u202eevil\x00\n  name "}, "name", "evil name"),
        ({"name": ""}, "name", None),
        ({"name": {"en": "x"}}, "name", None),
        ({"name": "x" * 1000}, "name", "x" * 256),
        ({"url": "https://evil.example/@jane"}, "url", None),
        ({"url": ["https://evil.example/", "https://h.example/@jane"]}, "url", "https://h.example/@jane"),
        ({"url": "javascript:alert(1)"}, "url", None),
        ({"icon": "data:image/png;base64,AA"}, "icon", None),
        ({"icon": [None, {"type": "Image"}, {"href": "https://i.example/a"}]}, "icon", "https://i.example/a"),
    ],
)
def test_odd_members(changes: dict[str, Any], member: str, value: str | None) -> None:
    document = {name: item for name, item in (actor(JANE) | changes).items() if item is not None}
    assert getattr(read(document)[0], member) == value


@pytest.mark.parametrize(
    ("changes", "ids"),
    [
        ({"publicKey": f"{JANE}#main-key"}, []),
        ({"publicKey": None}, []),
        ({"publicKey": [f"{JANE}#a", key(JANE, "#b")]}, [f"{JANE}#b"]),
        ({"publicKey": {"id": "#main-key", "publicKeyPem": PEM}}, [f"{JANE}#main-key"]),
        ({"publicKey": {"publicKeyPem": PEM}}, []),
        ({"publicKey": key("https://evil.example/jane")}, []),
        ({"publicKey": key(JANE, owner="https://h.example/users/other")}, []),
        ({"publicKey": key(JANE, id="https://evil.example/key")}, []),
        ({"publicKey": key(JANE, publicKeyPem="not a key")}, []),
        ({"publicKey": key(JANE, publicKeyPem=None)}, []),
        ({"publicKey": key(JANE, publicKeyPem=PEM.replace("MII", "M" * 9000))}, []),
        (
            {"publicKey": [key(JANE, f"#{number}") for number in range(50)]},
            [f"{JANE}#{number}" for number in range(MAX_KEYS)],
        ),
    ],
)
def test_keys_that_count(changes: dict[str, Any], ids: list[str]) -> None:
    assert [item.id for item in read(actor(JANE) | changes)[1]] == ids


@pytest.mark.parametrize(
    ("changes", "accepted"),
    [
        ({}, True),
        ({"controller": "https://h.example/users/other"}, False),
        ({"id": "https://evil.example/#key"}, False),
        ({"publicKeyMultibase": "f00"}, False),
        ({"publicKeyMultibase": None}, False),
    ],
)
def test_multikeys_must_be_bound_to_the_actor(changes: dict[str, Any], accepted: bool) -> None:
    method = {
        "id": f"{JANE}#ed",
        "type": "Multikey",
        "controller": JANE,
        "publicKeyMultibase": MULTIKEY,
        **changes,
    }
    keys = read(actor(JANE, publicKey=None, assertionMethod=[method]))[1]
    assert [item.public_key for item in keys] == ([MULTIKEY] if accepted else [])


def test_the_key_document_of_gotosocial_is_an_actor_without_an_inbox() -> None:
    key_id = f"{GTS}/main-key"
    stub = {
        "@context": [AS2, SECURITY],
        "id": GTS,
        "type": "Person",
        "preferredUsername": "jane",
        "publicKey": key(GTS, "/main-key"),
    }
    expected = RemoteKey(id=key_id, owner=GTS, public_key=PEM, fetched_at=NOW)
    assert read_keys(stub, url=key_id, now=NOW) == (expected,)
    with pytest.raises(Invalid) as caught:
        read_actor(stub, url=GTS, now=NOW)
    assert caught.value.field == "inbox"


@pytest.mark.parametrize(
    "document",
    [
        key(JANE, **{"@context": SECURITY}),
        {"id": f"{JANE}#main-key", "type": "Multikey", "controller": JANE, "publicKeyMultibase": MULTIKEY},
        actor(JANE),
    ],
)
def test_keys_alone_or_in_an_actor(document: dict[str, Any]) -> None:
    (found,) = read_keys(document, url=f"{JANE}#main-key", now=NOW)
    assert (found.id, found.owner) == (f"{JANE}#main-key", JANE)
    assert read_keys(document, url="https://evil.example/key", now=NOW) == ()


def test_a_document_without_keys_has_none() -> None:
    assert read_keys({"id": JANE, "type": "Note"}, url=JANE, now=NOW) == ()
    assert read_keys({"type": "Note"}, url=JANE, now=NOW) == ()


_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20) | st.sampled_from([JANE, "Person", PEM]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["id", "url", "href", "sharedInbox"]), inner)
    ),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from(sorted(SERVERS["Fedify"][0])), _values))
def test_nothing_but_our_errors_comes_of_any_shape(changes: dict[str, Any]) -> None:
    document = actor(JANE) | changes
    read_keys(document, url=JANE, now=NOW)
    try:
        found, _ = read_actor(document, url=JANE, now=NOW)
    except BadgefedError:
        return
    assert found.inbox.startswith("https://h.example")
