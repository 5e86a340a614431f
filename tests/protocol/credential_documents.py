"""Open Badges 3.0 credentials with a value in every member of every class that the standard has."""

from __future__ import annotations

import json
from typing import Any

from badgefed.protocol.openbadges3 import CONTEXTS


def _apart(document: dict[str, Any]) -> dict[str, Any]:
    """A copy in which no part stands at two places, so that a change is made at one only."""
    copied: dict[str, Any] = json.loads(json.dumps(document))
    return copied


MOMENT = "2026-03-12T10:30:00Z"
JWS = "eyJhbGciOiJSUzI1NiJ9.e30.c2lnbmF0dXJl"

IMAGE = {"id": "https://a.example/image.png", "type": "Image", "caption": "a blue square"}
ALIGNMENT = {
    "type": ["Alignment"],
    "targetCode": "C1",
    "targetDescription": "Prints in three dimensions.",
    "targetName": "Printing",
    "targetFramework": "Crafts",
    "targetType": "CFItem",
    "targetUrl": "https://a.example/crafts/1",
}
IDENTIFIER = {"type": "IdentifierEntry", "identifier": "17", "identifierType": "sourcedId"}
PROOF = {
    "type": "DataIntegrityProof",
    "created": MOMENT,
    "cryptosuite": "eddsa-rdfc-2022",
    "challenge": "c",
    "domain": "a.example",
    "nonce": "n",
    "proofPurpose": "assertionMethod",
    "proofValue": "z58",
    "verificationMethod": "did:web:a.example#key",
}
ATTACHMENTS: dict[str, Any] = {
    "proof": [PROOF],
    "credentialSchema": [{"id": "https://a.example/schema", "type": "1EdTechJsonSchemaValidator2019"}],
    "credentialStatus": {"id": "https://a.example/status/1#7", "type": "BitstringStatusListEntry"},
    "refreshService": {"id": "https://a.example/refresh/1", "type": "1EdTechCredentialRefresh"},
    "termsOfUse": [{"id": "https://a.example/terms", "type": "Terms"}],
}
PERSON = {
    "id": "https://a.example/people/1",
    "type": ["Profile"],
    "familyName": "Doe",
    "givenName": "Jane",
    "additionalName": "J.",
    "patronymicName": "Janedottir",
    "honorificPrefix": "Dr",
    "honorificSuffix": "MA",
    "familyNamePrefix": "van",
    "dateOfBirth": "1990-02-28",
}
ENDORSEMENT = _apart(
    {
        "@context": list(CONTEXTS),
        "id": "https://b.example/endorsements/1",
        "type": ["VerifiableCredential", "EndorsementCredential"],
        "name": "Endorsement",
        "description": "We know them.",
        "issuer": {"id": "did:web:b.example", "type": ["Profile"], "name": "Guild"},
        "validFrom": MOMENT,
        "validUntil": "2027-03-12T10:30:00+01:00",
        "awardedDate": MOMENT,
        "credentialSubject": {
            "id": "https://a.example/achievements/1",
            "type": ["EndorsementSubject"],
            "endorsementComment": "Well made.",
        },
        **ATTACHMENTS,
    }
)
PROFILE = _apart(
    {
        "id": "did:web:a.example",
        "type": ["Profile"],
        "name": "Maker Society",
        "url": "https://a.example",
        "phone": "+14155550100",
        "description": "We make things.",
        "email": "hello@a.example",
        "official": "The Chair",
        "image": IMAGE,
        "address": {
            "type": ["Address"],
            "addressCountry": "Iceland",
            "addressCountryCode": "IS",
            "addressRegion": "Capital",
            "addressLocality": "Reykjavík",
            "streetAddress": "Laugavegur 1",
            "postOfficeBoxNumber": "1",
            "postalCode": "101",
            "geo": {"type": "GeoCoordinates", "latitude": 64.1, "longitude": -22},
        },
        "otherIdentifier": [IDENTIFIER],
        "parentOrg": PERSON,
        "endorsement": [ENDORSEMENT],
        "endorsementJwt": [JWS],
    }
)
ACHIEVEMENT = _apart(
    {
        "id": "https://a.example/achievements/1",
        "type": ["Achievement"],
        "name": "3-D Printmaster",
        "description": "Awarded for passing the test.",
        "criteria": {"id": "https://a.example/criteria", "narrative": "Students are tested."},
        "achievementType": "Badge",
        "fieldOfStudy": "Crafts",
        "humanCode": "CR-1",
        "specialization": "Printing",
        "version": "2",
        "creditsAvailable": 2.5,
        "inLanguage": "en-US",
        "image": IMAGE,
        "creator": PERSON,
        "alignment": [ALIGNMENT],
        "otherIdentifier": [IDENTIFIER],
        "related": [
            {
                "id": "https://a.example/achievements/0",
                "type": ["Related"],
                "inLanguage": "is",
                "version": "1",
            }
        ],
        "resultDescription": [
            {
                "id": "urn:uuid:0190a000-0000-7000-8000-000000000001",
                "type": ["ResultDescription"],
                "name": "Test",
                "resultType": "RubricCriterionLevel",
                "alignment": [ALIGNMENT],
                "allowedValue": ["good", "better"],
                "requiredLevel": "urn:uuid:0190a000-0000-7000-8000-000000000002",
                "requiredValue": "good",
                "valueMin": "0",
                "valueMax": "10",
                "rubricCriterionLevel": [
                    {
                        "id": "urn:uuid:0190a000-0000-7000-8000-000000000002",
                        "type": ["RubricCriterionLevel"],
                        "name": "Mastered",
                        "alignment": [ALIGNMENT],
                        "description": "No mistakes.",
                        "level": "3",
                        "points": "10",
                    }
                ],
            }
        ],
        "tag": ["3d", "printing"],
        "endorsement": [ENDORSEMENT],
        "endorsementJwt": [JWS],
    }
)
CREDENTIAL = _apart(
    {
        "@context": [*CONTEXTS, {"own": "https://a.example/terms#own"}],
        "id": "https://a.example/credentials/1",
        "type": ["VerifiableCredential", "OpenBadgeCredential", "OwnCredential"],
        "name": "3-D Printmaster",
        "description": "For passing the test.",
        "image": IMAGE,
        "issuer": PROFILE,
        "validFrom": MOMENT,
        "validUntil": "2027-03-12T10:30:00.250Z",
        "awardedDate": MOMENT,
        "credentialSubject": {
            "id": "https://social.example/users/jane",
            "type": ["AchievementSubject"],
            "achievement": ACHIEVEMENT,
            "identifier": [
                {
                    "type": "IdentityObject",
                    "hashed": True,
                    "identityHash": "sha256$" + "ab" * 32,
                    "identityType": "emailAddress",
                    "salt": "deadsea",
                }
            ],
            "activityStartDate": MOMENT,
            "activityEndDate": MOMENT,
            "creditsEarned": 2,
            "licenseNumber": "A-1",
            "narrative": "She did it.",
            "role": "Printer",
            "term": "Spring",
            "image": IMAGE,
            "result": [
                {
                    "type": ["Result"],
                    "achievedLevel": "urn:uuid:0190a000-0000-7000-8000-000000000002",
                    "resultDescription": "urn:uuid:0190a000-0000-7000-8000-000000000001",
                    "alignment": [ALIGNMENT],
                    "status": "Completed",
                    "value": "better",
                }
            ],
            "source": PERSON,
        },
        "evidence": [
            {
                "id": "https://jane.example/work",
                "type": ["Evidence"],
                "narrative": "A boat.",
                "name": "Boat",
                "description": "Printed.",
                "genre": "Sculpture",
                "audience": "All",
            }
        ],
        "endorsement": [ENDORSEMENT],
        "endorsementJwt": [JWS],
        **ATTACHMENTS,
    }
)
