"""The OpenAPI document and the page for people: complete, valid, and true of the server."""

from __future__ import annotations

import asyncio
import itertools
import shutil
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
import uvicorn
from hypothesis import HealthCheck, Phase, given, settings, strategies
from schemathesis import Case
from schemathesis.generation.modes import GenerationMode
from schemathesis.schemas import BaseSchema
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance

from badgefed.api.openapi import APIS
from badgefed.store.migrate import open_database
from tests.api import make_app
from tests.conftest import PreparedWorld, make_services, make_settings
from tests.issuers_api import picture
from tests.world import Clock, Mailbox, Network

# No schema can say which texts are tables: these are for tests/test_bulk.py.
TABLES = frozenset({"text/csv", "multipart/form-data"})
_numbers = itertools.count()

# What no schema can say, and a client knows.
_WEB_ADDRESSES = strategies.from_regex(
    r"https://([a-z][a-z0-9]{0,20}\.){1,3}example(/[A-Za-z0-9@_.~-]{0,20}){0,3}", fullmatch=True
)
schemathesis.openapi.format("picture", strategies.just(picture()))
schemathesis.openapi.format(
    "plain-text",
    strategies.text(strategies.characters(exclude_categories=("C", "Z")), min_size=5, max_size=30),
)
schemathesis.openapi.format("uri", _WEB_ADDRESSES)
schemathesis.openapi.format(
    "fediverse-profile",
    _WEB_ADDRESSES
    | strategies.from_regex(r"@[A-Za-z0-9_]{1,20}@([a-z][a-z0-9]{0,20}\.){1,3}example", fullmatch=True),
)
schemathesis.openapi.format(
    "award-filter", strategies.sampled_from(["{}", '{"search":"jane","searchField":"email"}'])
)

# A schema can't say what is a badge, so what follows it may be none. Many recipients get a result each, also who is none.
EXCLUDED: dict[tuple[str, str], list[Any]] = {
    ("POST", "/api/verify"): [positive_data_acceptance],
    ("POST", "/api/credentials/verify-image"): [positive_data_acceptance],
    ("POST", "/api/v1/credentials/bulk"): [negative_data_rejection],
    # A picture must be there to be fetched; a form's fields are texts, whatever they look like.
    ("POST", "/api/v1/badges"): [positive_data_acceptance, negative_data_rejection],
    ("PUT", "/api/v1/badges/{badgeId}"): [positive_data_acceptance, negative_data_rejection],
    ("PATCH", "/api/v1/badges/{badgeId}"): [positive_data_acceptance, negative_data_rejection],
}


@pytest.fixture(scope="module")
def api_clock() -> Clock:
    return Clock()


@pytest.fixture(scope="module")
def api_schema(
    prepared_world: PreparedWorld, tmp_path_factory: pytest.TempPathFactory, api_clock: Clock
) -> Iterator[BaseSchema]:
    """The document as a running server gives it; the server has a thread of its own."""
    folder = tmp_path_factory.mktemp("openapi")
    shutil.copyfile(prepared_world.file, folder / "badgefed.db")
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    running: list[uvicorn.Server] = []

    async def run() -> None:
        chosen = make_settings(folder)
        database = await open_database(chosen.database_url)
        app = make_app(make_services(chosen, database, api_clock, Network(), Mailbox()))
        running.append(uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="off")))
        await running[0].serve(sockets=[listener])
        await database.close()

    thread = threading.Thread(target=asyncio.run, args=(run(),))
    thread.start()
    try:
        yield schemathesis.openapi.from_url(f"http://127.0.0.1:{port}/api/openapi.json", wait_for_schema=30)
    finally:
        for server in running:
            server.should_exit = True
        thread.join(timeout=30)


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
@pytest.mark.parametrize(
    ("path", "method"), [(operation.path, operation.method) for api in APIS for operation in api.operations]
)
def test_the_server_does_what_the_document_says(
    api_schema: BaseSchema,
    prepared_world: PreparedWorld,
    api_clock: Clock,
    path: str,
    method: str,
    mode: GenerationMode,
) -> None:
    excluded = EXCLUDED.get((method, path), [])

    @given(case=api_schema[path][method].as_strategy(mode))
    @settings(
        max_examples=25,
        deadline=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.explicit, Phase.generate],
    )
    def check(case: Case[Any]) -> None:
        if path == "/api/bulk" and case.media_type in TABLES:
            return
        api_clock.advance(60)  # or the refused keys among the examples would use up the address's share
        headers = {"X-ApiKey": prepared_world.world.key}
        if mode is GenerationMode.POSITIVE and "Idempotency-Key" in (case.headers or {}):
            headers["Idempotency-Key"] = (
                f"example-{next(_numbers)}"  # one that was used means another request
            )
        case.call_and_validate(headers=headers, excluded_checks=excluded, timeout=60)

    check()
