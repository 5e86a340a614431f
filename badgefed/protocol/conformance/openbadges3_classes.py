"""What an Open Badges 3.0 credential embeds: the classes of the specification's appendix B, and their vocabularies."""

from __future__ import annotations

import re
from collections.abc import Iterator

from badgefed.protocol.conformance.kinds import (
    BOOLEAN,
    DATE,
    DATE_TIME,
    LINK,
    NUMBER,
    TEXT,
    URI,
    term_of,
    text_like,
)
from badgefed.protocol.conformance.models import JsonObject, Model, many, one, optional, types
from badgefed.protocol.conformance.violations import Severity, Violation, beyond_schema
from badgefed.protocol.openbadges3 import ALIGNMENT_TARGETS, RESULT_STATUSES, RESULT_TYPES

_HASH = re.compile(r"[A-Za-z0-9-]+\$[0-9A-Fa-f]+")

COMPACT_JWS = text_like(
    r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*\.[A-Za-z0-9_-]+", "a compact JWS, three parts with dots"
)
LANGUAGE = text_like(
    r"[a-z]{2,4}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?", "a language tag like 'en' or 'pt-BR'"
)

ACHIEVEMENT_TYPE = term_of(
    [
        "Achievement",
        "ApprenticeshipCertificate",
        "Assessment",
        "Assignment",
        "AssociateDegree",
        "Award",
        "BachelorDegree",
        "Badge",
        "Certificate",
        "CertificateOfCompletion",
        "Certification",
        "CoCurricular",
        "CommunityService",
        "Competency",
        "Course",
        "Degree",
        "Diploma",
        "DoctoralDegree",
        "Fieldwork",
        "GeneralEducationDevelopment",
        "JourneymanCertificate",
        "LearningProgram",
        "License",
        "MasterCertificate",
        "MasterDegree",
        "Membership",
        "MicroCredential",
        "ProfessionalDoctorate",
        "QualityAssuranceCredential",
        "ResearchDoctorate",
        "SecondarySchoolDiploma",
    ],
    extensible=True,
)
IDENTIFIER_TYPE = term_of(
    [
        "name",
        "sourcedId",
        "systemId",
        "productId",
        "userName",
        "accountId",
        "emailAddress",
        "nationalIdentityNumber",
        "isbn",
        "issn",
        "lisSourcedId",
        "oneRosterSourcedId",
        "sisSourcedId",
        "ltiContextId",
        "ltiDeploymentId",
        "ltiToolId",
        "ltiPlatformId",
        "ltiUserId",
        "identifier",
    ],
    extensible=True,
)
RESULT_TYPE = term_of(RESULT_TYPES, extensible=True)
RESULT_STATUS = term_of(RESULT_STATUSES)
TARGET_TYPE = term_of(ALIGNMENT_TARGETS, extensible=True)


def _check_subject(subject: JsonObject) -> Iterator[Violation]:
    if not subject.get("id") and not subject.get("identifier"):
        yield beyond_schema("", "Nobody is named: the subject needs an 'id' or at least one 'identifier'.")


def _check_criteria(criteria: JsonObject) -> Iterator[Violation]:
    if not criteria.get("id") and not criteria.get("narrative"):
        yield beyond_schema("", "The criteria need an 'id' or a 'narrative'.")


def _check_identity(identity: JsonObject) -> Iterator[Violation]:
    text = identity.get("identityHash")
    if identity.get("hashed") is True and isinstance(text, str) and _HASH.fullmatch(text) is None:
        reason = "'hashed' is true, but the identity is no hash like 'sha256$' with hexadecimal digits."
        yield beyond_schema("/identityHash", reason, Severity.WARNING)


ENDORSEMENTS = {**many("EndorsementCredential", "endorsement"), **many(COMPACT_JWS, "endorsementJwt")}

_SUBJECTS = {
    "AchievementSubject": Model(
        fields={
            **optional(URI, "id"),
            **types("AchievementSubject"),
            **one("Achievement", "achievement"),
            **many("IdentityObject", "identifier"),
            **optional(DATE_TIME, "activityStartDate", "activityEndDate"),
            **optional(NUMBER, "creditsEarned"),
            **optional(TEXT, "licenseNumber", "narrative", "role", "term"),
            **optional("Image", "image"),
            **many("Result", "result"),
            **optional("Profile", "source"),
        },
        laws=(_check_subject,),
    ),
    "IdentityObject": Model(
        fields={
            **one(term_of(["IdentityObject"]), "type"),
            **one(BOOLEAN, "hashed"),
            **one(TEXT, "identityHash"),
            **one(IDENTIFIER_TYPE, "identityType"),
            **optional(TEXT, "salt"),
        },
        closed=True,
        laws=(_check_identity,),
    ),
    "EndorsementSubject": Model(
        fields={**one(URI, "id"), **types("EndorsementSubject"), **optional(TEXT, "endorsementComment")}
    ),
}

_ACHIEVEMENTS = {
    "Achievement": Model(
        fields={
            **one(URI, "id"),
            **types("Achievement"),
            **one(TEXT, "name", "description"),
            **one("Criteria", "criteria"),
            **optional(ACHIEVEMENT_TYPE, "achievementType"),
            **optional(TEXT, "fieldOfStudy", "humanCode", "specialization", "version"),
            **optional(NUMBER, "creditsAvailable"),
            **optional(LANGUAGE, "inLanguage"),
            **optional("Image", "image"),
            **optional("Profile", "creator"),
            **many("Alignment", "alignment"),
            **many("IdentifierEntry", "otherIdentifier"),
            **many("Related", "related"),
            **many("ResultDescription", "resultDescription"),
            **many(TEXT, "tag"),
            **ENDORSEMENTS,
        }
    ),
    "Criteria": Model(
        fields={**optional(LINK, "id"), **optional(TEXT, "narrative")}, laws=(_check_criteria,)
    ),
    "Alignment": Model(
        fields={
            **types("Alignment"),
            **one(TEXT, "targetName"),
            **one(LINK, "targetUrl"),
            **optional(TEXT, "targetCode", "targetDescription", "targetFramework"),
            **optional(TARGET_TYPE, "targetType"),
        }
    ),
    "Related": Model(
        fields={
            **one(URI, "id"),
            **types("Related"),
            **optional(LANGUAGE, "inLanguage"),
            **optional(TEXT, "version"),
        }
    ),
    "ResultDescription": Model(
        fields={
            **one(URI, "id"),
            **types("ResultDescription"),
            **one(TEXT, "name"),
            **one(RESULT_TYPE, "resultType"),
            **many("Alignment", "alignment"),
            **many(TEXT, "allowedValue"),
            **optional(LINK, "requiredLevel"),
            **optional(TEXT, "requiredValue", "valueMax", "valueMin"),
            **many("RubricCriterionLevel", "rubricCriterionLevel"),
        }
    ),
    "RubricCriterionLevel": Model(
        fields={
            **one(URI, "id"),
            **types("RubricCriterionLevel"),
            **one(TEXT, "name"),
            **many("Alignment", "alignment"),
            **optional(TEXT, "description", "level", "points"),
        }
    ),
    "Result": Model(
        fields={
            **types("Result"),
            **optional(LINK, "achievedLevel", "resultDescription"),
            **many("Alignment", "alignment"),
            **optional(RESULT_STATUS, "status"),
            **optional(TEXT, "value"),
        }
    ),
    "Evidence": Model(
        fields={
            **optional(URI, "id"),
            **types("Evidence"),
            **optional(TEXT, "narrative", "name", "description", "genre", "audience"),
        }
    ),
    "Image": Model(
        fields={**one(LINK, "id"), **one(term_of(["Image"]), "type"), **optional(TEXT, "caption")},
        closed=True,
    ),
}

_PROFILES = {
    "Profile": Model(
        fields={
            **one(URI, "id"),
            **types("Profile"),
            **optional(TEXT, "name", "phone", "description", "email", "official"),
            **optional(TEXT, "familyName", "givenName", "additionalName", "patronymicName"),
            **optional(TEXT, "honorificPrefix", "honorificSuffix", "familyNamePrefix"),
            **optional(LINK, "url"),
            **optional(DATE, "dateOfBirth"),
            **optional("Image", "image"),
            **optional("Address", "address"),
            **optional("Profile", "parentOrg"),
            **many("IdentifierEntry", "otherIdentifier"),
            **ENDORSEMENTS,
        }
    ),
    "IdentifierEntry": Model(
        fields={
            **one(term_of(["IdentifierEntry"]), "type"),
            **one(TEXT, "identifier"),
            **one(IDENTIFIER_TYPE, "identifierType"),
        },
        closed=True,
    ),
    "Address": Model(
        fields={
            **types("Address"),
            **optional(TEXT, "addressCountry", "addressCountryCode", "addressRegion", "addressLocality"),
            **optional(TEXT, "streetAddress", "postOfficeBoxNumber", "postalCode"),
            **optional("GeoCoordinates", "geo"),
        }
    ),
    "GeoCoordinates": Model(
        fields={**one(term_of(["GeoCoordinates"]), "type"), **one(NUMBER, "latitude", "longitude")}
    ),
}

_ATTACHMENTS = {
    "CredentialSchema": Model(fields=one(URI, "id") | one(TEXT, "type")),
    "CredentialStatus": Model(fields=one(URI, "id") | one(TEXT, "type")),
    "RefreshService": Model(fields=one(URI, "id") | one(TEXT, "type")),
    "TermsOfUse": Model(fields=optional(URI, "id") | one(TEXT, "type")),
    "Proof": Model(
        fields={
            **one(TEXT, "type"),
            **optional(DATE_TIME, "created"),
            **optional(TEXT, "cryptosuite", "challenge", "domain", "nonce", "proofPurpose", "proofValue"),
            **optional(TEXT, "verificationMethod"),
        }
    ),
}

CLASSES = _SUBJECTS | _ACHIEVEMENTS | _PROFILES | _ATTACHMENTS
