"""How a command runs: with settings, and where it needs them with services; what goes wrong becomes words."""

from __future__ import annotations

import json
import sys
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import click
import uvloop

from badgefed.app import open_services
from badgefed.errors import BadgefedError, SettingsError
from badgefed.logs import configure_logging
from badgefed.settings import Settings, load_settings
from badgefed.work.services import Services

T = TypeVar("T")


def _settings() -> Settings:
    settings = load_settings()
    configure_logging(settings)
    return settings


def run_command(work: Callable[[Settings], Awaitable[T]]) -> T:
    """Runs a command's work; what goes wrong becomes words and exit code 1."""
    try:
        settings = _settings()
        return uvloop.run(_as_coroutine(work(settings)))
    except SettingsError as error:
        for problem in error.problems:
            click.echo(f"error: {problem}", err=True)
    except BadgefedError as error:
        click.echo(f"error: {error}", err=True)
    except OSError as error:
        click.echo(f"error: {error.strerror or error}", err=True)
    sys.exit(1)


async def _as_coroutine(awaitable: Awaitable[T]) -> T:
    return await awaitable


def run_with_services(work: Callable[[Services], Awaitable[dict[str, Any]]]) -> None:
    """Prints what the command made or changed, as one JSON object."""

    async def open_and_work(settings: Settings) -> dict[str, Any]:
        services = await open_services(settings)
        try:
            return await work(services)
        finally:
            await services.close()

    click.echo(json.dumps(run_command(open_and_work), ensure_ascii=False))
