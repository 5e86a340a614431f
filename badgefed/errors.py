"""One tree of errors. Each class has the HTTP status that it means and a text that is safe to show.

BadgefedError (500)
├── SettingsError              bad or missing BADGEFED_* variables, all of them at once
├── Invalid (400)              a field of the caller's input, with the reason
│   └── UnsupportedMedia (415)
├── Unauthenticated (401)      no key, or one that does not hold
│   └── SignatureRejected      an HTTP signature that does not verify, with a reason code
├── PaymentRequired (402)      more than the organization's plan has in it
├── Forbidden (403)
├── NotFound (404)
├── Conflict (409)
├── Gone (410)
├── TooLarge (413)
├── Unprocessable (422)
│   ├── ProofRejected          a proof that was checked and does not hold
│   └── CannotCheck            well-formed, but of a kind that this server can't check: neither true nor false
├── RateLimited (429)          with the seconds to wait
├── Unavailable (503)          something that we need did not answer; worth trying again
└── FetchFailed                an outbound request that gave no usable answer, with a reason code
    └── AddressRefused         the address is none that we may connect to
"""

from __future__ import annotations

from badgefed.texts import Message


class BadgefedError(Exception):
    """Root of the tree. `str(error)` is safe to show to the person or program that caused it.

    `message` is the same, to be shown in other languages; a text that has values in it is made with `say`.
    """

    status = 500

    def __init__(self, text: str | Message = "") -> None:
        self.message = text if isinstance(text, Message) else Message(text=text)
        super().__init__(self.message.render())


class SettingsError(BadgefedError):
    """Every problem of the configuration, one sentence each."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class Invalid(BadgefedError):
    """Input that breaks a rule; `field` names what, the text says what would be right."""

    status = 400

    def __init__(self, text: str | Message, *, field: str | None = None) -> None:
        super().__init__(text)
        self.field = field


class UnsupportedMedia(Invalid):
    status = 415


class Unauthenticated(BadgefedError):
    status = 401


class SignatureRejected(Unauthenticated):
    """An HTTP signature that does not hold. `reason` is a short stable code for metrics and logs."""

    def __init__(self, reason: str, text: str | Message) -> None:
        super().__init__(text)
        self.reason = reason


class PaymentRequired(BadgefedError):
    status = 402


class Forbidden(BadgefedError):
    status = 403


class NotFound(BadgefedError):
    status = 404


class Conflict(BadgefedError):
    status = 409


class Gone(BadgefedError):
    status = 410


class TooLarge(BadgefedError):
    status = 413


class Unprocessable(BadgefedError):
    status = 422


class ProofRejected(Unprocessable):
    """A proof that was checked and does not hold: false signature, wrong key, wrong purpose, out of its time."""


class CannotCheck(Unprocessable):
    """A signature, status, context or key of a kind that is unknown here. Nothing is said about whether it holds."""


class RateLimited(BadgefedError):
    """Too many requests; `retry_after` is in seconds."""

    status = 429

    def __init__(self, text: str | Message, *, retry_after: int) -> None:
        super().__init__(text)
        self.retry_after = retry_after


class Unavailable(BadgefedError):
    """Temporary trouble on our side or behind us: the caller should try again later."""

    status = 503


class FetchFailed(BadgefedError):
    """An outbound request without a usable answer.

    `reason` is a short stable code: `network`, `tls`, `timeout`, `dns`, `status`, `too-large`,
    `content-type`, `malformed`, `redirects`, `id-mismatch`, `address`, `budget`. `http_status` is the answer's status if there was one.
    """

    status = 502

    def __init__(self, reason: str, text: str | Message, *, http_status: int | None = None) -> None:
        super().__init__(text)
        self.reason = reason
        self.http_status = http_status


class AddressRefused(FetchFailed):
    """The URL or the address behind it is none that this server connects to."""

    def __init__(self, text: str | Message) -> None:
        super().__init__("address", text)
