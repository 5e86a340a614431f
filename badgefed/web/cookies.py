"""Cookies that no script, no other site and no other host gets to see, and that nobody but this server makes."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from badgefed.model.times import SECOND
from badgefed.protocol.sealing import derive_token, tokens_match
from badgefed.work.services import Services

MAX_VALUE = 200


def cookie_name(services: Services, name: str) -> str:
    """With the prefix by which a browser takes the cookie from this very host alone, over TLS (RFC 6265bis §4.1.3.2)."""
    return f"__Host-{name}" if _is_https(services) else name


def sign_value(services: Services, name: str, value: str) -> str:
    """The value with a signature that is good for this cookie alone."""
    signature = derive_token(services.settings.secret_key, purpose="cookie", subject=f"{name}={value}")
    return f"{value}.{signature}"


def read_cookie(services: Services, request: Request, name: str) -> str | None:
    """The value, without its signature; None where there is none that this server has signed."""
    given = request.cookies.get(cookie_name(services, name), "")[:MAX_VALUE]
    value = given.rpartition(".")[0]
    return value if value and tokens_match(given, sign_value(services, name, value)) else None


def set_cookie(
    services: Services, response: Response, name: str, value: str, *, lifetime: int | None = None
) -> None:
    """`lifetime` in microseconds; None: until the browser is closed. `Lax`: links from mails arrive signed in."""
    response.set_cookie(
        cookie_name(services, name),
        sign_value(services, name, value),
        max_age=None if lifetime is None else lifetime // SECOND,
        path="/",
        secure=_is_https(services),
        httponly=True,
        samesite="lax",
    )


def clear_cookie(services: Services, response: Response, name: str) -> None:
    response.delete_cookie(
        cookie_name(services, name), path="/", secure=_is_https(services), httponly=True, samesite="lax"
    )


def _is_https(services: Services) -> bool:
    return services.addresses.base.startswith("https:")
