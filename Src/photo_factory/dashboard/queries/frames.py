"""Tables as DataFrames that can be shown, and downloaded as CSV and Parquet."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Sequence
from datetime import date, time, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

_RISKY = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for a formula when a text begins with it."""

_WHOLE = 2**63
"""Whole numbers below it are numbers in a table and in Parquet: they have 64 bits."""

_LONG = timedelta(microseconds=_WHOLE)
"""Shorter spans are spans there: microseconds of 64 bits."""


def framed(names: Sequence[str], rows: Iterable[Sequence[Any]]) -> pd.DataFrame:
    """Rows as a table; columns of the same name are told apart, cells are plain values."""
    import pandas as pd

    told = _apart(names)
    cells = [[plain(cell) for cell in row] for row in rows]
    # Before pandas sees them: in its columns of text a NULL is a NaN, and no longer a None.
    columns = zip(*cells, strict=True) if cells else ([] for _ in told)
    return pd.DataFrame(dict(zip(told, map(_alike, columns), strict=True)), columns=told)


def as_csv(table: pd.DataFrame) -> bytes:
    """The table as CSV in UTF-8; texts that a spreadsheet would run get a ' in front."""
    safe = table.copy()
    for name in safe.columns:
        if not _is_text(safe[name]):
            continue
        safe[name] = safe[name].map(harmless, na_action="ignore")
    return bytes(safe.to_csv(index=False).encode())


def as_parquet(table: pd.DataFrame) -> bytes:
    """The table as Parquet."""
    into = io.BytesIO()
    table.to_parquet(into, index=False)
    return into.getvalue()


def _is_text(column: Any) -> bool:
    import pandas as pd

    return bool(pd.api.types.is_string_dtype(column) or pd.api.types.is_object_dtype(column))


def harmless(cell: Any) -> Any:
    """A cell that no spreadsheet runs: a text that looks like a formula gets a ' in front."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_RISKY) else cell


def _apart(names: Sequence[str]) -> list[str]:
    told: list[str] = []
    for name in names:
        number, free = 1, name
        while free in told:
            number += 1
            free = f"{name}_{number}"
        told.append(free)
    return told


def plain(cell: Any) -> Any:
    """A cell as a table and Parquet can hold it; whatever they do not know becomes a text."""
    if cell is None or isinstance(cell, str | float | date | time):
        return cell
    if isinstance(cell, int):
        return cell if -_WHOLE <= cell < _WHOLE else str(Decimal(cell))
    if isinstance(cell, Decimal):
        return _number(cell)
    if isinstance(cell, bytes | memoryview):
        return bytes(cell).hex()
    if isinstance(cell, dict | list):
        return _json(cell)
    return cell if isinstance(cell, timedelta) and abs(cell) < _LONG else str(cell)


def _number(cell: Decimal) -> int | float | str:
    """A number; one beyond 64 bits as its digits, which no float could keep."""
    if not cell.is_finite():
        return float(cell)
    if not -_WHOLE <= cell < _WHOLE:
        told = f"{cell:f}"
        return told.rstrip("0").rstrip(".") if "." in told else told
    return int(cell) if cell == int(cell) else float(cell)


def _json(cell: Any) -> str:
    told = json.dumps(cell, ensure_ascii=False, default=_within)
    return told.encode("utf-8", "backslashreplace").decode()  # half a pair stays an escape


def _within(cell: Any) -> Any:
    """What JSON does not know, as JSON can hold it."""
    known = plain(cell)
    return known if isinstance(known, int | float) else str(known)


def _alike(cells: Sequence[Any]) -> list[Any]:
    """The cells of one column, in one kind where there are several."""
    kinds = {type(cell) for cell in cells if cell is not None}
    if len(kinds) < 2:
        return list(cells)
    to: type = float if kinds <= {int, float} else str
    return [None if cell is None else to(cell) for cell in cells]
