"""Connections to one server, kept open and shared by threads."""

from __future__ import annotations

import base64
import http.client
import selectors
import socket
import ssl
import threading
import time
import urllib.request
from typing import Dict, List, Mapping, Optional, Tuple, Union
from urllib.parse import SplitResult, unquote, urlsplit

from ._errors import PlinthError, invalid
from ._response import Answer

READ_BYTES = 64 * 1024
KEPT_CONNECTIONS_MAX = 16


class Connections:
    """A pool: a connection is used by one request at a time and goes back only after its answer was read whole."""

    def __init__(self, base: SplitResult, context: Optional[ssl.SSLContext], use_proxies: bool) -> None:
        self._base = base
        self._context = context if context is not None else ssl.create_default_context()
        self._proxy = _proxy_of(base) if use_proxies else None
        self._lock = threading.Lock()
        self._idle: List[http.client.HTTPConnection] = []

    def request(
        self,
        method: str,
        path: str,
        body: Optional[bytes],
        headers: Mapping[str, str],
        timeout: float,
        bytes_max: int,
    ) -> Answer:
        """One request. Raises OSError and http.client.HTTPException where there is no whole answer in time."""
        ends_at = time.monotonic() + timeout
        connection = self._take(timeout)
        try:
            all_headers = {**self._proxy_headers(), **headers}
            connection.request(method, self._target(path), body=body, headers=all_headers)
            response = connection.getresponse()
            if 300 <= response.status < 400 and response.status != 304:
                raise _redirected(response.status, response.getheader("location"))
            body_read = _read(connection, response, ends_at, bytes_max)
            keep = not response.will_close
            answer = Answer(response.status, response.headers, body_read)
        except BaseException:
            connection.close()
            raise
        if keep:
            self._give_back(connection)
        else:
            connection.close()
        return answer

    def stream(
        self, path: str, headers: Mapping[str, str], timeout: float, silence: float, bytes_max: int
    ) -> Union["Stream", Answer]:
        """An answer that stays open, on a connection of its own: nothing may come for ``silence`` seconds at most. The
        whole answer where its status is not 200. Raises OSError and http.client.HTTPException."""
        ends_at = time.monotonic() + timeout
        connection = self._open(timeout)
        try:
            connection.request("GET", self._target(path), headers={**self._proxy_headers(), **headers})
            # an answer that says "close" takes the socket away from the connection
            sock = connection.sock
            response = connection.getresponse()
            if 300 <= response.status < 400:
                raise _redirected(response.status, response.getheader("location"))
            if response.status != 200:
                answer = Answer(response.status, response.headers, _read(connection, response, ends_at, bytes_max))
                connection.close()
                return answer
            sock.settimeout(silence)
        except BaseException:
            connection.close()
            raise
        return Stream(connection, sock, response)

    def close(self) -> None:
        with self._lock:
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    def _take(self, timeout: float) -> http.client.HTTPConnection:
        while True:
            with self._lock:
                connection = self._idle.pop() if self._idle else None
            if connection is None:
                return self._open(timeout)
            # readable while nothing was asked: the server has closed it
            if connection.sock is not None and not _is_readable(connection.sock):
                connection.timeout = timeout
                connection.sock.settimeout(timeout)
                return connection
            connection.close()

    def _give_back(self, connection: http.client.HTTPConnection) -> None:
        with self._lock:
            if len(self._idle) < KEPT_CONNECTIONS_MAX:
                self._idle.append(connection)
                return
        connection.close()

    def _open(self, timeout: float) -> http.client.HTTPConnection:
        host, port = self._base.hostname or "", self._base.port
        if self._proxy is None:
            if self._base.scheme == "https":
                return http.client.HTTPSConnection(host, port, timeout=timeout, context=self._context)
            return http.client.HTTPConnection(host, port, timeout=timeout)
        proxy, headers = self._proxy
        if self._base.scheme == "https":
            through = http.client.HTTPSConnection(*proxy, timeout=timeout, context=self._context)
            through.set_tunnel(host, port or 443, headers)
            return through
        return http.client.HTTPConnection(*proxy, timeout=timeout)

    def _is_plain_proxy(self) -> bool:
        return self._proxy is not None and self._base.scheme == "http"

    def _proxy_headers(self) -> Dict[str, str]:
        if self._proxy is None or not self._is_plain_proxy():
            return {}
        return {"host": self._base.netloc, **self._proxy[1]}

    def _target(self, path: str) -> str:
        return f"http://{self._base.netloc}{path}" if self._is_plain_proxy() else path


class Stream:
    """The body of an answer that stays open. Read it in one thread; ``interrupt`` may be called from any."""

    def __init__(
        self, connection: http.client.HTTPConnection, sock: socket.socket, response: http.client.HTTPResponse
    ) -> None:
        self._connection = connection
        self._sock = sock
        self._response = response

    def read(self, bytes_max: int) -> bytes:
        """What has come, and nothing at the end."""
        return self._response.read1(bytes_max)

    def interrupt(self) -> None:
        """Wakes the thread that reads: closing alone would leave it waiting."""
        try:
            self._sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass

    def close(self) -> None:
        self._response.close()
        self._connection.close()


def _is_readable(sock: socket.socket) -> bool:
    # not select(): it fails above 1,024 open files
    with selectors.DefaultSelector() as selector:
        selector.register(sock, selectors.EVENT_READ)
        return len(selector.select(0)) > 0


def _read(
    connection: http.client.HTTPConnection, response: http.client.HTTPResponse, ends_at: float, bytes_max: int
) -> bytes:
    """The whole body. The time left is set anew before each piece, so that a dripping body ends too."""
    parts: List[bytes] = []
    total = 0
    while True:
        left = ends_at - time.monotonic()
        if left <= 0:
            raise TimeoutError("the body did not arrive in time")
        if connection.sock is not None:
            connection.sock.settimeout(left)
        part = response.read1(READ_BYTES)
        if not part:
            if response.length:
                raise http.client.IncompleteRead(b"", response.length)
            # read1 leaves an answer of known length open, and an open one blocks the connection
            response.close()
            return b"".join(parts)
        total += len(part)
        if total > bytes_max:
            raise PlinthError(
                "The answer is too large",
                code="response_too_large",
                status=response.status,
                detail=f"more than {bytes_max} bytes",
                hint="Ask for a smaller page or fewer columns, or raise response_bytes_max.",
            )
        parts.append(part)


def _redirected(status: int, location: Optional[str]) -> PlinthError:
    return PlinthError(
        "The server redirects elsewhere",
        code="redirected",
        status=status,
        detail=None if location is None else location[:2000],
        hint="Redirects are not followed, so that no key goes to another host: give the final URL.",
    )


def _proxy_of(base: SplitResult) -> Optional[Tuple[Tuple[str, int], Dict[str, str]]]:
    """The proxy the environment names (HTTPS_PROXY, HTTP_PROXY, NO_PROXY)."""
    host = base.hostname or ""
    address = urllib.request.getproxies().get(base.scheme)
    if address is None or urllib.request.proxy_bypass(host):
        return None
    proxy = urlsplit(address if "//" in address else f"//{address}")
    if proxy.hostname is None:
        raise invalid(f"the proxy for {base.scheme} in the environment is not a URL")
    headers: Dict[str, str] = {}
    if proxy.username is not None:
        login = f"{unquote(proxy.username)}:{unquote(proxy.password or '')}"
        headers["proxy-authorization"] = f"Basic {base64.b64encode(login.encode()).decode()}"
    return (proxy.hostname, proxy.port or 80), headers
