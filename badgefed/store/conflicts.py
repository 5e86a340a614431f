"""Keys that two transactions broke together: what one of them is told.

Rules are checked before something is written, so this is what is left: somebody else wrote between the check and the write.
"""

from __future__ import annotations

import structlog

from badgefed.errors import Conflict

CHANGED_MEANWHILE = "Somebody else changed this at the same moment. Look at it again, then try once more."

log = structlog.get_logger(__name__)


def conflict(error: BaseException) -> Conflict:
    """The error in words. The key's name goes to the log, for it may be a bug of ours; values don't."""
    name = getattr(error, "constraint_name", None) or getattr(error, "sqlite_errorname", None)
    log.warning("a key was broken", kind=type(error).__name__, constraint=name)
    return Conflict(CHANGED_MEANWHILE)
