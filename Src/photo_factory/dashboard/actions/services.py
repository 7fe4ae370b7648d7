"""Starting, stopping, restarting and doubling services."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from photo_factory.dashboard.actions import acting
from photo_factory.dashboard.units import Host
from photo_factory.shared.action_log import Actor
from photo_factory.shared.errors import PhotoFactoryError

if TYPE_CHECKING:
    from photo_factory.dashboard.context import Context

Verb = Literal["start", "stop", "restart", "scale"]

NEVER_STOPPED = ("dashboard", "docker-proxy")
"""Whoever stops these here could not start them here again."""

MOST = 16
"""Processes of one service that can be asked for here."""


def control(
    context: Context, actor: Actor, host: Host, verb: Verb, service: str, processes: int = 1
) -> None:
    """Do it and log it; PhotoFactoryError with the reason where it cannot be."""
    with acting(context, actor, f"{verb} service", service, processes=processes):
        if not context.settings.dashboard_control:
            raise PhotoFactoryError("services are controlled here only with DASHBOARD_CONTROL=true")
        if verb == "stop" and service in NEVER_STOPPED:
            raise PhotoFactoryError(f"{service} cannot be stopped from here: nobody could start it")
        if verb == "scale":
            if not 1 <= processes <= MOST:
                raise PhotoFactoryError(f"{processes} is not between 1 and {MOST}")
            host.scale(service, processes)
        elif verb == "start":
            host.start(service)
        elif verb == "stop":
            host.stop(service)
        else:
            host.restart(service)
