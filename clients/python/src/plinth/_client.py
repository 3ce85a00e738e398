"""The client: the generated resources, and what makes common work short."""

from __future__ import annotations

import json
import re
import ssl
import time
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Callable, Dict, Generic, Iterable, Iterator, List, Mapping, Optional, Sequence, Type
from typing import TypeVar, Union

from ._errors import PlinthError, invalid
from ._generated import EventsResource, EventsSendResultDataItem, Resources, TaskDetail, TasksResource
from ._live import LiveEvents
from ._transport import NOT_GIVEN, CallOptions, Transport

__all__ = ["Client", "Events", "SentEvents", "Table", "Tasks"]

Row = TypeVar("Row")
BATCH_EVENTS_MAX = 1000
#: The server takes 10 MiB.
BATCH_BYTES_MAX = 8 * 1024 * 1024
_ENDED = frozenset(["completed", "failed", "cancelled"])


class Tasks(TasksResource):
    """Tasks, and waiting for them."""

    def wait(
        self,
        id: str,
        *,
        wait_seconds: float = 300.0,
        pause: float = 0.1,
        pause_max: float = 2.0,
        options: Optional[CallOptions] = None,
    ) -> TaskDetail:
        """The task once it is completed, failed or cancelled: look at its status. Raises ``wait_timeout``; the task
        goes on after that."""
        ends_at = time.monotonic() + wait_seconds
        while True:
            task = self.get(id, options=options)
            if task["status"] in _ENDED:
                return task
            left = ends_at - time.monotonic()
            if left <= 0:
                detail = f"task {id} is {task['status']} after {wait_seconds} s"
                raise PlinthError("The task has not ended", code="wait_timeout", detail=detail)
            time.sleep(min(pause, left))
            pause = min(pause_max, pause * 1.5)

    def enqueue_and_wait(
        self,
        *,
        wait_seconds: float = 300.0,
        pause: float = 0.1,
        options: Optional[CallOptions] = None,
        **fields: Any,
    ) -> TaskDetail:
        """Enqueues (``task_type`` or ``definition`` and the other fields of ``enqueue``) and waits."""
        made = self.enqueue(options=options, **fields)
        return self.wait(made["id"], wait_seconds=wait_seconds, pause=pause)


@dataclass(frozen=True)
class SentEvents:
    stored: int
    duplicates: int
    #: In the order of the events.
    results: List[EventsSendResultDataItem]


class Events(EventsResource):
    """Events, and sending many."""

    def send_all(
        self,
        events: Iterable[Mapping[str, Any]],
        *,
        batch: int = 500,
        on_progress: Optional[Callable[[int], None]] = None,
        options: Optional[CallOptions] = None,
    ) -> SentEvents:
        """Sends any number of events, one batch after the other. Stops at the first error; events with an ``id`` may
        all be sent again, those stored already count as duplicates."""
        if not 1 <= batch <= BATCH_EVENTS_MAX:
            raise invalid(f"batch is 1 to {BATCH_EVENTS_MAX}")
        if options is not None and options.idempotency_key is not None:
            raise invalid("send_all makes a key for each batch: give the events an id instead")
        results: List[EventsSendResultDataItem] = []
        waiting: List[Mapping[str, Any]] = []
        size = 0

        def flush() -> None:
            nonlocal waiting, size
            if not waiting:
                return
            results.extend(self.send(waiting, options=options)["data"])  # type: ignore[arg-type]
            waiting, size = [], 0
            if on_progress is not None:
                on_progress(len(results))

        for event in events:
            own = len(json.dumps(event, default=str))
            if waiting and size + own > BATCH_BYTES_MAX:
                flush()
            waiting.append(event)
            size += own
            if len(waiting) >= batch:
                flush()
        flush()
        duplicates = sum(1 for one in results if one["duplicate"])
        return SentEvents(len(results) - duplicates, duplicates, results)


class Table(Generic[Row]):
    """One table of the generic REST layer. Filters are those of docs/reference/rest.md as they stand in the URL:
    ``select(select="id,name", slug="eq.atlas", limit=10)``."""

    def __init__(self, transport: Transport, name: str) -> None:
        if not re.fullmatch(r"[a-z_][a-z0-9_]*", name):
            raise invalid(f"{name!r} is not the name of a table")
        self._transport = transport
        self._path = f"/rest/v1/{name}"

    def select(self, *, options: Optional[CallOptions] = None, **filters: Any) -> List[Row]:
        return self._ask("GET", filters, options=options)

    def all(self, *, order: str, rows: int = 500, options: Optional[CallOptions] = None, **filters: Any) -> Iterator[Row]:
        """Every row that fits, page after page by limit and offset; give an ``order`` that is unique."""
        offset = 0
        while True:
            page = self._ask("GET", {**filters, "order": order, "limit": rows, "offset": offset}, options=options)
            yield from page
            if len(page) < rows:
                return
            offset += rows

    def insert(
        self, rows: Union[Mapping[str, Any], Sequence[Mapping[str, Any]]], *, options: Optional[CallOptions] = None, **filters: Any
    ) -> List[Row]:
        """Inserts all rows or none; the rows as stored."""
        return self._ask("POST", filters, rows, "return=representation", options)

    def upsert(
        self, rows: Union[Mapping[str, Any], Sequence[Mapping[str, Any]]], *, options: Optional[CallOptions] = None, **filters: Any
    ) -> List[Row]:
        """As insert; rows whose key (``on_conflict``, else the primary key) is there already are changed instead."""
        return self._ask("POST", filters, rows, "return=representation,resolution=merge-duplicates", options)

    def update(self, values: Mapping[str, Any], *, options: Optional[CallOptions] = None, **filters: Any) -> List[Row]:
        """Changes the rows that fit; the server refuses a change without any filter."""
        return self._ask("PATCH", filters, values, "return=representation", options)

    def delete(self, *, options: Optional[CallOptions] = None, **filters: Any) -> List[Row]:
        """Deletes the rows that fit; the rows that were."""
        return self._ask("DELETE", filters, NOT_GIVEN, "return=representation", options)

    def _ask(
        self,
        method: str,
        filters: Mapping[str, Any],
        body: Any = NOT_GIVEN,
        prefer: Optional[str] = None,
        options: Optional[CallOptions] = None,
    ) -> List[Row]:
        headers: Dict[str, str] = {} if prefer is None else {"prefer": prefer}
        rows = self._transport.send(
            method, self._path, query=filters, body=body, idempotent=True, headers=headers, options=options
        )
        if not isinstance(rows, list):
            raise PlinthError("The answer holds no rows", code="response_invalid", status=200)
        return rows


class Client(Resources):
    """A client of one Plinth. It may be shared by threads; ``close`` it, or use it in ``with``.

    ``url`` is where Plinth is, with its sub-path if it has one. Who asks is a ``key``, or a ``token`` function that
    returns a valid token (JWT) and is asked before every attempt, or else the session that ``auth.sign_in`` begins.
    Times are seconds: ``timeout`` is for one attempt, body included; ``retries`` are attempts after the first, and
    ``retry_delay`` the first wait, doubled with each further one; ``retry_delay_max`` bounds it, also where Retry-After
    asks for more: then the error is raised at once. Raises ``invalid_request`` for a URL or key that cannot be right.
    """

    def __init__(
        self,
        url: str,
        *,
        key: Optional[str] = None,
        token: Optional[Callable[[], str]] = None,
        organization: Optional[str] = None,
        timeout: float = 60.0,
        retries: int = 3,
        retry_delay: float = 0.25,
        retry_delay_max: float = 30.0,
        response_bytes_max: int = 64 * 1024 * 1024,
        ssl_context: Optional[ssl.SSLContext] = None,
        use_proxies: bool = True,
    ) -> None:
        transport = Transport(
            url,
            key=key,
            token=token,
            organization=organization,
            timeout=timeout,
            retries=retries,
            retry_delay=retry_delay,
            retry_delay_max=retry_delay_max,
            response_bytes_max=response_bytes_max,
            ssl_context=ssl_context,
            use_proxies=use_proxies,
        )
        super().__init__(transport)
        self._transport = transport
        self.tasks: Tasks = Tasks(transport)
        self.events: Events = Events(transport)

    @property
    def url(self) -> str:
        return self._transport.url

    def table(self, name: str) -> "Table[Dict[str, Any]]":
        return Table(self._transport, name)

    def live(
        self,
        *,
        source: Optional[str] = None,
        type: Optional[str] = None,
        category: Optional[str] = None,
        project_id: Optional[str] = None,
        repository_id: Optional[str] = None,
        after: Optional[str] = None,
        on_connect: Optional[Callable[[], None]] = None,
        options: Optional[CallOptions] = None,
    ) -> LiveEvents:
        """Every event from now on, or after the ``cursor`` of the last one you have dealt with. ``*`` stands for any
        characters of a ``type``. Use it in ``with``, or ``close`` it; ``on_connect`` is called when the
        first message of a connection is there."""
        filters = {
            "source": source,
            "type": type,
            "category": category,
            "project_id": project_id,
            "repository_id": repository_id,
        }
        return LiveEvents(self._transport, filters, after, on_connect, options)

    def request(
        self,
        method: str,
        path: str,
        *,
        query: Optional[Mapping[str, Any]] = None,
        body: Any = NOT_GIVEN,
        idempotent: bool = False,
        options: Optional[CallOptions] = None,
    ) -> Any:
        """Any other route of this server, such as those of your own modules; the JSON it answers. ``idempotent`` says
        that the route takes an Idempotency-Key."""
        if not path.startswith("/"):
            raise invalid('a path begins with "/"')
        return self._transport.send(
            method.upper(), path, query=query, body=body, idempotent=idempotent, options=options
        )

    def close(self) -> None:
        self._transport.close()

    def __enter__(self) -> "Client":
        return self

    def __exit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        self.close()
