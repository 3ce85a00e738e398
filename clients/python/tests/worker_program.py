"""A worker for tests: PLINTH_URL, PLINTH_KEY; it writes a line for each thing it does to the file PLINTH_TRACE."""

from __future__ import annotations

import logging
import os
import threading
import time
from typing import Any, Dict

from plinth import Context, TaskFailure, Worker

logging.basicConfig(level=logging.INFO)
worker = Worker(
    os.environ["PLINTH_URL"],
    os.environ["PLINTH_KEY"],
    concurrency=int(os.environ.get("PLINTH_CONCURRENCY", "4")),
    lease_seconds=5,
    stop_seconds=float(os.environ.get("PLINTH_STOP_SECONDS", "30")),
)
lock = threading.Lock()


def trace(text: str) -> None:
    with lock, open(os.environ["PLINTH_TRACE"], "a", encoding="utf-8") as file:
        file.write(f"{os.getpid()} {text}\n")


@worker.task("py.double")
def double(payload: Dict[str, Any], context: Context) -> Dict[str, Any]:
    trace(f"begin {context.task_id} {context.attempt}")
    context.log("info", "doubling", {"n": payload["n"]})
    context.progress(0.5, "half")
    context.sleep(payload.get("seconds", 0))
    trace(f"end {context.task_id} {context.attempt}")
    return {"doubled": payload["n"] * 2}


@worker.task("py.fail")
def fail(payload: Dict[str, Any]) -> None:
    if payload["how"] == "never":
        raise TaskFailure("it never will", code="hopeless", retryable=False, details={"why": "so"})
    if payload["how"] == "later":
        raise TaskFailure("in an hour", code="busy", retry_after=3600)
    raise ValueError("a bug")


@worker.task("py.result")
def result(payload: Dict[str, Any]) -> Any:
    return {"big": "x" * (2 * 1024 * 1024), "set": {1}, "nul": "a\0b", "nothing": None}[payload["what"]]


@worker.task("py.long")
def long(payload: Dict[str, Any], context: Context) -> str:
    trace(f"begin {context.task_id} {context.attempt}")
    deadline = time.monotonic() + 60
    while not context.cancelled and time.monotonic() < deadline:
        time.sleep(0.02)
    trace(f"stopped {context.task_id} {context.reason}")
    context.check()
    return "not stopped"


worker.run()
trace("bye")
