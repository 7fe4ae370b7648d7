"""Verifying finds what changed, what is missing and what nobody entered."""

from __future__ import annotations

import pytest

from photo_factory.librarian import verify
from tests.factory import Factory, photo


@pytest.fixture
def filed(factory: Factory) -> Factory:
    """Three photos of two days."""
    for name, taken in (("a", "2023:12:25 10:00:00"), ("b", "2023:12:25 11:00:00")):
        factory.drop(f"{name}.jpg", photo(taken))
    factory.drop("c.jpg", photo("2024:05:01 08:00:00"))
    factory.ingest()
    return factory


def test_it_finds_a_whole_archive_well(filed: Factory) -> None:
    found = filed.verify()
    assert (found.all_is_well, found.assets, found.hashed) == (True, 3, 3)
    assert found.bytes == sum(row["size_bytes"] for row in filed.assets())


def test_it_finds_one_flipped_bit(filed: Factory) -> None:
    row = filed.asset("b.jpg")
    content = bytearray(filed.on_disk(row).read_bytes())
    content[-3] ^= 1
    filed.on_disk(row).write_bytes(content)
    found = filed.verify()
    assert (found.changed, found.missing, found.unknown) == ([row["final_path"]], [], [])


def test_it_finds_what_is_missing(filed: Factory) -> None:
    rows = [filed.asset("a.jpg"), filed.asset("c.jpg")]
    for row in rows:
        filed.on_disk(row).unlink()
    assert filed.verify().missing == [row["final_path"] for row in rows]


def test_it_finds_a_whole_missing_folder(filed: Factory) -> None:
    row = filed.asset("c.jpg")
    folder = filed.on_disk(row).parent
    folder.rename(filed.home / "lost")
    assert filed.verify(sample=0).missing == [row["final_path"]]


@pytest.mark.parametrize(
    "place",
    ["2023/2023-12-25/x.jpg", "2023/2023-12-25/ x % y_.jpg", "2019/2019-01-01 Zoë's 50 %/x.jpg",
     "loose.jpg", "2023/2023-12-25/deeper/x.jpg", "日本/\U0010fffd.jpg"],
)  # fmt: skip
def test_it_finds_what_nobody_entered(filed: Factory, place: str) -> None:
    path = filed.paths.originals / place
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x")
    found = filed.verify()
    assert (found.unknown, found.hashed) == ([f"Storage/Originals/{place}"], 3)


def test_it_finds_a_link_that_took_a_photos_place(filed: Factory) -> None:
    path = filed.on_disk(filed.asset("a.jpg"))
    path.rename(filed.home / "a.jpg")
    path.symlink_to(filed.home / "a.jpg")
    assert not filed.verify().all_is_well


def test_it_hashes_nothing_when_the_sample_is_empty(
    filed: Factory, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> str:
        raise AssertionError("something was read")

    monkeypatch.setattr(verify, "sha256_from_disk", refuse)
    found = filed.verify(sample=0)
    assert (found.all_is_well, found.assets, found.hashed, found.bytes) == (True, 3, 0, 0)


def test_it_hashes_about_the_sample_that_was_asked_for(
    filed: Factory, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = iter([10.0, 60.0, 49.9])
    monkeypatch.setattr(verify.random, "uniform", lambda _low, _high: next(drawn))
    assert filed.verify(sample=50).hashed == 2


def test_it_tells_what_cannot_be_read(filed: Factory, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(path: object) -> str:
        raise OSError(5, "Input/output error", str(path))

    monkeypatch.setattr(verify, "sha256_from_disk", broken)
    assert len(filed.verify().unreadable) == 3


def test_it_looks_at_every_folder_once(filed: Factory) -> None:
    """Names that sort around the folder separator do not hide one another."""
    for name in ("2023-12-25 ", "2023-12-25-b", "2023-12-250"):
        folder = filed.paths.originals / "2023" / name
        folder.mkdir()
        source = filed.asset("a.jpg")
        new = f"Storage/Originals/2023/{name}/a.jpg"
        with filed.engine.begin() as connection:
            connection.exec_driver_sql(
                "UPDATE media_assets SET final_path = '" + new + "' WHERE original_name = 'a.jpg'"
            )
        filed.on_disk(source).rename(folder / "a.jpg")
        found = filed.verify()
        assert (found.assets, found.missing, found.unknown) == (3, [], [])


def test_it_keeps_what_it_proved_in_the_ledger(filed: Factory) -> None:
    before = {row["original_name"]: row["verified_at"] for row in filed.assets()}
    assert all(row["verified_at"] == row["ingested_at"] for row in filed.assets())
    filed.on_disk(filed.asset("a.jpg")).unlink()
    path = filed.on_disk(filed.asset("c.jpg"))
    path.write_bytes(path.read_bytes() + b"x")
    filed.verify()
    assert filed.asset("b.jpg")["verified_at"] > before["b.jpg"]
    assert (filed.asset("a.jpg")["verified_at"], filed.asset("c.jpg")["verified_at"]) == (
        None,
        None,
    )
