"""The page of people: names, merges and splits, by the rules of `photo-factory person`."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from sqlalchemy import Engine, select
from streamlit.testing.v1 import AppTest

from photo_factory.dashboard.queries import people
from photo_factory.shared.ledger.models import Action, Face, Person
from tests.dashboard.conftest import OpenPage, text_of
from tests.dashboard.household import Household, household
from tests.dashboard.viewers import as_viewer
from tests.factory import Factory


@pytest.fixture
def home(engine: Engine, ledger_url: str, tmp_path: Path) -> Iterator[Household]:
    """The household, on each kind of database."""
    factory = Factory(tmp_path / "both", ledger_url)
    yield household(factory)
    factory.close()


@pytest.fixture
def full(factory: Factory) -> Household:
    """The household that `open_page` shows."""
    return household(factory)


def test_it_lists_persons_by_their_faces_with_the_best_one(home: Household) -> None:
    found = people.persons_after(home.factory.engine)
    assert [one.name for one in found.persons] == ["Marie", None, "Pierre"]
    marie = found.persons[0]
    assert (marie.faces, marie.photos, marie.best and marie.best.quality) == (8, 8, 0.9)
    assert marie.first and marie.last and marie.first < marie.last
    assert found.after is None


def test_it_turns_pages_by_key_and_leaves_nobody_out(home: Household) -> None:
    names, after = [], None
    for _ in range(3):
        page = people.persons_after(home.factory.engine, after=after, size=1)
        names += [one.name for one in page.persons]
        after = page.after
    assert (names, after) == (["Marie", None, "Pierre"], None)
    faces, beyond = set(), None
    while True:
        some = people.faces_after(home.factory.engine, home.persons["Marie"], beyond, 3)
        faces |= {face.id for face in some.faces}
        if (beyond := some.after) is None:
            break
    assert faces == set(home.faces["Marie"])


def test_it_finds_by_name_and_by_having_one(home: Household) -> None:
    engine = home.factory.engine
    assert [one.name for one in people.persons_after(engine, name="ARI").persons] == ["Marie"]
    assert not people.persons_after(engine, name="%").persons
    assert len(people.persons_after(engine, "named").persons) == 2
    assert [one.name for one in people.persons_after(engine, "nameless").persons] == [None]
    assert people.totals(engine) == people.Totals(2, 1, 21, 6, 0)
    assert [*people.names(engine).values()] == ["Marie", "Pierre"]


def test_it_knows_one_person_and_the_faces_of_nobody(home: Household) -> None:
    engine = home.factory.engine
    found = people.person(engine, home.persons["Pierre"])
    assert found and (found.name, found.faces) == ("Pierre", 2)
    assert people.person(engine, home.assets[0]) is None
    assert len(people.faces_after(engine, "nobody").faces) == 6
    assert not people.faces_after(engine, "no face").faces


def test_a_face_is_cut_out_of_a_small_picture_that_is_large_enough(full: Household) -> None:
    factory = full.factory
    face = people.faces_after(factory.engine, full.persons["Marie"]).faces[0]
    sizes = factory.settings().thumbnail_sizes
    cut = people.cropped(factory.paths, sizes, face.file_hash, face.box)
    picture = Image.open(io.BytesIO(cut or b""))
    assert picture.size == (160, 160)
    red, green, _blue = picture.convert("RGB").getpixel((80, 60))  # type: ignore[misc]
    assert abs(red - 226) < 12 and abs(green - 184) < 12  # her skin: it is her face indeed


def test_a_face_without_a_small_picture_is_no_error(full: Household) -> None:
    factory = full.factory
    face = people.faces_after(factory.engine, full.persons["Marie"]).faces[0]
    sizes = factory.settings().thumbnail_sizes
    for size in sizes:
        factory.paths.thumbnail(face.file_hash, size, "jpg").write_bytes(b"damaged")
    assert people.cropped(factory.paths, sizes, face.file_hash, face.box) is None
    for size in sizes:
        factory.paths.thumbnail(face.file_hash, size, "jpg").unlink()
    assert people.cropped(factory.paths, sizes, face.file_hash, face.box) is None


@pytest.mark.parametrize("box", [(0.0, 0.0, 1.0, 1.0), (0.95, 0.95, 0.1, 0.1), (0.5, 0.5, 0, 0)])
def test_a_box_at_the_edge_is_cut_inside_the_picture(box: people.Box) -> None:
    left, top, right, bottom = people._square(box, 240, 160)
    assert 0 <= left < right <= 241 and 0 <= top < bottom <= 161


def names_of(home: Household) -> set[str | None]:
    with home.factory.engine.connect() as connection:
        return set(connection.scalars(select(Person.name)))


def logged(home: Household) -> list[tuple[str, str | None]]:
    with home.factory.engine.connect() as connection:
        rows = connection.execute(select(Action.action, Action.problem).order_by(Action.id))
        return [(row.action, row.problem) for row in rows][1:]


def press(page: AppTest, label: str) -> AppTest:
    (button,) = [one for one in page.button if one.label == label]
    return button.click().run()


def opened(open_page: OpenPage, who: object) -> AppTest:
    page = open_page("people")
    page.query_params["person"] = str(who)
    return page.run()


def test_before_the_first_face_it_says_what_to_do(open_page: OpenPage, factory: Factory) -> None:
    assert factory.engine
    assert "photo-factory services" in text_of(open_page("people"))


def test_ticked_persons_become_one(open_page: OpenPage, full: Household) -> None:
    page = open_page("people")
    assert "3 people on 21 faces; 2 with a name" in text_of(page)
    for whose in ("Marie", "nameless"):
        page.checkbox(key=f"pick_person_{full.persons[whose]}").check()
    page = press(page.run(), "Merge")
    assert not page.exception
    assert names_of(full) == {"Marie", "Pierre"}
    assert logged(full) == [("merge persons", None)]
    assert "They are one person now, with 13 faces" in [one.value for one in page.toast]


def test_two_names_are_not_merged_and_the_reason_is_told(
    open_page: OpenPage, full: Household
) -> None:
    page = open_page("people")
    for whose in ("Marie", "Pierre"):
        page.checkbox(key=f"pick_person_{full.persons[whose]}").check()
    page = press(page.run(), "Merge")
    assert "different names" in text_of(page)
    assert names_of(full) == {"Marie", "Pierre", None}
    (entry,) = logged(full)
    assert entry[0] == "merge persons" and "different names" in (entry[1] or "")


def test_a_person_gets_a_name(open_page: OpenPage, full: Household) -> None:
    page = opened(open_page, full.persons["nameless"])
    page.text_input(key=f"new_name_{full.persons['nameless']}").set_value("*Zoë* [x](y)")
    page = press(page, "Save name")
    assert names_of(full) == {"Marie", "Pierre", "*Zoë* [x](y)"}
    assert not page.exception and page.title[0].value == r"\*Zoë\* \[x\]\(y\)"


def test_faces_are_given_away_and_said_to_be_none(open_page: OpenPage, full: Household) -> None:
    page = opened(open_page, full.persons["Marie"])
    one, other = full.faces["Marie"][:2]
    page.checkbox(key=f"pick_face_{one}").check()
    page = press(page.run(), "Give to a new person")
    page.checkbox(key=f"pick_face_{other}").check()
    page = press(page.run(), "Not a face")
    assert not page.exception
    with full.factory.engine.connect() as connection:
        rows = connection.execute(select(Face.id, Face.person_id, Face.is_face)).all()
    faces = {row.id: row for row in rows}
    assert faces[one].person_id not in full.persons.values()
    assert (faces[other].person_id, faces[other].is_face) == (None, False)
    page.session_state["people_which"] = "Not faces"
    page.query_params.clear()
    page = page.run()
    page.checkbox(key=f"pick_face_{other}").check()
    press(page.run(), "They are faces")
    assert people.totals(full.factory.engine).no_faces == 0


def test_a_person_who_is_gone_is_no_error(open_page: OpenPage, full: Household) -> None:
    for who in (full.assets[0], "nonsense"):
        assert "Nobody is there" in "".join(one.value for one in opened(open_page, who).info)


def test_a_viewer_sees_everybody_and_changes_nothing(
    open_page: OpenPage, full: Household, monkeypatch: pytest.MonkeyPatch
) -> None:
    as_viewer(monkeypatch)
    page = open_page("people")
    assert not page.checkbox and "an owner can" in text_of(page)
    page = opened(open_page, full.persons["Marie"])
    assert not page.text_input and not page.checkbox
    assert [one.label for one in page.button] == ["All people"]
