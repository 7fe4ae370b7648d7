"""Whose a face is, photo by photo, and what stays when a photo is searched again."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from sqlalchemy import update

from photo_factory.addons.face.engines import Identity
from photo_factory.shared.ledger.models import Face, Person
from tests.addons.face.conftest import Album, a_face, same


def change(album: Album, face: dict[str, Any], **values: Any) -> None:
    with album.engine.begin() as connection:
        connection.execute(update(Face).where(Face.id == face["id"]).values(values))


def name(album: Album, photo: Any, called: str) -> None:
    whose = Person.id == album.person(photo)
    with album.engine.begin() as connection:
        connection.execute(update(Person).where(whose).values(name=called))


def test_it_gives_faces_that_are_alike_to_one_person(album: Album) -> None:
    photos = [album.scan(a_face(1, by)) for by in (0.0, 0.2, 0.45)]
    assert same([album.person(photo) for photo in photos])
    assert len(album.persons()) == 1


def test_it_starts_a_new_person_for_a_face_unlike_all_others(album: Album) -> None:
    one, other = album.scan(a_face(1)), album.scan(a_face(2))
    assert album.person(one) != album.person(other)
    assert [person["name"] for person in album.persons()] == [None, None]


def test_it_starts_a_new_person_just_beyond_the_distance(album: Album) -> None:
    one, other = album.scan(a_face(1)), album.scan(a_face(1, 0.51))
    assert album.person(one) != album.person(other)


def test_it_heeds_face_distance(album: Album) -> None:
    album.settings = album.settings.model_copy(update={"face_distance": 0.6})
    one, other = album.scan(a_face(1)), album.scan(a_face(1, 0.51))
    assert album.person(one) == album.person(other)


def test_it_gives_faces_too_poor_to_recognise_to_nobody(album: Album) -> None:
    photo = album.scan(a_face(1, quality=0.1))
    assert album.person(photo) is None
    assert album.persons() == []


def test_it_keeps_a_name_when_the_photo_is_searched_again(album: Album) -> None:
    photo = album.scan(a_face(1))
    name(album, photo, "Marie")
    before = album.face(photo)
    album.scan(a_face(1, 0.1, left=0.11), photo=photo)
    after = album.face(photo)
    assert (after["id"], after["person_id"]) == (before["id"], before["person_id"])
    assert after["box_left"] == pytest.approx(0.11)
    assert [person["name"] for person in album.persons()] == ["Marie"]


def test_it_keeps_names_when_another_engine_searches(album: Album) -> None:
    photos = [album.scan(a_face(1), a_face(2, left=0.6)), album.scan(a_face(1))]
    name(album, photos[1], "Marie")
    before = [row["person_id"] for row in album.faces()]
    other = Identity("onnx", "1")
    # The other engine's numbers mean something else: here the two would be each other.
    album.scan(a_face(2), a_face(1, left=0.61), photo=photos[0], by=other)
    album.scan(a_face(2), photo=photos[1], by=other)
    after = album.faces()
    assert [row["person_id"] for row in after] == before
    assert {row["engine"] for row in after} == {"onnx"}
    grown = album.scan(a_face(2, 0.1), by=other)
    assert album.person(grown) == album.person(photos[1])


def test_it_compares_only_faces_of_one_engine(album: Album) -> None:
    one = album.scan(a_face(1))
    other = album.scan(a_face(1), by=Identity("dlib", "2"))
    assert album.person(one) != album.person(other)


def test_it_keeps_a_face_a_person_touched_also_when_it_is_not_found_again(album: Album) -> None:
    photo = album.scan(a_face(1), a_face(2, left=0.6))
    touched, untouched = album.faces(photo)
    change(album, touched, assigned_by="person")
    album.scan(photo=photo)
    assert [row["id"] for row in album.faces(photo)] == [touched["id"]]
    assert untouched["person_id"] not in [person["id"] for person in album.persons()]


def test_it_never_calls_something_a_face_again_that_a_person_said_is_none(album: Album) -> None:
    photo = album.scan(a_face(1))
    change(album, album.face(photo), is_face=False, person_id=None, assigned_by="person")
    album.scan(a_face(1, 0.05, left=0.12), photo=photo)
    again = album.face(photo)
    assert (again["is_face"], again["person_id"]) == (False, None)


def test_it_takes_no_measure_by_what_is_no_face(album: Album) -> None:
    photo = album.scan(a_face(1))
    whose = album.person(photo)
    change(album, album.face(photo), is_face=False)
    assert album.person(album.scan(a_face(1))) != whose


def test_a_photo_searched_twice_has_its_faces_once(album: Album) -> None:
    photo = album.scan(a_face(1), a_face(2, left=0.6))
    before = album.faces(photo)
    album.scan(a_face(1), a_face(2, left=0.6), photo=photo)
    assert [(r["id"], r["person_id"]) for r in album.faces(photo)] == [
        (r["id"], r["person_id"]) for r in before
    ]
    assert len(album.persons()) == 2


def test_it_makes_one_person_of_a_face_that_many_workers_find_at_once(album: Album) -> None:
    photos = [album.add() for _ in range(8)]
    start = threading.Barrier(len(photos))

    def work(photo: Any) -> None:
        start.wait()
        album.scan(a_face(1), photo=photo)

    threads = [threading.Thread(target=work, args=(photo,)) for photo in photos]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert same([album.person(photo) for photo in photos])
    assert len(album.persons()) == 1


def test_it_sees_what_others_have_changed_since(album: Album) -> None:
    photo = album.scan(a_face(1))
    album.scan(photo=photo)  # the face is gone again, and with it the person
    assert album.persons() == []
    later = album.scan(a_face(1))
    assert [person["id"] for person in album.persons()] == [album.person(later)]
