"""A server that is broken, slow, hostile or not Plinth at all: every outcome is an error with a code, and soon."""

from __future__ import annotations

import os
import ssl
import time
import unittest
from concurrent.futures import ThreadPoolExecutor
from email.utils import formatdate
from typing import Any, Callable, List
from unittest import mock

from plinth import CallOptions, Client, PlinthError

from .broken import BrokenServer, Handler, problem

PAGE = b"<html><script>alert(1)</script>Bad gateway</html>"


OPENED: List[Client] = []


def client_of(server: BrokenServer, **options: Any) -> Client:
    client = Client(server.url, **{"key": "plk_secret", "retry_delay": 0.001, "use_proxies": False, **options})
    OPENED.append(client)
    return client


class Case(unittest.TestCase):
    def tearDown(self) -> None:
        while OPENED:
            OPENED.pop().close()

    def fails(self, work: Callable[[], Any], code: str, status: int = 0) -> PlinthError:
        with self.assertRaises(PlinthError) as raised:
            work()
        self.assertEqual((raised.exception.code, raised.exception.status), (code, status))
        return raised.exception


class Broken(Case):
    def test_cut_connections_are_tried_again_with_the_same_key(self) -> None:
        def behave(request: Handler, nth: int) -> None:
            if nth < 3:
                request.cut()
            else:
                request.json(201, {"id": "p"})

        with BrokenServer(behave) as server, client_of(server) as client:
            self.assertEqual(client.projects.create(name="x"), {"id": "p"})
            keys = [request.headers["idempotency-key"] for request in server.asked]
            self.assertEqual((len(keys), len(set(keys))), (3, 1))
            self.assertTrue(keys[0])

    def test_a_write_the_server_cannot_recognize_is_not_sent_twice(self) -> None:
        with BrokenServer(lambda request, _: request.cut()) as server, client_of(server) as client:
            self.fails(lambda: client.organizations.create(name="x"), "network_error")
            self.assertEqual(len(server.asked), 1)
            self.assertIsNone(server.asked[0].headers["idempotency-key"])

    def test_gives_up_after_its_attempts(self) -> None:
        with BrokenServer(lambda request, _: request.json(503, problem("too_busy", 503))) as server:
            error = self.fails(client_of(server, retries=2).me.get, "too_busy", 503)
            self.assertEqual((error.request_id, error.hint, len(server.asked)), ("r1", "h", 3))

    def test_what_is_tried_again_without_a_key(self) -> None:
        cases = [
            ("rate_limited", 429, True),
            ("too_busy", 503, True),
            ("outcome_unknown", 503, False),
            ("serialization_conflict", 409, True),
            ("already_exists", 409, False),
            ("statement_timeout", 503, False),
            ("internal", 500, False),
            ("outbound_failed", 502, False),
        ]
        for code, status, again in cases:
            with self.subTest(code):

                def behave(request: Handler, nth: int) -> None:
                    if nth == 1:
                        request.json(status, problem(code, status))
                    else:
                        request.json(201, {"id": "o"})

                with BrokenServer(behave) as server, client_of(server) as client:
                    if again:
                        self.assertEqual(client.organizations.create(name="x"), {"id": "o"})
                    else:
                        self.fails(lambda: client.organizations.create(name="x"), code, status)
                    self.assertEqual(len(server.asked), 2 if again else 1)

    def test_waits_as_retry_after_says_but_not_longer_than_it_may(self) -> None:
        for wait in ("86400", formatdate(time.time() + 3600, usegmt=True)):
            headers = {"retry-after": wait}
            with BrokenServer(lambda request, _: request.json(429, problem("rate_limited", 429), headers)) as server:
                error = self.fails(client_of(server).me.get, "rate_limited", 429)
                self.assertGreater(error.retry_after or 0, 3500)
                self.assertEqual(len(server.asked), 1)

        def behave(request: Handler, nth: int) -> None:
            if nth == 1:
                request.json(503, problem("too_busy", 503), {"retry-after": "1"})
            else:
                request.json(200, {"ok": nth})

        with BrokenServer(behave) as server, client_of(server) as client:
            started = time.monotonic()
            self.assertEqual(client.me.get(), {"ok": 2})
            self.assertGreater(time.monotonic() - started, 0.9)

    def test_pages_of_a_proxy_are_errors_without_their_text(self) -> None:
        html = {"content-type": "text/html"}
        with BrokenServer(lambda request, _: request.raw(500, PAGE, html)) as server:
            error = self.fails(client_of(server).me.get, "http_error", 500)
            self.assertNotIn("script", f"{error}{error.detail}")
        with BrokenServer(lambda request, _: request.raw(200, PAGE, html)) as server:
            self.fails(client_of(server).me.get, "response_invalid", 200)
        with BrokenServer(lambda request, _: request.json(400, {"code": 7, "title": None, "errors": "x"})) as server:
            self.fails(client_of(server).me.get, "http_error", 400)
        with BrokenServer(lambda request, _: request.json(200, {"rows": []})) as server:
            self.fails(client_of(server).projects.list, "response_invalid", 200)
        with BrokenServer(lambda request, _: request.raw(200, b"[" * 200_000, {})) as server:
            self.fails(client_of(server).me.get, "response_invalid", 200)

    def test_silence_and_slow_bodies_end_at_the_timeout(self) -> None:
        with BrokenServer(lambda request, _: time.sleep(3)) as server:
            self.fails(client_of(server, timeout=0.1, retries=0).me.get, "timeout")

        def drip(request: Handler, _: int) -> None:
            request.send_response(200)
            request.send_header("content-length", "100000")
            request.end_headers()
            for _ in range(300):
                request.wfile.write(b" ")
                request.wfile.flush()
                time.sleep(0.01)

        with BrokenServer(drip) as server:
            self.fails(client_of(server, timeout=0.2, retries=1).me.get, "timeout")
            self.assertEqual(len(server.asked), 2)

    def test_a_body_that_ends_early_is_no_answer(self) -> None:
        def short(request: Handler, _: int) -> None:
            request.raw(200, b'{"a": 1}', {"content-length": "100"})
            request.close_connection = True

        with BrokenServer(short) as server:
            self.fails(client_of(server, retries=0).me.get, "network_error")

    def test_a_server_that_is_not_there(self) -> None:
        with BrokenServer(lambda request, _: None) as server:
            url = server.url
        with Client(url, key="k", retries=1, retry_delay=0.001, use_proxies=False) as client:
            self.fails(client.me.get, "network_error")


class Connections(Case):
    def test_are_used_again_and_one_the_server_closed_is_not(self) -> None:
        def behave(request: Handler, nth: int) -> None:
            request.json(200, {"n": nth}, {"connection": "close"} if nth == 3 else {})
            request.close_connection = nth in (3, 5)

        with BrokenServer(behave) as server, client_of(server, retries=0) as client:
            seen = []
            for _ in range(7):
                seen.append(client.me.get())
                time.sleep(0.05)
            self.assertEqual(seen, [{"n": n} for n in range(1, 8)])
            self.assertEqual(server.connections, 3)

    def test_threads_share_a_client(self) -> None:
        def echo(request: Handler, _: int) -> None:
            request.json(200, {"path": request.path})

        with BrokenServer(echo) as server, client_of(server) as client, ThreadPoolExecutor(8) as threads:
            ids = [f"id-{n}" for n in range(200)]
            answers = list(threads.map(client.projects.get, ids))
            self.assertEqual([answer["path"] for answer in answers], [f"/v1/projects/{one}" for one in ids])
            self.assertLessEqual(server.connections, 8)

    def test_a_proxy_of_the_environment_is_asked(self) -> None:
        with BrokenServer(lambda request, _: request.json(200, {"asked": request.path})) as proxy:
            environment = {"http_proxy": proxy.url.replace("//", "//ada:secret@"), "no_proxy": ""}
            with mock.patch.dict(os.environ, environment):
                with Client("http://plinth.invalid:8080/base", key="k") as client:
                    self.assertEqual(client.me.get(), {"asked": "http://plinth.invalid:8080/base/v1/me"})
            sent = proxy.asked[0].headers
            self.assertEqual((sent["host"], sent["proxy-authorization"]), ("plinth.invalid:8080", "Basic YWRhOnNlY3JldA=="))

    @unittest.skipUnless("PLINTH_TLS_URL" in os.environ, "PLINTH_TLS_URL and PLINTH_TLS_CA are not set")
    def test_a_certificate_is_verified(self) -> None:
        url = os.environ["PLINTH_TLS_URL"]
        with Client(url, key="k", retries=0, use_proxies=False) as client:
            error = self.fails(client.me.get, "network_error")
            self.assertIn("certificate", error.hint or "")
        trusting = ssl.create_default_context(cafile=os.environ["PLINTH_TLS_CA"])
        with Client(url, key="k", retries=0, use_proxies=False, ssl_context=trusting) as client:
            self.assertEqual(client.me.get(), {"tls": True})
            self.assertEqual(client.me.get(), {"tls": True})


class Hostile(Case):
    def test_no_redirect_takes_the_key_elsewhere(self) -> None:
        with BrokenServer(lambda request, _: request.json(200, {})) as elsewhere:
            for status in (301, 302, 303, 307, 308):
                headers = {"location": f"{elsewhere.url}/v1/me"}
                with BrokenServer(lambda request, _: request.raw(status, b"", headers)) as server:
                    self.fails(client_of(server).me.get, "redirected", status)
                    self.assertEqual(len(server.asked), 1)
            self.assertEqual(elsewhere.asked, [])

    def test_no_answer_fills_the_memory(self) -> None:
        def flood(request: Handler, _: int) -> None:
            request.send_response(200)
            request.send_header("connection", "close")
            request.end_headers()
            while True:
                request.wfile.write(b" " * 65536)

        with BrokenServer(flood) as server, client_of(server, response_bytes_max=1024 * 1024) as client:
            self.fails(client.me.get, "response_too_large", 200)

    def test_pages_do_not_go_in_a_circle(self) -> None:
        page = {"data": [{"id": "1"}], "next_cursor": "same"}
        with BrokenServer(lambda request, _: request.json(200, page)) as server, client_of(server) as client:
            self.fails(lambda: list(client.projects.list()), "response_invalid", 200)
            self.assertEqual(len(server.asked), 2)


class NeverSent(Case):
    def test_ids_that_are_other_routes(self) -> None:
        with BrokenServer(lambda request, _: request.json(200, {})) as server, client_of(server) as client:
            wrong: Any
            for wrong in ("", ".", "..", None, 7):
                self.fails(lambda: client.projects.delete(wrong), "invalid_request")
            self.assertEqual(server.asked, [])
            client.projects.get("../members?x=1#y")
            client.request("GET", "/v1/tasks", query={"status": "a&b=c", "left_out": None, "flag": True})
            self.assertEqual(
                [request.path for request in server.asked],
                ["/v1/projects/..%2Fmembers%3Fx%3D1%23y", "/v1/tasks?status=a%26b%3Dc&flag=true"],
            )

    def test_addresses_and_keys_that_cannot_be_right(self) -> None:
        cases: Any = [
            {"url": "plinth"},
            {"url": "file:///etc/passwd"},
            {"url": "http://ada:secret@127.0.0.1/"},
            {"url": "http://127.0.0.1:port/"},
            {"url": "http://127.0.0.1", "key": "plk_a\nplk_b"},
            {"url": "http://127.0.0.1", "key": ""},
            {"url": "http://127.0.0.1", "key": "a", "token": lambda: "b"},
        ]
        for options in cases:
            with self.subTest(options):
                self.fails(lambda: Client(**options), "invalid_request")
        with self.subTest("table"), Client("http://127.0.0.1", key="k") as client:
            self.fails(lambda: client.table("projects/../../v1/me"), "invalid_request")

    def test_headers_and_paths_that_are_none(self) -> None:
        with BrokenServer(lambda request, _: request.json(200, {})) as server, client_of(server) as client:
            for options in (
                CallOptions(headers={"x-a": "1\r\nx-b: 2"}),
                CallOptions(headers={"x a": "1"}),
                CallOptions(organization="\u96ea"),
            ):
                self.fails(lambda: client.me.get(options=options), "invalid_request")
            self.fails(lambda: client.request("GET", "/v1/a b"), "invalid_request")
            self.fails(lambda: client.request("GET", "/v1/a HTTP/1.1\r\nx: y"), "invalid_request")
            self.assertEqual(server.asked, [])


if __name__ == "__main__":
    unittest.main()
