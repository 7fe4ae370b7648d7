"""A second host: a Docker Engine with a name and a network of its own, one cable away from here."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.stack.engine import Engine

HERE, THERE = "192.168.177.1", "192.168.177.2"
"""The two ends of the cable."""

_SPACE, _OURS, _THEIRS = "photo-factory-2", "pf-cable-1", "pf-cable-2"


class OtherHost(Engine):
    """A host named `name`, which reaches this one by its address HERE and nobody else."""

    def __init__(self, home: Path, name: str) -> None:
        super().__init__(home)
        self.name = name

    def command(self) -> list[str]:
        # Not `ip netns exec`: that hides the control groups, without which no engine starts.
        enter = f'hostname {self.name} && exec nsenter --net=/run/netns/{_SPACE} "$@"'
        return ["unshare", "--uts", "sh", "-c", enter, "sh", *super().command()]

    def load(self, engine: Engine, image: str) -> None:
        """Bring an image over, as `docker save | ssh … docker load` does."""
        save = ["docker", "save", image]
        with subprocess.Popen(save, env=engine.environment, stdout=subprocess.PIPE) as saving:
            subprocess.run(
                ["docker", "load", "--quiet"], env=self.environment, stdin=saving.stdout,
                check=True, capture_output=True, timeout=300,
            )  # fmt: skip
        assert saving.returncode == 0


@contextmanager
def cable() -> Iterator[None]:
    """The second host's network, with nothing in it but the way to this one."""
    _ip("netns", "add", _SPACE)
    try:
        _ip("link", "add", _OURS, "type", "veth", "peer", "name", _THEIRS, "netns", _SPACE)
        _ip("address", "add", f"{HERE}/24", "dev", _OURS)
        _ip("link", "set", _OURS, "up")
        _there("address", "add", f"{THERE}/24", "dev", _THEIRS)
        for device in (_THEIRS, "lo"):
            _there("link", "set", device, "up")
        # Who asks for a name or a registry hears at once that there is none.
        _there("route", "add", "unreachable", "default")
        yield
    finally:
        _ip("netns", "delete", _SPACE)  # and with it the cable


def unplug() -> None:
    """Both hosts live on, and hear nothing of each other."""
    _there("link", "set", _THEIRS, "down")


def plug_in() -> None:
    """Undo `unplug`."""
    _there("link", "set", _THEIRS, "up")


def _there(*command: str) -> None:
    _ip("-netns", _SPACE, *command)


def _ip(*command: str) -> None:
    subprocess.run(["ip", *command], check=True, capture_output=True, text=True)


@contextmanager
def other_host(home: Path, name: str) -> Iterator[OtherHost]:
    """Another host, up; gone afterwards."""
    with cable():
        host = OtherHost(home, name)
        host.start()
        try:
            yield host
        finally:
            host.stop()
