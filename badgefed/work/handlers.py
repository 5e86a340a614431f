"""Which function does which job."""

from __future__ import annotations

from collections.abc import Mapping

from badgefed.store.jobs import JobKind
from badgefed.work.clean import clean
from badgefed.work.codes import send_code
from badgefed.work.fan_out import fan_out
from badgefed.work.gone import check_actor
from badgefed.work.mails import send_mail
from badgefed.work.notify import notify
from badgefed.work.process import process
from badgefed.work.republish import republish
from badgefed.work.worker import Handler

JOB_HANDLERS: Mapping[JobKind, Handler] = {
    JobKind.NOTIFY: notify,
    JobKind.MAIL: send_mail,
    JobKind.PROCESS: process,
    JobKind.REPUBLISH: republish,
    JobKind.CODE: send_code,
    JobKind.FAN_OUT: fan_out,
    JobKind.CHECK_ACTOR: check_actor,
    JobKind.CLEAN: clean,
}
