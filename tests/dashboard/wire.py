"""Speaks with the dashboard as its page does, by hand: also what a page would never send."""

from __future__ import annotations

import http.client
import uuid
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import websockets.sync.client
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.typing import Subprotocol

PATIENCE = 60.0
QUIET_S = 0.3
"""Seconds without a message after which a run is taken to be over."""


@dataclass
class Told:
    """What came back from one run of the script."""

    messages: list[ForwardMsg] = field(default_factory=list)

    @property
    def text(self) -> str:
        """All of it as text: whatever stands on the page, and in what is sent beside it."""
        return "\n".join(str(one) for one in self.messages)

    @property
    def session(self) -> str:
        return next(
            one.new_session.initialize.session_id
            for one in self.messages
            if one.WhichOneof("type") == "new_session"
        )

    @property
    def fragments(self) -> set[str]:
        """The ids of the parts that can be drawn anew by themselves."""
        found = {one.delta.fragment_id for one in self.messages if one.HasField("delta")}
        return {one for one in found if one} | {
            one.auto_rerun.fragment_id for one in self.messages if one.HasField("auto_rerun")
        }

    @property
    def widgets(self) -> dict[str, tuple[str, str]]:
        """Kind and label of each widget by its id."""
        found = {}
        for one in self.messages:
            if one.HasField("delta") and one.delta.HasField("new_element"):
                kind = one.delta.new_element.WhichOneof("type")
                element = getattr(one.delta.new_element, kind or "", None)
                if element is not None and getattr(element, "id", ""):
                    found[element.id] = (str(kind), str(getattr(element, "label", "")))
        return found


class Browser:
    """One visitor: their cookies, what they ask, and the connection of a page."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.cookies: dict[str, str] = {}
        self.session = ""
        """A session that shall be taken up again; Streamlit's pages do so after a break."""

    @property
    def cookie(self) -> str:
        return "; ".join(f"{name}={value}" for name, value in self.cookies.items())

    def ask(
        self, path: str, method: str = "GET", body: str | bytes | None = None, **headers: str
    ) -> http.client.HTTPResponse:
        """An answer, read to its end; its bytes are in `content`."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        given = {"cookie": self.cookie, **headers}
        with closing(connection):
            connection.request(method, path, body, given)
            answer = connection.getresponse()
            answer.content = answer.read()  # type: ignore[attr-defined]
        for one in answer.headers.get_all("set-cookie") or []:
            name, _, value = one.partition(";")[0].partition("=")
            self.cookies[name] = value
        return answer

    def enter(self, password: str) -> None:
        form = urlencode({"password": password})
        kind = "application/x-www-form-urlencoded"
        assert self.ask("/enter", "POST", form, **{"content-type": kind}).status == 303

    def open(self, page: str = "", query: str = "") -> Page:
        """The connection that a page holds, after its first drawing."""
        return Page(self, page, query)


class Page:
    """One open page."""

    def __init__(self, browser: Browser, name: str, query: str) -> None:
        self.name, self.query = name, query
        spoken = [Subprotocol(one) for one in ("streamlit", "none", browser.session) if one]
        self._held = ExitStack()
        self.socket = self._held.enter_context(
            websockets.sync.client.connect(
                f"ws://127.0.0.1:{browser.port}/_stcore/stream", proxy=None, max_size=None,
                additional_headers={"cookie": browser.cookie}, open_timeout=PATIENCE,
                subprotocols=spoken,
            )
        )  # fmt: skip
        self.first = self.run()

    def close(self) -> None:
        self._held.close()

    def run(
        self,
        states: Mapping[str, Any] | None = None,
        fragment: str = "",
        until: Callable[[Told], bool] | None = None,
    ) -> Told:
        """Have the script run, with widgets set as `states` says; what comes back."""
        message = BackMsg()
        asked = message.rerun_script
        asked.page_name, asked.query_string, asked.fragment_id = self.name, self.query, fragment
        asked.context_info.timezone = "Europe/Berlin"
        for name, value in (states or {}).items():
            one = asked.widget_states.widgets.add()
            one.id = name
            set_state(one, value)
        self.send(message)
        return self.hear(until)

    def send(self, message: BackMsg) -> None:
        self.socket.send(message.SerializeToString())

    def hear(self, until: Callable[[Told], bool] | None = None) -> Told:
        """What comes until a run is over and nothing follows."""
        told, is_over = Told(), False
        while True:
            try:
                content = self.socket.recv(timeout=QUIET_S if is_over else PATIENCE)
            except TimeoutError:
                if is_over:
                    return told
                raise
            one = ForwardMsg.FromString(content if isinstance(content, bytes) else b"")
            told.messages.append(one)
            if one.WhichOneof("type") == "script_finished":
                is_over = one.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN
            if until and until(told):
                return told


TRIGGER = object()
"""A state: a button that was pressed."""


def set_state(one: Any, value: Any) -> None:
    """Write a value into a widget's state."""
    if value is TRIGGER:
        one.trigger_value = True
    elif isinstance(value, bool):
        one.bool_value = value
    elif isinstance(value, str):
        one.string_value = value
    elif isinstance(value, float):
        one.double_value = value
    elif isinstance(value, Iterable):
        one.string_array_value.data.extend(value)


def some_id() -> str:
    return str(uuid.uuid4())
