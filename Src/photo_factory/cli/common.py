"""What the verbs share: their application, the settings, the ledger, and when to stop."""

from __future__ import annotations

import os
import signal
import threading
from queue import SimpleQueue
from typing import TYPE_CHECKING, Annotated

import typer

from photo_factory.shared import logs, settings
from photo_factory.shared.settings import Settings

if TYPE_CHECKING:
    from sqlalchemy import Engine

app = typer.Typer(
    name="photo-factory",
    help="Files a household's photos safely, and keeps the ledger that proves it.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)

Json = Annotated[bool, typer.Option("--json", help="Give the answer as JSON, alone on stdout.")]
Service = Annotated[str, typer.Argument(help="A name from `photo-factory services`.")]


def load_settings(service: str = "photo-factory") -> Settings:
    """The settings, with the log going to stderr under this name."""
    chosen = settings.load()
    logs.configure(chosen.log_level, service=service)
    if chosen.umask:
        os.umask(int(chosen.umask, 8))
    return chosen


def migrated_engine(chosen: Settings) -> Engine:
    """The ledger, in the shape this program needs."""
    from photo_factory.shared.ledger.database import connect, migrate
    from photo_factory.shared.paths import database_url

    engine = connect(database_url(chosen))
    migrate(engine)
    return engine


def stop_event() -> threading.Event:
    """An event that SIGTERM and Ctrl-C set, so that the file in hand can be finished.

    So does the end of the terminal, where `nohup` does not say that it is not to be heeded.
    """
    stop = threading.Event()
    # Not set by the handler itself: it comes between two instructions of a `stop.wait()`, which may
    # hold the event's lock, and both would wait for ever. `SimpleQueue.put` is made for handlers.
    asked: SimpleQueue[int] = SimpleQueue()

    def pass_on() -> None:
        asked.get()
        stop.set()

    threading.Thread(target=pass_on, daemon=True).start()
    heeds_hangups = signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN
    for number in (signal.SIGTERM, signal.SIGINT, *([signal.SIGHUP] if heeds_hangups else [])):
        signal.signal(number, lambda number, _frame: asked.put(number))
    return stop
