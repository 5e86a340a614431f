"""Which function does which job. Those that carry out use cases join them in `issuing/job_handlers.py`."""

from __future__ import annotations

from collections.abc import Mapping

from badgefed.store.jobs import JobKind
from badgefed.work.account_mails import send_account_mail
from badgefed.work.clean import clean
from badgefed.work.codes import send_code
from badgefed.work.expiry import expire
from badgefed.work.fan_out import fan_out
from badgefed.work.gone import check_actor
from badgefed.work.holder_links import send_link
from badgefed.work.mails import send_mail
from badgefed.work.notify import notify
from badgefed.work.process import process
from badgefed.work.republish import republish
from badgefed.work.sign_grants import sign
from badgefed.work.status_lists import publish_status_list
from badgefed.work.webhook_sending import send_due
from badgefed.work.worker import Handler

JOB_HANDLERS: Mapping[JobKind, Handler] = {
    JobKind.NOTIFY: notify,
    JobKind.MAIL: send_mail,
    JobKind.PROCESS: process,
    JobKind.SIGN: sign,
    JobKind.REPUBLISH: republish,
    JobKind.STATUS_LIST: publish_status_list,
    JobKind.CODE: send_code,
    JobKind.SIGN_IN: send_link,
    JobKind.ACCOUNT_MAIL: send_account_mail,
    JobKind.FAN_OUT: fan_out,
    JobKind.CHECK_ACTOR: check_actor,
    JobKind.WEBHOOK: send_due,
    JobKind.EXPIRE: expire,
    JobKind.CLEAN: clean,
}
