"""Activities as they go out. Ids are passed in; audience and context are those of the object."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

AS2 = "https://www.w3.org/ns/activitystreams"
PUBLIC = "https://www.w3.org/ns/activitystreams#Public"

QUOTE_TERMS: dict[str, Any] = {
    "QuoteRequest": "https://w3id.org/fep/044f#QuoteRequest",
    "QuoteAuthorization": "https://w3id.org/fep/044f#QuoteAuthorization",
    "gts": "https://gotosocial.org/ns#",
    "interactingObject": {"@id": "gts:interactingObject", "@type": "@id"},
    "interactionTarget": {"@id": "gts:interactionTarget", "@type": "@id"},
}


def reference(value: object) -> str | None:
    """The id of something given as an id or as an embedded object."""
    if isinstance(value, Mapping):
        value = value.get("id")
    return value if isinstance(value, str) else None


def create(activity_id: str, note: Mapping[str, Any]) -> dict[str, Any]:
    """Create{Note}, the Note embedded and its context moved to the top."""
    return {
        "@context": note["@context"],
        "id": activity_id,
        "type": "Create",
        "actor": note["attributedTo"],
        "published": note["published"],
        "to": note["to"],
        "cc": note["cc"],
        "object": _without_context(note),
    }


def update(activity_id: str, document: Mapping[str, Any]) -> dict[str, Any]:
    """Update of a Note (its own audience) or of an actor (Public and its followers), the new document embedded."""
    return {
        "@context": document["@context"],
        "id": activity_id,
        "type": "Update",
        "actor": document.get("attributedTo", document["id"]),
        "to": document.get("to", [PUBLIC]),
        "cc": document["cc"] if "cc" in document else [document["followers"]],
        "object": _without_context(document),
    }


def delete(object_id: str, *, actor: str, to: Sequence[str], cc: Sequence[str]) -> dict[str, Any]:
    """Delete by id alone, the form that every peer reads; its own id is the object's with `#delete`."""
    return {
        "@context": AS2,
        "id": f"{object_id}#delete",
        "type": "Delete",
        "actor": actor,
        "to": list(to),
        "cc": list(cc),
        "object": object_id,
    }


def accept(activity_id: str, *, actor: str, follow: Mapping[str, Any]) -> dict[str, Any]:
    """Accept{Follow} for the received Follow, which is embedded reduced to id, type, actor and object."""
    return _answer("Accept", activity_id, actor=actor, follow=follow)


def reject(activity_id: str, *, actor: str, follow: Mapping[str, Any]) -> dict[str, Any]:
    """Reject{Follow}; also ends a follow that was accepted earlier."""
    return _answer("Reject", activity_id, actor=actor, follow=follow)


def undo(activity_id: str, activity: Mapping[str, Any]) -> dict[str, Any]:
    """Undo of one of our own activities, to the same audience."""
    return {
        "@context": AS2,
        "id": activity_id,
        "type": "Undo",
        "actor": activity["actor"],
        "to": list(activity.get("to", [])),
        "cc": list(activity.get("cc", [])),
        "object": _embed(activity, "object"),
    }


def accept_quote(
    activity_id: str, *, actor: str, request: Mapping[str, Any], authorization_id: str
) -> dict[str, Any]:
    """Accept{QuoteRequest} with the address of the authorization (FEP-044f)."""
    answer = _answer_quote("Accept", activity_id, actor=actor, request=request)
    return {**answer, "result": authorization_id}


def reject_quote(activity_id: str, *, actor: str, request: Mapping[str, Any]) -> dict[str, Any]:
    """Reject{QuoteRequest} (FEP-044f)."""
    return _answer_quote("Reject", activity_id, actor=actor, request=request)


def quote_authorization(authorization_id: str, *, issuer: str, quoting: str, quoted: str) -> dict[str, Any]:
    """The document that proves that the issuer lets `quoting` quote its Note `quoted` (FEP-044f)."""
    return {
        "@context": [AS2, QUOTE_TERMS],
        "id": authorization_id,
        "type": "QuoteAuthorization",
        "attributedTo": issuer,
        "interactingObject": quoting,
        "interactionTarget": quoted,
    }


def _answer(answer_type: str, activity_id: str, *, actor: str, follow: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "@context": AS2,
        "id": activity_id,
        "type": answer_type,
        "actor": actor,
        "to": [reference(follow["actor"])],
        "object": _embed(follow, "object"),
    }


def _answer_quote(
    answer_type: str, activity_id: str, *, actor: str, request: Mapping[str, Any]
) -> dict[str, Any]:
    return {
        "@context": [AS2, QUOTE_TERMS],
        "id": activity_id,
        "type": answer_type,
        "actor": actor,
        "to": [reference(request["actor"])],
        "object": _embed(request, "object", "instrument"),
    }


def _embed(activity: Mapping[str, Any], *members: str) -> dict[str, Any]:
    """The activity as ids only: what strangers put beside them (contexts, proofs) must not travel in our documents."""
    embedded = {"id": activity.get("id"), "type": activity["type"], "actor": reference(activity["actor"])}
    embedded |= {name: reference(activity.get(name)) for name in members}
    return {name: value for name, value in embedded.items() if value is not None}


def _without_context(document: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in document.items() if name != "@context"}
