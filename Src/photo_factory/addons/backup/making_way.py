"""Old copies in a newcomer's way: taken to where the photos that they are of have moved.

A photo that moves leaves its name to others, and one of these may well be copied first.
"""

from __future__ import annotations

import threading

from sqlalchemy import Engine, exists

from photo_factory.addons.backup import copies
from photo_factory.addons.backup.targets import READ_BACK, Proof, Target
from photo_factory.shared.facts import Asset, assets
from photo_factory.shared.ledger.database import away, reading
from photo_factory.shared.paths import LEDGER_PREFIX
from photo_factory.shared.settings import Settings

_one_at_a_time = [threading.Lock() for _ in range(256)]


def alone(asset: Asset) -> threading.Lock:
    """What whoever touches the copies of an asset holds: two would spoil each other's work."""
    return _one_at_a_time[asset.id.int % len(_one_at_a_time)]


def make_way(target: Target, path: str, engine: Engine, settings: Settings) -> list[str]:
    """Take from `path` the copy of an asset that has moved to where it belongs now.

    Gives the paths that came or went; [] where a stranger's file is in the way, there or at a new
    place. `alone` must not be held.
    """
    changed: list[str] = []
    for old, asset in reversed(_in_the_way(target, path, engine, settings)):
        with alone(asset):
            changed += _move(asset, target, old, engine)
    return changed


def _in_the_way(
    target: Target, path: str, engine: Engine, settings: Settings
) -> list[tuple[str, Asset]]:
    """What must go from where, the last one first: its new place may be taken in the same way."""
    found: list[tuple[str, Asset]] = []
    while asset := _left_by(target, path, engine, settings):
        found.append((path, asset))
        path = copies.path_of(asset)
        if path in (old for old, _ in found):  # they took each other's names
            break
    return found


def _left_by(target: Target, path: str, engine: Engine, settings: Settings) -> Asset | None:
    """The asset whose copy stands at a path, though it has moved from there."""
    there = _hash_there(target, path)
    if there is None:
        return None
    ours = (copies.copies.c.asset_id == assets.c.id) & (copies.copies.c.target == target.name)
    moved = (assets.c.file_hash == there) & (assets.c.final_path != LEDGER_PREFIX + path)
    with away(), reading(engine) as connection:
        rows = connection.execute(copies.asset_rows(moved & exists().where(ours))).all()
    return next(copies.as_assets(rows, settings), None)


def _move(asset: Asset, target: Target, old: str, engine: Engine) -> list[str]:
    there, new = _hash_there(target, old), copies.path_of(asset)
    if there != asset.file_hash:
        return [] if there else [old]  # whoever copied it meanwhile has cleared it away
    at_new = _hash_there(target, new)
    if at_new is None:
        target.rename(old, new)
    elif at_new == asset.file_hash:
        target.remove(old)
    else:
        return []
    copies.note(engine, asset, target.name, Proof(asset.file_hash, READ_BACK))
    return [old, new]


def _hash_there(target: Target, path: str) -> str | None:
    try:
        return None if target.size(path) is None else target.sha256(path)
    except FileNotFoundError:  # it went between the two
        return None
