"""What every page stands on: the settings, the folders, and the way to the ledger."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar, cast

from sqlalchemy import Engine

from photo_factory.shared import settings
from photo_factory.shared.ledger.database import connect
from photo_factory.shared.paths import Paths, database_url
from photo_factory.shared.settings import Settings

_lock = threading.RLock()


class Closes(Protocol):
    """Something that wants to be told when the factory is let go of."""

    def close(self) -> None:
        """Let go."""


Kept = TypeVar("Kept", bound=Closes)


@dataclass(frozen=True)
class Context:
    """One for all sessions; nothing in it is asked of the database yet."""

    settings: Settings
    paths: Paths
    engine: Engine
    kept: dict[str, Any] = field(default_factory=dict, compare=False, repr=False)

    def keep(self, name: str, make: Callable[[], Kept]) -> Kept:
        """What is made once for all sessions under this name."""
        with _lock:
            if name not in self.kept:
                self.kept[name] = make()
            return cast(Kept, self.kept[name])


_made: list[Context] = []


def context() -> Context:
    """The factory that this dashboard shows."""
    with _lock:
        if not _made:
            chosen = settings.load()
            engine = connect(database_url(chosen), application="dashboard")
            _made.append(Context(chosen, Paths.of(chosen), engine))
        return _made[0]


def forget_context() -> None:
    """Let go of the factory, for example because another one is to be shown."""
    with _lock:
        former = [*_made]
        _made.clear()
    for one in former:
        for kept in one.kept.values():
            kept.close()
        one.engine.dispose()
