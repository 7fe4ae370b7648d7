"""How answers look in a terminal: progress and talk on stderr, answers on stdout."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)
from rich.table import Table
from rich.text import Text

talk = Console(stderr=True, highlight=False)
answer = Console(highlight=False)

_STYLES = {"OK": "green", "WARNING": "yellow", "ERROR": "red", "SILENT": "red"}


def say(message: str) -> None:
    """One line to a person, on stderr."""
    talk.print(message, markup=False, soft_wrap=True)


def give_json(value: Any) -> None:
    """The answer for a program: one JSON document, alone on stdout."""
    print(json.dumps(value, indent=2, ensure_ascii=True))  # noqa: T201


def give_long_json(head: dict[str, Any], name: str, items: Iterable[Any]) -> None:
    """The same with a list at its end that may be too long for memory."""
    print(json.dumps(head, ensure_ascii=True)[:-1] + f', "{name}": [', end="")  # noqa: T201
    for number, item in enumerate(items):
        print(",\n" if number else "\n", json.dumps(item), sep="", end="")  # noqa: T201
    print("\n]}")  # noqa: T201


def give_lines(lines: Iterable[str]) -> None:
    """Lines of an answer for a script; what would be two lines is left out, and told."""
    for line in lines:
        if line.isprintable():
            print(line)  # noqa: T201
        else:
            say(f"left out, as its name has control characters: {line!r}")


def table(title: str, columns: Iterable[str], rows: Iterable[Iterable[Any]]) -> None:
    """A table on stdout; states are coloured and said in words."""
    shown = Table(title=title, title_justify="left", box=None, pad_edge=False)
    for column in columns:
        shown.add_column(column, overflow="fold")
    for row in rows:
        shown.add_row(*(_cell(value) for value in row))
    answer.print(shown)


def _cell(value: Any) -> Text:
    text = "" if value is None else str(value)
    # Names of strangers' files are shown, never interpreted by the terminal.
    safe = "".join(sign if sign.isprintable() else "�" for sign in text)
    return Text(safe, style=_STYLES.get(safe, ""))


@contextmanager
def progress(what: str, *, total: int | None = None) -> Iterator[Progress]:
    """A progress bar over bytes, on stderr, drawn only when a person looks."""
    bar = Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeElapsedColumn(),
        console=talk,
        transient=True,
        disable=not talk.is_terminal,
    )
    bar.add_task(what, total=total)
    with bar:
        yield bar


@contextmanager
def counting(what: str) -> Iterator[Progress]:
    """A progress bar over assets, on stderr, drawn only when a person looks."""
    bar = Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=talk,
        transient=True,
        disable=not talk.is_terminal,
    )
    bar.add_task(what, total=None)
    with bar:
        yield bar


def show_explanation(explanation: dict[str, Any]) -> None:
    """The candidates for date and place as tables, the chosen ones marked."""
    facts = [
        (name, explanation[name]) for name in explanation if name not in ("evidence", "errors")
    ]
    table("", ("", ""), facts)
    evidence = explanation["evidence"]
    for title in ("dates", "locations"):
        rows = [_candidate(one) for one in evidence.get(title, ())]
        if rows:
            table(f"\n{title}", ("", "value", "source", "confidence", "why not"), rows)
    for note in [*evidence.get("notes", ()), *explanation["errors"]]:
        table("", ("note",), [(note,)])


def _candidate(one: dict[str, Any]) -> tuple[Any, ...]:
    mark = "chosen" if one.get("chosen") else ""
    value = one.get("value") or ", ".join(
        f"{k} {one[k]}" for k in ("lat", "lon", "alt") if k in one
    )
    if one.get("offset"):
        value = f"{value} {one['offset']}"
    return mark, value, one.get("source"), one.get("confidence"), one.get("rejected")


def show_findings(findings: dict[str, Any]) -> None:
    """What verify found, the disagreements one a line."""
    for name in ("changed", "missing", "unknown", "unreadable"):
        for path in findings[name]:
            table("", (name,), [(path,)])
    counts = ("assets", "hashed", "bytes")
    problems = ("changed", "missing", "unknown", "unreadable")
    table(
        "", ("", ""), [(n, findings[n]) for n in counts] + [(n, len(findings[n])) for n in problems]
    )
