"""Lines of logs: which level each has, and which are wanted."""

from __future__ import annotations

import re
from collections.abc import Iterable

LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")

_LEVEL = re.compile(r"\b(DEBUG|INFO|LOG|NOTICE|WARN(?:ING)?|ERROR|CRITICAL|FATAL|PANIC)\b")
_SAME = {
    "LOG": "INFO", "NOTICE": "INFO", "WARN": "WARNING",
    "CRITICAL": "ERROR", "FATAL": "ERROR", "PANIC": "ERROR",
}  # fmt: skip
_HEAD = 60
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")


def wanted(lines: Iterable[str], search: str = "", least: str = "DEBUG") -> list[str]:
    """Those that have the words sought, in any case, and are at least of that level.

    A line without a level, such as one of a traceback, has that of the line before it.
    """
    level, kept = "INFO", []
    for raw in lines:
        line = _COLOURS.sub("", raw)
        level = level_of(line) or level
        if LEVELS.index(level) >= LEVELS.index(least) and search.casefold() in line.casefold():
            kept.append(line)
    return kept


def level_of(line: str) -> str | None:
    """The level a line names near its beginning."""
    found = _LEVEL.search(line[:_HEAD])
    return _SAME.get(found[1], found[1]) if found else None
