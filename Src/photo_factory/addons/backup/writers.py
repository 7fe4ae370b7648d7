"""Who writes an unfinished copy: two that went on with the same one would spoil it.

A writer is a process; its name is that of the machine and a number: 0 for the first process there
that backs up, 1 for a second beside it. So a process that starts again after a cut has its name
again, and goes on with what it left.
"""

from __future__ import annotations

import re
import socket
import threading
from contextlib import ExitStack
from itertools import count
from pathlib import Path

from photo_factory.shared.files import exclusive_lock
from photo_factory.shared.paths import Paths
from photo_factory.shared.settings import Settings

_names: dict[Path, str] = {}
_naming = threading.Lock()
_held = ExitStack()


def name(settings: Settings) -> str:
    """This process's name among all that write to the targets; the same until it ends."""
    home = Paths.of(settings).derivatives
    with _naming:
        if home not in _names:
            _names[home] = take_name(home, _held)
        return _names[home]


def take_name(home: Path, held: ExitStack) -> str:
    """The first name of this machine that is free, kept from others until `held` is closed."""
    machine = re.sub(r"[^A-Za-z0-9]+", "-", socket.gethostname())[:32]
    for number in count():
        # By machine as well: several may share one storage.
        one = f"{machine}-{number}"
        lock = ExitStack()
        if lock.enter_context(exclusive_lock(home / f".backup-writer-{one}")):
            held.push(lock)
            return one
        lock.close()
    raise AssertionError("numbers do not end")
