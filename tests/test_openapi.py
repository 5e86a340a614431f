"""The OpenAPI document and the page for people: complete, valid, and true of the server."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import Case
from schemathesis.generation.modes import GenerationMode
from schemathesis.python.asgi import shutdown_lifespans
from schemathesis.schemas import BaseSchema
from starlette.applications import Starlette

from badgefed.api.openapi import APIS
from badgefed.store.migrate import open_database
from tests.api import make_app
from tests.conftest import PreparedWorld, make_services, make_settings
from tests.world import Clock, Mailbox, Network

@pytest.fixture(scope="module")
def api_schema(prepared_world: PreparedWorld, tmp_path_factory: pytest.TempPathFactory) -> Iterator[BaseSchema]:
    """The document as the server gives it; the database is opened in the loop that the requests are made in."""
    folder = tmp_path_factory.mktemp("openapi")
    chosen = make_settings(folder)
    shutil.copyfile(prepared_world.file, folder / "badgefed.db")

    @asynccontextmanager
    async def live(app: Starlette) -> AsyncIterator[None]:
        database = await open_database(chosen.database_url)
        app.state.services = make_services(chosen, database, Clock(), Network(), Mailbox())
        yield
        await database.close()

    yield schemathesis.openapi.from_asgi("/api/openapi.json", make_app(lifespan=live))
    shutdown_lifespans()


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
@pytest.mark.parametrize(
    ("path", "method"), [(operation.path, operation.method) for api in APIS for operation in api.operations]
)
def test_the_server_does_what_the_document_says(
    api_schema: BaseSchema, prepared_world: PreparedWorld, path: str, method: str, mode: GenerationMode
) -> None:
    @given(case=api_schema[path][method].as_strategy(mode))
    @settings(max_examples=50, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    def check(case: Case) -> None:
        case.call_and_validate(headers={"X-ApiKey": prepared_world.world.key})

    check()
