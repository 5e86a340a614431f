from __future__ import annotations

from base64 import urlsafe_b64decode

import pytest
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, x25519
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicNumbers
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from badgefed.errors import Invalid
from badgefed.protocol import keys

DATA = b"what is signed"


@pytest.fixture(scope="module")
def rsa() -> RSAPrivateKey:
    return keys.generate_rsa()


@pytest.fixture(scope="module", params=["rsa", "ed25519"])
def private_key(request: pytest.FixtureRequest, rsa: RSAPrivateKey) -> keys.PrivateKey:
    return rsa if request.param == "rsa" else keys.generate_ed25519()


def numbers(key: keys.PublicKey) -> bytes:
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def rsa_pem(bits: int, exponent: int = 65537) -> str:
    """A public key of this size; whether its modulus has two prime factors does not matter here."""
    key = RSAPublicNumbers(exponent, 2 ** (bits - 1) + 1).public_key()
    return keys.public_pem(key)


def test_generated_rsa_key_is_what_peers_expect(rsa: RSAPrivateKey) -> None:
    assert rsa.key_size == 2048
    assert rsa.public_key().public_numbers().e == 65537


def test_private_key_survives_storage(private_key: keys.PrivateKey) -> None:
    pem = keys.private_pem(private_key)
    assert pem.startswith(b"-----BEGIN PRIVATE KEY-----")
    loaded = keys.load_private_pem(pem)
    assert numbers(loaded.public_key()) == numbers(private_key.public_key())
    assert keys.verify(private_key.public_key(), keys.sign(loaded, DATA), DATA)


@pytest.mark.parametrize(
    "pem",
    [
        b"",
        b"no key",
        b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
        rsa_pem(2048).encode(),
    ],
)
def test_what_is_no_private_key_is_refused(pem: bytes) -> None:
    with pytest.raises(Invalid):
        keys.load_private_pem(pem)


def test_private_keys_of_other_kinds_are_refused(rsa: RSAPrivateKey) -> None:
    curve = ec.generate_private_key(ec.SECP256R1())
    with pytest.raises(Invalid, match="RSA or Ed25519"):
        keys.load_private_pem(curve.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))


def test_signature_holds_for_its_key_and_data_only(private_key: keys.PrivateKey) -> None:
    signature = keys.sign(private_key, DATA)
    public_key = private_key.public_key()
    assert keys.verify(public_key, signature, DATA)
    assert not keys.verify(public_key, signature, DATA + b"!")
    assert not keys.verify(public_key, signature[:-1], DATA)
    assert not keys.verify(public_key, b"", DATA)
    assert not keys.verify(keys.generate_ed25519().public_key(), signature, DATA)
    assert not keys.verify(keys.load_public_pem(rsa_pem(2048)), signature, DATA)


def test_rsa_signature_with_another_hash_needs_that_hash(rsa: RSAPrivateKey) -> None:
    signature = keys.sign(rsa, DATA)
    assert not keys.verify(rsa.public_key(), signature, DATA, digest=keys.SHA512)


def test_public_key_survives_each_published_form(private_key: keys.PrivateKey) -> None:
    public_key = private_key.public_key()
    assert numbers(keys.load_public_pem(keys.public_pem(public_key))) == numbers(public_key)
    assert numbers(keys.load_multikey(keys.multikey(public_key))) == numbers(public_key)


def test_foreign_pem_variants(rsa: RSAPrivateKey) -> None:
    public_key = rsa.public_key()
    pkcs1 = public_key.public_bytes(Encoding.PEM, PublicFormat.PKCS1).decode()
    assert pkcs1.startswith("-----BEGIN RSA PUBLIC KEY-----")
    spki = keys.public_pem(public_key)
    one_line = spki.replace("\n", "").replace("KEY-----", "KEY-----\n", 1).replace("-----END", "\n-----END")
    for pem in (pkcs1, spki.strip(), spki.replace("\n", "\r\n"), f"\n  {spki}\n\n", one_line):
        assert numbers(keys.load_public_pem(pem)) == numbers(public_key)


@pytest.mark.parametrize("bits", [1024, 1536, 4096, 8192])
def test_rsa_sizes_that_peers_use(bits: int) -> None:
    key = keys.load_public_pem(rsa_pem(bits))
    assert numbers(keys.load_multikey(keys.multikey(key))) == numbers(key)


@pytest.mark.parametrize(
    ("bits", "exponent"), [(512, 65537), (1023, 65537), (8193, 65537), (16384, 65537), (2048, 2**65 + 1)]
)
def test_weak_or_expensive_rsa_keys_are_refused(bits: int, exponent: int) -> None:
    key = RSAPublicNumbers(exponent, 2 ** (bits - 1) + 1).public_key()
    with pytest.raises(Invalid):
        keys.load_public_pem(keys.public_pem(key))
    with pytest.raises(Invalid):
        keys.load_multikey(keys.multikey(key))


OTHER_KEYS = [
    ec.generate_private_key(ec.SECP256R1()).public_key(),
    ed448.Ed448PrivateKey.generate().public_key(),
    x25519.X25519PrivateKey.generate().public_key(),
    dsa.generate_private_key(1024).public_key(),
]


@pytest.mark.parametrize("key", OTHER_KEYS, ids=lambda key: type(key).__name__)
def test_other_kinds_of_public_keys_are_refused(key: ec.EllipticCurvePublicKey) -> None:
    pem = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    with pytest.raises(Invalid) as caught:
        keys.load_public_pem(pem)
    assert caught.value.field == "publicKeyPem"


def test_private_pem_is_no_public_key(private_key: keys.PrivateKey) -> None:
    with pytest.raises(Invalid):
        keys.load_public_pem(keys.private_pem(private_key).decode())


def test_oversized_public_keys_are_refused_before_they_are_read() -> None:
    with pytest.raises(Invalid):
        keys.load_public_pem(rsa_pem(2048).replace("-----END", "A" * 10_000 + "\n-----END"))
    with pytest.raises(Invalid):
        keys.load_multikey("z" + "2" * 100_000)


@given(st.text(max_size=200))
def test_arbitrary_text_is_refused_as_a_public_key(text: str) -> None:
    body = f"-----BEGIN PUBLIC KEY-----\n{text}\n-----END PUBLIC KEY-----"
    for load, value in (
        (keys.load_public_pem, text),
        (keys.load_public_pem, body),
        (keys.load_multikey, text),
        (keys.load_multikey, "z" + text),
    ):
        with pytest.raises(Invalid):
            load(value)


@given(st.binary(max_size=80))
def test_arbitrary_multikey_material_gives_a_usable_key_or_invalid(material: bytes) -> None:
    with pytest.raises(Invalid):
        keys.load_multikey(keys.multibase_encode(b"\x85\x24" + material))
    ed25519 = keys.multibase_encode(b"\xed\x01" + material)
    if len(material) == 32:
        assert keys.multikey(keys.load_multikey(ed25519)) == ed25519
    else:
        with pytest.raises(Invalid):
            keys.load_multikey(ed25519)


BASE58 = [
    (b"", "z"),
    (b"Hello World!", "z2NEpo7TZRRrLZSi2U"),
    (
        b"The quick brown fox jumps over the lazy dog.",
        "zUSm3fpXnKG5EUBx2ndxBDMPVciP5hGey2Jh4NDv6gmeo1LkMeiKrLJUUBk6Z",
    ),
    (bytes.fromhex("0000287fb4cd"), "z11233QC4"),
]


@pytest.mark.parametrize(("data", "text"), BASE58)
def test_published_base58_vectors(data: bytes, text: str) -> None:
    assert keys.multibase_encode(data) == text
    assert keys.multibase_decode(text) == data


@given(st.binary(max_size=300))
def test_multibase_round_trip(data: bytes) -> None:
    assert keys.multibase_decode(keys.multibase_encode(data)) == data


@pytest.mark.parametrize(
    "text", ["", "2NEpo7TZRRrLZSi2U", "mAAAA", "z0", "zO", "zI", "zl", "z2NE po7", "zé", "z2NEp\n"]
)
def test_malformed_multibase_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        keys.multibase_decode(text)


def test_multibase_length_is_bounded() -> None:
    assert len(keys.multibase_decode("z" + "1" * 9, max_length=10)) == 9
    with pytest.raises(Invalid):
        keys.multibase_decode("z" + "1" * 10, max_length=10)


def test_published_ed25519_multikey_pair() -> None:
    """The key pair of the test vectors in Data Integrity EdDSA Cryptosuites 1.0, appendix B."""
    secret = keys.multibase_decode("z3u2en7t5LR2WtQH5PfFqMqwVHBeXouLzo6haApm8XHqvjxq")
    assert secret[:2] == b"\x80\x26"
    public_key = Ed25519PrivateKey.from_private_bytes(secret[2:]).public_key()
    assert keys.multikey(public_key) == "z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2"


def test_published_rsa_multikey() -> None:
    """The RSA-2048 key of the did:key test vectors, whose text is a Multikey."""
    modulus = (
        "sbX82NTV6IylxCh7MfV4hlyvaniCajuP97GyOqSvTmoEdBOflFvZ06kR_9D6ctt45Fk6hskfnag2GG69NALVH2o4RCR6tQiLRpKcMRtDYE_th"
        "EmfBvDzm_VVkOIYfxu-Ipuo9J_S5XDNDjczx2v-3oDh5-CIHkU46hvFeCvpUS-L8TJSbgX0kjVk_m4eIb9wh63rtmD6Uz_KBtCo5mmR4TEtcL"
        "ZKYdqMp3wCjN-TlgHiz_4oVXWbHUefCEe8rFnX1iQnpDHU49_SaXQoud1jCaexFn25n-Aa8f8bc5Vm-5SeRwidHa6ErvEhTvf1dz6GoNPp2iR"
        "vm-wJ1gxwWJEYPQ"
    )
    key = RSAPublicNumbers(65537, int.from_bytes(urlsafe_b64decode(modulus + "=="), "big")).public_key()
    assert keys.multikey(key) == (
        "z4MXj1wBzi9jUstyPMS4jQqB6KdJaiatPkAtVtGc6bQEQEEsKTic4G7Rou3iBf9vPmT5dbkm9qsZsuVNjq8HCuW1w24nhBFGkRE4cd2Uf2tfrB3N7"
        "h4mnyPp1BF3ZttHTYv3DLUPi1zMdkULiow3M1GfXkoC6DoxDUm1jmN6GBj22SjVsr6dxezRVQc7aj9TxE7JLbMH1wh5X3kA58H3DFW8rnYMakFGbc"
        "a5CB2Jf6CnGQZmL7o5uJAdTwXfy2iiiyPxXEGerMhHwhjTA1mKYobyk2CpeEcmvynADfNZ5MBvcCS7m3XkFCMNUYBS9NQ3fze6vMSUPsNa6GVYmKx2"
        "x6JrdEjCk3qRMMmyjnjCMfR4pXbRMZa3i"
    )
