"""When what is done: APScheduler, with threads that never keep the program from ending."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from functools import partial
from typing import Any


def scheduler(timezone: str) -> tuple[Any, Callable[..., Any]]:
    """A scheduler, and how to add a job to it: one at a time, and none is made up for twice."""
    from apscheduler.executors.base import BaseExecutor, run_job
    from apscheduler.schedulers.background import BackgroundScheduler

    class DaemonThreads(BaseExecutor):  # type: ignore[misc]
        """A thread a job. Those of a pool are waited for at the end, even when they hang."""

        def _do_submit_job(self, job: Any, run_times: Any) -> None:
            def work() -> None:
                try:
                    events = run_job(job, job._jobstore_alias, run_times, self._logger.name)
                except BaseException:  # noqa: BLE001 -- the scheduler must know that it ended
                    self._run_job_error(job.id, *sys.exc_info()[1:])
                else:
                    self._run_job_success(job.id, events)

            threading.Thread(target=work, daemon=True).start()

    made = BackgroundScheduler(timezone=timezone, executors={"default": DaemonThreads()})
    add = partial(made.add_job, coalesce=True, max_instances=1, misfire_grace_time=None)
    return made, add
