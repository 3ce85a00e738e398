"""Events as they come: the server's stream, connected again whenever it breaks."""

from __future__ import annotations

import http.client
import json
import random
import socket
import threading
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Callable, Dict, Generator, Iterator, List, Mapping, Optional, Type

from ._connections import READ_BYTES, Stream
from ._errors import PlinthError
from ._transport import CallOptions, Transport, query_text

__all__ = ["LiveEvent", "LiveEvents"]

#: The server sends something every 15 s.
SILENCE_SECONDS_MAX = 45.0
MESSAGE_BYTES_MAX = 1_000_000
RECONNECT_SECONDS = 1.0


@dataclass(frozen=True)
class LiveEvent:
    #: Where to go on after this event; keep it where the program may start anew.
    cursor: str
    #: The event as ``events.list`` shows it, without its payload, which ``events.get_payload`` reads.
    event: Dict[str, Any]


@dataclass(frozen=True)
class _Message:
    id: Optional[str]
    event: Optional[str]
    data: str
    retry: Optional[float]


class LiveEvents:
    """Every event from now, or from ``after``, once each and in the order they became visible, until it is closed.

    Iterate over it in one thread; ``close`` may be called from any, and ends the loop. Connects again after whatever
    passes, and raises what does not: a refused key, ``live_cursor_expired`` for a place that is none since the
    database was restored.
    """

    def __init__(
        self,
        transport: Transport,
        filters: Mapping[str, Any],
        after: Optional[str],
        on_connect: Optional[Callable[[], None]],
        options: Optional[CallOptions],
    ) -> None:
        search = query_text(filters)
        self._path = "/v1/live" if not search else f"/v1/live?{search}"
        self._transport = transport
        self._on_connect = on_connect
        self._options = options
        self._closed = threading.Event()
        self._lock = threading.Lock()
        #: Held while a thread waits for the next event.
        self._reading = threading.Lock()
        self._stream: Optional[Stream] = None
        #: The place reached: what ``after`` takes.
        self.cursor: Optional[str] = after
        self._retry = RECONNECT_SECONDS
        self._is_fresh = False
        self._events = self._follow()

    def __iter__(self) -> Iterator[LiveEvent]:
        return self

    def __next__(self) -> LiveEvent:
        with self._reading:
            if self._closed.is_set():
                raise StopIteration
            return next(self._events)

    def close(self) -> None:
        self._closed.set()
        with self._lock:
            if self._stream is not None:
                self._stream.interrupt()
        # where the loop was left: the connection ends now, and not with the program
        if self._reading.acquire(blocking=False):
            try:
                self._events.close()
            finally:
                self._reading.release()

    def __enter__(self) -> "LiveEvents":
        return self

    def __exit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        self.close()

    def _follow(self) -> Generator[LiveEvent, None, None]:
        failures = 0
        while not self._closed.is_set():
            self._is_fresh = False
            try:
                yield from self._connection()
            except PlinthError as failure:
                if self._closed.is_set():
                    return
                if not _is_passing(failure):
                    raise
            failures = 0 if self._is_fresh else min(failures + 1, 10)
            wait = min(self._transport.retry_delay_max, self._retry * 2**failures)
            self._closed.wait(wait * random.uniform(0.5, 1))

    def _connection(self) -> Iterator[LiveEvent]:
        headers = {"accept": "text/event-stream"}
        if self.cursor is not None:
            headers["last-event-id"] = self.cursor
        stream = self._transport.open_stream(self._path, headers, SILENCE_SECONDS_MAX, self._options)
        try:
            with self._lock:
                self._stream = stream
            if self._closed.is_set():
                return
            for message in _messages(stream):
                if not self._is_fresh and self._on_connect is not None:
                    self._on_connect()
                self._is_fresh = True
                if message.retry is not None:
                    self._retry = message.retry
                if message.event == "event":
                    # the place is reached only once the event has been given
                    event = LiveEvent(message.id or self.cursor or "", _object_of(message.data))
                    self.cursor = event.cursor
                    yield event
                elif message.id is not None:
                    self.cursor = message.id
                if message.event == "end" or self._closed.is_set():
                    return
        finally:
            with self._lock:
                self._stream = None
            stream.close()


def _is_passing(failure: PlinthError) -> bool:
    if failure.code in ("network_error", "timeout") or failure.status == 429:
        return True
    return failure.status >= 500 and failure.status != 501


def _messages(stream: Stream) -> Iterator[_Message]:
    """The messages of a text/event-stream body: fields by line, a message up to an empty line. What is cut off in the
    middle of a message is no message. Raises ``network_error``, ``timeout``, ``response_too_large``."""
    waiting = b""
    while True:
        try:
            part = stream.read(READ_BYTES)
        except (TimeoutError, socket.timeout) as cause:
            raise PlinthError("The stream has fallen silent", code="timeout") from cause
        # ValueError: closed by another thread in the middle of reading
        except (OSError, ValueError, http.client.HTTPException) as cause:
            raise PlinthError("The stream broke off", code="network_error") from cause
        if not part:
            return
        *whole, waiting = (waiting + part).split(b"\n\n")
        if len(waiting) > MESSAGE_BYTES_MAX:
            raise PlinthError("A message of the stream is too large", code="response_too_large", status=200)
        for text in whole:
            yield _message_of(text.decode("utf-8", "replace"))


def _message_of(text: str) -> _Message:
    fields: Dict[str, str] = {}
    data: List[str] = []
    for line in text.split("\n"):
        name, _, value = line.rstrip("\r").partition(":")
        value = value[1:] if value.startswith(" ") else value
        if name == "data":
            data.append(value)
        else:
            fields[name] = value
    retry = fields.get("retry", "")
    return _Message(
        fields.get("id"),
        fields.get("event"),
        "\n".join(data),
        int(retry) / 1000 if retry.isascii() and retry.isdigit() and len(retry) < 7 else None,
    )


def _object_of(text: str) -> Dict[str, Any]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as cause:
        raise PlinthError("A message of the stream is not JSON", code="response_invalid", status=200) from cause
    if not isinstance(value, dict):
        raise PlinthError("A message of the stream is no event", code="response_invalid", status=200)
    return value
