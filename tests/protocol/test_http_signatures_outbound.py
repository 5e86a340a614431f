"""What we sign under draft-cavage-12, read by the rules of each peer's verifier."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey

from badgefed.errors import Invalid
from badgefed.protocol import digests, http_signatures, keys, signatures
from badgefed.protocol.signatures import Authorities, InboundRequest, OutboundRequest

NOW = 1_750_000_000
HOUR = 3600
BODY = b'{"type":"Accept"}'
OUR_KEY_ID = "https://badges.example/actor/club#main-key"


@pytest.fixture(scope="module")
def rsa() -> RSAPrivateKey:
    return keys.generate_rsa()


def fields_of(header: str) -> dict[str, str]:
    return dict(re.findall(r'(\w+)="([^"]*)"', header))


def rebuilt(sent: Mapping[str, str], *, method: str, target: str, host: str) -> tuple[bytes, bytes]:
    """The text and the signature as a peer sees them that got these headers."""
    parameters = fields_of(sent["Signature"])
    headers = {name.lower(): value for name, value in sent.items()} | {"host": host}
    headers["(request-target)"] = f"{method.lower()} {target}"
    text = "\n".join(f"{name}: {headers[name]}" for name in parameters["headers"].split())
    return text.encode(), base64.b64decode(parameters["signature"])


def mastodon(sent: Mapping[str, str], method: str, url: str, now: float) -> None:
    parameters = fields_of(sent["Signature"])
    covered = parameters["headers"].split()
    assert parameters["algorithm"] in {"rsa-sha256", "hs2019"}
    assert "date" in covered
    assert "(request-target)" in covered or "digest" in covered
    assert "(created)" not in covered
    assert "(expires)" not in covered
    if method == "GET":
        assert "host" in covered
    else:
        assert "digest" in covered
        name, _, value = sent["Digest"].partition("=")
        assert name.upper() == "SHA-256"
        assert base64.b64decode(value, validate=True) == hashlib.sha256(BODY).digest()
    assert re.fullmatch(r"\w{3}, \d{2} \w{3} \d{4} \d{2}:\d{2}:\d{2} GMT", sent["Date"])
    created = parsedate_to_datetime(sent["Date"]).timestamp()
    assert created - HOUR <= now <= created + 5 * 60 + HOUR


def takahe(sent: Mapping[str, str], method: str, url: str, now: float) -> None:
    assert "algorithm" in fields_of(sent["Signature"])
    assert abs(parsedate_to_datetime(sent["Date"]).timestamp() - now) <= 60


def pixelfed(sent: Mapping[str, str], method: str, url: str, now: float) -> None:
    key_id = fields_of(sent["Signature"])["keyId"]
    assert urlsplit(key_id).scheme == "https"
    assert urlsplit(key_id).hostname == urlsplit(OUR_KEY_ID).hostname
    assert abs(parsedate_to_datetime(sent["Date"]).timestamp() - now) <= 86400


def misskey(sent: Mapping[str, str], method: str, url: str, now: float) -> None:
    parameters = fields_of(sent["Signature"])
    assert parameters["algorithm"].lower() == "rsa-sha256"
    assert not parameters["keyId"].startswith("acct:")
    assert "host" in parameters["headers"].split()
    assert sent["Host"] == urlsplit(url).netloc
    if method == "POST":
        assert "digest" in parameters["headers"].split()
        assert re.fullmatch(r"SHA-256=[A-Za-z0-9+/]{43}=", sent["Digest"])


def pleroma(sent: Mapping[str, str], method: str, url: str, now: float) -> None:
    assert set(fields_of(sent["Signature"])) == {"keyId", "algorithm", "headers", "signature"}
    assert "created" not in sent["Signature"]
    assert "(request-target)" in fields_of(sent["Signature"])["headers"]


PEERS = [mastodon, takahe, pixelfed, misskey, pleroma]


def outbound(method: str, url: str) -> OutboundRequest:
    if method == "GET":
        return OutboundRequest(method="GET", url=url, accept="application/activity+json")
    digest_text = digests.sha256_base64(BODY)
    return OutboundRequest(
        method="POST", url=url, body_digest=digest_text, content_type="application/activity+json"
    )


def we_sign(rsa: RSAPrivateKey, method: str, url: str, now: float = NOW) -> dict[str, str]:
    return signatures.sign(
        outbound(method, url), scheme="cavage", key_id=OUR_KEY_ID, private_key=rsa, now=now
    )


@pytest.mark.parametrize("peer", PEERS, ids=lambda peer: peer.__name__)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_passes_the_rules_of_each_peer(
    rsa: RSAPrivateKey, method: str, peer: Callable[[Mapping[str, str], str, str, float], None]
) -> None:
    url = "https://peer.example/users/alice/inbox"
    sent = we_sign(rsa, method, url)
    peer(sent, method, url, NOW)
    text, signature = rebuilt(sent, method=method, target="/users/alice/inbox", host="peer.example")
    public_key: RSAPublicKey = rsa.public_key()
    public_key.verify(signature, text, padding.PKCS1v15(), hashes.SHA256())


def test_what_is_covered(rsa: RSAPrivateKey) -> None:
    url = "https://peer.example/inbox"
    post, get = we_sign(rsa, "POST", url), we_sign(rsa, "GET", url)
    assert fields_of(post["Signature"])["headers"] == "(request-target) host date digest content-type"
    assert fields_of(get["Signature"])["headers"] == "(request-target) host date accept"
    assert list(post) == ["Host", "Date", "Digest", "Content-Type", "Signature"]
    assert list(get) == ["Host", "Date", "Accept", "Signature"]
    assert post["Date"] == "Sun, 15 Jun 2025 15:06:40 GMT"


def test_a_later_attempt_must_be_signed_again(rsa: RSAPrivateKey) -> None:
    url = "https://peer.example/inbox"
    old = we_sign(rsa, "POST", url, NOW)
    with pytest.raises(AssertionError):
        takahe(old, "POST", url, NOW + 600)
    takahe(we_sign(rsa, "POST", url, NOW + 600), "POST", url, NOW + 600)


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("https://peer.example/users/x/outbox?page=true", "/users/x/outbox?page=true"),
        ("https://peer.example/%40alice/inbox", "/%40alice/inbox"),
        ("https://peer.example/@alice/inbox", "/@alice/inbox"),
        ("https://peer.example/%E3%83%A6/inbox", "/%E3%83%A6/inbox"),
        ("https://peer.example//inbox//x/", "//inbox//x/"),
        ("https://peer.example/a/../b?q=%20&r=a+b&s=?", "/a/../b?q=%20&r=a+b&s=?"),
        ("https://peer.example", "/"),
        ("https://peer.example?a=b", "/?a=b"),
    ],
)
def test_target_is_signed_as_it_is_sent(rsa: RSAPrivateKey, url: str, target: str) -> None:
    sent = we_sign(rsa, "POST", url)
    text, signature = rebuilt(sent, method="POST", target=target, host="peer.example")
    assert keys.verify(rsa.public_key(), signature, text)
    path, _, query = target.partition("?")
    scope = {
        "method": "POST",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "headers": [(name.encode(), value.encode()) for name, value in sent.items()],
    }
    request = InboundRequest.from_asgi(scope, BODY)
    authorities = Authorities.of(["https://peer.example"])
    signatures.verify(signatures.parse(request), request, rsa.public_key(), authorities=authorities, now=NOW)


def test_query_can_be_left_out(rsa: RSAPrivateKey) -> None:
    sent = http_signatures.sign(
        outbound("GET", "https://peer.example/outbox?page=true"),
        key_id=OUR_KEY_ID,
        private_key=rsa,
        now=NOW,
        cover_query=False,
    )
    text, signature = rebuilt(sent, method="GET", target="/outbox", host="peer.example")
    assert keys.verify(rsa.public_key(), signature, text)


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://peer.example:443/inbox", "peer.example"),
        ("http://peer.example:80/inbox", "peer.example"),
        ("https://peer.example:8443/inbox", "peer.example:8443"),
        ("http://127.0.0.1:8000/inbox", "127.0.0.1:8000"),
        ("https://[::1]:8443/inbox", "[::1]:8443"),
        ("https://Peer.Example/inbox", "peer.example"),
    ],
)
def test_host(rsa: RSAPrivateKey, url: str, host: str) -> None:
    assert we_sign(rsa, "POST", url)["Host"] == host


@pytest.mark.parametrize(
    "url",
    [
        "/inbox",
        "ftp://peer.example/",
        "https://user@peer.example/",
        "https://peer.example/#x",
        "https://peer.example/ü",
        "https://peer.example/a b",
        "https://peer.example/\nhost: evil.example",
        "https://",
    ],
)
def test_what_cannot_be_sent_as_it_stands_is_refused(rsa: RSAPrivateKey, url: str) -> None:
    with pytest.raises(Invalid):
        we_sign(rsa, "POST", url)


def test_key_id_cannot_break_out(rsa: RSAPrivateKey) -> None:
    with pytest.raises(Invalid):
        http_signatures.sign(
            outbound("GET", "https://peer.example/"),
            key_id='k",algorithm="none',
            private_key=rsa,
            now=NOW,
        )


def test_needs_an_rsa_key() -> None:
    with pytest.raises(Invalid):
        signatures.sign(
            outbound("GET", "https://peer.example/"),
            scheme="cavage",
            key_id=OUR_KEY_ID,
            private_key=keys.generate_ed25519(),
            now=NOW,
        )
