"""The verdicts of several verifiers on the samples side by side, and why some differ from what the makers state."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from tests.interop.openbadges.answers import Answer, Verdict
from tests.interop.openbadges.samples import Sample

DIGITAL_BAZAAR, LIBRARY, OURS = "Digital Bazaar", "openbadgeslib", "badgefed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Why a verifier disagrees; `words` stand in its reason (a check's name in ours), so that nothing else is the matter."""

    words: str = ""
    why: str


_PROFILE_ID = Explanation(
    words="has id",
    why="it insists that a Profile's id is the URL that it was linked by; 1EdTech's validator follows the id",
)
_OTHER_SUITE = Explanation(
    words="insufficient proofs matched the acceptable suite(s)",
    why="the suite is none that its program here was given: only eddsa-rdfc-2022 matters to us",
)
_OLD_MODEL = Explanation(
    words="carries 'issuanceDate'",
    why="refuses Verifiable Credentials 1.1 with an embedded proof: what the context leaves unsigned is too much",
)
_ENDORSEMENT = Explanation(
    words="'EndorsementCredential'", why="reads badges only, not an EndorsementCredential by itself"
)
_TOKEN_KEY = (
    "the key stands in the token or at a URL in it, and nothing of the issuer names that key: 1EdTech's validator takes"
    " it all the same, this library takes keys of the issuer's DID only"
)
_OTHER_KEY_TYPE = Explanation(words="'RS256' in token header is not allowed for this key", why=_TOKEN_KEY)
_OTHER_CONTROLLER = Explanation(words="names a different DID", why=_TOKEN_KEY)
_NO_DID = Explanation(words="not a DID", why=_TOKEN_KEY)
_UNBOUND_KEY = Explanation(
    words="issuer-identity:",
    why="the key stands in the token or at a URL in it, and nothing of the issuer names it: anybody could have made it",
)
_NOT_AN_AWARD = Explanation(
    words="schema:",
    why="an EndorsementCredential by itself is no badge that somebody holds; inside of one it is verified",
)
_SAME_HOST = Explanation(
    why="an Assertion on http is in the scope of an issuer on https, for 2.0 speaks of hosts; openbadgeslib wants one origin"
)

EXPLAINED: dict[str, dict[str, Explanation]] = {
    DIGITAL_BAZAAR: {
        "1edtech/ob30/simple-did-key-method.json": Explanation(
            words="publicKeyMultibase",
            why="the issuer is a urn:uuid, which no key document can name as controller",
        ),
        "1edtech/ob30/simple-eddsa-2022.json": _OTHER_SUITE,
        "1edtech/ob30/simple_v1.json": _OTHER_SUITE,
        "1edtech/ob30/simple-multiple-proofs.json": Explanation(
            why="verifies every proof that it has a suite for and passes over the others"
        ),
    },
    LIBRARY: {
        "ob2/assertions_fullrevoked.json": Explanation(
            why="looks for revocation in the issuer's RevocationList, not in the hosted Assertion"
        ),
        "1edtech/ob20/basic-assertion-with-allowed-origins.json": _PROFILE_ID,
        "1edtech/ob20/basic-assertion-with-allowed-origins-valid-starts-with.json": _PROFILE_ID,
        "1edtech/ob20/basic-assertion-with-allowed-origins-valid-multiple-starts-with.json": _PROFILE_ID,
        "1edtech/ob20/warning-issuer-non-http.json": _PROFILE_ID,
        "ob3/web-endorsement.json": _ENDORSEMENT,
        "1edtech/ob30/endorsement-valid.json": _ENDORSEMENT,
        "ob3/vcjwt-jwk.jwt": _OTHER_KEY_TYPE,
        "ob3/vcjwt-kid.jwt": _OTHER_CONTROLLER,
        "ob3/baked-jwt.png": _OTHER_KEY_TYPE,
        "ob3/baked-jwt.svg": _OTHER_KEY_TYPE,
        "1edtech/ob30/simple-jwt.png": _NO_DID,
        "1edtech/ob30/simple-jwt.svg": _NO_DID,
        "1edtech/ob30/simple-jwt_v1.png": _NO_DID,
        "1edtech/ob30/simple-jwt_v1.svg": _NO_DID,
        "1edtech/ob30/simple-did-key-method.json": Explanation(
            words="urn:uuid:", why="the issuer is a urn:uuid, which binds no key to it"
        ),
        "1edtech/ob30/simple-eddsa-2022.json": _OLD_MODEL,
        "1edtech/ob30/simple_v1.json": _OLD_MODEL,
    },
    OURS: {
        "1edtech/ob20/warning-issuer-non-http.json": Explanation(
            words="issuer-identity:",
            why="the Profile's id is a urn:uuid, so nobody can be asked for it; for 1EdTech's validator a warning",
        ),
        "1edtech/ob20/assertion-with-data-image.json": Explanation(
            words="schema:",
            why="in an Assertion the image must be a URL, only a BadgeClass may have it inside; openbadgeslib does not look",
        ),
        "1edtech/ob20/assertion-with-endorsements.json": Explanation(
            why="the BadgeClass stands in the Assertion, which 2.0 allows; openbadgeslib wants its URL"
        ),
        "1edtech/ob20/assertion-with-extension-node-basic.json": _SAME_HOST,
        "1edtech/ob20/assertion-with-extension-node-invalid.json": replace(
            _SAME_HOST, why=f"{_SAME_HOST.why}; extensions are left to those who know them"
        ),
        "1edtech/ob20/assertion-with-multiple-extensions.json": _SAME_HOST,
        "ob3/web-endorsement.json": _NOT_AN_AWARD,
        "1edtech/ob30/endorsement-valid.json": _NOT_AN_AWARD,
        "ob3/vcjwt-jwk.jwt": _UNBOUND_KEY,
        "ob3/vcjwt-kid.jwt": _UNBOUND_KEY,
        "ob3/baked-jwt.png": _UNBOUND_KEY,
        "ob3/baked-jwt.svg": _UNBOUND_KEY,
        "1edtech/ob30/simple-jwt.png": _UNBOUND_KEY,
        "1edtech/ob30/simple-jwt.svg": _UNBOUND_KEY,
        "1edtech/ob30/simple-jwt_v1.png": _UNBOUND_KEY,
        "1edtech/ob30/simple-jwt_v1.svg": _UNBOUND_KEY,
        "1edtech/ob30/simple-did-key-method.json": Explanation(
            words="issuer-identity:",
            why="the issuer is a urn:uuid: nobody can prove to be that",
        ),
    },
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A sample and each verifier's answer."""

    sample: Sample
    answers: Mapping[str, Answer]

    @property
    def expected(self) -> Verdict:
        """What the makers state, or else what the first verifier says that reads it."""
        read = [answer.verdict for answer in self.answers.values() if answer.verdict is not Verdict.UNREAD]
        return self.sample.expected or read[0]

    def disagreements(self) -> Iterator[str]:
        """The verifiers that say something else. A revoked badge may be refused for whatever reason."""
        for verifier, answer in self.answers.items():
            is_valid = answer.verdict is Verdict.VALID
            if answer.verdict is not Verdict.UNREAD and is_valid != (self.expected is Verdict.VALID):
                yield verifier

    def explanation(self, verifier: str) -> str | None:
        """None where there is none, or none for the reason that the verifier gives."""
        found = EXPLAINED[verifier].get(self.sample.name)
        return found.why if found and found.words in self.answers[verifier].reason else None


def unexplained(rows: Sequence[Row]) -> list[str]:
    return [
        f"{row.sample.name}: {verifier} says {row.answers[verifier].verdict}, not"
        f" {row.expected}: {row.answers[verifier].reason}"
        for row in rows
        for verifier in row.disagreements()
        if row.explanation(verifier) is None
    ]


def outdated(rows: Sequence[Row]) -> list[str]:
    """Explanations of disagreements that there aren't (any more)."""
    needed = {(verifier, row.sample.name) for row in rows for verifier in row.disagreements()}
    given = {(verifier, name) for verifier, names in EXPLAINED.items() for name in names}
    return [f"{name}: {verifier}" for verifier, name in sorted(given - needed)]


def render(rows: Sequence[Row]) -> str:
    """Plain text, one line for each sample; below it why a verifier disagrees with its makers."""
    verifiers = list(rows[0].answers)
    lines = [_line("sample", "its makers", *verifiers)]
    for row in rows:
        expected = row.sample.expected or "-"
        lines.append(_line(row.sample.name, expected, *(row.answers[name].verdict for name in verifiers)))
        for verifier in row.disagreements():
            lines.append(f"    {verifier}: {row.explanation(verifier) or 'NOT EXPLAINED'}")
    return "\n".join(lines)


def _line(name: str, *verdicts: str) -> str:
    return name.ljust(88) + "".join(verdict.ljust(16) for verdict in verdicts).rstrip()
