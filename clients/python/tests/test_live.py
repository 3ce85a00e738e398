"""The live stream against a server that cuts, falls silent, lies or refuses: each event once, and a clean end."""

from __future__ import annotations

import json
import threading
import time
import unittest
from typing import Any, List
from unittest import mock

from plinth import Client, LiveEvents, PlinthError, _live

from .broken import BrokenServer, Handler, problem


def message(cursor: str, type: str) -> bytes:
    return f"id: {cursor}\nevent: event\ndata: {json.dumps({'type': type})}\n\n".encode()


def begin(request: Handler, body: bytes = b"", *, chunked: bool = True) -> None:
    request.send_response(200)
    request.send_header("content-type", "text/event-stream")
    request.send_header(*(("transfer-encoding", "chunked") if chunked else ("connection", "close")))
    request.end_headers()
    request.wfile.write(b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in [body] if part) if chunked else body)


class Live(unittest.TestCase):
    def setUp(self) -> None:
        for name, value in [("RECONNECT_SECONDS", 0.001), ("SILENCE_SECONDS_MAX", 0.2)]:
            patch = mock.patch.object(_live, name, value)
            patch.start()
            self.addCleanup(patch.stop)

    def client(self, server: BrokenServer) -> Client:
        client = Client(server.url, key="plk_x", use_proxies=False)
        self.addCleanup(client.close)
        return client

    def types(self, live: LiveEvents, count: int) -> List[Any]:
        with live:
            return [next(live).event["type"] for _ in range(count)]

    def test_goes_on_after_the_last_event_whatever_happens(self) -> None:
        def behave(request: Handler, nth: int) -> None:
            if nth == 1:
                # cut in the middle of a message: it is told again
                begin(request, b"retry: 1\n\n" + message("1.2", "one") + message("1.3", "two")[:12])
                request.cut()
            elif nth == 2:
                request.json(503, problem("too_busy", 503))
            elif nth == 3:
                begin(request, message("1.3", "two") + b'id: 1.9\n\nevent: end\ndata: {"reason":"shutting_down"}\n\n')
            elif nth == 4:
                # falls silent
                begin(request, message("1.10", "three"), chunked=False)
                time.sleep(1)
            elif nth == 5:
                request.cut()
            else:
                begin(request, message("1.11", "fo\u00fcr"))
                time.sleep(0.1)

        with BrokenServer(behave) as server:
            connected: List[int] = []
            live = self.client(server).live(type="a.*", project_id="p", on_connect=lambda: connected.append(1))
            self.assertEqual(self.types(live, 4), ["one", "two", "three", "fo\u00fcr"])
            self.assertEqual(live.cursor, "1.11")
            self.assertEqual(len(connected), 4)
            asked = [one.headers["last-event-id"] for one in server.asked]
            self.assertEqual(asked, [None, "1.2", "1.2", "1.9", "1.10", "1.10"])
            self.assertEqual({one.path for one in server.asked}, {"/v1/live?type=a.%2A&project_id=p"})
            self.assertEqual({one.headers["authorization"] for one in server.asked}, {"Bearer plk_x"})

    def test_begins_where_it_is_told(self) -> None:
        with BrokenServer(lambda request, _: begin(request, message("1.4", "x"))) as server:
            self.assertEqual(self.types(self.client(server).live(after="1.3"), 1), ["x"])
            self.assertEqual(server.asked[0].headers["last-event-id"], "1.3")

    def test_gives_up_where_asking_again_does_not_help(self) -> None:
        for status, code in [(400, "invalid_request"), (401, "unauthenticated"), (410, "live_cursor_expired")]:
            def refuse(request: Handler, _: int, status: int = status, code: str = code) -> None:
                request.json(status, problem(code, status))

            with BrokenServer(refuse) as server, self.assertRaises(PlinthError) as raised:
                self.types(self.client(server).live(), 1)
            self.assertEqual((raised.exception.code, len(server.asked)), (code, 1))

    def test_refuses_what_is_no_event_and_what_does_not_end(self) -> None:
        for body, code in [
            (b"event: event\ndata: {\n\n", "response_invalid"),
            (b"event: event\ndata: 1\n\n", "response_invalid"),
            (b"data: " + b"x" * 2_000_000, "response_too_large"),
        ]:
            def tell(request: Handler, _: int, body: bytes = body) -> None:
                begin(request, body)
                time.sleep(0.1)

            with BrokenServer(tell) as server, self.assertRaises(PlinthError) as raised:
                self.types(self.client(server).live(), 1)
            self.assertEqual(raised.exception.code, code)
        with BrokenServer(lambda request, _: request.raw(302, b"", {"location": "http://else.example"})) as server:
            with self.assertRaises(PlinthError) as raised:
                self.types(self.client(server).live(), 1)
            self.assertEqual(raised.exception.code, "redirected")

    def test_is_closed_from_another_thread_while_it_waits(self) -> None:
        def behave(request: Handler, _: int) -> None:
            begin(request, message("1.2", "one"))
            time.sleep(5)

        with mock.patch.object(_live, "SILENCE_SECONDS_MAX", 60), BrokenServer(behave) as server:
            live = self.client(server).live()
            told: List[str] = []
            reading = threading.Thread(target=lambda: told.extend(one.event["type"] for one in live))
            reading.start()
            while not told:
                time.sleep(0.005)
            live.close()
            reading.join(30)
            self.assertFalse(reading.is_alive())
            self.assertEqual(told, ["one"])
            self.assertEqual(list(live), [])

    def test_is_closed_while_the_server_is_away(self) -> None:
        with mock.patch.object(_live, "RECONNECT_SECONDS", 60):
            with BrokenServer(lambda request, _: request.cut()) as server:
                live = self.client(server).live()
                reading = threading.Thread(target=lambda: list(live))
                reading.start()
                while not server.asked:
                    time.sleep(0.005)
                live.close()
                reading.join(30)
                self.assertFalse(reading.is_alive())


if __name__ == "__main__":
    unittest.main()
