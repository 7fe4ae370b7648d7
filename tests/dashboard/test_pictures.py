"""Small pictures and originals by address: only with the seal, never as something to be shown."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.requests import Request
from starlette.responses import FileResponse, Response

from photo_factory.dashboard import pictures
from photo_factory.dashboard.context import forget_context
from tests.factory import Factory


class Client:
    """Asks the routes, without a server between."""

    def get(self, url: str) -> Response:
        path, _, query = url.partition("?")
        name = path.rpartition("/")[2]
        scope = {"type": "http", "query_string": query.encode(), "path_params": {"name": name}}
        (route,) = [one for one in pictures.routes() if one.path == path.replace(name, "{name}")]
        answer: Response = route.endpoint(Request(scope))
        return answer


@pytest.fixture
def client(factory: Factory, monkeypatch: pytest.MonkeyPatch) -> Iterator[Client]:
    """A factory with one photo and its small picture, and a browser before it."""
    for name, value in factory.environment().items():
        monkeypatch.setenv(name, value)
    forget_context()
    factory.drop("pixel-7/öä <b>.jpg")
    factory.ingest()
    small = pictures.picture_path(factory.assets()[0]["file_hash"], 480)
    small.parent.mkdir(parents=True)
    small.write_bytes(b"small")
    yield Client()
    forget_context()


def sent(answer: Response) -> bytes:
    """The file that is streamed."""
    assert isinstance(answer, FileResponse)
    return Path(answer.path).read_bytes()


def test_it_shows_a_small_picture(client: Client, factory: Factory) -> None:
    (asset,) = factory.assets()
    answer = client.get(pictures.picture_url(asset["file_hash"], 300))
    assert (answer.status_code, sent(answer)) == (200, b"small")
    assert answer.media_type == "image/jpeg"
    assert client.get(pictures.picture_url(asset["file_hash"], 960)).status_code == 404


def test_it_gives_an_original_to_be_saved_only(client: Client, factory: Factory) -> None:
    (asset,) = factory.assets()
    answer = client.get(pictures.original_url(asset["id"]))
    assert sent(answer) == factory.on_disk(asset).read_bytes()
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"].startswith("attachment;")


@pytest.mark.parametrize("seal", ["", "?seal=", "?seal=0123456789abcdef0123456789abcdef"])
def test_it_gives_nothing_without_the_seal(client: Client, factory: Factory, seal: str) -> None:
    (asset,) = factory.assets()
    for url in (f"/pictures/{asset['file_hash']}_480", f"/originals/{asset['id']}"):
        assert client.get(f"{url}{seal}").status_code == 404


def test_a_seal_is_good_for_its_own_file_only(client: Client, factory: Factory) -> None:
    (asset,) = factory.assets()
    _, _, seal = pictures.original_url(asset["id"]).partition("?")
    assert client.get(f"/originals/{uuid.uuid4()}?{seal}").status_code == 404
    assert client.get(f"/pictures/{asset['id']}?{seal}").status_code == 404


def test_it_says_when_an_original_is_gone(client: Client, factory: Factory) -> None:
    (asset,) = factory.assets()
    factory.on_disk(asset).unlink()
    answer = client.get(pictures.original_url(asset["id"]))
    assert (answer.status_code, b"not in the archive" in answer.body) == (404, True)
    assert client.get(pictures.original_url(uuid.UUID(int=1))).status_code == 503


def test_it_takes_the_nearest_size(factory: Factory) -> None:
    settings = factory.settings(THUMBNAIL_SIZES="100,500,1000")
    assert [pictures.nearest(settings, size) for size in (50, 100, 101, 5000)] == [
        100, 100, 500, 1000,
    ]  # fmt: skip
