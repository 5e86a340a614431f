"""Which function does which job: those of `work/handlers.py`, and those that carry out use cases."""

from __future__ import annotations

from collections.abc import Mapping

from badgefed.issuing.bulk import run_bulk
from badgefed.issuing.domains import check_again
from badgefed.issuing.erasure import erase
from badgefed.store.jobs import JobKind
from badgefed.work import handlers
from badgefed.work.worker import Handler

JOB_HANDLERS: Mapping[JobKind, Handler] = {
    **handlers.JOB_HANDLERS,
    JobKind.BULK: run_bulk,
    JobKind.ERASE: erase,
    JobKind.DOMAIN: check_again,
}
