"""What pretended add-ons do with an asset; the original's name says what happens."""

from __future__ import annotations

import ctypes
import errno
import os
import threading
import time
from pathlib import Path

from photo_factory.shared.errors import TryLater, Unprocessable
from photo_factory.shared.facts import Asset, Facts
from photo_factory.shared.settings import Settings

calls: list[str] = []
gate = threading.Event()
"""While clear, assets called `wait…` stay in hand."""


def process(asset: Asset, settings: Settings) -> Facts:
    """Do what the asset's name says."""
    name = asset.original_name.partition(".")[0].rstrip("0123456789-")
    calls.append(asset.original_name)
    return _DO[name](asset, settings) if name in _DO else Facts({"mime_type": "image/done"})


def away(settings: Settings) -> Path:
    """The file whose presence means that what `away` needs is gone."""
    return settings.root / "AWAY"


def begun(settings: Settings) -> Path:
    """Where each asset called `begun…` writes its name when its work begins."""
    return settings.root / "BEGUN"


def _bad(asset: Asset, _settings: Settings) -> Facts:
    raise Unprocessable("it is no picture")


def _breaks(asset: Asset, _settings: Settings) -> Facts:
    raise ValueError("surprise")


def _full(asset: Asset, _settings: Settings) -> Facts:
    raise OSError(errno.ENOSPC, "No space left on device")


def _sector(asset: Asset, _settings: Settings) -> Facts:
    raise OSError(errno.EIO, "Input/output error")


def _later(asset: Asset, settings: Settings) -> Facts:
    if away(settings).exists():
        raise TryLater("the provider does not answer")
    return Facts({"mime_type": "image/late"})


def _wait(asset: Asset, _settings: Settings) -> Facts:
    gate.wait(20)
    return Facts({"mime_type": "image/waited"})


def _wrong(asset: Asset, _settings: Settings) -> Facts:
    return Facts({"media_type": "no such type"})


def _unknown(asset: Asset, _settings: Settings) -> Facts:
    return Facts(replaces={"no_such_table": []})


def _slow(asset: Asset, _settings: Settings) -> Facts:
    time.sleep(0.3)
    return Facts()


def _crash(asset: Asset, _settings: Settings) -> Facts:
    ctypes.string_at(0)
    return Facts()


def _bomb(asset: Asset, _settings: Settings) -> Facts:
    bytearray(8 << 30)
    return Facts()


def _begun(asset: Asset, settings: Settings) -> Facts:
    with begun(settings).open("a") as file:
        file.write(f"{asset.original_name}\n")
    time.sleep(1.5)
    return Facts()


def _hang(asset: Asset, _settings: Settings) -> Facts:
    time.sleep(600)
    return Facts()


def _pid(asset: Asset, _settings: Settings) -> Facts:
    return Facts({"mime_type": str(os.getpid())})


_DO = {
    "bad": _bad, "breaks": _breaks, "full": _full, "sector": _sector,
    "later": _later, "wait": _wait,
    "slow": _slow, "wrong": _wrong, "unknown": _unknown,
    "crash": _crash, "bomb": _bomb, "hang": _hang, "begun": _begun, "pid": _pid,
}  # fmt: skip
