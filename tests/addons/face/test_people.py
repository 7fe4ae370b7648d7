"""What people say of faces and persons, and that nothing takes it back."""

from __future__ import annotations

import uuid

import pytest

from photo_factory.addons.face.recluster import recluster
from photo_factory.shared import people
from photo_factory.shared.people import PeopleError
from tests.addons.face.conftest import DLIB, Album, a_face


def names(album: Album) -> list[str | None]:
    return sorted((one["name"] for one in album.persons()), key=str)


def group_again(album: Album, distance: float | None = None) -> int:
    settings = album.settings.model_copy(update={"face_distance": distance})
    return recluster(album.engine, settings, DLIB).moved


def test_it_lists_persons_by_their_faces(album: Album) -> None:
    few, many = album.scan(a_face(1)), [album.scan(a_face(2)) for _ in range(2)]
    people.rename(album.engine, str(album.person(few)), "Marie")
    first, second = people.listed(album.engine)
    assert (first.id, first.faces, first.photos) == (str(album.person(many[0])), 2, 2)
    assert (second.name, second.faces) == ("Marie", 1)
    assert [one.name for one in people.listed(album.engine, only_named=True)] == ["Marie"]


def test_it_finds_a_person_by_name_and_by_the_first_digits_of_the_id(album: Album) -> None:
    photo = album.scan(a_face(1))
    people.rename(album.engine, str(album.person(photo))[:8], "Marie")
    assert [one.photo for one in people.faces_of(album.engine, "Marie")] == [
        one.photo for one in people.faces_of(album.engine, str(album.person(photo)))
    ]


def test_it_says_who_is_called_so_already(album: Album) -> None:
    one, other = album.scan(a_face(1)), album.scan(a_face(2))
    people.rename(album.engine, str(album.person(one)), "Marie")
    with pytest.raises(PeopleError, match="photo-factory person merge"):
        people.rename(album.engine, str(album.person(other)), "Marie")
    assert names(album) == ["Marie", None]


@pytest.mark.parametrize("who", ["Nobody", "ffffffff", "", "%", "_"])
def test_it_changes_nothing_for_a_person_nobody_knows(album: Album, who: str) -> None:
    album.scan(a_face(1))
    with pytest.raises(PeopleError, match="person list"):
        people.rename(album.engine, who, "Marie")
    with pytest.raises(PeopleError):
        people.not_a_face(album.engine, [who])
    assert names(album) == [None]


def test_a_merge_keeps_the_name_and_a_recluster_keeps_the_merge(album: Album) -> None:
    one, other = album.scan(a_face(1)), album.scan(a_face(2))
    people.rename(album.engine, str(album.person(other)), "Marie")
    assert people.merge(album.engine, str(album.person(one)), ["Marie"]) == 2
    assert album.person(one) == album.person(other)
    assert names(album) == ["Marie"]
    group_again(album)
    assert album.person(one) == album.person(other)


def test_a_merge_of_two_names_is_refused_and_loses_neither(album: Album) -> None:
    for who, name in ((1, "Marie"), (2, "Pierre")):
        people.rename(album.engine, str(album.person(album.scan(a_face(who)))), name)
    with pytest.raises(PeopleError, match="'Marie', 'Pierre'"):
        people.merge(album.engine, "Marie", ["Pierre"])
    assert names(album) == ["Marie", "Pierre"]


def test_a_merge_with_oneself_is_refused(album: Album) -> None:
    whose = str(album.person(album.scan(a_face(1))))
    with pytest.raises(PeopleError, match="nobody to merge with"):
        people.merge(album.engine, whose, [whose])


def test_a_split_stays_split_after_a_recluster_and_another_scan(album: Album) -> None:
    stays, goes = album.scan(a_face(1)), album.scan(a_face(1, 0.1))
    people.split(album.engine, [str(album.face(goes)["id"])[:8]])
    assert album.person(stays) != album.person(goes)
    group_again(album)
    album.scan(a_face(1, 0.1), photo=goes)
    assert album.person(stays) != album.person(goes)


def test_a_split_can_name_whose_the_faces_are(album: Album) -> None:
    one, other = album.scan(a_face(1)), album.scan(a_face(1, 0.1))
    people.split(album.engine, [str(album.face(one)["id"])], "Marie")
    people.split(album.engine, [str(album.face(other)["id"])], "Marie")
    assert album.person(one) == album.person(other)
    assert names(album) == ["Marie"]


def test_what_is_no_face_is_nobodys_until_that_is_taken_back(album: Album) -> None:
    photo = album.scan(a_face(1))
    which = str(album.face(photo)["id"])
    people.not_a_face(album.engine, [which])
    assert (album.face(photo)["is_face"], album.persons()) == (False, [])
    group_again(album)
    assert album.person(photo) is None
    people.not_a_face(album.engine, [which], undo=True)
    group_again(album)
    assert album.face(photo)["is_face"] and album.person(photo) is not None


def test_a_recluster_changes_nothing_when_nothing_has_changed(album: Album) -> None:
    for who in (1, 2, 1, 3, 2):
        album.scan(a_face(who, 0.05 * len(album.photos)))
    before = {row["id"]: row["person_id"] for row in album.faces()}
    assert group_again(album) == 0
    assert {row["id"]: row["person_id"] for row in album.faces()} == before


def test_a_recluster_joins_nameless_ones_under_the_name_that_is_near(album: Album) -> None:
    named, near = album.scan(a_face(1)), album.scan(a_face(1, 0.6))
    people.rename(album.engine, str(album.person(named)), "Marie")
    assert album.person(near) != album.person(named)
    assert group_again(album, 0.7) == 1
    assert album.person(near) == album.person(named)
    assert names(album) == ["Marie"]


def test_a_recluster_takes_nameless_ones_apart_but_nobody_with_a_name(album: Album) -> None:
    nameless = [album.scan(a_face(1, by)) for by in (0.0, 0.4)]
    named = [album.scan(a_face(2, by)) for by in (0.0, 0.4)]
    people.rename(album.engine, str(album.person(named[0])), "Marie")
    group_again(album, 0.3)
    assert album.person(nameless[0]) != album.person(nameless[1])
    assert album.person(named[0]) == album.person(named[1])
    assert names(album) == ["Marie", None, None]


def test_a_recluster_leaves_alone_what_is_named_while_it_thinks(
    album: Album, monkeypatch: pytest.MonkeyPatch
) -> None:
    photos = [album.scan(a_face(1, by)) for by in (0.0, 0.4)]
    module = __import__("photo_factory.addons.face.recluster", fromlist=["lock"])
    whose = album.person(photos[0])

    def regrouped(rows: list[object], *_: object) -> dict[uuid.UUID, uuid.UUID]:
        people.rename(album.engine, str(whose), "Marie")
        return {row.id: uuid.uuid4() for row in rows}  # type: ignore[attr-defined]

    monkeypatch.setattr(module, "_regrouped", regrouped)
    assert group_again(album) == 0
    assert {album.person(photo) for photo in photos} == {whose}


def test_a_name_stays_when_the_last_face_goes(album: Album) -> None:
    photo = album.scan(a_face(1))
    people.rename(album.engine, str(album.person(photo)), "Marie")
    album.scan(photo=photo)
    assert album.faces() == []
    assert names(album) == ["Marie"]
