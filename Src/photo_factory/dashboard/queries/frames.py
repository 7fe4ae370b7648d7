"""Tables as DataFrames that can be shown, and downloaded as CSV and Parquet."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import UUID

if TYPE_CHECKING:
    import pandas as pd

_RISKY = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for a formula when a text begins with it."""


def framed(names: Sequence[str], rows: Iterable[Sequence[Any]]) -> pd.DataFrame:
    """Rows as a table; columns of the same name are told apart, cells are plain values."""
    import pandas as pd

    told = _apart(names)
    plain = [[_plain(cell) for cell in row] for row in rows]
    # Before pandas sees them: in its columns of text a NULL is a NaN, and no longer a None.
    columns = zip(*plain, strict=True) if plain else ([] for _ in told)
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


def _plain(cell: Any) -> Any:
    if isinstance(cell, Decimal):
        return int(cell) if cell.is_finite() and cell == int(cell) else float(cell)
    if isinstance(cell, bytes | memoryview):
        return bytes(cell).hex()
    if isinstance(cell, dict | list):
        return json.dumps(cell, ensure_ascii=False, default=str)
    return str(cell) if isinstance(cell, UUID) else cell


def _alike(cells: Sequence[Any]) -> list[Any]:
    """The cells of one column, in one kind where there are several."""
    kinds = {type(cell) for cell in cells if cell is not None}
    if len(kinds) < 2:
        return list(cells)
    to: type = float if kinds <= {int, float} else str
    return [None if cell is None else to(cell) for cell in cells]
