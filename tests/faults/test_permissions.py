"""What another user owns: held with a reason that says which file or folder, never a crash."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.faults.workshop import Workshop, photo

NOBODY = 65534


@contextmanager
def as_nobody(shop: Workshop) -> Iterator[None]:
    """Work as a user without rights, who may enter the test's own folders."""
    private = [path for path in shop.inbox.parents if not path.stat().st_mode & 0o001]
    for path in private:
        path.chmod(path.stat().st_mode | 0o001)
    os.setegid(NOBODY)
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)


@pytest.fixture
def shop(workshop: Workshop) -> Workshop:
    """Everything belongs to nobody, and one photo was filed."""
    if os.geteuid() != 0:
        pytest.skip("changing the user needs root")
    workshop.put("phone/IMG_0.jpg", photo(0))
    workshop.run()
    give(workshop)
    return workshop


def give(shop: Workshop) -> None:
    root = shop.inbox.parent
    for path in (root, *root.rglob("*")):
        os.chown(path, NOBODY, NOBODY)


def test_it_holds_what_it_may_not_read(shop: Workshop) -> None:
    for number, folder in enumerate(("open", "secret", "listed", "open"), start=1):
        shop.put(f"{folder}/IMG_{number}.jpg", photo(number))
    give(shop)
    closed = [shop.inbox / "secret", shop.inbox / "listed", shop.inbox / "open" / "IMG_4.jpg"]
    for path, mode in zip(closed, (0o000, 0o444, 0o000), strict=True):
        path.chmod(mode)
    with as_nobody(shop):
        summary = shop.run()
    assert (summary.filed, summary.held) == (1, 3), shop.reasons()
    held = {row["name"]: row["reason"] for row in shop.arrivals() if row["state"] == "held"}
    assert set(held) == {"secret", "IMG_3.jpg", "IMG_4.jpg"}
    for reason in held.values():
        assert str(shop.inbox) in reason
        assert "give this user access" in reason
    for path in closed:
        path.chmod(0o755)
    with as_nobody(shop):
        assert shop.run().filed == 3
    shop.check(*map(photo, range(5)))


@pytest.mark.parametrize("closed", ["Originals", "Journal", "."])
def test_it_holds_what_it_may_not_file(shop: Workshop, closed: str) -> None:
    folder = shop.paths.storage / closed
    locked = [folder, *(path for path in folder.rglob("*"))]
    for path in locked:
        os.chown(path, 0, 0)
        path.chmod(0o755 if path.is_dir() else 0o644)
    shop.put("phone/IMG_1.jpg", photo(1, "2020:02:02 02:02:02"))
    os.chown(shop.inbox / "phone" / "IMG_1.jpg", NOBODY, NOBODY)
    with as_nobody(shop):
        summary = shop.run()
    assert (summary.filed, summary.held, shop.left()) == (0, 1, ["IMG_1.jpg"])
    assert str(shop.paths.storage) in shop.reasons()
    assert "give this user access" in shop.reasons()
    assert [row["state"] for row in shop.arrivals()] == ["filed", "held"]
    give(shop)
    with as_nobody(shop):
        assert shop.run().filed == 1
    shop.check(photo(0), photo(1, "2020:02:02 02:02:02"))


def test_it_copies_what_belongs_to_somebody_else(shop: Workshop) -> None:
    """No lease can be had on it, so a writer could come unnoticed."""
    path: Path = shop.put("phone/IMG_1.jpg", photo(1))
    path.chmod(0o644)
    with as_nobody(shop):
        assert shop.run().filed == 1
    archived = [file for file in shop.archived() if file.name == "IMG_1.jpg"]
    assert [file.stat().st_uid for file in archived] == [NOBODY]
    shop.check(photo(0), photo(1))
