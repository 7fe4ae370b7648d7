"""Parts of the page of what needs attention: each kind, in plain words, with its buttons."""

from __future__ import annotations

import uuid
from functools import partial

import streamlit as st

from photo_factory.dashboard import access
from photo_factory.dashboard.actions import attention as acts_on
from photo_factory.dashboard.app_pages import acts, attention_list
from photo_factory.dashboard.app_pages.attention_list import button, paged, ticked
from photo_factory.dashboard.app_pages.words import plain
from photo_factory.dashboard.context import context
from photo_factory.dashboard.queries import attention
from photo_factory.dashboard.queries.attention import Halt, Item
from photo_factory.dashboard.widgets import when

_ALL = "every service"


def draw_halted() -> None:
    """What must not go on until somebody says so."""
    st.markdown(
        "Something was so wrong that going on could lose photos, so it stands still. "
        "**Mend the cause first**, then let it go on; while the cause is there it is stopped again."
    )
    may_act = acts.only_owners("let it go on")
    for halt in attention.halted(context().engine):
        with st.container(border=True, gap="xsmall"):
            st.markdown(f"**{_what_halts(halt)}** stands still")
            st.markdown(plain(halt.reason))
            st.caption(f"since {when(halt.at)}")
            if may_act:
                st.button(
                    "The cause is gone: let it go on", key=f"reset_{halt.name}",
                    on_click=acts.do, args=(partial(_let_go_on, halt),),
                )  # fmt: skip


def _what_halts(halt: Halt) -> str:
    folder = halt.name.removeprefix("inbox/")
    if folder == halt.name:
        return "Everything" if halt.name == "archive" else plain(halt.name)
    return f"The inbox folder {plain(folder)}" if folder else "The whole inbox"


def _let_go_on(halt: Halt) -> str:
    acts_on.let_go_on(context(), access.actor(), halt.name)
    return f"{_what_halts(halt)} goes on"


def draw_findings() -> None:
    """Originals that are not what they were when they were filed."""
    st.markdown(
        "These originals were read again and are not what was filed. A repair takes the bytes from "
        "a backup copy, proves them, and keeps the damaged file aside in `Storage/Quarantine`."
    )
    found = paged("findings", partial(attention.findings, context().engine, size=25))
    if acts.only_owners("have them repaired"):
        chosen = [item.key[0] for item in ticked("findings", found.items)]
        label = f"Repair {len(chosen)} from a backup" if chosen else "Repair from a backup"
        button(label, partial(_repair, chosen), is_main=True, off=not chosen)
    attention_list.draw("findings", found)


def _repair(chosen: list[int]) -> str:
    number = acts_on.repair(context(), access.actor(), chosen)
    return f"A repair of {acts.count(number, 'original')} was asked of the service-monitor"


def draw_held() -> None:
    """Files that are still in the inbox for a reason."""
    seconds = context().settings.scan_interval
    st.markdown(
        "These files are safe in the inbox, and not filed yet; each says why. Mend the cause: "
        f"the Librarian tries them again every {seconds:g} seconds by itself, or at once by the "
        "button. What is no photo of yours can be removed from the phone or the inbox."
    )
    found = paged("held", partial(attention.held, context().engine, size=25))
    if acts.only_owners("have them tried at once"):
        chosen = [item.key[1] for item in ticked("held", found.items)]
        with st.container(horizontal=True):
            label = f"Try {len(chosen)} now" if chosen else "Try now"
            button(label, partial(_try_held, chosen), is_main=True, off=not chosen)
            button("Try all held files now", partial(_try_held, None))
    attention_list.draw("held", found)


def _try_held(chosen: list[int] | None) -> str:
    number = acts_on.try_held(context(), access.actor(), chosen)
    return f"The Librarian was asked to try {acts.count(number, 'file')} at once"


def draw_parked() -> None:
    """What services gave up on."""
    engine = context().engine
    st.markdown(
        "A service tried these several times and gave up. The originals are filed and safe; only "
        "what the service makes of them is missing. Mend the cause, then let it try again. A file "
        "that is really damaged stays here: look at it, and get a better one from the phone."
    )
    services = attention.parked_services(engine)
    service = None
    if len(services) > 1:
        told = {_ALL: sum(services.values()), **services}
        chosen_one = st.selectbox(
            "Service", [*told], format_func=lambda one: f"{one} ({told[one]:,})", width=280
        )
        service = None if chosen_one == _ALL else chosen_one
    found = paged(f"parked_{service}", lambda after: attention.parked(engine, after, 25, service))
    if acts.only_owners("let them be tried again"):
        _draw_retry(ticked("parked", found.items), service)
    attention_list.draw("parked", found)


def _draw_retry(chosen: list[Item], service: str | None) -> None:
    what = [(item.service, item.asset_id) for item in chosen if item.asset_id]
    with st.container(horizontal=True):
        label = f"Retry {len(what)}" if what else "Retry"
        button(label, lambda: _retry(what), is_main=True, off=not what)
        of = f" of {service}" if service else ""
        button(f"Retry everything{of}", partial(_retry_all, service))


def _retry(what: list[tuple[str, uuid.UUID]]) -> str:
    number = acts_on.retry(context(), access.actor(), what)
    return f"{acts.count(number, 'run')} will be tried again at once"


def _retry_all(service: str | None) -> str:
    number = acts_on.retry_all(context(), access.actor(), service)
    return f"{acts.count(number, 'run')} will be tried again at once"


def draw_duplicates() -> None:
    """Duplicates whose kept copy is, or was, not what it should be."""
    st.markdown(
        "These files came again, and the copy that was kept was found damaged or missing, then or "
        "since. Look whether the photo is whole. What was repaired needs no more than a look; what "
        "is still damaged stands under *Damaged originals* as well."
    )
    found = paged("duplicates", partial(attention.duplicates, context().engine, size=25))
    if acts.only_owners("say that they are in order"):
        chosen = [item.key[1] for item in ticked("duplicates", found.items)]
        label = f"{len(chosen)} are in order" if chosen else "They are in order"
        button(label, partial(_seen, chosen), is_main=True, off=not chosen)
    attention_list.draw("duplicates", found)


def _seen(chosen: list[int]) -> str:
    number = acts_on.seen(context(), access.actor(), chosen)
    return f"{acts.count(number, 'duplicate')} noted as being in order"
