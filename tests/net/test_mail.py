"""Mail against a real SMTP server that accepts, defers, refuses, or hangs."""

from __future__ import annotations

import asyncio
import email
import email.policy
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from structlog.testing import capture_logs

from badgefed.errors import Invalid, SettingsError
from badgefed.net.mail import (
    FileMailer,
    MailDeferred,
    MailRefused,
    SmtpMailer,
    SmtpServer,
    compose,
    create_mailer,
    parse_smtp_url,
)
from tests.net.post_office import Postman, post_office
from tests.net.servers import Authority, listen

NOW = 1_772_000_000_000_000


def _message(**changes: Any) -> EmailMessage:
    fields: dict[str, Any] = {
        "sender": "badges@issuer.example",
        "sender_name": "Düsseldorf Badges",
        "recipient": "alice@people.example",
        "subject": "You got a badge: Grüße",
        "text": "Open https://badges.example/accept/grant/1/" + "k" * 120 + "\n.\nSchöne Grüße\n",
        "message_id": "grant-1@badges.example",
        "now": NOW,
    }
    return compose(**(fields | changes))


def _mailer(
    port: int, *, authority: Authority | None = None, timeout: float = 5, **server: Any
) -> SmtpMailer:
    values: dict[str, Any] = {"host": "127.0.0.1", "port": port, "tls": False} | server
    context = authority.client_context() if authority else None
    return SmtpMailer(SmtpServer(**values), hostname="badges.example", timeout=timeout, tls_context=context)


def _read(content: bytes) -> EmailMessage:
    return email.message_from_bytes(content, policy=email.policy.default)


async def test_delivered() -> None:
    postman = Postman()
    async with post_office(postman) as port:
        await _mailer(port).send(_message(html="<p>Schöne Grüße</p>"))
    [(sender, recipients, content)] = postman.received
    assert (sender, recipients) == ("badges@issuer.example", ["alice@people.example"])
    message = _read(content)
    assert message["From"] == "Düsseldorf Badges <badges@issuer.example>"
    assert message["To"] == "alice@people.example"
    assert message["Subject"] == "You got a badge: Grüße"
    assert message["Message-ID"] == "<grant-1@badges.example>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Date"].datetime.timestamp() * 1_000_000 == NOW
    plain, html = message.get_body(("plain",)), message.get_body(("html",))
    assert plain is not None
    assert html is not None
    assert plain.get_content().splitlines()[1:] == [".", "Schöne Grüße"]
    assert html.get_content().strip() == "<p>Schöne Grüße</p>"


@pytest.mark.parametrize(
    ("replies", "kind", "code"),
    [
        ({"rcpt": "450 4.2.1 alice@people.example is busy"}, MailDeferred, "450 4.2.1"),
        ({"rcpt": "550 5.1.1 alice@people.example is unknown"}, MailRefused, "550 5.1.1"),
        ({"mail": "451 try later"}, MailDeferred, "451"),
        ({"mail": "553 not you"}, MailRefused, "553"),
        ({"data": "452 4.3.1 disk full"}, MailDeferred, "452 4.3.1"),
        ({"data": "554 5.7.1 spam"}, MailRefused, "554 5.7.1"),
    ],
)
async def test_not_taken(replies: dict[str, str], kind: type[Exception], code: str) -> None:
    async with post_office(Postman(**replies)) as port:
        with pytest.raises(kind) as caught:
            await _mailer(port).send(_message())
    assert str(caught.value).endswith(f": {code}.")
    assert "alice" not in str(caught.value)


async def test_nobody_listens() -> None:
    async with listen(lambda reader, writer: asyncio.sleep(0)) as port:
        pass
    with pytest.raises(MailDeferred, match=r"127\.0\.0\.1 could not be reached"):
        await _mailer(port).send(_message())


async def test_silent_server() -> None:
    async def wait(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async with listen(wait) as port:
        with pytest.raises(MailDeferred, match="in time"):
            await _mailer(port, timeout=0.1).send(_message())


async def test_server_that_hangs_in_the_middle() -> None:
    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 hello\r\n")
        await reader.readline()
        writer.write(b"250 hello\r\n")
        await reader.read()

    async with listen(greet) as port:
        with pytest.raises(MailDeferred, match="in time"):
            await _mailer(port, timeout=0.2).send(_message())


async def test_server_that_refuses_all_connections() -> None:
    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"554 go away\r\n")
        await writer.drain()

    async with listen(refuse) as port:
        with pytest.raises(MailDeferred):
            await _mailer(port).send(_message())


def _check_login(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
    good = isinstance(data, LoginPassword) and (data.login, data.password) == (b"badges", b"p@ss:w/rd")
    return AuthResult(success=good, handled=False)


def _tls_office(postman: Postman, authority: Authority, **options: Any) -> AbstractAsyncContextManager[int]:
    return post_office(postman, tls_context=authority.server_context("127.0.0.1"), **options)


async def test_starttls_and_login() -> None:
    postman, authority = Postman(), Authority()
    async with _tls_office(postman, authority, authenticator=_check_login, auth_required=True) as port:
        url = f"smtp://badges:p%40ss%3Aw%2Frd@127.0.0.1:{port}?starttls=required"
        mailer = SmtpMailer(
            parse_smtp_url(url), hostname="badges.example", tls_context=authority.client_context()
        )
        await mailer.send(_message())
    assert len(postman.received) == 1


async def test_wrong_password_is_worth_another_try() -> None:
    postman, authority = Postman(), Authority()
    async with _tls_office(postman, authority, authenticator=_check_login, auth_required=True) as port:
        with pytest.raises(MailDeferred, match="user name and password"):
            await _mailer(port, authority=authority, username="badges", password="wrong").send(_message())
    assert not postman.received


async def test_missing_password_is_worth_another_try() -> None:
    postman, authority = Postman(), Authority()
    async with _tls_office(postman, authority, authenticator=_check_login, auth_required=True) as port:
        with pytest.raises(MailDeferred, match="user name and password"):
            await _mailer(port, authority=authority).send(_message())
    assert not postman.received


async def test_starttls_is_taken_where_offered() -> None:
    postman, authority = Postman(), Authority()
    async with _tls_office(postman, authority, require_starttls=True) as port:
        await _mailer(port, authority=authority).send(_message())
    assert len(postman.received) == 1


async def test_required_starttls_that_is_not_offered() -> None:
    postman = Postman()
    async with post_office(postman) as port:
        with pytest.raises(MailDeferred):
            await _mailer(port, starttls="required").send(_message())
    assert not postman.received


@pytest.mark.parametrize(("starttls", "sent"), [("auto", 0), ("never", 1)])
async def test_password_over_plain_text_only_if_asked_for(starttls: str, sent: int) -> None:
    postman, passwords = Postman(), []

    def check(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
        passwords.append(data)
        return AuthResult(success=True)

    async with post_office(postman, authenticator=check, auth_require_tls=False) as port:
        mailer = _mailer(port, starttls=starttls, username="badges", password="secret")
        if sent:
            await mailer.send(_message())
        else:
            with pytest.raises(MailDeferred, match="no TLS"):
                await mailer.send(_message())
    assert (len(postman.received), len(passwords)) == (sent, sent)


async def test_certificate_of_an_unknown_authority() -> None:
    postman = Postman()
    async with _tls_office(postman, Authority()) as port:
        with pytest.raises(MailDeferred, match="valid certificate"):
            await _mailer(port, authority=Authority(), starttls="required").send(_message())
    assert not postman.received


async def test_tls_from_the_first_byte() -> None:
    postman, authority = Postman(), Authority()
    async with post_office(postman, tls=authority.server_context("127.0.0.1")) as port:
        await _mailer(port, authority=authority, tls=True).send(_message())
    assert len(postman.received) == 1


@pytest.mark.parametrize(
    "field",
    [
        {"subject": "Hello\r\nBcc: eve@evil.example\r\n\r\nBuy"},
        {"subject": "Hello\u2028Bcc: eve@evil.example\x0bX: y\x00"},
        {"sender_name": 'A" <eve@evil.example>\r\nBcc: eve@evil.example'},
        {"message_id": "a\r\nBcc: eve@evil.example"},
    ],
)
async def test_header_injection(field: dict[str, str]) -> None:
    postman = Postman()
    async with post_office(postman) as port:
        await _mailer(port).send(_message(**field))
    [(sender, recipients, content)] = postman.received
    message = _read(content)
    assert (sender, recipients) == ("badges@issuer.example", ["alice@people.example"])
    assert set(message) - {"Content-Type", "Content-Transfer-Encoding", "MIME-Version"} == {
        "From",
        "To",
        "Subject",
        "Date",
        "Message-ID",
        "Auto-Submitted",
    }
    assert [address.addr_spec for address in message["From"].addresses] == ["badges@issuer.example"]


@pytest.mark.parametrize(
    "address",
    [
        "alice@people.example\r\nRCPT TO:<eve@evil.example>",
        "alice@people.example, eve@evil.example",
        "alice@people.example>",
        "Alice <alice@people.example>",
        "alice",
        "@people.example",
        "a b@people.example",
        "",
    ],
)
def test_bad_addresses(address: str) -> None:
    with pytest.raises(Invalid):
        _message(recipient=address)
    with pytest.raises(Invalid):
        _message(sender=address)


async def test_address_that_the_server_cannot_write() -> None:
    postman = Postman()
    async with post_office(postman) as port:
        with pytest.raises(MailRefused):
            await _mailer(port).send(_message(recipient="älice@people.example"))
    assert not postman.received


async def test_files(tmp_path: Path) -> None:
    folder = tmp_path / "data" / "mail"
    mailer = FileMailer(folder)
    with capture_logs() as logs:
        await mailer.send(_message())
        await mailer.send(_message(recipient="bob@people.example"))
    files = sorted(folder.iterdir())
    assert [_read(file.read_bytes())["To"] for file in files] == [
        "alice@people.example",
        "bob@people.example",
    ]
    assert all(file.suffix == ".eml" and file.stat().st_mode & 0o777 == 0o600 for file in files)
    assert folder.stat().st_mode & 0o777 == 0o700
    assert [line["recipient_host"] for line in logs] == ["people.example", "people.example"]
    assert [line["file"] for line in logs] == [file.name for file in files]
    assert "alice" not in str(logs)
    assert "Schöne Grüße" in _read(files[0].read_bytes()).get_content()


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("smtp://mail.example", {"port": 587, "tls": False}),
        ("smtp://mail.example:25/?starttls=never", {"port": 25, "tls": False, "starttls": "never"}),
        ("smtps://mail.example", {"port": 465, "tls": True}),
        (
            "smtps://u%40x:p%2Fw@mail.example:4465",
            {"port": 4465, "tls": True, "username": "u@x", "password": "p/w"},
        ),
        (
            "smtp://[::1]:2525?starttls=required",
            {"host": "::1", "port": 2525, "tls": False, "starttls": "required"},
        ),
    ],
)
def test_urls(url: str, server: dict[str, Any]) -> None:
    values: dict[str, Any] = {"host": "mail.example"} | server
    assert parse_smtp_url(url) == SmtpServer(**values)


@pytest.mark.parametrize(
    "url",
    [
        "mail.example",
        "http://mail.example",
        "smtp://",
        "smtp://mail.example:99999",
        "smtp://mail.example/path",
        "smtp://mail.example?starttls=maybe",
        "smtp://mail.example?starttls=auto&starttls=never",
        "smtp://mail.example?tls=1",
        "smtp://[::g",
    ],
)
def test_bad_urls(url: str) -> None:
    with pytest.raises(SettingsError, match="BADGEFED_SMTP_URL"):
        parse_smtp_url(url)


def test_password_is_not_shown() -> None:
    assert "p4ss" not in repr(parse_smtp_url("smtp://u:p4ss@mail.example"))
    with pytest.raises(SettingsError) as caught:
        parse_smtp_url("smtp://u:p4ss@mail.example:port")
    assert "p4ss" not in str(caught.value)


def test_choice_of_mailer(tmp_path: Path) -> None:
    choose: Callable[[str | None], object] = lambda url: create_mailer(url, hostname="h", folder=tmp_path)  # noqa: E731
    assert isinstance(choose("smtp://mail.example"), SmtpMailer)
    assert isinstance(choose(None), FileMailer)
    assert isinstance(choose(""), FileMailer)
