"""Mail to one person at a time: over SMTP, or as files where no server is configured."""

from __future__ import annotations

import asyncio
import os
import re
import secrets
import ssl
import time
from contextlib import suppress
from dataclasses import dataclass, field
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.utils import format_datetime
from pathlib import Path
from typing import Literal, Protocol
from urllib.parse import parse_qs, unquote, urlsplit

import aiosmtplib
import structlog

from badgefed.errors import BadgefedError, SettingsError
from badgefed.model.recipient import check_email
from badgefed.model.times import to_datetime

log = structlog.get_logger(__name__)

_ENHANCED_CODE = re.compile(r"\b[245]\.\d{1,3}\.\d{1,3}\b")
_QUIT_TIMEOUT = 5.0
_AUTHENTICATION_CODES = frozenset((454, 530, 534, 535, 538))


class MailRefused(BadgefedError):
    """The mail server will never take this message."""

    status = 502


class MailDeferred(BadgefedError):
    """The mail server didn't take the message now; worth trying again later."""

    status = 503


class Mailer(Protocol):
    async def send(self, message: EmailMessage) -> None:
        """Hand over a message to one recipient. Raises MailRefused or MailDeferred."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpServer:
    """`tls` is from the first byte; `starttls` is what to do otherwise."""

    host: str
    port: int
    tls: bool
    starttls: Literal["required", "auto", "never"] = "auto"
    username: str | None = None
    password: str | None = field(default=None, repr=False)


def parse_smtp_url(url: str) -> SmtpServer:
    """`smtp://user:password@host:587?starttls=required|auto|never` or `smtps://…`. Raises SettingsError."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise SettingsError(["BADGEFED_SMTP_URL is not a URL."]) from None
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname or parts.path not in ("", "/"):
        raise SettingsError(["BADGEFED_SMTP_URL must look like smtp://user:password@host:587."])
    tls = parts.scheme == "smtps"
    return SmtpServer(
        host=parts.hostname,
        port=port or (465 if tls else 587),
        tls=tls,
        starttls=_read_starttls(parts.query),
        username=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else None,
    )


def create_mailer(smtp_url: str | None, *, hostname: str, folder: Path) -> Mailer:
    """SMTP if there is a URL, else files in `folder`; `hostname` is what we call ourselves."""
    if smtp_url:
        return SmtpMailer(parse_smtp_url(smtp_url), hostname=hostname)
    return FileMailer(folder)


def compose(
    *,
    sender: str,
    sender_name: str,
    recipient: str,
    subject: str,
    text: str,
    html: str | None = None,
    message_id: str,
    now: int,
) -> EmailMessage:
    """A message that a program sent (RFC 3834); line breaks in header fields become spaces. Raises Invalid.

    `message_id` without angle brackets; a retry should give the same one.
    """
    message = EmailMessage(policy=SMTP_POLICY)
    message["From"] = _read_address(sender, _flatten(sender_name))
    message["To"] = _read_address(recipient)
    message["Subject"] = _flatten(subject)
    message["Date"] = format_datetime(to_datetime(now))
    message["Message-ID"] = f"<{_flatten(message_id)}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(text)
    if html is not None:
        message.add_alternative(html, subtype="html")
    return message


class SmtpMailer:
    """One connection for each message; `timeout` in seconds is for the whole hand-over."""

    def __init__(
        self,
        server: SmtpServer,
        *,
        hostname: str,
        timeout: float = 30.0,
        tls_context: ssl.SSLContext | None = None,
    ) -> None:
        self._server = server
        self._hostname = hostname
        self._timeout = timeout
        self._tls_context = tls_context

    async def send(self, message: EmailMessage) -> None:
        client = self._create_client()
        try:
            async with asyncio.timeout(self._timeout):
                await client.connect()
                await self._log_in(client)
                await client.send_message(message)
        except (aiosmtplib.SMTPException, OSError, ValueError) as error:
            raise self._explain(error) from error
        else:
            with suppress(aiosmtplib.SMTPException, OSError):
                await client.quit(timeout=_QUIT_TIMEOUT)
        finally:
            client.close()

    def _create_client(self) -> aiosmtplib.SMTP:
        server = self._server
        start_tls = {"required": True, "auto": None, "never": False}[server.starttls]
        return aiosmtplib.SMTP(
            hostname=server.host,
            port=server.port,
            use_tls=server.tls,
            start_tls=False if server.tls else start_tls,
            local_hostname=self._hostname,
            timeout=self._timeout,
            tls_context=self._tls_context,
        )

    async def _log_in(self, client: aiosmtplib.SMTP) -> None:
        server = self._server
        if server.username is None:
            return
        encrypted = client.get_transport_info("sslcontext") is not None
        if not encrypted and server.starttls != "never":
            raise MailDeferred(f"{server.host} offers no TLS, so the password is not sent to it.")
        await client.login(server.username, server.password or "")

    def _explain(self, error: Exception) -> MailRefused | MailDeferred:
        """What concerns the message is permanent if the server says so; what concerns the set-up never is."""
        host = self._server.host
        cause = error.recipients[0] if isinstance(error, aiosmtplib.SMTPRecipientsRefused) else error
        if isinstance(cause, aiosmtplib.SMTPResponseException) and cause.code in _AUTHENTICATION_CODES:
            return MailDeferred(f"{host} did not accept our user name and password, or wants one.")
        if isinstance(cause, _ABOUT_THE_MESSAGE):
            answer = " ".join([str(cause.code), *_ENHANCED_CODE.findall(cause.message)[:1]])
            if cause.code >= 500:
                return MailRefused(f"{host} refused the message: {answer}.")
            return MailDeferred(f"{host} put the message off: {answer}.")
        if isinstance(cause, TimeoutError):
            return MailDeferred(f"{host} did not answer in time.")
        if isinstance(cause, aiosmtplib.SMTPNotSupported | ValueError) and not isinstance(cause, OSError):
            return MailRefused(f"{host} can't take the message: its address is not possible there.")
        return MailDeferred(f"{host} could not be reached, or not by TLS with a valid certificate.")


class FileMailer:
    """Each message becomes one `.eml` file, named by time, that only its owner can read."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def send(self, message: EmailMessage) -> None:
        name = f"{time.time_ns()}-{secrets.token_hex(4)}.eml"
        await asyncio.to_thread(_write_private, self._folder / name, message.as_bytes(policy=SMTP_POLICY))
        log.info("mail.written", file=name, recipient_host=str(message["To"]).rpartition("@")[2].rstrip(">"))


_ABOUT_THE_MESSAGE = (
    aiosmtplib.SMTPSenderRefused,
    aiosmtplib.SMTPRecipientRefused,
    aiosmtplib.SMTPDataError,
)


def _read_starttls(query: str) -> Literal["required", "auto", "never"]:
    values = parse_qs(query, keep_blank_values=True)
    wanted = values.pop("starttls", ["auto"])
    if not values:
        match wanted:
            case ["required"]:
                return "required"
            case ["auto"]:
                return "auto"
            case ["never"]:
                return "never"
    raise SettingsError(["BADGEFED_SMTP_URL takes one option: ?starttls=required, auto or never."])


def _read_address(address: str, name: str = "") -> Address:
    username, _, domain = check_email(address).rpartition("@")
    return Address(display_name=name, username=username, domain=domain)


def _flatten(text: str) -> str:
    return " ".join(re.sub(r"[\x00-\x1f\x7f]", " ", text).split())


def _write_private(path: Path, data: bytes) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    unfinished = path.with_suffix(".part")
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)
