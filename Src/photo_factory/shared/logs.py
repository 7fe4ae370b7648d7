"""Logging to stderr, one line an event, so that stdout stays free for answers."""

from __future__ import annotations

import logging
import time


def configure(level: str, *, service: str = "photo-factory") -> None:
    """Send the log to stderr in UTC, each line carrying the service's name."""
    formatter = logging.Formatter(
        f"%(asctime)sZ %(levelname)-7s {service}: %(message)s", datefmt="%Y-%m-%dT%H:%M:%S"
    )
    formatter.converter = time.gmtime
    handler = logging.StreamHandler()
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    # Alembic tells each step at INFO, which is noise to someone who only wanted to file photos.
    # And APScheduler every job it adds.
    for noisy in ("alembic", "apscheduler"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
