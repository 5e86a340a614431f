"""How others find us: WebFinger (RFC 7033), host-meta (RFC 6415), NodeInfo."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.routing import BaseRoute, Route

from badgefed import __version__
from badgefed.errors import Gone, NotFound
from badgefed.model.addresses import Addresses
from badgefed.model.issuer import Issuer
from badgefed.model.times import DAY
from badgefed.protocol import nodeinfo as nodeinfo_documents
from badgefed.protocol import webfinger as webfinger_documents
from badgefed.protocol.nodeinfo import Usage, Version
from badgefed.protocol.webfinger import JRD, XRD, Kind, Resource
from badgefed.store import grants, issuers, showcase
from badgefed.store.database import Reader
from badgefed.web.documents import JSON, Answer, Door, answer, json_answer
from badgefed.web.templating import services_of

MAX_AGE = 300
NODEINFO_SECONDS = 60


async def webfinger(request: Request, _wanted: str) -> Answer:
    """The JRD of an issuer or of the server; with `rel`, only the links of these relations (RFC 7033 §4.3)."""
    services, parameters = services_of(request), request.query_params
    resource = webfinger_documents.read_resource(parameters.get("resource"), services.addresses)
    document = await services.database.read(lambda reader: _jrd(reader, resource, services.addresses))
    relations = parameters.getlist("rel")
    if relations:
        links = [link for link in document["links"] if link["rel"] in relations]
        document = {**document, "links": links}
    return json_answer(document, JRD, max_age=MAX_AGE)


async def _jrd(reader: Reader, resource: Resource, addresses: Addresses) -> Mapping[str, Any]:
    if resource.kind is Kind.INSTANCE:
        return webfinger_documents.instance_jrd(addresses)
    issuer = await _issuer(reader, resource)
    if issuer is None:
        raise NotFound("There is no such account here.")
    if await issuers.deleted_at(reader, issuer.username) is not None:
        raise Gone("This issuer has left.")
    return webfinger_documents.issuer_jrd(issuer, addresses)


async def _issuer(reader: Reader, resource: Resource) -> Issuer | None:
    if resource.kind is Kind.USERNAME:
        return await issuers.find_issuer(reader, resource.value, with_deleted=True)
    if resource.kind is Kind.URL:
        return await issuers.find_issuer_by_actor(reader, resource.value, with_deleted=True)
    return None


async def host_meta(request: Request, _wanted: str) -> Answer:
    document = webfinger_documents.host_meta_xrd(services_of(request).addresses)
    return answer(document.encode(), XRD, max_age=MAX_AGE)


async def host_meta_json(request: Request, _wanted: str) -> Answer:
    return json_answer(
        webfinger_documents.host_meta_json(services_of(request).addresses), JSON, max_age=MAX_AGE
    )


async def nodeinfo_links(request: Request, _wanted: str) -> Answer:
    return json_answer(nodeinfo_documents.well_known(services_of(request).addresses), JSON, max_age=MAX_AGE)


async def nodeinfo(request: Request, _wanted: str) -> Answer:
    """What the server is and how much it is used; badges count that everybody may see."""
    services = services_of(request)
    try:
        version = Version(request.path_params["version"])
    except ValueError as error:
        raise NotFound("There are NodeInfo 2.0 and 2.1.") from error
    now = services.clock()
    document = nodeinfo_documents.nodeinfo(
        version,
        software_version=__version__,
        usage=await services.database.read(lambda reader: _usage(reader, now)),
        name=services.addresses.host,
    )
    return json_answer(document, nodeinfo_documents.content_type(version), max_age=MAX_AGE)


async def _usage(reader: Reader, now: int) -> Usage:
    return Usage(
        issuers=await issuers.count_issuers(reader),
        active_month=await grants.count_active_issuers(reader, since=now - 30 * DAY),
        active_half_year=await grants.count_active_issuers(reader, since=now - 180 * DAY),
        badges=await showcase.count_shown(reader),
    )


routes: list[BaseRoute] = [
    Route("/.well-known/webfinger", Door(webfinger, tables=("issuers",), by_query=True), methods=["GET"]),
    Route("/.well-known/host-meta", Door(host_meta, tables=()), methods=["GET"]),
    Route("/.well-known/host-meta.json", Door(host_meta_json, tables=()), methods=["GET"]),
    Route("/.well-known/nodeinfo", Door(nodeinfo_links, tables=()), methods=["GET"]),
    Route("/nodeinfo/{version}", Door(nodeinfo, tables=(), seconds=NODEINFO_SECONDS), methods=["GET"]),
]
