from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import http_message_signatures as oracle
import http_sf
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from hypothesis import given
from hypothesis import strategies as st

from badgefed.errors import Invalid, SignatureRejected
from badgefed.protocol import digests, keys, message_signatures, signatures
from badgefed.protocol.signatures import Authorities, InboundRequest, OutboundRequest, Signature
from tests.protocol.signature_vectors import load_vectors, needs_vectors

VECTORS = load_vectors("rfc9421")
NOW = 1_750_000_000
HOUR = 3600
US = Authorities.of(["https://badges.example"])
BODY = b'{"type":"Follow"}'
KEY_ID = "https://peer.example/users/alice#main-key"
OUR_KEY_ID = "https://badges.example/actor/club#main-key"
MASTODON = '"@method" "@target-uri" "content-digest"'
FEDIFY = '"@method" "@target-uri" "@authority" "host" "date" "content-digest"'


@pytest.fixture(scope="module")
def rsa() -> RSAPrivateKey:
    return keys.generate_rsa()


@pytest.fixture(scope="module", params=["rsa-v1_5-sha256", "ed25519"])
def private_key(request: pytest.FixtureRequest, rsa: RSAPrivateKey) -> keys.PrivateKey:
    return rsa if request.param == "rsa-v1_5-sha256" else keys.generate_ed25519()


def content_digest(body: bytes = BODY, name: str = "sha256") -> str:
    encoded = base64.b64encode(hashlib.new(name, body).digest()).decode()
    return f"{name.replace('sha', 'sha-')}=:{encoded}:"


def peer_request(
    private_key: keys.PrivateKey,
    *,
    components: str = MASTODON,
    parameters: str | None = None,
    method: str = "POST",
    target: str = "/inbox",
    origin: str = "https://badges.example",
    host: str = "badges.example",
    signed_host: str | None = None,
    body: bytes | None = None,
    digest: str | None = None,
    label: str = "sig1",
) -> InboundRequest:
    """A request as a peer makes it, with a signature that is right for what the arguments say."""
    body = (BODY if method == "POST" else b"") if body is None else body
    parameters = f';created={NOW};keyid="{KEY_ID}"' if parameters is None else parameters
    path, _, query = target.partition("?")
    headers = {
        "host": signed_host or host,
        "date": "Sun, 15 Jun 2025 15:06:40 GMT",
        "content-digest": content_digest(body) if digest is None else digest,
        "content-type": "application/activity+json",
    }
    values = headers | {
        "@method": method,
        "@target-uri": origin + target,
        "@authority": signed_host or host,
        "@scheme": origin.partition(":")[0],
        "@request-target": target,
        "@path": path,
        "@query": f"?{query}",
    }
    lines = [f"{name}: {values[name.strip(chr(34))]}" for name in components.split()]
    base = "\n".join([*lines, f'"@signature-params": ({components}){parameters}']).encode()
    made = base64.b64encode(keys.sign(private_key, base)).decode()
    sent = {name: (value,) for name, value in headers.items()}
    sent["host"] = (host,)
    sent["signature-input"] = (f"{label}=({components}){parameters}",)
    sent["signature"] = (f"{label}=:{made}:",)
    return InboundRequest(method=method, target=target, headers=sent, body=body)


def with_headers(request: InboundRequest, **changed: tuple[str, ...] | None) -> InboundRequest:
    headers = {
        name: values for name, values in request.headers.items() if name.replace("-", "_") not in changed
    }
    added = {name.replace("_", "-"): values for name, values in changed.items() if values is not None}
    return replace(request, headers=headers | added)


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
    return caught.value.reason


@needs_vectors
class TestPublishedVectors:
    @pytest.mark.parametrize("case", VECTORS["cases"], ids=lambda case: case["section"])
    def test_signature_base_and_signature(self, case: dict[str, str]) -> None:
        headers = {name.lower(): (value,) for name, value in VECTORS["headers"].items()}
        headers |= {"signature-input": (case["signature_input"],), "signature": (case["signature"],)}
        request = InboundRequest(
            method=VECTORS["method"],
            target=VECTORS["url"].removeprefix("https://example.com"),
            headers=headers,
            body=VECTORS["body"].encode(),
        )
        signature = message_signatures.read(request)
        base = message_signatures.signature_base(
            signature, request, origin="https://example.com", host="example.com"
        )
        assert base.decode() == case["signature_base"]
        assert signature.key_id == case["keyid"]
        verify_as(case["alg"], VECTORS["keys"][case["keyid"]], signature.value, base)
        with pytest.raises(InvalidSignature):
            verify_as(case["alg"], VECTORS["keys"][case["keyid"]], signature.value, base + b" ")

    def test_content_digest_of_the_vectors(self) -> None:
        digests.require_content_digest(VECTORS["headers"]["Content-Digest"], VECTORS["body"].encode())


def verify_as(algorithm: str, pem: str, signature: bytes, base: bytes) -> None:
    key = load_pem_public_key(pem.encode())
    if algorithm == "rsa-pss-sha512":
        assert isinstance(key, RSAPublicKey)
        key.verify(signature, base, padding.PSS(padding.MGF1(hashes.SHA512()), 64), hashes.SHA512())
    elif not keys.verify(keys.load_public_pem(pem), signature, base):
        raise InvalidSignature


ACCEPTED = [
    MASTODON,
    FEDIFY,
    '"content-digest" "@target-uri" "@method"',
    '"@method" "@authority" "@path" "content-digest"',
    '"@method" "@authority" "@request-target" "content-digest"',
    '"@method" "@authority" "@path" "@query" "@scheme" "content-digest" "content-type"',
]


class TestInbound:
    @pytest.mark.parametrize("components", ACCEPTED)
    @pytest.mark.parametrize("stated", [True, False])
    def test_accepted(self, private_key: keys.PrivateKey, components: str, stated: bool) -> None:
        algorithm = "rsa-v1_5-sha256" if isinstance(private_key, RSAPrivateKey) else "ed25519"
        parameters = f';created={NOW};keyid="{KEY_ID}"' + (f';alg="{algorithm}"' if stated else "")
        request = peer_request(private_key, components=components, parameters=parameters)
        signature = accept(request, private_key.public_key())
        assert (signature.scheme, signature.key_id, signature.created) == ("rfc9421", KEY_ID, NOW)
        assert signature.algorithm == (algorithm if stated else None)
        assert signature.fingerprint == hashlib.sha256(signature.value).hexdigest()

    @pytest.mark.parametrize(
        "parameters",
        [
            f';keyid="{KEY_ID}";created={NOW}',
            f';created={NOW};expires={NOW + 300};keyid="{KEY_ID}";nonce="abc";tag="fedi"',
            f'; created={NOW};  keyid="{KEY_ID}"',
        ],
    )
    def test_parameters_are_taken_as_received(self, rsa: RSAPrivateKey, parameters: str) -> None:
        accept(peer_request(rsa, parameters=parameters), rsa.public_key())

    def test_surrounding_spaces_don_t_count(self, rsa: RSAPrivateKey) -> None:
        request = peer_request(rsa)
        text = f" {request.headers['signature-input'][0]}  "
        accept(with_headers(request, signature_input=(text,)), rsa.public_key())

    def test_get_needs_no_digest(self, rsa: RSAPrivateKey) -> None:
        request = peer_request(
            rsa, method="GET", target="/actor/club?x=%40", components='"@method" "@target-uri"'
        )
        accept(request, rsa.public_key())

    def test_sha512_alone_and_beside_sha256(self, rsa: RSAPrivateKey) -> None:
        both = f"{content_digest()}, {content_digest(name='sha512')}"
        for digest in (content_digest(name="sha512"), both, f"md5=:AAAA:, {content_digest()}"):
            accept(peer_request(rsa, digest=digest), rsa.public_key())

    @pytest.mark.parametrize("received", ["127.0.0.1:8000", "127.0.0.1"])
    @pytest.mark.parametrize("signed", ["127.0.0.1:8000", "127.0.0.1"])
    @pytest.mark.parametrize("components", ACCEPTED)
    def test_port_of_the_host_may_be_left_out(
        self, rsa: RSAPrivateKey, components: str, received: str, signed: str
    ) -> None:
        origin = "http://127.0.0.1:8000"
        request = peer_request(rsa, components=components, origin=origin, host=received, signed_host=signed)
        accept(request, rsa.public_key(), authorities=Authorities.of([origin]))

    @pytest.mark.parametrize("components", ACCEPTED)
    def test_each_of_several_origins(self, rsa: RSAPrivateKey, components: str) -> None:
        both = Authorities.of(["https://badges.example", "https://old.example"])
        request = peer_request(rsa, components=components, origin="https://old.example", host="old.example")
        accept(request, rsa.public_key(), authorities=both)

    def test_rfc9421_is_read_where_signature_input_is(self, rsa: RSAPrivateKey) -> None:
        request = with_headers(peer_request(rsa), signature=('keyId="k",signature="AAAA"',))
        assert rejection(request, rsa.public_key()) == "malformed"


Change = Callable[[InboundRequest], InboundRequest]
TAMPERED: list[tuple[str, Change, str]] = [
    ("body changed", lambda r: replace(r, body=b"{}"), "digest"),
    (
        "body and digest changed",
        lambda r: replace(with_headers(r, content_digest=(content_digest(b""),)), body=b""),
        "mismatch",
    ),
    ("digest gone", lambda r: with_headers(r, content_digest=None), "missing-header"),
    ("only md5", lambda r: with_headers(r, content_digest=("md5=:AAAA:",)), "digest"),
    ("digest malformed", lambda r: with_headers(r, content_digest=("sha-256=AAAA",)), "digest"),
    ("digest no dictionary", lambda r: with_headers(r, content_digest=("(",)), "malformed"),
    (
        "digest twice",
        lambda r: with_headers(r, content_digest=(f"{content_digest()}, {content_digest()}",)),
        "duplicate",
    ),
    (
        "one of two digests wrong",
        lambda r: with_headers(r, content_digest=(f"{content_digest()}, {content_digest(b'', 'sha512')}",)),
        "digest",
    ),
    ("other path", lambda r: replace(r, target="/actor/club/inbox"), "mismatch"),
    ("query added", lambda r: replace(r, target="/inbox?x=1"), "mismatch"),
    ("other method", lambda r: replace(r, method="PUT"), "mismatch"),
    ("foreign host", lambda r: with_headers(r, host=("evil.example",)), "host"),
    ("two hosts", lambda r: with_headers(r, host=("badges.example",) * 2), "duplicate"),
    ("host gone", lambda r: with_headers(r, host=None), "missing-header"),
    ("no signature", lambda r: with_headers(r, signature=None), "missing-header"),
    ("two lines", lambda r: with_headers(r, signature=r.headers["signature"] * 2), "duplicate"),
    ("two inputs", lambda r: with_headers(r, signature_input=r.headers["signature-input"] * 2), "duplicate"),
]


class TestRejected:
    @pytest.mark.parametrize(
        ("change", "reason"), [row[1:] for row in TAMPERED], ids=[row[0] for row in TAMPERED]
    )
    def test_changed_request(self, rsa: RSAPrivateKey, change: Change, reason: str) -> None:
        assert rejection(change(peer_request(rsa)), rsa.public_key()) == reason

    @pytest.mark.parametrize(
        "origin", ["https://evil.example", "http://badges.example", "https://badges.example:444"]
    )
    def test_target_uri_of_another_origin(self, rsa: RSAPrivateKey, origin: str) -> None:
        assert rejection(peer_request(rsa, origin=origin), rsa.public_key()) == "mismatch"

    def test_authority_of_another_origin(self, rsa: RSAPrivateKey) -> None:
        request = peer_request(rsa, components=ACCEPTED[3], signed_host="evil.example")
        assert rejection(request, rsa.public_key()) == "mismatch"

    def test_another_key(self, rsa: RSAPrivateKey) -> None:
        assert rejection(peer_request(rsa), keys.generate_ed25519().public_key()) == "mismatch"

    @pytest.mark.parametrize(
        "components",
        [
            "",
            '"date"',
            '"@method" "@target-uri"',
            '"@target-uri" "content-digest"',
            '"@method" "content-digest"',
            '"@method" "@path" "content-digest"',
            '"@method" "@authority" "content-digest"',
            '"@method" "@authority" "@query" "content-digest"',
        ],
    )
    def test_post_coverage(self, rsa: RSAPrivateKey, components: str) -> None:
        assert rejection(peer_request(rsa, components=components), rsa.public_key()) == "coverage"

    def test_query_must_be_covered(self, rsa: RSAPrivateKey) -> None:
        components = '"@method" "@authority" "@path"'
        request = peer_request(rsa, method="GET", target="/outbox?page=2", components=components)
        assert rejection(request, rsa.public_key()) == "coverage"
        whole = peer_request(rsa, method="GET", target="/outbox?page=2", components=f'{components} "@query"')
        accept(whole, rsa.public_key())

    @pytest.mark.parametrize(
        ("offset", "reason"),
        [
            (0, ""),
            (-65 * 60, ""),
            (-65 * 60 - 1, "expired"),
            (HOUR, ""),
            (HOUR + 1, "future"),
            (2 * HOUR, "future"),
        ],
    )
    def test_created(self, rsa: RSAPrivateKey, offset: int, reason: str) -> None:
        request = peer_request(rsa, parameters=f';created={NOW + offset};keyid="{KEY_ID}"')
        if reason:
            assert rejection(request, rsa.public_key()) == reason
        else:
            accept(request, rsa.public_key())

    def test_expires(self, rsa: RSAPrivateKey) -> None:
        request = peer_request(rsa, parameters=f';created={NOW};expires={NOW + 60};keyid="{KEY_ID}"')
        accept(request, rsa.public_key(), now=NOW + 60)
        assert rejection(request, rsa.public_key(), now=NOW + 61) == "expired"

    @pytest.mark.parametrize(
        ("parameters", "reason"),
        [
            (f';keyid="{KEY_ID}"', "date"),
            (f";created={NOW}", "malformed"),
            (f';created={NOW};keyid=""', "malformed"),
            (f";created={NOW};keyid=token", "malformed"),
            (f';created="{NOW}";keyid="k"', "malformed"),
            (f';created={NOW}.5;keyid="k"', "malformed"),
            (';created;keyid="k"', "malformed"),
            (f';created=@{NOW};keyid="k"', "malformed"),
            (f';created={NOW};created={NOW};keyid="k"', "duplicate"),
            (f';created={NOW};keyid="k";keyid="l"', "duplicate"),
            (f';created={NOW};keyid="k";other=1', "unsupported"),
            (f';created={NOW};keyid="k";alg="rsa-pss-sha512"', "algorithm"),
            (f';created={NOW};keyid="k";alg="hmac-sha256"', "algorithm"),
            (f';created={NOW};keyid="k";alg="ed25519"', "algorithm"),
        ],
    )
    def test_parameters(self, rsa: RSAPrivateKey, parameters: str, reason: str) -> None:
        assert rejection(peer_request(rsa, parameters=parameters), rsa.public_key()) == reason

    def test_stated_algorithm_must_fit_the_key(self) -> None:
        key = keys.generate_ed25519()
        request = peer_request(key, parameters=f';created={NOW};keyid="k";alg="rsa-v1_5-sha256"')
        assert rejection(request, key.public_key()) == "algorithm"

    @pytest.mark.parametrize(
        ("field", "reason"),
        [
            ("", "malformed"),
            ("sig1", "malformed"),
            ("sig1=", "malformed"),
            ("sig1=()", "malformed"),
            ('sig1=1;created=1;keyid="k"', "malformed"),
            ('sig1="x";created=1;keyid="k"', "malformed"),
            ('sig1=(1);created=1;keyid="k"', "malformed"),
            ('sig1=(date);created=1;keyid="k"', "malformed"),
            ('sig1=("Date");created=1;keyid="k"', "malformed"),
            ('sig1=("a b");created=1;keyid="k"', "malformed"),
            ('sig1=("");created=1;keyid="k"', "malformed"),
            ('sig1=("date" "date");created=1;keyid="k"', "duplicate"),
            ('sig1=("@method" "@method");created=1;keyid="k"', "duplicate"),
            ('sig1=("@status");created=1;keyid="k"', "unsupported"),
            ('sig1=("@signature-params");created=1;keyid="k"', "unsupported"),
            ('sig1=("date";sf);created=1;keyid="k"', "unsupported"),
            ('sig1=("content-digest";key="sha-256");created=1;keyid="k"', "unsupported"),
            ('sig1=("@method";req);created=1;keyid="k"', "unsupported"),
            ('sig1=("date";bs);created=1;keyid="k"', "unsupported"),
            ('sig1=("@query-param");created=1;keyid="k"', "unsupported"),
            ('sig1=("@query-param";name="a\\"b");created=1;keyid="k"', "unsupported"),
            ('sig2=("date");created=1;keyid="k"', "malformed"),
            ('sig1=("date");created=1;keyid="k", sig2=("date");created=1;keyid="k"', "duplicate"),
            ('sig1=("date");created=1;keyid="k", sig1=("date");created=1;keyid="k"', "duplicate"),
            ('sig1=("date");created=1;keyid="k" trailing', "malformed"),
            ('sig1=("date");created=1;keyid="k\u00e9"', "malformed"),
            (
                f'sig1=({" ".join(f"{chr(34)}x-{n}{chr(34)}" for n in range(40))});created=1;keyid="k"',
                "malformed",
            ),
        ],
    )
    def test_signature_input_grammar(self, rsa: RSAPrivateKey, field: str, reason: str) -> None:
        assert (
            rejection(with_headers(peer_request(rsa), signature_input=(field,)), rsa.public_key()) == reason
        )

    @pytest.mark.parametrize(
        ("field", "reason"),
        [
            ("", "malformed"),
            ("sig1", "malformed"),
            ("sig1=AAAA", "malformed"),
            ('sig1="AAAA"', "malformed"),
            ("sig1=::", "malformed"),
            ("sig1=:***:", "malformed"),
            ("sig1=(:AAAA:)", "malformed"),
            (f"sig1=:{'AAAA' * 400}:", "malformed"),
            ("sig2=:AAAA:", "malformed"),
            ("sig1=:AAAA:, sig2=:AAAA:", "duplicate"),
            ("sig1=:AAAA:, sig1=:AAAA:", "duplicate"),
            ("sig1=:AAAA:", "mismatch"),
        ],
    )
    def test_signature_grammar(self, rsa: RSAPrivateKey, field: str, reason: str) -> None:
        assert rejection(with_headers(peer_request(rsa), signature=(field,)), rsa.public_key()) == reason

    @pytest.mark.parametrize("target", ["/inbox", "/inbox?a=1&a=2"])
    def test_query_parameter_must_stand_there_once(self, rsa: RSAPrivateKey, target: str) -> None:
        request = peer_request(rsa, target=target)
        field = f'sig1=("@query-param";name="a" {MASTODON});created={NOW};keyid="k"'
        assert (
            rejection(with_headers(request, signature_input=(field,)), rsa.public_key()) == "missing-header"
        )


PIECES = [
    "sig1=",
    "(",
    ")",
    '"@method" ',
    '"@target-uri" ',
    '"content-digest"',
    ";created=1750000000",
    ';keyid="k"',
]
PIECES += [
    ";expires=",
    ";",
    ",",
    " ",
    '"',
    "\\",
    ":AAAA:",
    "?1",
    "@1",
    "%",
    "\x00",
    "\u20ac",
    ";alg=",
    "1.0",
    "*",
]


class TestArbitraryText:
    @given(
        field=st.one_of(st.text(max_size=200), st.lists(st.sampled_from(PIECES), max_size=14).map("".join)),
        name=st.sampled_from(["signature_input", "signature", "content_digest", "host"]),
    )
    def test_is_rejected_in_good_order(self, rsa: RSAPrivateKey, field: str, name: str) -> None:
        request = with_headers(peer_request(rsa), **{name: (field,)})
        with pytest.raises(SignatureRejected):
            accept(request, rsa.public_key())

    @given(st.data())
    def test_one_changed_character_never_verifies(self, rsa: RSAPrivateKey, data: st.DataObject) -> None:
        request = peer_request(rsa, components=FEDIFY)
        name = data.draw(st.sampled_from(["signature-input", "signature", "content-digest", "date"]))
        value = request.headers[name][0]
        position = data.draw(st.integers(0, len(value) - 1))
        character = data.draw(st.characters(max_codepoint=255).filter(lambda c: c != value[position]))
        changed = value[:position] + character + value[position + 1 :]
        altered = replace(request, headers={**request.headers, name: (changed,)})
        try:
            signature = accept(altered, rsa.public_key())
        except SignatureRejected:
            return
        assert name == "signature"
        assert signature.value == signatures.parse(request).value


@dataclass
class Message:
    method: str
    url: str
    headers: dict[str, str]


def resolver(private_key: keys.PrivateKey, key_id: str) -> oracle.MappingKeyResolver:
    return oracle.MappingKeyResolver(
        private_keys={key_id: private_key}, public_keys={key_id: private_key.public_key()}
    )


def algorithm(private_key: keys.PrivateKey) -> type[oracle.HTTPSignatureAlgorithm]:
    rsa = isinstance(private_key, RSAPrivateKey)
    return oracle.algorithms.RSA_V1_5_SHA256 if rsa else oracle.algorithms.ED25519


class TestAgainstAnIndependentImplementation:
    @pytest.mark.parametrize("include_alg", [True, False])
    @pytest.mark.parametrize(
        "components",
        [
            ("@method", "@target-uri", "content-digest"),
            ("@method", "@authority", "@path", "@query", "content-digest", "host", "content-type"),
            ("@method", "@authority", "@request-target", "content-digest", '"@query-param";name="q"'),
        ],
    )
    def test_we_accept_what_it_signs(
        self, private_key: keys.PrivateKey, components: tuple[str, ...], include_alg: bool
    ) -> None:
        url = "https://badges.example/inbox?q=a%20b%40&p="
        message = Message(
            "POST", url, {"host": "badges.example", "content-type": "application/activity+json"}
        )
        signer = oracle.HTTPMessageSigner(
            signature_algorithm=algorithm(private_key), key_resolver=resolver(private_key, KEY_ID)
        )
        signer.sign(
            message, key_id=KEY_ID, covered_component_ids=components, include_alg=include_alg, body=BODY
        )
        request = InboundRequest(
            method="POST",
            target=url.removeprefix("https://badges.example"),
            headers={name.lower(): (value,) for name, value in message.headers.items()},
            body=BODY,
        )
        signature = signatures.parse(request)
        assert signature.created is not None
        assert accept(request, private_key.public_key(), now=signature.created).key_id == KEY_ID

    @pytest.mark.parametrize(
        "url",
        [
            "https://peer.example/inbox",
            "https://peer.example:8443/users/%40alice//inbox?x=%C3%A9&y=a+b",
            "http://127.0.0.1:8000/",
        ],
    )
    @pytest.mark.parametrize("method", ["GET", "POST"])
    def test_it_accepts_what_we_sign(self, private_key: keys.PrivateKey, method: str, url: str) -> None:
        body = BODY if method == "POST" else None
        sent = we_sign(private_key, method, url)
        verifier = oracle.HTTPMessageVerifier(
            signature_algorithm=algorithm(private_key), key_resolver=resolver(private_key, OUR_KEY_ID)
        )
        results = verifier.verify(
            Message(method, url, sent), max_age=None, require_components=("@method", "@target-uri"), body=body
        )
        assert [result.body for result in results] == [body]
        with pytest.raises(oracle.InvalidSignature):
            verifier.verify(Message(method, f"{url}x", sent), max_age=None)


def we_sign(private_key: keys.PrivateKey, method: str, url: str, key_id: str = OUR_KEY_ID) -> dict[str, str]:
    request = OutboundRequest(
        method=method,
        url=url,
        body_digest=digests.sha256_base64(BODY) if method == "POST" else None,
        content_type="application/activity+json" if method == "POST" else None,
        accept="application/activity+json" if method == "GET" else None,
    )
    return signatures.sign(request, scheme="rfc9421", key_id=key_id, private_key=private_key, now=NOW + 0.7)


class TestOutbound:
    def test_what_mastodon_demands(self, rsa: RSAPrivateKey) -> None:
        sent = we_sign(rsa, "POST", "https://peer.example/inbox")
        parsed: Any = http_sf.parse(sent["Signature-Input"].encode(), tltype="dictionary")
        [(components, parameters)] = parsed.values()
        assert [name for name, _ in components] == ["@method", "@target-uri", "content-digest"]
        assert parameters == {"created": NOW, "keyid": OUR_KEY_ID, "alg": "rsa-v1_5-sha256"}
        assert sent["Content-Digest"] == content_digest()
        assert list(sent) == ["Host", "Content-Digest", "Content-Type", "Signature-Input", "Signature"]

    def test_get(self, rsa: RSAPrivateKey) -> None:
        sent = we_sign(rsa, "GET", "https://peer.example/users/alice")
        assert sent["Signature-Input"].startswith('sig1=("@method" "@target-uri");created=')
        assert list(sent) == ["Host", "Accept", "Signature-Input", "Signature"]

    def test_round_trip(self, private_key: keys.PrivateKey) -> None:
        sent = we_sign(private_key, "POST", "https://badges.example/inbox?x=%40")
        headers = {name.lower(): (value,) for name, value in sent.items()}
        request = InboundRequest(method="POST", target="/inbox?x=%40", headers=headers, body=BODY)
        assert accept(request, private_key.public_key()).key_id == OUR_KEY_ID

    @pytest.mark.parametrize("key_id", ["", 'k";alg="none', "k\\", "k\n", "schlüssel"])
    def test_key_id_cannot_break_out(self, rsa: RSAPrivateKey, key_id: str) -> None:
        with pytest.raises(Invalid):
            we_sign(rsa, "GET", "https://peer.example/", key_id)


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_accept_signature_asks_for_what_we_accept(rsa: RSAPrivateKey, method: str) -> None:
    asked: Any = http_sf.parse(signatures.accept_signature(method).encode(), tltype="dictionary")
    [(items, parameters)] = asked.values()
    assert parameters == {"created": True}
    components = " ".join(f'"{name}"' for name, _ in items)
    accept(peer_request(rsa, method=method, components=components), rsa.public_key())
