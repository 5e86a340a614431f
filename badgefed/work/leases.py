"""What happens to a job whose lease ran out while it worked."""

from __future__ import annotations

from badgefed.errors import BadgefedError
from badgefed.store.jobs import Job


class LeaseLost(BadgefedError):
    """Another worker has the job now: raised inside the transaction, so that nothing of it is kept."""

    def __init__(self, job: Job) -> None:
        super().__init__(f"the lease of {job.kind} job {job.id} ran out before it was done")
