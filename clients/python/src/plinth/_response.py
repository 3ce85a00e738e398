"""Reading an answer: never trusted to be Plinth's."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from email.message import Message
from email.utils import parsedate_to_datetime
from typing import Any, Dict, List, Optional

from ._errors import FieldError, PlinthError

DETAIL_CHARS_MAX = 2000


@dataclass(frozen=True)
class Answer:
    """The whole answer of a request."""

    status: int
    headers: Message
    body: bytes

    def header(self, name: str) -> Optional[str]:
        value = self.headers.get(name)
        return None if value is None else str(value)


def json_of(answer: Answer) -> Any:
    """The answer's JSON; None where it is empty. Raises ``response_invalid``, as for a proxy's page with status 200."""
    if not answer.body:
        return None
    try:
        return json.loads(answer.body.decode("utf-8"))
    except (ValueError, RecursionError) as cause:
        kind = answer.header("content-type") or "no content type"
        raise PlinthError(
            "The answer is not JSON",
            code="response_invalid",
            status=answer.status,
            detail=f"{kind[:DETAIL_CHARS_MAX]}, {len(answer.body)} bytes",
            hint="Check that the URL is that of Plinth.",
        ) from cause


def problem_of(answer: Answer) -> PlinthError:
    """The error an answer of status 400 or more tells of; what is no problem document becomes ``http_error``."""
    retry_after = _retry_after(answer.header("retry-after"))
    request_id = answer.header("x-request-id")
    problem = _problem(answer.body)
    code, title = _text(problem, "code"), _text(problem, "title")
    if code is None or title is None:
        return PlinthError(
            f"HTTP {answer.status}",
            code="http_error",
            status=answer.status,
            hint="The answer did not come from Plinth: look at what stands in between.",
            request_id=request_id,
            retry_after=retry_after,
        )
    return PlinthError(
        title,
        code=code,
        status=answer.status,
        detail=_text(problem, "detail"),
        hint=_text(problem, "hint"),
        field=_text(problem, "field"),
        errors=_field_errors(problem.get("errors")),
        request_id=_text(problem, "request_id") or request_id,
        retry_after=retry_after,
    )


def _problem(body: bytes) -> Dict[str, Any]:
    try:
        value = json.loads(body.decode("utf-8"))
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _text(problem: Dict[str, Any], name: str) -> Optional[str]:
    value = problem.get(name)
    return value[:DETAIL_CHARS_MAX] if isinstance(value, str) and value else None


def _field_errors(value: Any) -> List[FieldError]:
    if not isinstance(value, list):
        return []
    rows = [one for one in value if isinstance(one, dict)]
    return [{"path": str(one.get("path", "")), "message": str(one.get("message", ""))} for one in rows]


def _retry_after(text: Optional[str]) -> Optional[float]:
    """Seconds or an HTTP date (RFC 9110, 10.2.3)."""
    text = (text or "").strip()
    if not text:
        return None
    if text.isascii() and text.isdigit() and len(text) < 10:
        return float(text)
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - time.time())
    except (TypeError, ValueError, OverflowError):
        return None
