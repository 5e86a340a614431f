"""The Issuers API's issuers: registering and verifying them, changing and deleting them."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from badgefed.api.authentication import author_of
from badgefed.api.idempotency import IDEMPOTENCY_KEY, REPEATED, carry_out_once
from badgefed.api.issuers_api.dialect import (
    UNREADABLE,
    broken,
    carry_out,
    enveloped,
    read_picture,
    refusing_pictures,
    succeed,
    wrap,
)
from badgefed.api.issuers_api.issuer_definitions import (
    ISSUER_CHANGES,
    ISSUER_CHANGES_EXAMPLE,
    NEW_ISSUER,
    NEW_ISSUER_EXAMPLE,
    VERIFICATION,
    VERIFICATION_EXAMPLE,
)
from badgefed.api.issuers_api.parameters import MAX_PICTURE_BYTES, read_changes, read_parameters
from badgefed.api.issuers_api.references import ISSUER_ID, find_own_issuer
from badgefed.api.issuers_api.views import (
    Deletion,
    IssuerReference,
    IssuerSummaries,
    IssuerUpdate,
    Sent,
    Verified,
    view_issuer,
)
from badgefed.api.operations import Keyed, Operation, Refusal
from badgefed.api.requests import services_of
from badgefed.errors import Invalid
from badgefed.issuing import issuer_changes, issuer_verification, issuers
from badgefed.issuing.issuers import NewIssuer
from badgefed.issuing.quotas import LIMIT_REACHED
from badgefed.model.issuer import usernames_for
from badgefed.model.organization import ApiKey
from badgefed.store.database import Transaction
from badgefed.store.issuers import list_issuers

_MEMBERS = {"linkedinOrganizationId": "linkedin_organization_id"}


async def create_issuer(request: Request, key: ApiKey) -> Response:
    services, author = services_of(request), author_of(request, key)
    values = await read_parameters(request, NEW_ISSUER, max_bytes=MAX_PICTURE_BYTES)
    new = NewIssuer(
        username=next(usernames_for(values["name"], "")),
        name=values["name"],
        url=values["url"],
        email=values["email"],
        logo=await read_picture(values["logo"], "logo"),
        linkedin_organization_id=values["linkedinOrganizationId"],
    )
    with refusing_pictures("logo"):
        prepared = await issuers.prepare(services, new)

    async def work(tx: Transaction) -> object:
        issuer = await issuers.register_issuer(tx, services, key.organization_id, prepared, by=author)
        await issuer_verification.begin(tx, issuer, account_email=key.maker, by=author, now=services.clock())
        return wrap(IssuerReference(issuer_id=services.addresses.issuer_profile(issuer.uuid)))

    return await carry_out_once(request, key, "createIssuer", values, work)


async def list_own_issuers(request: Request, key: ApiKey) -> Response:
    services = services_of(request)
    found = await list_issuers(services.database, organization_id=key.organization_id)
    return succeed(IssuerSummaries(issuers=[view_issuer(issuer, services.addresses) for issuer in found]))


async def edit_issuer(request: Request, key: ApiKey) -> Response:
    services, wanted = services_of(request), request.path_params[ISSUER_ID.name]
    given = await read_changes(
        request, ISSUER_CHANGES, clearable=tuple(_MEMBERS), max_bytes=MAX_PICTURE_BYTES
    )
    issuer = await find_own_issuer(services.database, wanted, key, services.addresses)
    changes: dict[str, Any] = {_MEMBERS.get(name, name): value for name, value in given.items()}
    if "logo" in changes:
        changes["logo"] = await read_picture(changes["logo"], "logo")
    with refusing_pictures("logo"):
        await issuer_changes.edit_issuer(
            services, issuer, changes, account_email=key.maker, by=author_of(request, key)
        )
    services.wake.set()
    return succeed(IssuerUpdate(issuer_id=services.addresses.issuer_profile(issuer.uuid), updated=True))


async def delete_issuer(request: Request, key: ApiKey) -> Response:
    services, wanted = services_of(request), request.path_params[ISSUER_ID.name]

    async def work(tx: Transaction) -> None:
        issuer = await find_own_issuer(tx, wanted, key, services.addresses)
        await issuer_changes.delete_issuer(tx, issuer, by=author_of(request, key), now=services.clock())

    return await carry_out(request, work, Deletion(deleted=True))


async def verify_issuer(request: Request, key: ApiKey) -> Response:
    services, wanted = services_of(request), request.path_params[ISSUER_ID.name]
    values = await read_parameters(request, VERIFICATION)

    async def work(tx: Transaction) -> bool:
        issuer = await find_own_issuer(tx, wanted, key, services.addresses)
        return await issuer_verification.confirm_code(
            tx,
            issuer,
            values["code"],
            secret_key=services.settings.secret_key,
            by=author_of(request, key),
            now=services.clock(),
        )

    if not await services.database.write(work):
        raise Invalid(issuer_verification.WRONG_CODE, field="code")
    return succeed(Verified(verified=True))


async def rotate_code(request: Request, key: ApiKey) -> Response:
    services, wanted = services_of(request), request.path_params[ISSUER_ID.name]

    async def work(tx: Transaction) -> None:
        issuer = await find_own_issuer(tx, wanted, key, services.addresses)
        by = author_of(request, key)
        await issuer_verification.rotate(tx, issuer, account_email=key.maker, by=by, now=services.clock())

    return await carry_out(request, work, Sent(sent=True))


_NOT_FOUND = Refusal(status=404, texts=("issuer not found",))
_MAILS = Refusal(status=429, texts=("too many verification mails; try again in an hour",))
_EXAMPLE_ID = f"https://badges.example/certify-badge/issuer/{ISSUER_ID.example}"

OPERATIONS = (
    Operation(
        id="createIssuer",
        method="POST",
        path="/issuers",
        summary="Register an issuer",
        description="An issuer that can have badges as soon as its e-mail address is proved: by the code or the link in the"
        " mail that goes there now. Where it is the account's own address, that is proved at once.",
        door=Keyed(scope="issuers:write", handle=create_issuer),
        parameters=(IDEMPOTENCY_KEY,),
        body=NEW_ISSUER,
        body_example=NEW_ISSUER_EXAMPLE,
        success=enveloped(IssuerReference, "The new issuer.", {"issuerId": _EXAMPLE_ID}),
        refusals=(
            *UNREADABLE,
            *REPEATED,
            broken(NEW_ISSUER, "invalid logo: …"),
            Refusal(status=403, texts=(LIMIT_REACHED.format(things="issuer"),)),
            Refusal(status=409, texts=("too many issuers have this name; choose another one",)),
            _MAILS,
        ),
    ),
    Operation(
        id="listIssuers",
        method="GET",
        path="/issuers",
        summary="List issuers",
        description="Those of the key's organization, by age.",
        door=Keyed(scope="issuers:read", handle=list_own_issuers),
        success=enveloped(
            IssuerSummaries,
            "The issuers.",
            {
                "issuers": [
                    {
                        "id": _EXAMPLE_ID,
                        "name": "Example School",
                        "url": "https://school.example",
                        "email": "badges@school.example",
                        "verified": True,
                        "timestamp": "2025-01-15T10:30:00.000Z",
                    }
                ]
            },
        ),
    ),
    Operation(
        id="verifyIssuer",
        method="POST",
        path="/issuers/{issuerId}/verify",
        summary="Verify an issuer by its code",
        description="Five wrong codes make the right one worthless, and so does a day: let a new one be sent then. An issuer"
        " that is verified already stays so, whatever the code.",
        door=Keyed(scope="issuers:write", handle=verify_issuer),
        parameters=(ISSUER_ID,),
        body=VERIFICATION,
        body_example=VERIFICATION_EXAMPLE,
        success=enveloped(Verified, "The issuer is verified.", {"verified": True}),
        refusals=(
            *UNREADABLE,
            broken(VERIFICATION),
            _NOT_FOUND,
        ),
    ),
    Operation(
        id="rotateIssuerCode",
        method="POST",
        path="/issuers/{issuerId}/rotate-code",
        summary="Send a new verification code",
        description="The code and the link that were mailed before are worth nothing any more.",
        door=Keyed(scope="issuers:write", handle=rotate_code),
        parameters=(ISSUER_ID,),
        success=enveloped(Sent, "The mail is on its way.", {"sent": True}),
        refusals=(
            Refusal(status=400, texts=(issuer_verification.VERIFIED_ALREADY,)),
            _NOT_FOUND,
            _MAILS,
        ),
    ),
    Operation(
        id="editIssuer",
        method="PUT",
        path="/issuers/{issuerId}",
        summary="Change an issuer",
        description="Only what is given changes. A changed e-mail address is to be proved anew.",
        door=Keyed(scope="issuers:write", handle=edit_issuer),
        parameters=(ISSUER_ID,),
        body=ISSUER_CHANGES,
        body_example=ISSUER_CHANGES_EXAMPLE,
        success=enveloped(IssuerUpdate, "It was changed.", {"issuerId": _EXAMPLE_ID, "updated": True}),
        refusals=(
            *UNREADABLE,
            broken(ISSUER_CHANGES, "invalid logo: …", issuer_changes.IS_LOCKED.format(field="name")),
            _NOT_FOUND,
            Refusal(status=409, texts=("somebody else has changed this issuer meanwhile; look at it again",)),
            _MAILS,
        ),
    ),
    Operation(
        id="deleteIssuer",
        method="DELETE",
        path="/issuers/{issuerId}",
        summary="Delete an issuer",
        description="One that has neither badges nor awards. Its name on this server is never given again.",
        door=Keyed(scope="issuers:write", handle=delete_issuer),
        parameters=(ISSUER_ID,),
        success=enveloped(Deletion, "It is gone.", {"deleted": True}),
        refusals=(
            Refusal(status=400, texts=(issuer_changes.HAS_BADGES, issuer_changes.IS_DEFAULT)),
            _NOT_FOUND,
        ),
    ),
)
