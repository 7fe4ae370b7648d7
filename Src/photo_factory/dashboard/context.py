"""What every page stands on: the settings, the folders, and the way to the ledger."""

from __future__ import annotations

import threading
from dataclasses import dataclass

from sqlalchemy import Engine

from photo_factory.shared import settings
from photo_factory.shared.ledger.database import connect
from photo_factory.shared.paths import Paths, database_url
from photo_factory.shared.settings import Settings


@dataclass(frozen=True)
class Context:
    """One for all sessions; nothing in it is asked of the database yet."""

    settings: Settings
    paths: Paths
    engine: Engine


_made: list[Context] = []
_making = threading.Lock()


def context() -> Context:
    """The factory that this dashboard shows."""
    with _making:
        if not _made:
            chosen = settings.load()
            engine = connect(database_url(chosen), application="dashboard")
            _made.append(Context(chosen, Paths.of(chosen), engine))
        return _made[0]


def forget_context() -> None:
    """Let go of the factory, for example because another one is to be shown."""
    with _making:
        for one in _made:
            one.engine.dispose()
        _made.clear()
