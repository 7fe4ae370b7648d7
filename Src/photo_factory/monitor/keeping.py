"""Files of the service-monitor's own, written beside its work: a disk that hangs is no reason
to fall silent, least of all about that very disk."""

from __future__ import annotations

import threading
from pathlib import Path

from photo_factory.shared.files import make_folder, replace_durably

PATIENCE_S = 5.0
"""Seconds a write is waited for, the first time it hangs."""


class Keeper:
    """Writes one file whole; what comes while a write hangs is written after it, the last of it."""

    def __init__(self, path: Path, patience: float = PATIENCE_S) -> None:
        self._path, self._patience = path, patience
        self._lock = threading.Lock()
        self._next: bytes | None = None
        self._writer: threading.Thread | None = None
        self._error: OSError | None = None

    def keep(self, content: bytes) -> None:
        """Returns when it is durable, or when that takes too long; OSError when it cannot be."""
        with self._lock:
            self._next = content
            if self._writer is not None:
                return
            writer = self._writer = threading.Thread(target=self._write, daemon=True)
            writer.start()
        writer.join(self._patience)
        error, self._error = self._error, None
        if error is not None:
            raise error

    def _write(self) -> None:
        while True:
            with self._lock:
                content, self._next = self._next, None
                if content is None:
                    self._writer = None
                    return
            try:
                make_folder(self._path.parent)
                replace_durably(self._path, content)
            except OSError as error:
                self._error = error
