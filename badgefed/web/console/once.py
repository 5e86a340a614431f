"""Forms that make something whose secret is shown once: the page gives it its id, so that a form sent twice makes one."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from badgefed.errors import Invalid
from badgefed.model.identifiers import new_uuid
from badgefed.work.services import Services

FIELD = "once"


def new_form_id(services: Services) -> str:
    return new_uuid(services.clock())


def read_form_id(form: Mapping[str, str]) -> str:
    """Raises `Invalid` for a form without one."""
    try:
        return str(UUID(form.get(FIELD, "")))
    except ValueError:
        raise Invalid("This form is incomplete; open the page again and send it from there.") from None
