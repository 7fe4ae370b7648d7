"""What is dropped into the inbox is filed and worked on by containers, and belongs to its owner."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.corpus.corpus import samples_folder
from tests.factory import photo
from tests.stack.engine import USER, Stack, until


def test_a_photo_is_filed_named_and_shown(stack: Stack, tmp_path: Path) -> None:
    samples = sorted((samples_folder() / "jpg").glob("*.jpg"))[:6]
    made = tmp_path / "made.jpg"
    made.write_bytes(photo("2023:12:25 12:34:56"))
    before = stack.number("SELECT COUNT(*) FROM media_assets")
    for source in [*samples, made]:
        stack.drop(source, f"pixel-7/{source.name}")
    filed = "SELECT COUNT(*) FROM media_assets"
    until(lambda: stack.number(filed) == before + len(samples) + 1)
    waiting = (
        "SELECT COUNT(*) FROM media_assets WHERE NOT is_thumbnailed"
        " OR (NOT is_geocoded AND location IS NOT NULL)"
    )
    until(lambda: stack.number(waiting) == 0)
    assert not list((stack.data / "Photos_Inbox" / "pixel-7").glob("*.jpg"))


def test_the_database_checks_its_pages(stack: Stack) -> None:
    assert stack.sql("SHOW data_checksums") == [["on"]]


def test_everything_belongs_to_the_user_of_the_photos(stack: Stack, tmp_path: Path) -> None:
    made = tmp_path / "mine.jpg"
    made.write_bytes(photo("2022:01:01 01:01:01"))
    stack.drop(made, "pixel-7/mine.jpg")
    path = stack.data / "Storage/Originals/2022/2022-01-01"
    until((path / "mine.jpg").exists)
    owners = {one.stat().st_uid for one in (stack.data / "Storage").rglob("*")}
    assert owners == {USER}


def test_coreutils_prove_the_archive(stack: Stack, tmp_path: Path) -> None:
    made = tmp_path / "proof.jpg"
    made.write_bytes(photo("2021:02:03 04:05:06"))
    stack.drop(made, "pixel-7/proof.jpg")
    day = stack.data / "Storage/Originals/2021/2021-02-03"
    until(lambda: (day / "SHA256SUMS").exists() and not list(day.glob(".*")))
    check = ["sha256sum", "--check", "--strict", "--quiet", "SHA256SUMS"]
    subprocess.run(check, cwd=day, check=True)


def test_filing_is_a_rename_within_the_one_mount(stack: Stack, tmp_path: Path) -> None:
    made = tmp_path / "same.jpg"
    made.write_bytes(photo("2020:02:03 04:05:06"))
    stack.drop(made, "pixel-7/hidden.part")  # a partial is left alone: its inode can be read first
    lying = stack.data / "Photos_Inbox/pixel-7/hidden.part"
    inode = lying.stat().st_ino
    lying.rename(lying.with_name("same.jpg"))
    filed = stack.data / "Storage/Originals/2020/2020-02-03/same.jpg"
    until(filed.exists)
    assert filed.stat().st_ino == inode
