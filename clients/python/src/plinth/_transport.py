"""One request with its retries: everything the client sends goes through ``Transport.send``."""

from __future__ import annotations

import http.client
import json
import random
import re
import socket
import ssl
import threading
import time
import uuid
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Callable, Dict, Iterator, Mapping, Optional
from urllib.parse import quote, urlencode, urlsplit

from ._connections import Connections, Stream
from ._errors import PlinthError, invalid
from ._response import Answer, json_of, problem_of

__all__ = ["NOT_GIVEN", "CallOptions", "Transport"]


class _NotGiven:
    """A field that is left out, where None would be a value."""

    def __repr__(self) -> str:
        return "NOT_GIVEN"


NOT_GIVEN: Any = _NotGiven()

# Not worth another attempt although they are 503: only an operator, or another question, changes the answer.
_HOPELESS = frozenset(["schema_ahead", "schema_behind", "statement_timeout"])
# Conflicts that say: nothing was written, try again.
_PASSING = frozenset(["idempotency_in_progress", "serialization_conflict"])


@dataclass(frozen=True)
class CallOptions:
    """What one call may have otherwise than the client. Times are seconds."""

    timeout: Optional[float] = None
    retries: Optional[int] = None
    organization: Optional[str] = None
    #: In place of a random one, where a write must happen once although the program may start anew in between.
    idempotency_key: Optional[str] = None
    headers: Mapping[str, str] = field(default_factory=dict)


_DEFAULT_CALL = CallOptions()


class Transport:
    """Thread-safe: connections are shared, and nothing else is changed but the session's cookies."""

    def __init__(
        self,
        url: str,
        *,
        key: Optional[str],
        token: Optional[Callable[[], str]],
        organization: Optional[str],
        timeout: float,
        retries: int,
        retry_delay: float,
        retry_delay_max: float,
        response_bytes_max: int,
        ssl_context: Optional[ssl.SSLContext],
        use_proxies: bool,
    ) -> None:
        base = urlsplit(url)
        try:
            base.port  # noqa: B018 - reading it checks it
        except ValueError as cause:
            raise invalid(f"{url!r} is not a URL such as http://127.0.0.1:4600") from cause
        if base.scheme not in ("http", "https") or not base.hostname:
            raise invalid(f"{url!r} is not a URL such as http://127.0.0.1:4600")
        if base.username is not None or base.password is not None:
            raise invalid("the URL holds a name or password: use key")
        if key is not None and token is not None:
            raise invalid("give a key or a token, not both")
        if key is not None and not re.fullmatch(r"[\x21-\x7e]+", key):
            raise invalid("the key holds spaces or no characters at all")
        self.url = f"{base.scheme}://{base.netloc}{base.path.rstrip('/')}"
        self._origin = f"{base.scheme}://{base.netloc}"
        self._prefix = base.path.rstrip("/")
        self._key = key
        self._token = token
        self._organization = organization
        self._timeout = timeout
        self._retries = retries
        self._retry_delay = retry_delay
        self._retry_delay_max = retry_delay_max
        self._bytes_max = response_bytes_max
        self._connections = Connections(base, ssl_context, use_proxies)
        self._cookies: Dict[str, str] = {}
        self._cookie_lock = threading.Lock()

    @property
    def retry_delay_max(self) -> float:
        return self._retry_delay_max

    def close(self) -> None:
        self._connections.close()

    def open_stream(
        self, target: str, headers: Mapping[str, str], silence: float, options: Optional[CallOptions]
    ) -> Stream:
        """One attempt at an answer that stays open. Raises PlinthError, also where the status is not 200."""
        call = options if options is not None else _DEFAULT_CALL
        sent = {**self._headers(call, headers, None, False), **self._credentials()}
        timeout = self._timeout if call.timeout is None else call.timeout
        with _told(timeout):
            opened = self._connections.stream(self._prefix + target, sent, timeout, silence, self._bytes_max)
        if isinstance(opened, Stream):
            return opened
        raise problem_of(opened)

    def send(
        self,
        method: str,
        path: str,
        *,
        query: Optional[Mapping[str, Any]] = None,
        body: Any = NOT_GIVEN,
        idempotent: bool = False,
        headers: Optional[Mapping[str, str]] = None,
        options: Optional[CallOptions] = None,
    ) -> Any:
        """The JSON answered, None where that is empty. Raises PlinthError."""
        call = options if options is not None else _DEFAULT_CALL
        data = None if body is NOT_GIVEN else json.dumps(body, allow_nan=False, default=_plain).encode()
        search = query_text(query or {})
        target = path if not search else f"{path}{'&' if '?' in path else '?'}{search}"
        if not re.fullmatch(r"[\x21-\x7e]+", target):
            raise invalid("the path holds characters that want encoding")
        is_read = method in ("GET", "HEAD")
        sent = self._headers(call, headers, data, idempotent and not is_read)
        may_repeat = is_read or "idempotency-key" in sent
        retries = self._retries if call.retries is None else call.retries
        tried = 0
        while True:
            try:
                answer = self._attempt(method, target, data, sent, call)
                if answer.status < 400:
                    return json_of(answer)
                raise problem_of(answer)
            except PlinthError as failure:
                wait = self._wait(failure, tried)
                if tried >= retries or wait > self._retry_delay_max or not _is_passing(failure, may_repeat):
                    raise
            time.sleep(wait)
            tried += 1

    def _attempt(
        self, method: str, target: str, data: Optional[bytes], headers: Mapping[str, str], call: CallOptions
    ) -> Answer:
        timeout = self._timeout if call.timeout is None else call.timeout
        all_headers = {**headers, **self._credentials()}
        with _told(timeout):
            answer = self._connections.request(
                method, self._prefix + target, data, all_headers, timeout, self._bytes_max
            )
        self._keep_cookies(answer)
        return answer

    def _headers(
        self, call: CallOptions, own: Optional[Mapping[str, str]], data: Optional[bytes], idempotent: bool
    ) -> Dict[str, str]:
        headers = {"accept": "application/json", "user-agent": "plinth-python"}
        if data is not None:
            headers["content-type"] = "application/json"
        organization = self._organization if call.organization is None else call.organization
        if organization is not None:
            headers["plinth-organization"] = organization
        if idempotent:
            headers["idempotency-key"] = call.idempotency_key or str(uuid.uuid4())
        for name, value in {**(own or {}), **call.headers}.items():
            headers[name.lower()] = value
        for name, value in headers.items():
            if not re.fullmatch(r"[!#$%&'*+.^_`|~0-9a-z-]+", name) or not re.fullmatch(r"[\x20-\x7e\xa0-\xff]*", value):
                raise invalid(f"the header {name!r} holds characters that no header may")
        return headers

    def _credentials(self) -> Dict[str, str]:
        """Who asks: a key, a token, or the session that auth.sign_in began."""
        if self._key is not None:
            return {"authorization": f"Bearer {self._key}"}
        if self._token is not None:
            return {"authorization": f"Bearer {self._token()}"}
        with self._cookie_lock:
            if not self._cookies:
                return {}
            cookie = "; ".join(f"{name}={value}" for name, value in self._cookies.items())
        return {"cookie": cookie, "origin": self._origin}

    def _keep_cookies(self, answer: Answer) -> None:
        if self._key is not None or self._token is not None:
            return
        with self._cookie_lock:
            for line in answer.headers.get_all("set-cookie") or []:
                name, _, value = line.split(";", 1)[0].partition("=")
                if value:
                    self._cookies[name.strip()] = value.strip()
                else:
                    self._cookies.pop(name.strip(), None)

    def _wait(self, failure: PlinthError, tried: int) -> float:
        if failure.retry_after is not None:
            return failure.retry_after
        return min(self._retry_delay_max, self._retry_delay * 2**tried) * random.uniform(0.5, 1)


@contextmanager
def _told(timeout: float) -> Iterator[None]:
    """What goes wrong with a connection, as PlinthError."""
    try:
        yield
    except (TimeoutError, socket.timeout) as cause:
        raise PlinthError("Plinth did not answer in time", code="timeout", detail=f"{timeout} s") from cause
    except (OSError, http.client.HTTPException) as cause:
        hint = "Check the URL, and that the server runs."
        if isinstance(cause, ssl.SSLCertVerificationError):
            hint = "Its certificate is not one this machine trusts: install the authority, or pass ssl_context."
        raise PlinthError("Plinth could not be reached", code="network_error", hint=hint) from cause


def _is_passing(failure: PlinthError, may_repeat: bool) -> bool:
    """Whether another attempt can end better, and cannot do the work a second time."""
    code, status = failure.code, failure.status
    if code in _PASSING or status == 429:
        return True
    if status == 503:
        return code not in _HOPELESS and (may_repeat or code not in ("outcome_unknown", "http_error"))
    is_lost = code in ("network_error", "timeout") or (code == "http_error" and status in (502, 504))
    return may_repeat and is_lost


def fill(operation: str, template: str, **parameters: str) -> str:
    """Refuses what would make another path of it: nothing, and the dots that a URL resolves."""
    for name, value in parameters.items():
        if not isinstance(value, str) or value in ("", ".", ".."):
            raise invalid(f"{operation}: {name} is {value!r}")
        template = template.replace("{" + name + "}", quote(value, safe=""))
    return template


def query_text(query: Mapping[str, Any]) -> str:
    """Fields that are None or not given are left out."""
    pairs = []
    for name, value in query.items():
        for one in value if isinstance(value, (list, tuple)) else [value]:
            if one is None or one is NOT_GIVEN:
                continue
            text = one.isoformat() if isinstance(one, datetime) else str(one)
            pairs.append((name, ("true" if one else "false") if isinstance(one, bool) else text))
    return urlencode(pairs)


def given(**fields: Any) -> Dict[str, Any]:
    return {name.rstrip("_"): value for name, value in fields.items() if value is not NOT_GIVEN}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, uuid.UUID):
        return str(value)
    raise TypeError(f"{type(value).__name__} cannot be sent as JSON")
