"""The worker that ``plinth workers check`` asks for: what each order of docs/reference/worker-protocol.md means."""

from __future__ import annotations

import logging
import os
from typing import Any, Dict

from plinth import Context, TaskFailure, Worker

logging.basicConfig(level=logging.INFO)
worker = Worker(
    os.environ["PLINTH_URL"],
    os.environ["PLINTH_KEY"],
    lease_seconds=int(os.environ.get("PLINTH_LEASE_SECONDS", "15")),
)


@worker.task(os.environ["PLINTH_TASK_TYPE"])
def obey(order: Dict[str, Any], context: Context) -> Any:
    what = order["do"]
    if what == "echo":
        return order["value"]
    if what == "bytes":
        return "x" * order["count"]
    if what == "sleep":
        context.sleep(order["seconds"])
    elif what == "log":
        for line in order["lines"]:
            context.log(line["level"], line["message"], line.get("data"))
        context.progress(order["progress"]["fraction"], order["progress"]["message"])
    elif what == "fail" and context.attempt < order.get("until_attempt", 1_000):
        raise TaskFailure(
            order["message"],
            code=order["code"],
            retryable=order.get("retryable", True),
            retry_after=order.get("retry_after_seconds"),
            details=order.get("details"),
        )
    return "done"


worker.run()
