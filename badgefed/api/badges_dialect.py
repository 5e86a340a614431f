"""The dialect of the Badges API, which the APIs for lists and for webhooks speak too."""

from __future__ import annotations

from badgefed.api.authentication import KeyTexts
from badgefed.api.errors import INTERNAL, Error, ValidationError, badges_error
from badgefed.api.operations import Api, Operation, Refusal

KEY_TEXTS = KeyTexts(
    missing="API key is required. Provide it via X-ApiKey header or apiKey query parameter.",
    invalid="Invalid API key.",
)
_COMMON_REFUSALS = (
    Refusal(status=401, texts=(KEY_TEXTS.missing, KEY_TEXTS.invalid)),
    Refusal(status=403, texts=("This API key lacks the scope …",)),
    Refusal(status=429, texts=("Too many requests. Try again in … seconds.",)),
    Refusal(status=500, texts=(INTERNAL,)),
)


def speak_badges(*, name: str, root: str, description: str, operations: tuple[Operation, ...]) -> Api:
    """An API below one path whose errors are `{"error": …}`, for a 400 with the members of RFC 9457."""
    return Api(
        name=name,
        roots=(root,),
        description=description,
        texts=KEY_TEXTS,
        operations=operations,
        refusals=_COMMON_REFUSALS,
        respond=badges_error,
        error_shapes={0: Error, 400: ValidationError},
    )
