"""Against a real Plinth: PLINTH_URL and PLINTH_KEY name it, PLINTH_EMAIL and PLINTH_PASSWORD a person there."""

from __future__ import annotations

import os
import unittest
import uuid
from datetime import datetime, timedelta, timezone
from typing import Any, Callable, Dict, Iterator, List

from plinth import CallOptions, Client, PlinthError, Project

URL, KEY = os.environ.get("PLINTH_URL", ""), os.environ.get("PLINTH_KEY", "")


@unittest.skipUnless(URL and KEY, "PLINTH_URL and PLINTH_KEY are not set")
class Plinth(unittest.TestCase):
    client: Client

    @classmethod
    def setUpClass(cls) -> None:
        cls.client = Client(URL, key=KEY)

    @classmethod
    def tearDownClass(cls) -> None:
        cls.client.close()

    def fails(self, work: Callable[[], Any], code: str) -> PlinthError:
        with self.assertRaises(PlinthError) as raised:
            work()
        self.assertEqual(raised.exception.code, code)
        return raised.exception

    def test_makes_reads_changes_and_deletes(self) -> None:
        made: Project = self.client.projects.create(name="Python", slug="python", starts_on=None)
        self.assertEqual(self.client.projects.get(made["id"]), made)
        self.assertEqual(self.client.projects.update(made["id"], status="on_hold")["status"], "on_hold")
        repository = self.client.repositories.create(full_name="acme/python")
        self.client.projects.link_repository(made["id"], repository["id"])
        linked = [one["id"] for one in self.client.projects.list_repositories(made["id"])]
        self.assertEqual(linked, [repository["id"]])
        self.assertIsNone(self.client.projects.delete(made["id"]))
        since = datetime.now(timezone.utc) - timedelta(hours=1)
        entries = self.client.audit.list(from_=since.isoformat(), resource_id=made["id"])
        self.assertGreater(len(entries.data), 1)

    def test_errors_are_those_of_the_catalogue(self) -> None:
        error = self.fails(lambda: self.client.projects.create(name=""), "invalid_request")
        self.assertEqual((error.status, error.field, error.errors[0]["path"]), (400, "body/name", "body/name"))
        self.assertTrue(error.request_id and error.hint)
        self.fails(lambda: self.client.projects.get("0190f3a8-7c4e-7d1a-9a53-5b7a2f0c1e42"), "not_found")
        with Client(URL, key="plk_nonsense") as stranger:
            self.assertEqual(self.fails(stranger.me.get, "unauthenticated").status, 401)

    def test_pages_by_cursor(self) -> None:
        with_goals = [self.client.projects.create(name=f"Page {n}", status="planning")["id"] for n in range(5)]
        first = self.client.projects.list(limit=2, status="planning")
        self.assertEqual(len(first.data), 2)
        ids = [project["id"] for project in first]
        self.assertEqual(ids, list(reversed(with_goals)))
        sizes = [len(page.data) for page in self.client.projects.list(limit=2, status="planning").pages()]
        self.assertEqual(sizes, [2, 2, 1])

    def test_the_same_write_with_the_same_key_happens_once(self) -> None:
        options = CallOptions(idempotency_key=str(uuid.uuid4()))
        one = self.client.projects.create(name="Once in Python", options=options)
        self.assertEqual(self.client.projects.create(name="Once in Python", options=options), one)
        self.fails(lambda: self.client.projects.create(name="Other", options=options), "idempotency_key_reused")

    def test_enqueues_tasks_and_waits(self) -> None:
        done = self.client.tasks.enqueue_and_wait(task_type="test.double", payload={"n": 21})
        self.assertEqual((done["status"], done["results"]), ("completed", {"doubled": 42}))
        failed = self.client.tasks.enqueue_and_wait(task_type="test.fail", max_attempts=1)
        self.assertEqual((failed["status"], failed["failed_attempts"][0]["attempt"]), ("failed", 1))
        self.assertEqual(self.client.tasks.retry(failed["id"])["status"], "pending")
        later = (datetime.now(timezone.utc) + timedelta(hours=1)).isoformat()
        waiting = self.client.tasks.enqueue(task_type="test.later", scheduled_at=later)["id"]
        self.fails(lambda: self.client.tasks.wait(waiting, wait_seconds=0.05, pause=0.01), "wait_timeout")
        self.assertEqual(self.client.tasks.cancel(waiting)["status"], "cancelled")
        self.fails(lambda: self.client.tasks.cancel(waiting), "task_ended")

    def test_is_told_of_events_as_they_come(self) -> None:
        send = self.client.events.send
        with self.client.live(type="py.live.*", on_connect=lambda: send({"type": "py.live.first"})) as live:
            first = next(live)
        self.assertEqual(first.event["type"], "py.live.first")
        send([{"type": "py.live.second"}, {"type": "py.other"}])
        with self.client.live(type="py.live.*", after=first.cursor) as live:
            self.assertEqual(next(live).event["type"], "py.live.second")
        with Client(URL, key="plk_nonsense") as stranger, stranger.live() as live:
            self.fails(lambda: next(live), "unauthenticated")
        with self.client.live(after="rubbish") as live:
            self.fails(lambda: next(live), "invalid_request")

    def test_sends_events_each_stored_once(self) -> None:
        sent = self.client.events.send({"type": "order.paid", "id": "python-1", "payload": {"total": 12}})
        event = self.client.events.get(sent["data"][0]["id"])
        self.assertEqual(event["payload"], {"total": 12})

        def many() -> Iterator[Dict[str, Any]]:
            for n in range(25):
                yield {"type": "order.sent", "id": f"python-sent-{n}"}

        progress: List[int] = []
        first = self.client.events.send_all(many(), batch=10, on_progress=progress.append)
        self.assertEqual((first.stored, first.duplicates, progress), (25, 0, [10, 20, 25]))
        again = self.client.events.send_all(many(), batch=7)
        self.assertEqual((again.stored, again.duplicates), (0, 25))
        self.assertEqual([one["id"] for one in again.results], [one["id"] for one in first.results])

    def test_tables(self) -> None:
        projects = self.client.table("projects")
        projects.insert([{"name": slug, "slug": slug} for slug in ("py1", "py2", "py3")])
        rows = projects.select(select="slug", slug="like.py*", order="slug", limit=2)
        self.assertEqual(rows, [{"slug": "py1"}, {"slug": "py2"}])
        all_rows = list(projects.all(order="slug", rows=2, slug="like.py_", select="slug"))
        self.assertEqual([row["slug"] for row in all_rows], ["py1", "py2", "py3"])
        self.assertEqual(projects.update({"name": "Third"}, slug="eq.py3", select="name"), [{"name": "Third"}])
        self.fails(lambda: projects.update({"name": "all"}), "filter_required")

    def test_signs_in_by_password_and_by_token(self) -> None:
        with Client(URL) as person:
            self.fails(person.me.get, "unauthenticated")
            person.auth.sign_in(email=os.environ["PLINTH_EMAIL"], password=os.environ["PLINTH_PASSWORD"])
            user = person.me.get()["user"]
            self.assertEqual(user and user["email"], os.environ["PLINTH_EMAIL"])
            self.assertEqual(person.projects.create(name="By hand in Python")["status"], "active")
            person.auth.sign_out()
            self.fails(person.me.get, "unauthenticated")
        with Client(URL, token=lambda: KEY) as by_token:
            self.assertEqual(by_token.request("GET", "/v1/tasks", query={"limit": 1}).keys(), {"data", "next_cursor"})


if __name__ == "__main__":
    unittest.main()
