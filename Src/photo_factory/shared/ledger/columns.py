"""Column types that behave the same on SQLite and PostgreSQL."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, DateTime, Dialect, Integer, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import TypeDecorator

_TWO_64 = 1 << 64
_TWO_63 = 1 << 63


class UtcDateTime(TypeDecorator[datetime]):
    """An aware moment; it goes in and comes out in UTC, on SQLite kept without its zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value!r} has no time zone: system times are aware UTC")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class PlainText(TypeDecorator[str]):
    """Text that both databases take: no NUL (EXIF has them) and no undecodable bytes (names do)."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return value if value is None or (value.isascii() and "\0" not in value) else plain(value)


class Inode(TypeDecorator[int]):
    """An unsigned 64-bit number in a signed column: 2^63 and above are stored minus 2^64."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: int | None, dialect: Dialect) -> int | None:
        return value if value is None or value < _TWO_63 else value - _TWO_64

    def process_result_value(self, value: int | None, dialect: Dialect) -> int | None:
        return value if value is None or value >= 0 else value + _TWO_64


def plain(text: str) -> str:
    """`text` without NULs, with what is no Unicode spelled out as a backslash escape."""
    return text.replace("\0", "").encode("utf-8", "backslashreplace").decode("utf-8")


def to_json(value: Any) -> str:
    """JSON that PostgreSQL takes too: PlainText's rule on every string, no NaN, no infinity."""
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        if "\\u0000" not in text:
            text.encode("utf-8")
            return text
    except ValueError:  # NaN, infinity, or (UnicodeEncodeError) a lone surrogate
        pass
    return json.dumps(_json_safe(value), ensure_ascii=False, separators=(",", ":"))


def _json_safe(value: Any) -> Any:
    if isinstance(value, str):
        return plain(value)
    if isinstance(value, dict):
        return {plain(str(key)): _json_safe(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_json_safe(item) for item in value]
    if isinstance(value, float) and value - value != 0:  # NaN and both infinities
        return None
    return value


Json = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
# SQLite counts rows by itself only in a column that is INTEGER to the letter.
RowNumber = BigInteger().with_variant(Integer, "sqlite")
