"""A worker: runs tasks of Plinth in this program, over the protocol of docs/reference/worker-protocol.md."""

from __future__ import annotations

import inspect
import json
import logging
import os
import random
import signal
import socket
import ssl
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from types import FrameType
from typing import Any, Callable, Dict, List, Mapping, Optional, TypeVar

from ._client import Client
from ._errors import PlinthError, invalid
from ._transport import CallOptions

__all__ = ["Context", "Stopped", "TaskFailure", "Worker"]

log = logging.getLogger("plinth.worker")

CLAIM_WAIT_SECONDS = 30
LOG_LINES_MAX = 500
LOG_LINES_WAITING_MAX = 10_000
LOG_FLUSH_SECONDS = 0.5
MESSAGE_CHARS_MAX = 64 * 1024
ANSWER_TRIES_SECONDS = 60.0
RETRY_SECONDS = 0.5
RETRY_SECONDS_MAX = 15.0
_LEVELS = frozenset(["debug", "info", "warn", "error"])

Handler = Callable[..., Any]
H = TypeVar("H", bound=Handler)


class TaskFailure(Exception):
    """Raise it in a handler to say how a failure is to be treated. Any other error is tried again as the task's
    definition says, under the code ``handler_failed``."""

    def __init__(
        self,
        message: str = "",
        *,
        code: str = "failed",
        retryable: bool = True,
        retry_after: Optional[float] = None,
        details: Optional[Mapping[str, Any]] = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.retryable = retryable
        #: Seconds until the next attempt.
        self.retry_after = retry_after
        self.details = details


class Stopped(Exception):
    """What ``Context.check`` raises when the task is to be stopped. ``reason`` is cancel, pause, timed_out, lost or
    shutdown."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"the task is to stop: {reason}")
        self.reason = reason


@dataclass(frozen=True)
class _Line:
    level: str
    message: str
    data: Any


class Context:
    """What a handler knows of its task. Its methods may be called from any thread."""

    def __init__(self, worker: "Worker", claimed: Mapping[str, Any]) -> None:
        self.task_id: str = claimed["task_id"]
        self.task_type: str = claimed["task_type"]
        #: The same for every attempt: use it for effects outside, tasks run at least once.
        self.idempotency_key: str = claimed["task_id"]
        self.attempt: int = claimed["attempt"]
        self.timeout_seconds: float = claimed["timeout_seconds"]
        self._lease: str = claimed["lease_id"]
        self._worker = worker
        self._ends_at = time.monotonic() + self.timeout_seconds
        self._stop = threading.Event()
        self._reason = ""
        self._lock = threading.Lock()
        self._lines: List[_Line] = []
        self._dropped = 0
        self._progress: Optional[Dict[str, Any]] = None

    @property
    def cancelled(self) -> bool:
        """Whether to stop: somebody cancelled or paused the task, its time is up, its lease is lost, or the worker
        shuts down and does not wait any longer."""
        return self._stop.is_set()

    @property
    def reason(self) -> str:
        """Why to stop; empty while there is no reason."""
        return self._reason

    def check(self) -> None:
        """Raises Stopped when the task is to stop. Call it now and then in long work."""
        if self._stop.is_set():
            raise Stopped(self._reason)

    def sleep(self, seconds: float) -> None:
        """Sleeps, and raises Stopped as soon as the task is to stop."""
        self._stop.wait(seconds)
        self.check()

    def log(self, level: str, message: str, data: Any = None) -> None:
        """A line of the task's log: debug, info, warn or error. Sent within half a second."""
        if level not in _LEVELS:
            raise ValueError(f"a level is one of {', '.join(sorted(_LEVELS))}")
        line = _Line(level, _clean(str(message))[:MESSAGE_CHARS_MAX], _plain_json(data))
        with self._lock:
            if len(self._lines) >= LOG_LINES_WAITING_MAX:
                self._dropped += 1
            else:
                self._lines.append(line)

    def progress(self, fraction: float, message: str = "") -> None:
        """How far the task is, 0 to 1. Only the newest is sent."""
        if not 0 <= fraction <= 1:
            raise ValueError("progress is between 0 and 1")
        with self._lock:
            self._progress = {"fraction": fraction, "message": _clean(str(message))[:500]}

    def _tell(self, reason: str) -> None:
        if not self._stop.is_set():
            self._reason = reason
            self._stop.set()

    def _take_output(self, lines_max: int) -> Optional[Dict[str, Any]]:
        with self._lock:
            lines, self._lines = self._lines[:lines_max], self._lines[lines_max:]
            progress, self._progress = self._progress, None
            if self._dropped and not self._lines:
                lines.append(_Line("warn", f"{self._dropped} lines dropped: Plinth could not be reached", None))
                self._dropped = 0
        if not lines and progress is None:
            return None
        said: Dict[str, Any] = {"lease_id": self._lease}
        if lines:
            said["lines"] = [
                {"level": one.level, "message": one.message, **({} if one.data is None else {"data": one.data})}
                for one in lines
            ]
        if progress is not None:
            said["progress"] = progress
        return said


class Worker:
    """Runs tasks of the types it has handlers for, in threads.

    ``concurrency`` tasks run at once; ``lease_seconds`` after this program has died its tasks run elsewhere. When it is
    told to stop (SIGTERM, SIGINT, ``stop()``), it claims no more and gives what runs ``stop_seconds`` to finish; then
    handlers are told to stop, and what has not answered after another ``grace_seconds`` is returned. A second signal
    returns all at once. Lost connections are tried again with growing pauses for as long as it runs.
    """

    def __init__(
        self,
        url: str,
        key: str,
        *,
        concurrency: int = 4,
        name: Optional[str] = None,
        lease_seconds: int = 15,
        stop_seconds: float = 30.0,
        grace_seconds: float = 5.0,
        ssl_context: Optional[ssl.SSLContext] = None,
        use_proxies: bool = True,
    ) -> None:
        if not 1 <= concurrency <= 100:
            raise invalid("concurrency is 1 to 100")
        self._client = Client(url, key=key, timeout=30.0, retries=0, ssl_context=ssl_context, use_proxies=use_proxies)
        self._concurrency = concurrency
        self._name = name if name is not None else f"{socket.gethostname()[:150]} {os.getpid()}"
        self._lease_seconds = lease_seconds
        self._stop_seconds = stop_seconds
        self._grace_seconds = grace_seconds
        self._handlers: Dict[str, Handler] = {}
        self._id = ""
        self._beat_seconds = lease_seconds / 5
        self._registering = threading.Lock()
        self._running: Dict[str, Context] = {}
        self._changed = threading.Condition()
        self._stopping = threading.Event()
        self._ended = threading.Event()
        self._hurry = threading.Event()

    def task(self, task_type: str) -> Callable[[H], H]:
        """Makes a function the handler of a type: ``handler(payload)`` or ``handler(payload, context)``. What it returns
        is the result, as JSON of at most 1 MB."""
        if not isinstance(task_type, str) or not task_type:
            raise invalid("a handler is registered by @worker.task('name')")

        def register(handler: H) -> H:
            if task_type in self._handlers:
                raise invalid(f"{task_type} has a handler already")
            self._handlers[task_type] = handler
            return handler

        return register

    def stop(self) -> None:
        """Stops, gracefully; ``run`` returns when it is done. May be called from any thread, and from a handler."""
        # no lock here: a signal handler may interrupt whoever holds it
        if self._stopping.is_set():
            self._hurry.set()
        self._stopping.set()

    def run(self, *, install_signals: bool = True) -> None:
        """Works until it is stopped. Raises PlinthError when the key or the types are refused."""
        if not self._handlers:
            raise invalid("the worker has no handlers: use @worker.task('name')")
        previous = {}
        if install_signals and threading.current_thread() is threading.main_thread():
            for number in (signal.SIGTERM, signal.SIGINT):
                previous[number] = signal.signal(number, self._on_signal)
        beating = threading.Thread(target=self._beat, name="plinth-heartbeat", daemon=True)
        talking = threading.Thread(target=self._talk, name="plinth-logs", daemon=True)
        claiming = threading.Thread(target=self._claim_always, name="plinth-claim", daemon=True)
        pool = ThreadPoolExecutor(self._concurrency, thread_name_prefix="plinth-task")
        self._pool = pool
        self._failure: Optional[BaseException] = None
        try:
            self._register("")
            for thread in (beating, talking, claiming):
                thread.start()
            # a wait without a timeout would not hear signals on every platform
            while not self._stopping.wait(1.0):
                pass
            self._finish()
        finally:
            self._stopping.set()
            self._ended.set()
            pool.shutdown(wait=False)
            for number, handler in previous.items():
                signal.signal(number, handler)
            self._client.close()
        if self._failure is not None:
            raise self._failure

    def _on_signal(self, _number: int, _frame: Optional[FrameType]) -> None:
        self.stop()

    # -- registering ---------------------------------------------------------------------------------------------------

    def _register(self, instead_of: str) -> None:
        """Registers; tries again while Plinth can not be reached. Nothing when somebody has done so meanwhile."""
        with self._registering:
            if self._id != instead_of:
                return
            made = self._patiently(
                "/v1/task-workers",
                {"task_types": sorted(self._handlers), "name": self._name[:200], "lease_seconds": self._lease_seconds},
                until=None,
            )
            if made is None:
                return
            self._id = made["id"]
            self._beat_seconds = made["heartbeat_seconds"]
            for one in made["task_types"]:
                if not one["is_defined"]:
                    log.warning("no task definition names %s yet: nobody can enqueue it", one["task_type"])
            log.info("registered as %s", self._id)

    # -- claiming ------------------------------------------------------------------------------------------------------

    def _claim_always(self) -> None:
        pause = 0.0
        while not self._stopping.is_set():
            with self._changed:
                self._changed.wait_for(self._has_room_or_stops, timeout=1.0)
                room = self._concurrency - len(self._running)
            if room <= 0 or self._stopping.is_set():
                continue
            worker = self._id
            try:
                # a claim that waits is told of a stop by its answer, within this time
                options = CallOptions(timeout=CLAIM_WAIT_SECONDS + 15.0)
                body = {"max": room, "wait_seconds": CLAIM_WAIT_SECONDS}
                tasks = self._post(worker, "claim", body, options)["tasks"]
                pause = 0.0
            except PlinthError as failure:
                if failure.code == "task_worker_unknown":
                    self._lose_all()
                    try:
                        self._register(worker)
                        continue
                    except PlinthError as refused:
                        failure = refused
                if _is_final(failure):
                    self._failure = failure
                    self._stopping.set()
                    return
                pause = min(RETRY_SECONDS_MAX, max(RETRY_SECONDS, pause * 2))
                log.warning("no tasks could be claimed, trying again: %s", failure)
                self._stopping.wait(max(failure.retry_after or 0.0, pause * random.uniform(0.5, 1)))
                continue
            for claimed in tasks:
                self._start(claimed)

    def _has_room_or_stops(self) -> bool:
        return self._stopping.is_set() or len(self._running) < self._concurrency

    def _start(self, claimed: Mapping[str, Any]) -> None:
        context = Context(self, claimed)
        with self._changed:
            if not self._stopping.is_set():
                self._running[context._lease] = context
                self._pool.submit(self._perform, context, claimed["payload"])
                return
        self._release([context])

    # -- one task ------------------------------------------------------------------------------------------------------

    def _perform(self, context: Context, payload: Any) -> None:
        try:
            self._answer(context, self._outcome_of(context, payload))
        except BaseException:
            log.exception("the answer of task %s could not be given", context.task_id)
        finally:
            with self._changed:
                self._running.pop(context._lease, None)
                self._changed.notify_all()

    def _outcome_of(self, context: Context, payload: Any) -> Dict[str, Any]:
        """What to tell of the task: {"result": …} or a failure."""
        handler = self._handlers[context.task_type]
        try:
            result = handler(payload, context) if _takes_context(handler) else handler(payload)
            # what can not be JSON is the handler's failure
            json.dumps(result, allow_nan=False)
            return {"result": result}
        except Stopped as stopped:
            return {"code": stopped.reason or "stopped", "message": str(stopped)}
        except TaskFailure as failure:
            told: Dict[str, Any] = {"code": failure.code, "message": str(failure), "retryable": failure.retryable}
            if failure.retry_after is not None:
                told["retry_after_seconds"] = failure.retry_after
            if failure.details is not None:
                told["details"] = _plain_json(dict(failure.details))
            return told
        except BaseException as error:
            log.warning("task %s failed", context.task_id, exc_info=True)
            return {"code": "handler_failed", "message": f"{type(error).__name__}: {error}"}

    def _answer(self, context: Context, told: Dict[str, Any]) -> None:
        reason = context.reason
        self._send_output([context])
        if reason == "lost":
            return
        if "result" not in told and reason in ("pause", "shutdown"):
            self._release([context])
            return
        if "result" not in told:
            told["message"] = _clean(str(told["message"]))[:4000]
        until = time.monotonic() + ANSWER_TRIES_SECONDS
        action = "complete" if "result" in told else "fail"
        answer = self._try_answer(context, action, told, until)
        outcome = answer["tasks"][0]["outcome"] if answer else "not answered"
        if outcome in ("result_too_large", "result_not_storable"):
            failure = {"code": outcome, "message": "the result can not be stored", "retryable": False}
            self._try_answer(context, "fail", failure, until)
        elif outcome not in ("recorded", "task_cancelled"):
            log.warning("the answer of task %s changed nothing: %s", context.task_id, outcome)

    def _try_answer(self, context: Context, action: str, told: Dict[str, Any], until: float) -> Optional[Dict[str, Any]]:
        body = {"tasks": [{"lease_id": context._lease, **told}]}
        try:
            return self._patiently(f"/v1/task-workers/{self._id}/{action}", body, until=until)
        except PlinthError as refused:
            if action == "fail" and told.get("code") == "answer_refused":
                raise
            log.warning("the answer of task %s was refused: %s", context.task_id, refused)
            if refused.code == "task_worker_unknown":
                return None
            failure = {"code": "answer_refused", "message": _clean(str(refused))[:4000], "retryable": False}
            return self._try_answer(context, "fail", failure, until)

    def _release(self, contexts: List[Context]) -> None:
        leases = [one._lease for one in contexts]
        for at in range(0, len(leases), 100):
            try:
                body = {"lease_ids": leases[at : at + 100]}
                until = time.monotonic() + self._grace_seconds
                self._patiently(f"/v1/task-workers/{self._id}/release", body, until=until)
            except PlinthError as failure:
                log.warning("tasks were not returned, they run elsewhere after their lease: %s", failure)

    # -- signs of life, logs -------------------------------------------------------------------------------------------

    def _beat(self) -> None:
        while not self._ended.wait(self._beat_seconds):
            now = time.monotonic()
            with self._changed:
                running = list(self._running.values())
            for context in running:
                if now >= context._ends_at:
                    context._tell("timed_out")
            if not running:
                continue
            worker = self._id
            try:
                body = {"lease_ids": [one._lease for one in running][:100]}
                options = CallOptions(timeout=max(1.0, self._beat_seconds * 2))
                states = self._post(worker, "heartbeat", body, options)["tasks"]
            except PlinthError as failure:
                log.warning("a heartbeat failed: %s", failure)
                if failure.code == "task_worker_unknown":
                    self._lose_all()
                continue
            by_lease = {one["lease_id"]: one["state"] for one in states}
            for context in running:
                state = by_lease.get(context._lease, "held")
                # one that has answered meanwhile is lost to the heartbeat
                if state != "held" and context._lease in self._running:
                    context._tell(state)

    def _lose_all(self) -> None:
        with self._changed:
            running = list(self._running.values())
        for context in running:
            context._tell("lost")

    def _talk(self) -> None:
        while not self._ended.wait(LOG_FLUSH_SECONDS):
            with self._changed:
                running = list(self._running.values())
            self._send_output(running)

    def _send_output(self, contexts: List[Context]) -> None:
        """Lines are hints for people: what can not be sent is dropped."""
        for context in contexts:
            while True:
                said = context._take_output(LOG_LINES_MAX - 1)
                if said is None:
                    break
                try:
                    self._post(self._id, "logs", {"tasks": [said]}, CallOptions(timeout=10.0))
                except PlinthError as failure:
                    log.warning("log lines of task %s were lost: %s", context.task_id, failure)
                    break

    # -- the end -------------------------------------------------------------------------------------------------------

    def _finish(self) -> None:
        log.info("stopping: %d tasks are running", len(self._running))
        self._wait_for_tasks(self._stop_seconds)
        with self._changed:
            running = list(self._running.values())
        for context in running:
            context._tell("shutdown")
        if running:
            self._wait_for_tasks(self._grace_seconds)
        if not self._id:
            return
        try:
            # what is still held goes back with it
            path = f"/v1/task-workers/{self._id}"
            self._client.request("DELETE", path, options=CallOptions(timeout=5.0, retries=2))
        except PlinthError as failure:
            log.warning("the worker could not be taken off: %s", failure)

    def _wait_for_tasks(self, seconds: float) -> None:
        ends_at = time.monotonic() + seconds
        with self._changed:
            while self._running and not self._hurry.is_set() and time.monotonic() < ends_at:
                self._changed.wait(0.2)

    # -- requests ------------------------------------------------------------------------------------------------------

    def _post(self, worker: str, action: str, body: Any, options: CallOptions) -> Any:
        return self._client.request("POST", f"/v1/task-workers/{worker}/{action}", body=body, options=options)

    def _patiently(self, path: str, body: Any, *, until: Optional[float]) -> Any:
        """Tries again, with growing pauses, what failed on the way; until a time, or while the worker runs (None). Raises
        PlinthError for what was refused, and when the time is up."""
        pause = RETRY_SECONDS
        while True:
            try:
                return self._client.request("POST", path, body=body)
            except PlinthError as failure:
                if _is_final(failure) or failure.code == "task_worker_unknown":
                    raise
                wait = max(failure.retry_after or 0.0, pause * random.uniform(0.5, 1))
                if until is not None and time.monotonic() + wait > until:
                    raise
                log.warning("trying again in %.1f s: %s", wait, failure)
            pause = min(RETRY_SECONDS_MAX, pause * 2)
            if until is not None:
                time.sleep(wait)
            elif self._stopping.wait(wait):
                return None


def _is_final(failure: PlinthError) -> bool:
    """Whether asking again is in vain."""
    return 400 <= failure.status < 500 and failure.status not in (408, 409, 429) or failure.code == "invalid_request"


def _takes_context(handler: Handler) -> bool:
    parameters = list(inspect.signature(handler).parameters.values())
    if any(one.kind is inspect.Parameter.VAR_POSITIONAL for one in parameters):
        return True
    return len([one for one in parameters if one.kind in _POSITIONAL]) > 1


_POSITIONAL = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)


def _clean(text: str) -> str:
    """Without what PostgreSQL can not store: NUL, and halves of surrogate pairs."""
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode("utf-8")


def _plain_json(data: Any) -> Any:
    """As JSON can hold it; what is none, as text."""
    if data is None:
        return None
    return json.loads(json.dumps(data, default=str, allow_nan=False, skipkeys=True)) if _is_finite(data) else str(data)


def _is_finite(data: Any) -> bool:
    try:
        json.dumps(data, default=str, allow_nan=False, skipkeys=True)
        return True
    except (ValueError, RecursionError):
        return False
