"""Credentials, status lists and presentations made at random, with any of the members that Open Badges 3.0 knows."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

from badgefed.model.times import DAY, format_rfc3339
from badgefed.protocol.jsonld import CREDENTIALS_V2
from badgefed.protocol.openbadges import clean_text
from badgefed.protocol.openbadges3 import CONTEXTS, CREDENTIAL_SCHEMA
from tests.protocol.badge_values import NOW

Part = dict[str, Any]
Make = Callable[[], Any]

TEXTS = [
    "Robotics",
    "",
    " ",
    "She said \"yes\", and 'no'",
    "C:\\new\\table\\u0041",
    '\\"',
    '" .\n<https://a.example/> <https://a.example/p> "injected',
    "a\tb\nc\n\n",
    "🏅👩🏽‍🚀 e\u0301 \U0010ffff",
    "تصميم \u202eabc\u202c",
    "日本語\u2028\u2029\ufeff\x85\xa0",
    "see <https://a.example/x?y=1&z=%20#f> and _:b0",
    "_:c14n0",
    "https://a.example/",
    "@id",
    "true",
    "12",
    "{}",
    "name",
    "null",
    "^^<https://a.example/t>",
    "@en",
]
IRIS = [
    "https://badges.example/credentials/1",
    "https://badges.example/a/../b/./c//d?x=%2F&y=[1]#z",
    "https://täst.example/ü🏅",
    "https://a.example",
    "HTTPS://A.example:443/",
    "did:web:badges.example%3A8443:issuers:makers",
    "did:key:z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2#key",
    "acct:jane@social.example",
    "mailto:jane@mail.example",
    "urn:uuid:0190a000-0000-7000-8000-000000000007",
    "x:y",
    "tag:a.example,2026:'()*!$;,=",
]
NUMBERS = [0, 1, -7, 3.0, 0.1, -2.5, 1e-7, 123456.789, 1 / 3, 2**53 - 1, 1e15, -0.0, 5e-324]


class Samples:
    """The same seed makes the same samples: most of them with a few of the optional members, some with almost all."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)
        self._odds = 0.3

    def text(self) -> str:
        random = self._random
        if random.random() < 0.7:
            return random.choice(TEXTS)
        return clean_text(
            "".join(chr(random.choice([random.randrange(128), random.randrange(0x3000)])) for _ in range(12))
        )

    def iri(self) -> str:
        random = self._random
        known = random.choice(IRIS)
        return known if random.random() < 0.5 else f"https://a.example/{random.randrange(10**6)}"

    def number(self) -> float:
        return self._random.choice(NUMBERS)

    def instant(self) -> str:
        return format_rfc3339(NOW + self._random.randrange(4_000) * DAY)

    def flag(self) -> bool:
        return self._random.random() < 0.5

    def some(self, make: Make) -> Callable[[], list[Any]]:
        return lambda: [make() for _ in range(self._random.randint(1, 3))]

    def pick(self, **members: Make) -> Part:
        """Some of the members."""
        return {name: make() for name, make in members.items() if self._random.random() < self._odds}

    def shuffled(self, part: Part) -> Part:
        names = list(part)
        self._random.shuffle(names)
        return {name: part[name] for name in names}

    def credential(self) -> Part:
        self._odds = self._random.choice([0.05, 0.1, 0.2, 0.3, 0.7])
        optional = self.pick(
            name=self.text,
            description=self.text,
            image=self.image,
            awardedDate=self.instant,
            validUntil=self.instant,
            inLanguage=lambda: "de-CH",
            evidence=self.some(self.evidence),
            credentialSchema=lambda: [CREDENTIAL_SCHEMA],
            credentialStatus=self.status_entry,
            refreshService=lambda: {"id": self.iri(), "type": "1EdTechCredentialRefresh"},
            termsOfUse=lambda: [{"id": self.iri()}],
            endorsement=self.some(self.endorsement),
            endorsementJwt=self.some(self.text),
        )
        return self.shuffled(
            {
                "@context": list(CONTEXTS),
                "id": self.iri(),
                "type": [
                    "VerifiableCredential",
                    "OpenBadgeCredential" if self.flag() else "AchievementCredential",
                ],
                "issuer": self.iri() if self._random.random() < 0.1 else self.profile(),
                "validFrom": self.instant(),
                "credentialSubject": self.subject(),
                **optional,
            }
        )

    def status_entry(self) -> Part:
        if self._random.random() < 0.2:
            return {"id": self.iri(), "type": "1EdTechRevocationList"}
        return {
            "id": self.iri(),
            "type": "BitstringStatusListEntry",
            "statusPurpose": "revocation",
            "statusListIndex": str(self._random.randrange(131_072)),
            "statusListCredential": self.iri(),
            **self.pick(
                statusSize=lambda: 1,
                statusReference=self.iri,
                statusMessage=self.some(lambda: {"status": "0x1", "message": self.text()}),
            ),
        }

    def status_list(self) -> Part:
        url = self.iri()
        return {
            "@context": [CREDENTIALS_V2] if self.flag() else list(CONTEXTS),
            "id": url,
            "type": ["VerifiableCredential", "BitstringStatusListCredential"],
            "issuer": self.iri(),
            "validFrom": self.instant(),
            "credentialSubject": {
                "id": f"{url}list",
                "type": "BitstringStatusList",
                "statusPurpose": "suspension",
                "encodedList": f"uH4sIAAAAAAAAA-3BMQ{self._random.randrange(10**9)}",
                **self.pick(ttl=lambda: 300_000),
            },
            **self.pick(validUntil=self.instant, name=self.text, description=self.text),
        }

    def presentation(self, credentials: list[Part]) -> Part:
        """Around credentials that bring their contexts and may bring proofs."""
        return {
            "@context": list(CONTEXTS) if self.flag() else CREDENTIALS_V2,
            "type": ["VerifiablePresentation"],
            "verifiableCredential": credentials,
            **self.pick(id=self.iri, holder=self.iri),
        }

    def endorsement(self) -> Part:
        return {
            **({"@context": list(CONTEXTS)} if self.flag() else {}),
            "id": self.iri(),
            "type": ["VerifiableCredential", "EndorsementCredential"],
            "name": self.text(),
            "issuer": self.profile(),
            "validFrom": self.instant(),
            "credentialSubject": {
                "id": self.iri(),
                "type": ["EndorsementSubject"],
                **self.pick(endorsementComment=self.text),
            },
        }

    def subject(self) -> Part:
        identity = {"id": self.iri()} if self.flag() else {"identifier": self.some(self.identity)()}
        optional = self.pick(
            narrative=self.text,
            licenseNumber=self.text,
            role=self.text,
            term=self.text,
            creditsEarned=self.number,
            activityStartDate=self.instant,
            activityEndDate=self.instant,
            image=self.image,
            result=self.some(self.result),
            source=lambda: self.profile() if self.flag() else self.iri(),
        )
        return {**identity, "type": ["AchievementSubject"], "achievement": self.achievement(), **optional}

    def identity(self) -> Part:
        return {
            "type": "IdentityObject",
            "hashed": self.flag(),
            "identityHash": self.text(),
            "identityType": "emailAddress",
            **self.pick(salt=self.text),
        }

    def result(self) -> Part:
        return {
            "type": ["Result"],
            **self.pick(
                resultDescription=self.iri,
                value=self.text,
                status=lambda: "Completed",
                achievedLevel=self.iri,
                alignment=self.some(self.alignment),
            ),
        }

    def achievement(self) -> Part:
        criteria = self.pick(id=self.iri, narrative=self.text)
        optional = self.pick(
            achievementType=lambda: self._random.choice(["Badge", "ext:Credential", "Award"]),
            image=self.image,
            tag=self.some(self.text),
            alignment=self.some(self.alignment),
            version=self.text,
            inLanguage=lambda: "en-GB",
            humanCode=self.text,
            fieldOfStudy=self.text,
            specialization=self.text,
            creditsAvailable=self.number,
            resultDescription=self.some(self.result_description),
            otherIdentifier=self.some(self.identifier_entry),
            related=self.some(
                lambda: {"id": self.iri(), "type": ["Related"], **self.pick(version=self.text)}
            ),
            creator=self.profile,
            endorsement=self.some(self.endorsement),
        )
        return self.shuffled(
            {
                "id": self.iri(),
                "type": ["Achievement"],
                "name": self.text(),
                "description": self.text(),
                "criteria": criteria or {"narrative": self.text()},
                **optional,
            }
        )

    def alignment(self) -> Part:
        return {
            "type": ["Alignment"],
            "targetName": self.text(),
            "targetUrl": self.iri(),
            **self.pick(
                targetDescription=self.text,
                targetFramework=self.text,
                targetCode=self.text,
                targetType=lambda: "ceasn:Competency",
            ),
        }

    def result_description(self) -> Part:
        return {
            "id": f"urn:uuid:{self._random.randrange(10**9)}",
            "type": ["ResultDescription"],
            "name": self.text(),
            "resultType": "LetterGrade",
            **self.pick(
                allowedValue=self.some(self.text),
                requiredLevel=self.iri,
                requiredValue=self.text,
                valueMin=self.text,
                valueMax=self.text,
                alignment=self.some(self.alignment),
                rubricCriterionLevel=self.some(self.rubric_level),
            ),
        }

    def rubric_level(self) -> Part:
        return {
            "id": self.iri(),
            "type": ["RubricCriterionLevel"],
            "name": self.text(),
            **self.pick(description=self.text, level=self.text, points=self.text),
        }

    def evidence(self) -> Part:
        return {
            "type": ["Evidence"],
            **self.pick(
                id=self.iri,
                name=self.text,
                narrative=self.text,
                description=self.text,
                genre=self.text,
                audience=self.text,
            ),
        }

    def identifier_entry(self) -> Part:
        return {"type": "IdentifierEntry", "identifier": self.text(), "identifierType": "ext:number"}

    def image(self) -> Part:
        return {"id": self.iri(), "type": "Image", **self.pick(caption=self.text)}

    def profile(self, depth: int = 0) -> Part:
        optional = self.pick(
            name=self.text,
            url=self.iri,
            phone=self.text,
            description=self.text,
            image=self.image,
            email=self.text,
            official=self.text,
            otherIdentifier=self.some(self.identifier_entry),
            address=self.address,
            givenName=self.text,
            familyName=self.text,
            familyNamePrefix=self.text,
            additionalName=self.text,
            patronymicName=self.text,
            honorificPrefix=self.text,
            honorificSuffix=self.text,
            dateOfBirth=lambda: "1970-01-01",
        )
        if depth < 2 and self._random.random() < 0.2:
            optional["parentOrg"] = self.profile(depth + 1)
        return {"id": self.iri(), "type": ["Profile"], **optional}

    def address(self) -> Part:
        return {
            "type": ["Address"],
            **self.pick(
                addressCountry=self.text,
                addressCountryCode=lambda: "CH",
                addressRegion=self.text,
                addressLocality=self.text,
                streetAddress=self.text,
                postOfficeBoxNumber=self.text,
                postalCode=self.text,
                geo=lambda: {"type": "GeoCoordinates", "latitude": self.number(), "longitude": 8.5},
            ),
        }
