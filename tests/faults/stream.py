"""A stream of arrivals: new photos, the same ones again, names that clash, sidecars."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable

from tests.faults.factory import Factory, jpeg, xmp

DEVICES = ("pixel-7", "iphone", "nikon/DCIM/100")


class Stream:
    """Delivers into a factory's inbox; everything follows from the seed."""

    def __init__(self, factory: Factory, seed: int) -> None:
        self.random = random.Random(seed)
        self._factory = factory
        self._numbers = itertools.count(1)
        self._old: list[bytes] = []
        self._photos: list[str] = []
        self._sidecars: list[str] = []

    def more(self, files: int) -> None:
        """Deliver so many arrivals, or one more."""
        goal = self._factory.given.total() + files
        while self._factory.given.total() < goal:
            self._next()()

    def _next(self) -> Callable[[], None]:
        kinds = (self._photo, self._again, self._clash, self._pair, self._late_partner)
        return self.random.choices(kinds, (4, 2, 2, 1, 1))[0]

    def _photo(self) -> None:
        name = self._name()
        self._deliver(f"{name}.jpg", self._content())
        self._photos.append(name)

    def _again(self) -> None:
        if self._old:
            self._deliver(f"{self._name()}.jpg", self.random.choice(self._old))

    def _clash(self) -> None:
        """Another photo of the same name, from another phone or after the first one left."""
        if self._photos:
            name = self.random.choice(self._photos).rpartition("/")[2]
            self._deliver(f"{self.random.choice(DEVICES)}/{name}.jpg", self._content())

    def _pair(self) -> None:
        name = self._name()
        self._deliver(f"{name}.xmp", self._sidecar())
        self._deliver(f"{name}.jpg", self._content())

    def _late_partner(self) -> None:
        """A sidecar whose photo came before it, or one whose photo is yet to come."""
        if self._sidecars and self.random.random() < 0.5:
            self._deliver(f"{self._sidecars.pop()}.jpg", self._content())
        elif self._photos and self.random.random() < 0.5:
            self._deliver(f"{self._photos.pop()}.xmp", self._sidecar())
        else:
            name = self._name()
            self._deliver(f"{name}.xmp", self._sidecar())
            self._sidecars.append(name)

    def _name(self) -> str:
        number = next(self._numbers)
        day, minute, second = number % 5 + 1, number // 60 % 60, number % 60
        device = self.random.choice(DEVICES)
        return f"{device}/IMG_2023010{day}_10{minute:02d}{second:02d}"

    def _content(self) -> bytes:
        number = next(self._numbers)
        self._old.append(jpeg(f"photo {number}", size=self.random.choice((0, 3000, 9000))))
        return self._old[-1]

    def _sidecar(self) -> bytes:
        return xmp(f"sidecar {next(self._numbers)}")

    def _deliver(self, name: str, content: bytes) -> None:
        # A phone does not put one photo over another; Syncthing would call the second a conflict.
        if not (self._factory.inbox / name).exists():
            self._factory.deliver(name, content)
