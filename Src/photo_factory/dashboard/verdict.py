"""How a service is: what it runs in, how old its last beat is and what that said, in one word.

Where the three do not agree, the reason says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from photo_factory.dashboard.units import Condition, Unit
from photo_factory.shared.heartbeat_service import STOPPED, Light
from photo_factory.shared.sizes import duration_text

Word = Literal["OK", "WARNING", "ERROR", "SILENT", "STOPPED", "STARTING", "UNKNOWN"]

URGENCY: tuple[Word, ...] = ("ERROR", "SILENT", "WARNING", "UNKNOWN", "STARTING", "STOPPED", "OK")
"""The worst first."""

START = timedelta(seconds=90)
"""How long a service may take from its start to its first beat."""


@dataclass(frozen=True)
class Verdict:
    """How one service or probe is."""

    name: str
    word: Word
    reason: str
    """Empty where there is nothing to say beyond the word."""
    task: str = ""
    last_heartbeat: datetime | None = None
    is_probe: bool = False
    units: tuple[Unit, ...] = ()
    light: Light | None = None


RECENT = timedelta(minutes=5)
"""So long a service that died is pointed at, though it was started again at once."""


@dataclass(frozen=True)
class Seen:
    """What can be seen now: units and lights, each None while it cannot be asked."""

    units: Sequence[Unit] | None
    lights: Mapping[str, Light] | None
    at: datetime


def verdicts(seen: Seen) -> list[Verdict]:
    """Everything that runs or ever beat: services by name, then what is probed."""
    names = {unit.service for unit in seen.units or ()} | set(seen.lights or ())
    found = [judge(name, seen) for name in names]
    return sorted(found, key=lambda one: (one.is_probe, one.name))


def worst(found: Iterable[Verdict]) -> list[Verdict]:
    """The most urgent first."""
    return sorted(found, key=lambda one: (URGENCY.index(one.word), one.name))


def judge(name: str, seen: Seen) -> Verdict:
    """How one service or probe is."""
    units = tuple(unit for unit in seen.units or () if unit.service == name)
    light = (seen.lights or {}).get(name)
    word, reason = _word(units, light, seen)
    return Verdict(
        name=name,
        word=word,
        reason=reason,
        task=light.current_task if light else "",
        last_heartbeat=light.last_heartbeat if light else None,
        is_probe=light.is_probe if light else bool(units) and not units[0].beats,
        units=units,
        light=light,
    )


def _word(units: tuple[Unit, ...], light: Light | None, seen: Seen) -> tuple[Word, str]:
    """What the units say comes first: they know at once, a beat is missed after a while only."""
    down = _of_units(units, light)
    if down:
        return down
    if seen.lights is None and (not units or units[0].beats):
        return "UNKNOWN", _as_far_as_units_know(
            units, "the ledger is away, so its beats are unread"
        )
    if light is None:
        return _never_beat(units, seen.at)
    if light.is_probe:
        return _of_beats(light)
    return _of_light(units, light, seen)


def _of_units(units: tuple[Unit, ...], light: Light | None) -> tuple[Word, str] | None:
    """What is wrong with the units themselves; None where one runs, or none is known."""
    if not units or any(unit.condition == "running" for unit in units):
        return None
    unit = units[0]
    told = f" ({unit.note})" if unit.note else ""
    beats = _still_beats(light)
    if unit.condition == "stopped" and beats:
        return "WARNING", f"its {unit.kind} is stopped, and yet it beats: it runs elsewhere"
    young = ", its last beat is young" if beats else ""
    told_by: dict[Condition, tuple[Word, str]] = {
        "stopped": ("STOPPED", f"somebody stopped its {unit.kind}{_start_it(unit)}"),
        "starting": ("STARTING", f"its {unit.kind} is being started"),
        "restarting": ("ERROR", f"its {unit.kind} died{told} and is started again"),
        "frozen": ("ERROR", f"its {unit.kind} is frozen{told}: it does nothing until it goes on"),
        "dead": ("ERROR", f"its {unit.kind} is down{told}{young}{_start_it(unit)}"),
    }
    return told_by[unit.condition]


def _start_it(unit: Unit) -> str:
    """Docker starts again what died, and not what somebody stopped or killed by `docker kill`."""
    return ": `docker compose up -d` starts it" if unit.kind == "container" else ""


def _still_beats(light: Light | None) -> bool:
    return light is not None and light.instances > 0


def _never_beat(units: tuple[Unit, ...], at: datetime) -> tuple[Word, str]:
    if not units:
        return "UNKNOWN", "it has given no sign of life yet"
    unit = units[0]
    if not unit.beats:
        if unit.note:
            return "WARNING", f"Docker calls it {unit.note}"
        return "OK", ""
    if unit.started_at and at - unit.started_at < START:
        return "STARTING", "it has not beaten yet"
    return "SILENT", f"its {unit.kind} runs, but it has never given a sign of life"


def _of_light(units: tuple[Unit, ...], light: Light, seen: Seen) -> tuple[Word, str]:
    if light.current_task == STOPPED and light.instances == 0:
        return _stopped(units, light, seen)
    if light.state == "SILENT":
        return _silent(units, light, seen)
    word, reason = _of_beats(light)
    if seen.units is not None and not units:
        where = "it beats, but runs in nothing that can be seen from here"
        return word, f"{where}; {reason}" if reason else where
    return (word, reason) if word != "OK" else _in_doubt(units, seen.at) or (word, reason)


def _in_doubt(units: tuple[Unit, ...], at: datetime) -> tuple[Word, str] | None:
    """What the units say against a light that is green."""
    unwell = next((unit.note for unit in units if unit.note), "")
    if unwell and unwell != "starting":
        return "WARNING", f"it beats, but Docker calls it {unwell}"
    partly = [unit for unit in units if unit.condition != "running"]
    if partly:
        return "WARNING", f"{len(partly)} of its {len(units)} {units[0].kind}s do not run"
    again = [unit.started_at for unit in units if unit.restarts and unit.started_at]
    if again and at - max(again) < RECENT:
        # It was back before anybody could see that it was down.
        ago = duration_text((at - max(again)).total_seconds())
        return "WARNING", f"it ended, and was started again {ago} ago"
    return None


def _of_beats(light: Light) -> tuple[Word, str]:
    if light.state == "OK":
        return "OK", ""
    if light.state == "SILENT":
        return "SILENT", "the service-monitor has not looked: is it up?"
    return light.state, light.message or light.current_task


def _stopped(units: tuple[Unit, ...], light: Light, seen: Seen) -> tuple[Word, str]:
    """Its last beat was a farewell."""
    if light.state == "ERROR":
        return "ERROR", light.message or "it stopped with an error"
    if not units:
        return "STOPPED", "it was asked to stop"
    started = units[0].started_at
    if started and seen.at - started < START:
        return "STARTING", "it was started and has not beaten yet"
    return "SILENT", f"its {units[0].kind} runs, but its last word was that it stops"


def _silent(units: tuple[Unit, ...], light: Light, seen: Seen) -> tuple[Word, str]:
    every = f"it beats every {light.expected_every} s"
    silence = duration_text((seen.at - light.last_heartbeat).total_seconds())
    if not units:
        if seen.units is None:
            return "SILENT", f"no beat for {silence} ({every})"
        return "SILENT", f"it runs in nothing that can be seen from here, and {every} when it runs"
    started = units[0].started_at
    young = started and started > light.last_heartbeat and seen.at - started < START
    if young:
        return "STARTING", "it was started and has not beaten yet"
    return "SILENT", (
        f"its {units[0].kind} runs, but no beat came for {silence} "
        f"({every}): it hangs, or cannot reach the ledger"
    )


def _as_far_as_units_know(units: tuple[Unit, ...], why: str) -> str:
    return f"its {units[0].kind} runs; {why}" if units else why
