"""Structured logs: one line for each event on standard error, as key=value or JSON, without secrets."""

from __future__ import annotations

import logging
import sys
from enum import StrEnum
from typing import Any

import structlog

from badgefed.settings import Settings

LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}
SECRET_NAMES = frozenset(
    {"key", "api_key", "apikey", "password", "token", "secret", "authorization", "cookie"}
)


def configure_logging(settings: Settings) -> None:
    """For the whole process; libraries' own loggers go the same way from level warning on."""
    level = LEVELS[settings.log_level]
    chain: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        hide_secrets,
    ]
    chain.append(structlog.processors.format_exc_info)
    chain.append(
        structlog.processors.JSONRenderer()
        if settings.log_format == "json"
        else structlog.processors.KeyValueRenderer(key_order=["timestamp", "level", "event"])
    )
    structlog.configure(
        processors=chain,
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(
        level=max(level, logging.WARNING), stream=sys.stderr, format="level=%(levelname)s event=%(message)r"
    )


def hide_secrets(_logger: object, _method: str, event: dict[str, Any]) -> dict[str, Any]:
    """Replaces the value of every name that is known to carry a secret, and enumerations by their values."""
    return {
        name: "…" if name.lower() in SECRET_NAMES else str(value) if isinstance(value, StrEnum) else value
        for name, value in event.items()
    }
