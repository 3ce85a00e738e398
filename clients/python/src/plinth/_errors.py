"""Errors of the client."""

from __future__ import annotations

from typing import List, Optional, TypedDict

__all__ = ["FieldError", "PlinthError"]


class FieldError(TypedDict):
    path: str
    message: str


class PlinthError(Exception):
    """A request that failed.

    ``code`` is one of docs/reference/errors.md, or of this side: network_error, timeout, redirected,
    response_too_large, response_invalid, http_error (an answer that is not Plinth's, such as a proxy's page),
    wait_timeout, invalid_request (never sent). ``status`` is the HTTP status, 0 where there was no answer.
    """

    def __init__(
        self,
        title: str,
        *,
        code: str,
        status: int = 0,
        detail: Optional[str] = None,
        hint: Optional[str] = None,
        field: Optional[str] = None,
        errors: Optional[List[FieldError]] = None,
        request_id: Optional[str] = None,
        retry_after: Optional[float] = None,
    ) -> None:
        super().__init__(title if detail is None else f"{title}: {detail}")
        self.code = code
        self.status = status
        self.detail = detail
        self.hint = hint
        self.field = field
        self.errors: List[FieldError] = errors or []
        self.request_id = request_id
        #: Seconds the server asked to wait.
        self.retry_after = retry_after


def invalid(detail: str) -> PlinthError:
    return PlinthError("The request was not sent", code="invalid_request", detail=detail)
