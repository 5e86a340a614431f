"""The configuration: environment variables `BADGEFED_*`, read once into one frozen value."""

from __future__ import annotations

import contextlib
import ipaddress
import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

from badgefed.errors import SettingsError

LOG_LEVELS = ("debug", "info", "warning", "error")
LOG_FORMATS = ("text", "json")
SOURCE_LANGUAGE = "en"
ADDRESS = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]{2,}")
ISSUER_HOST = re.compile(r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?\.)+[A-Za-z0-9-]{2,63}")
DNS_PORT = 53
SERVER = re.compile(
    r"(?P<host>\[[0-9a-fA-F:.]+\]|[0-9.]+|[0-9a-fA-F:.]+:[0-9a-fA-F:.]*)(?::(?P<port>[0-9]{1,5}))?"
)
ISSUER_ID = re.compile(r"(?:https?://|did:[a-z0-9]+:)[!-~]+")
KNOWN = frozenset(
    f"BADGEFED_{name}"
    for name in (
        "BASE_URL",
        "ALLOW_PRIVATE_NETWORK",
        "DATABASE_URL",
        "DATA_DIR",
        "SECRET_KEY",
        "SMTP_URL",
        "MAIL_FROM",
        "LOG_LEVEL",
        "LOG_FORMAT",
        "EMBEDDED_WORKER",
        "LEASE_SECONDS",
        "DELIVERY_TIMEOUT_SECONDS",
        "TRUSTED_PROXIES",
        "KNOWN_ISSUERS",
        "LANGUAGE",
        "DNS_SERVERS",
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """See docs/settings.md for each variable. `repr` shows no secret."""

    base_url: str = "http://127.0.0.1:8000"
    allow_private_network: bool = False
    database_url: str = field(repr=False)
    data_dir: Path
    secret_key: str = field(repr=False)
    smtp_url: str | None = field(default=None, repr=False)
    mail_from: str
    log_level: str = "info"
    log_format: str = "text"
    embedded_worker: bool = True
    lease_seconds: int = 90
    delivery_timeout_seconds: int = 30
    trusted_proxies: tuple[str, ...] = ()
    known_issuers: frozenset[str] = frozenset()
    language: str = SOURCE_LANGUAGE
    dns_servers: tuple[tuple[str, int], ...] = ()


def load_settings(environment: Mapping[str, str] = os.environ) -> Settings:
    """Reads the environment, makes the data folder and, where none is given, the secret key in it.

    Raises `SettingsError` with every problem at once.
    """
    reader = _Reader(environment)
    base_url = reader.base_url()
    data_dir = reader.data_dir()
    settings = Settings(
        base_url=base_url,
        allow_private_network=reader.flag("ALLOW_PRIVATE_NETWORK", default=False),
        database_url=reader.database_url(data_dir),
        data_dir=data_dir,
        secret_key=reader.secret_key(data_dir),
        smtp_url=reader.smtp_url(),
        mail_from=reader.mail_from(base_url),
        log_level=reader.choice("LOG_LEVEL", LOG_LEVELS, default="info"),
        log_format=reader.choice("LOG_FORMAT", LOG_FORMATS, default="text"),
        embedded_worker=reader.flag("EMBEDDED_WORKER", default=True),
        lease_seconds=reader.number("LEASE_SECONDS", 1, 3600, default=90),
        delivery_timeout_seconds=reader.number("DELIVERY_TIMEOUT_SECONDS", 1, 300, default=30),
        trusted_proxies=reader.proxies(),
        known_issuers=reader.known_issuers(),
        language=reader.choice("LANGUAGE", available_languages(), default=SOURCE_LANGUAGE),
        dns_servers=reader.dns_servers(),
    )
    reader.finish(settings)
    return settings


class _Reader:
    """Reads one variable after the other and collects what is wrong with them."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self._problems = [
            f"{name} is none of this program's variables; see docs/settings.md."
            for name in sorted(environment)
            if name.startswith("BADGEFED_") and name not in KNOWN
        ]

    def _get(self, name: str) -> str:
        return self._environment.get(f"BADGEFED_{name}", "").strip()

    def _complain(self, name: str, value: str, right: str) -> None:
        self._problems.append(f"BADGEFED_{name}={value!r}: {right}")

    def flag(self, name: str, *, default: bool) -> bool:
        value = self._get(name)
        if value not in ("", "0", "1"):
            self._complain(name, value, "must be 1 or 0.")
        return value == "1" if value else default

    def choice(self, name: str, options: tuple[str, ...], *, default: str) -> str:
        value = self._get(name) or default
        if value not in options:
            self._complain(name, value, f"must be one of {', '.join(options)}.")
        return value

    def number(self, name: str, least: int, most: int, *, default: int) -> int:
        value = self._get(name) or str(default)
        if not (value.isascii() and value.isdigit() and least <= int(value) <= most):
            self._complain(name, value, f"must be a whole number from {least} to {most}.")
            return default
        return int(value)

    def base_url(self) -> str:
        value = self._get("BASE_URL") or "http://127.0.0.1:8000"
        try:
            parts = urlsplit(value)
            port_is_good = parts.port is None or parts.port > 0
        except ValueError:
            parts, port_is_good = urlsplit(""), False
        if (
            parts.scheme not in ("http", "https")
            or not parts.hostname
            or not port_is_good
            or parts.path not in ("", "/")
            or parts.query
            or parts.fragment
            or parts.username
        ):
            self._complain(
                "BASE_URL", value, "must be an origin like https://badges.example, without a path."
            )
        elif parts.scheme == "http" and not (
            _is_loopback(parts.hostname) or self._get("ALLOW_PRIVATE_NETWORK") == "1"
        ):
            self._complain(
                "BASE_URL",
                value,
                "must be https, unless it is a loopback address or BADGEFED_ALLOW_PRIVATE_NETWORK=1.",
            )
        return value.rstrip("/").lower()

    def data_dir(self) -> Path:
        path = Path(self._get("DATA_DIR") or "data").absolute()
        try:
            path.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            self._complain(
                "DATA_DIR", str(path), f"must be a folder that can be made and written ({error.strerror})."
            )
        return path

    def database_url(self, data_dir: Path) -> str:
        value = self._get("DATABASE_URL") or f"sqlite:///{data_dir / 'badgefed.db'}"
        if not value.startswith(("sqlite:///", "postgresql://", "postgres://")):
            shown = f"{value.partition(':')[0]}:…"
            self._complain(
                "DATABASE_URL", shown, "must be sqlite:///path/to/file or postgresql://user@host/name."
            )
        return value

    def secret_key(self, data_dir: Path) -> str:
        value = self._get("SECRET_KEY")
        if value:
            if len(value) < 32:
                self._complain(
                    "SECRET_KEY", "…", "must have at least 32 characters; `openssl rand -hex 32` makes one."
                )
            return value
        try:
            return _stored_secret(data_dir / "secret.key")
        except OSError as error:
            self._complain(
                "SECRET_KEY", "", f"is not set and can't be kept in {data_dir} ({error.strerror})."
            )
            return ""

    def smtp_url(self) -> str | None:
        value = self._get("SMTP_URL")
        if value and (urlsplit(value).scheme not in ("smtp", "smtps") or not urlsplit(value).hostname):
            self._complain(
                "SMTP_URL", "…", "must look like smtp://user:password@mail.example:587 or smtps://…."
            )
        return value or None

    def mail_from(self, base_url: str) -> str:
        host = urlsplit(base_url).hostname or ""
        is_name = "." in host and not host.rpartition(".")[2].isdigit()
        value = self._get("MAIL_FROM") or f"badges@{host if is_name else 'badgefed.localhost'}"
        if not ADDRESS.fullmatch(value):
            self._complain("MAIL_FROM", value, "must be an address like badges@badges.example.")
        return value

    def proxies(self) -> tuple[str, ...]:
        names = tuple(part.strip() for part in self._get("TRUSTED_PROXIES").split(",") if part.strip())
        for name in names:
            try:
                ipaddress.ip_network(name, strict=False)
            except ValueError:
                self._complain(
                    "TRUSTED_PROXIES", name, "must be addresses or networks, e.g. 127.0.0.1,10.0.0.0/8."
                )
        return names

    def known_issuers(self) -> frozenset[str]:
        names = [part.strip() for part in self._get("KNOWN_ISSUERS").split(",") if part.strip()]
        for name in names:
            if not (ISSUER_HOST.fullmatch(name) or ISSUER_ID.fullmatch(name)):
                self._complain(
                    "KNOWN_ISSUERS",
                    name,
                    "must be host names or issuers' ids, e.g. badges.example,did:web:school.example:art.",
                )
        return frozenset(name.lower() if ISSUER_HOST.fullmatch(name) else name for name in names)

    def dns_servers(self) -> tuple[tuple[str, int], ...]:
        """Addresses and ports."""
        servers = []
        for text in (part.strip() for part in self._get("DNS_SERVERS").split(",") if part.strip()):
            try:
                servers.append(_address_and_port(text))
            except ValueError:
                self._complain(
                    "DNS_SERVERS", text, "must be addresses, e.g. 192.0.2.1,192.0.2.1:5353,[2001:db8::1]:53."
                )
        return tuple(servers)

    def finish(self, settings: Settings) -> None:
        if settings.delivery_timeout_seconds * 2 > settings.lease_seconds:
            self._complain(
                "LEASE_SECONDS",
                str(settings.lease_seconds),
                "must be at least twice BADGEFED_DELIVERY_TIMEOUT_SECONDS, or two workers would send the same thing.",
            )
        if self._problems:
            raise SettingsError(self._problems)


def _is_loopback(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _address_and_port(text: str) -> tuple[str, int]:
    """Of a name server. Raises ValueError."""
    match = SERVER.fullmatch(text)
    if match is None or not 0 < int(match["port"] or DNS_PORT) < 65_536:
        raise ValueError(text)
    return str(ipaddress.ip_address(match["host"].strip("[]"))), int(match["port"] or DNS_PORT)


def _stored_secret(path: Path) -> str:
    """The key in the file; makes the file, mode 600, where there is none. Safe against two processes at once."""
    if not path.exists():
        draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(32) + "\n")
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)
        draft.unlink()
    return path.read_text(encoding="ascii").strip()


def resource_folder(name: str) -> Path:
    """`templates` or `static`: inside the package where it was installed from a wheel, beside it in a checkout."""
    package = Path(__file__).parent
    installed = package / f"_{name}"
    return installed if installed.is_dir() else package.parent / name


@cache
def available_languages() -> tuple[str, ...]:
    """Language tags: English, in which all texts are written, then each one that has a catalogue."""
    catalogues = catalogue_path(SOURCE_LANGUAGE).parent.glob("*.po")
    return (SOURCE_LANGUAGE, *sorted(path.stem for path in catalogues))


def catalogue_path(language: str) -> Path:
    """The file with the translations into a language."""
    return Path(__file__).parent / "locale" / f"{language}.po"
