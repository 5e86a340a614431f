from __future__ import annotations

import base64
import hashlib
import itertools
from collections.abc import Callable
from dataclasses import replace
from email.utils import formatdate, parsedate_to_datetime
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from hypothesis import given
from hypothesis import strategies as st

from badgefed.errors import Invalid, SignatureRejected
from badgefed.protocol import digests, http_signatures, keys, signatures
from badgefed.protocol.signatures import Authorities, InboundRequest, Signature
from tests.protocol.signature_vectors import load_vectors, needs_vectors

VECTORS = load_vectors("cavage12")
NOW = 1_750_000_000
US = Authorities.of(["https://badges.example"])
BODY = b'{"type":"Follow"}'
KEY_ID = "https://peer.example/users/alice#main-key"
OUR_KEY_ID = "https://badges.example/actor/club#main-key"


@pytest.fixture(scope="module")
def rsa() -> RSAPrivateKey:
    return keys.generate_rsa()


def digest(body: bytes = BODY) -> str:
    return "SHA-256=" + base64.b64encode(hashlib.sha256(body).digest()).decode()


def peer_request(
    private_key: keys.PrivateKey,
    *,
    method: str = "POST",
    target: str = "/inbox",
    signed_target: str | None = None,
    host: str = "badges.example",
    signed_host: str | None = None,
    names: str | None = None,
    algorithm: str | None = "rsa-sha256",
    body: bytes | None = None,
    date: str | None = None,
    created: int | None = None,
    expires: int | None = None,
    rsa_hash: hashes.HashAlgorithm | None = None,
    key_id: str = KEY_ID,
    separator: str = ",",
) -> InboundRequest:
    """A request as a peer makes it, with a signature that is right for what the arguments say."""
    body = (BODY if method == "POST" else b"") if body is None else body
    default = "(request-target) host date digest" if method == "POST" else "(request-target) host date"
    names = default if names is None else names
    values = {
        "(request-target)": f"{method.lower()} {target if signed_target is None else signed_target}",
        "(created)": str(created),
        "(expires)": str(expires),
        "host": host if signed_host is None else signed_host,
        "date": formatdate(NOW, usegmt=True) if date is None else date,
        "digest": digest(body),
        "content-type": "application/activity+json",
        "accept": "application/activity+json",
    }
    text = "\n".join(f"{name}: {values[name]}" for name in names.lower().split()).encode()
    if isinstance(private_key, RSAPrivateKey):
        made = private_key.sign(text, padding.PKCS1v15(), rsa_hash or hashes.SHA256())
    else:
        made = private_key.sign(text)
    parameters = [f'keyId="{key_id}"', f'headers="{names}"', f'signature="{base64.b64encode(made).decode()}"']
    parameters += [f'algorithm="{algorithm}"'] if algorithm else []
    parameters += [f"created={created}"] if created is not None else []
    parameters += [f"expires={expires}"] if expires is not None else []
    sent = {name: (value,) for name, value in values.items() if not name.startswith("(")}
    sent |= {"host": (host,), "signature": (separator.join(parameters),)}
    return InboundRequest(method=method, target=target, headers=sent, body=body)


def with_headers(request: InboundRequest, **changed: tuple[str, ...] | None) -> InboundRequest:
    headers = dict(request.headers)
    for name, values in changed.items():
        headers.pop(name.replace("_", "-"))
        if values is not None:
            headers[name.replace("_", "-")] = values
    return replace(request, headers=headers)


def accept(
    request: InboundRequest, key: keys.PublicKey, *, now: float = NOW, authorities: Authorities = US
) -> Signature:
    signature = signatures.parse(request)
    signatures.verify(signature, request, key, authorities=authorities, now=now)
    return signature


def rejection(
    request: InboundRequest, key: keys.PublicKey, *, now: float = NOW, authorities: Authorities = US
) -> str:
    with pytest.raises(SignatureRejected) as caught:
        accept(request, key, now=now, authorities=authorities)
    assert caught.value.status == 401
    return caught.value.reason


@needs_vectors
class TestPublishedVectors:
    @pytest.mark.parametrize("case", VECTORS["cases"], ids=lambda case: case["section"])
    def test_signing_string_and_signature(self, case: dict[str, str]) -> None:
        headers = {name.lower(): (value,) for name, value in VECTORS["headers"].items()}
        request = InboundRequest(
            method=VECTORS["method"],
            target=VECTORS["url"].removeprefix("https://example.com"),
            headers={**headers, "signature": (case["signature_header"],)},
            body=VECTORS["body"].encode(),
        )
        signature = http_signatures.read(request)
        text = http_signatures.signing_string(signature, request, target=request.target, host="example.com")
        assert text.decode() == case["signing_string"]
        assert keys.verify(keys.load_public_pem(VECTORS["publicKeyPem"]), signature.value, text)

    def test_whole_verification_of_the_full_vector(self) -> None:
        headers = {name.lower(): (value,) for name, value in VECTORS["headers"].items()}
        request = InboundRequest(
            method="POST",
            target="/foo?param=value&pet=dog",
            headers={**headers, "signature": (VECTORS["cases"][2]["signature_header"],)},
            body=VECTORS["body"].encode(),
        )
        made = parsedate_to_datetime(VECTORS["headers"]["Date"]).timestamp()
        key = keys.load_public_pem(VECTORS["publicKeyPem"])
        accept(request, key, now=made, authorities=Authorities.of(["https://example.com"]))


ALGORITHMS: dict[str, dict[str, Any]] = {
    "rsa-sha256": {"algorithm": "rsa-sha256", "names": "(request-target) host date digest"},
    "hs2019 with date": {"algorithm": "hs2019", "names": "(request-target) host date digest"},
    "hs2019 with (created)": {
        "algorithm": "hs2019",
        "names": "(request-target) (created) (expires) host digest",
        "created": NOW - 5,
        "expires": NOW + 60,
    },
    "no algorithm": {"algorithm": None, "names": "(request-target) host date digest content-type"},
}
ORDERS: dict[str, Callable[[str], str]] = {
    "as written": lambda names: names,
    "reversed": lambda names: " ".join(reversed(names.split())),
    "upper case": lambda names: names.title(),
    "spaces": lambda names: names.replace(" ", "  "),
}
TARGETS: dict[str, dict[str, Any]] = {
    "no query": {"target": "/inbox"},
    "query signed": {"target": "/inbox?page=1&x=%40", "signed_target": "/inbox?page=1&x=%40"},
    "query not signed": {"target": "/inbox?page=1&x=%40", "signed_target": "/inbox"},
}


class TestInboundMatrix:
    @pytest.mark.parametrize(
        ("algorithm", "order", "target", "separator"),
        list(itertools.product(ALGORITHMS, ORDERS, TARGETS, (",", ", ", " ,\t"))),
    )
    def test_accepted(
        self, rsa: RSAPrivateKey, algorithm: str, order: str, target: str, separator: str
    ) -> None:
        arguments = dict(ALGORITHMS[algorithm])
        arguments["names"] = ORDERS[order](arguments["names"])
        request = peer_request(rsa, **arguments, **TARGETS[target], separator=separator)
        signature = accept(request, rsa.public_key())
        assert signature.key_id == KEY_ID
        assert signature.scheme == "cavage"

    def test_get_needs_no_digest(self, rsa: RSAPrivateKey) -> None:
        accept(peer_request(rsa, method="GET", target="/actor/club"), rsa.public_key())

    def test_get_with_the_digest_of_an_empty_body(self, rsa: RSAPrivateKey) -> None:
        names = "(request-target) host date digest accept"
        accept(peer_request(rsa, method="GET", target="/actor/club", names=names), rsa.public_key())

    @pytest.mark.parametrize("rsa_hash", [hashes.SHA256(), hashes.SHA512()], ids=lambda value: value.name)
    @pytest.mark.parametrize("algorithm", ["hs2019", None])
    def test_hs2019_leaves_the_hash_open(
        self, rsa: RSAPrivateKey, algorithm: str | None, rsa_hash: hashes.HashAlgorithm
    ) -> None:
        accept(peer_request(rsa, algorithm=algorithm, rsa_hash=rsa_hash), rsa.public_key())

    def test_rsa_sha256_does_not(self, rsa: RSAPrivateKey) -> None:
        assert rejection(peer_request(rsa, rsa_hash=hashes.SHA512()), rsa.public_key()) == "mismatch"

    @pytest.mark.parametrize("algorithm", ["hs2019", None])
    def test_ed25519(self, algorithm: str | None) -> None:
        private_key = keys.generate_ed25519()
        accept(peer_request(private_key, algorithm=algorithm), private_key.public_key())

    def test_stated_algorithm_must_fit_the_key(self) -> None:
        private_key = keys.generate_ed25519()
        assert rejection(peer_request(private_key), private_key.public_key()) == "algorithm"

    @pytest.mark.parametrize("algorithm", ["rsa-sha1", "hmac-sha256", "ecdsa-sha256", "RSA-SHA256", ""])
    def test_other_algorithms(self, rsa: RSAPrivateKey, algorithm: str) -> None:
        request = peer_request(rsa)
        text = request.headers["signature"][0].replace("rsa-sha256", algorithm)
        assert rejection(with_headers(request, signature=(text,)), rsa.public_key()) == "algorithm"

    @pytest.mark.parametrize(
        "key_id", [KEY_ID, "https://gts.example/users/bob/main-key", "https://wp.example/?author=1#main-key"]
    )
    def test_key_ids_of_every_shape(self, rsa: RSAPrivateKey, key_id: str) -> None:
        assert accept(peer_request(rsa, key_id=key_id), rsa.public_key()).key_id == key_id

    def test_fingerprint_is_of_the_signature_bytes(self, rsa: RSAPrivateKey) -> None:
        request = peer_request(rsa)
        first, again = signatures.parse(request), signatures.parse(replace(request, target="/other"))
        assert first.fingerprint == again.fingerprint == hashlib.sha256(first.value).hexdigest()
        assert signatures.parse(peer_request(rsa, target="/other")).fingerprint != first.fingerprint


class TestHost:
    LOOPBACK = Authorities.of(["http://127.0.0.1:8000"])

    @pytest.mark.parametrize("host", ["badges.example", "badges.example:443", "Badges.Example"])
    def test_received_names_of_ours(self, rsa: RSAPrivateKey, host: str) -> None:
        accept(peer_request(rsa, host=host), rsa.public_key())
        accept(peer_request(rsa, host=host, signed_host="badges.example"), rsa.public_key())

    @pytest.mark.parametrize("signed", ["127.0.0.1:8000", "127.0.0.1"])
    @pytest.mark.parametrize("received", ["127.0.0.1:8000", "127.0.0.1"])
    def test_port_may_be_left_out(self, rsa: RSAPrivateKey, received: str, signed: str) -> None:
        request = peer_request(rsa, host=received, signed_host=signed)
        accept(request, rsa.public_key(), authorities=self.LOOPBACK)

    @pytest.mark.parametrize(
        "host", ["evil.example", "badges.example:8443", "badges.example.evil.example", ""]
    )
    def test_other_hosts(self, rsa: RSAPrivateKey, host: str) -> None:
        assert rejection(peer_request(rsa, host=host), rsa.public_key()) == "host"

    def test_request_signed_for_another_host(self, rsa: RSAPrivateKey) -> None:
        assert rejection(peer_request(rsa, signed_host="evil.example"), rsa.public_key()) == "mismatch"

    def test_several_origins(self, rsa: RSAPrivateKey) -> None:
        both = Authorities.of(["https://badges.example", "https://old.example"])
        accept(peer_request(rsa, host="old.example"), rsa.public_key(), authorities=both)

    @pytest.mark.parametrize(
        "url", ["badges.example", "ftp://badges.example", "https://münchen.example", "https://"]
    )
    def test_configured_origin_must_be_a_url(self, url: str) -> None:
        with pytest.raises(Invalid):
            Authorities.of([url])


Change = Callable[[InboundRequest], InboundRequest]
TAMPERED: list[tuple[str, Change, str]] = [
    ("unsigned", lambda r: with_headers(r, signature=None), "missing"),
    ("body changed", lambda r: replace(r, body=BODY.replace(b"F", b"f")), "digest"),
    ("body cut", lambda r: replace(r, body=b""), "digest"),
    ("digest of another body", lambda r: with_headers(r, digest=(digest(b"x"),)), "digest"),
    (
        "body and digest changed",
        lambda r: replace(with_headers(r, digest=(digest(b"x"),)), body=b"x"),
        "mismatch",
    ),
    ("digest gone", lambda r: with_headers(r, digest=None), "missing-header"),
    ("only sha-512", lambda r: with_headers(r, digest=("SHA-512=AAAA",)), "digest"),
    ("two digests", lambda r: with_headers(r, digest=(f"{digest()},{digest()}",)), "digest"),
    ("two digest lines", lambda r: with_headers(r, digest=(digest(), digest())), "digest"),
    ("digest no base64", lambda r: with_headers(r, digest=("SHA-256=****",)), "digest"),
    ("digest too short", lambda r: with_headers(r, digest=("SHA-256=AAAA",)), "digest"),
    ("digest malformed", lambda r: with_headers(r, digest=("SHA-256",)), "digest"),
    ("other path", lambda r: replace(r, target="/actor/club/inbox"), "mismatch"),
    ("other method", lambda r: replace(r, method="PUT"), "mismatch"),
    ("two hosts", lambda r: with_headers(r, host=("badges.example", "evil.example")), "duplicate"),
    ("host gone", lambda r: with_headers(r, host=None), "missing-header"),
    ("date gone", lambda r: with_headers(r, date=None), "missing-header"),
    ("date moved", lambda r: with_headers(r, date=(formatdate(NOW + 1, usegmt=True),)), "mismatch"),
    ("date no date", lambda r: with_headers(r, date=("yesterday",)), "date"),
    ("date impossible", lambda r: with_headers(r, date=("Sun, 31 Feb 2025 10:00:00 GMT",)), "date"),
    ("date with zone", lambda r: with_headers(r, date=("Sun, 15 Jun 2025 15:06:40 +0000",)), "date"),
    ("two dates", lambda r: with_headers(r, date=(formatdate(NOW, usegmt=True),) * 2), "duplicate"),
    ("two signatures", lambda r: with_headers(r, signature=r.headers["signature"] * 2), "duplicate"),
    ("method in lower case", lambda r: replace(r, method="post"), "malformed"),
    ("target with a space", lambda r: replace(r, target="/in box"), "malformed"),
    ("absolute target", lambda r: replace(r, target="https://badges.example/inbox"), "malformed"),
    ("line break in a header", lambda r: with_headers(r, date=("x\ndigest: y",)), "malformed"),
    ("endless header", lambda r: with_headers(r, signature=("x" * 9000,)), "malformed"),
]


class TestTampering:
    @pytest.mark.parametrize(
        ("change", "reason"), [row[1:] for row in TAMPERED], ids=[row[0] for row in TAMPERED]
    )
    def test_changed_request(self, rsa: RSAPrivateKey, change: Change, reason: str) -> None:
        assert rejection(change(peer_request(rsa)), rsa.public_key()) == reason

    def test_another_key(self, rsa: RSAPrivateKey) -> None:
        assert rejection(peer_request(rsa), keys.generate_rsa().public_key()) == "mismatch"

    @pytest.mark.parametrize("missing", ["(request-target)", "host", "date", "digest"])
    def test_post_coverage(self, rsa: RSAPrivateKey, missing: str) -> None:
        names = "(request-target) host date digest".replace(missing, "content-type")
        assert rejection(peer_request(rsa, names=names), rsa.public_key()) == "coverage"

    @pytest.mark.parametrize("missing", ["(request-target)", "host", "date"])
    def test_get_coverage(self, rsa: RSAPrivateKey, missing: str) -> None:
        names = "(request-target) host date".replace(missing, "accept")
        assert rejection(peer_request(rsa, method="GET", names=names), rsa.public_key()) == "coverage"

    def test_get_with_a_body_needs_its_digest(self, rsa: RSAPrivateKey) -> None:
        assert rejection(peer_request(rsa, method="GET", body=b"{}"), rsa.public_key()) == "coverage"

    @pytest.mark.parametrize("extra", ["(created)", "(expires)"])
    def test_rsa_sha256_goes_without_created(self, rsa: RSAPrivateKey, extra: str) -> None:
        names = f"(request-target) host date digest {extra}"
        request = peer_request(rsa, names=names, created=NOW, expires=NOW + 9)
        assert rejection(request, rsa.public_key()) == "algorithm"

    @pytest.mark.parametrize("digest_case", ["SHA-256", "sha-256", "Sha-256"])
    def test_digest_names_have_any_case_and_company(self, rsa: RSAPrivateKey, digest_case: str) -> None:
        value = f"md5=AAAA, {digest_case}={digests.sha256_base64(BODY)}, unixsum=30637"
        text = (
            f"(request-target): post /inbox\nhost: badges.example\n"
            f"date: {formatdate(NOW, usegmt=True)}\ndigest: {value}"
        )
        made = base64.b64encode(keys.sign(rsa, text.encode())).decode()
        header = f'keyId="{KEY_ID}",headers="(request-target) host date digest",signature="{made}"'
        request = with_headers(peer_request(rsa), digest=(value,), signature=(header,))
        accept(request, rsa.public_key())


HOUR = 3600
WINDOW = [
    (0, ""),
    (-65 * 60, ""),
    (-65 * 60 - 1, "expired"),
    (-2 * HOUR, "expired"),
    (HOUR, ""),
    (HOUR + 1, "future"),
    (2 * HOUR, "future"),
]


class TestTime:
    @pytest.mark.parametrize(("offset", "reason"), WINDOW)
    def test_date(self, rsa: RSAPrivateKey, offset: int, reason: str) -> None:
        request = peer_request(rsa, date=formatdate(NOW + offset, usegmt=True))
        if reason:
            assert rejection(request, rsa.public_key()) == reason
        else:
            accept(request, rsa.public_key())

    @pytest.mark.parametrize(("offset", "reason"), WINDOW)
    def test_created(self, rsa: RSAPrivateKey, offset: int, reason: str) -> None:
        names = "(request-target) host (created) digest"
        request = peer_request(rsa, algorithm="hs2019", names=names, created=NOW + offset)
        if reason:
            assert rejection(request, rsa.public_key()) == reason
        else:
            accept(request, rsa.public_key())

    @pytest.mark.parametrize("names", ["(request-target) host date digest (expires)", None])
    def test_expires_counts_even_where_it_is_not_covered(self, rsa: RSAPrivateKey, names: str | None) -> None:
        request = peer_request(rsa, algorithm="hs2019", names=names, expires=NOW)
        accept(request, rsa.public_key(), now=NOW)
        assert rejection(request, rsa.public_key(), now=NOW + 1) == "expired"

    def test_old_date_is_refused_beside_a_fresh_created(self, rsa: RSAPrivateKey) -> None:
        names = "(request-target) host (created) date digest"
        old = formatdate(NOW - 2 * HOUR, usegmt=True)
        request = peer_request(rsa, algorithm="hs2019", names=names, created=NOW, date=old)
        assert rejection(request, rsa.public_key()) == "expired"

    def test_check_sees_all_this_without_a_key(self, rsa: RSAPrivateKey) -> None:
        request = peer_request(rsa)
        signature = signatures.parse(request)
        signatures.check(signature, request, authorities=US, now=NOW)
        for changed, now, authorities in (
            (request, NOW + 2 * HOUR, US),
            (replace(request, body=b"{}"), NOW, US),
            (request, NOW, Authorities.of(["https://other.example"])),
        ):
            with pytest.raises(SignatureRejected):
                signatures.check(signature, changed, authorities=authorities, now=now)


MALFORMED = [
    ("", "malformed"),
    ("Signature", "malformed"),
    ('keyId="k"', "malformed"),
    ('signature="AAAA"', "malformed"),
    ('keyId="",signature="AAAA"', "malformed"),
    ('keyId="k",signature=""', "malformed"),
    ('keyId="k",signature="A"', "malformed"),
    ('keyId="k",signature="AA AA"', "malformed"),
    ('keyId="k",signature="AAAA",', "malformed"),
    ('keyId="k";signature="AAAA"', "malformed"),
    ('keyId="k" signature="AAAA"', "malformed"),
    ('keyId="k",signature="AAAA" trailing', "malformed"),
    ("keyId='k',signature='AAAA'", "malformed"),
    ("keyId=k,signature=AAAA", "malformed"),
    ('keyId="k,signature="AAAA"', "malformed"),
    ('keyId="k\\"",signature="AAAA"', "malformed"),
    ('keyId="k\u00e9",signature="AAAA"', "malformed"),
    ('keyId="k",signature="AAAA",headers=""', "malformed"),
    ('keyId="k",signature="AAAA",headers="host host"', "duplicate"),
    ('keyId="k",signature="AAAA",headers="host HOST"', "duplicate"),
    ('keyId="k",signature="AAAA",headers="a:b"', "malformed"),
    ('keyId="k",signature="AAAA",headers="(other)"', "malformed"),
    ('keyId="k",signature="AAAA",headers="(created)"', "malformed"),
    ('keyId="k",signature="AAAA",created=1.5', "malformed"),
    ('keyId="k",signature="AAAA",created=01', "malformed"),
    ('keyId="k",signature="AAAA",created=-1', "malformed"),
    ('keyId="k",signature="AAAA",created="soon"', "malformed"),
    ('keyId="k",signature="AAAA",expires=' + "9" * 40, "malformed"),
    ('keyId="k",keyId="l",signature="AAAA"', "duplicate"),
    ('keyId="k",signature="AAAA",signature="BBBB"', "duplicate"),
    ('keyId="k",signature="AAAA",opaque="x"', "unsupported"),
    ('keyid="k",signature="AAAA"', "unsupported"),
    (f'keyId="k",signature="{"A" * 1400}"', "malformed"),
    (f'keyId="k",signature="AAAA",headers="{" ".join(f"x-{n}" for n in range(40))}"', "malformed"),
]


PIECES = ['keyId="k"', 'signature="AAAA"', "created=1", "expires=2", 'headers="(request-target) host date"']
PIECES += ['algorithm="hs2019"', ",", '"', "=", "\\", "(", ")", " ", "\x00", "\u20ac"]


class TestGrammar:
    @pytest.mark.parametrize(("header", "reason"), MALFORMED)
    def test_malformed(self, rsa: RSAPrivateKey, header: str, reason: str) -> None:
        request = with_headers(peer_request(rsa), signature=(header,))
        assert rejection(request, rsa.public_key()) == reason

    @given(
        header=st.one_of(
            st.text(max_size=200),
            st.lists(
                st.sampled_from(PIECES),
                max_size=12,
            ).map("".join),
        ),
        name=st.sampled_from(["signature", "digest", "date", "host", "content-type"]),
        target=st.one_of(st.just("/inbox"), st.text(max_size=20)),
        method=st.one_of(st.just("GET"), st.text(max_size=5)),
    )
    def test_arbitrary_text_is_rejected_in_good_order(
        self, rsa: RSAPrivateKey, header: str, name: str, target: str, method: str
    ) -> None:
        names = "(request-target) host date digest content-type"
        request = replace(
            with_headers(peer_request(rsa, names=names), **{name: (header,)}), target=target, method=method
        )
        assert rejection(request, keys.generate_ed25519().public_key()) in {
            "malformed",
            "duplicate",
            "unsupported",
            "missing",
            "coverage",
            "algorithm",
            "digest",
            "date",
            "host",
        }

    @given(st.data())
    def test_one_changed_character_never_verifies(self, rsa: RSAPrivateKey, data: st.DataObject) -> None:
        request = peer_request(rsa)
        name = data.draw(st.sampled_from(["signature", "digest", "date", "host"]))
        value = request.headers[name][0]
        position = data.draw(st.integers(0, len(value) - 1))
        character = data.draw(st.characters(max_codepoint=255))
        changed = value[:position] + character + value[position + 1 :]
        altered = with_headers(request, **{name: (changed,)})
        try:
            signature = accept(altered, rsa.public_key())
        except SignatureRejected:
            return
        original = signatures.parse(request)
        assert signature.value == original.value
        assert signature.components == original.components


class TestInboundRequest:
    def test_from_asgi(self) -> None:
        scope = {
            "method": "get",
            "path": "/actor/@a",
            "raw_path": b"/actor/%40a",
            "query_string": b"page=true",
            "headers": [(b"Host", b"badges.example"), (b"X-A", b" 1\t"), (b"x-a", b"\xe9")],
        }
        request = InboundRequest.from_asgi(scope, b"")
        assert (request.method, request.target, request.path) == (
            "GET",
            "/actor/%40a?page=true",
            "/actor/%40a",
        )
        assert request.headers == {"host": ("badges.example",), "x-a": ("1", "\xe9")}
        assert request.field("x-a") == "1, \xe9"

    def test_from_asgi_without_a_raw_path(self) -> None:
        request = InboundRequest.from_asgi({"method": "GET", "path": "/ü", "headers": []}, b"")
        assert request.target == "/%C3%BC"
