import os
import sys
from typing import Any, Dict, Iterator

from plinth import Client, PlinthError


def project_of(client: Client, slug: str) -> str:
    known = client.table("projects").select(slug=f"eq.{slug}", select="slug")
    return known[0]["slug"] if known else client.projects.create(name="Rockets", slug=slug)["slug"]


def launches(count: int) -> Iterator[Dict[str, Any]]:
    for n in range(1, count + 1):
        yield {"type": "rocket.launched", "id": f"py-launch-{n}", "payload": {"n": n}}


def main() -> int:
    key = os.environ.get("PLINTH_KEY")
    if not key:
        sys.exit("set PLINTH_KEY: npx plinth demo leaves one in .env.plinth")
    try:
        with Client(os.environ.get("PLINTH_URL", "http://127.0.0.1:4600"), key=key) as client:
            print(f"project {project_of(client, 'rockets')}")
            for round_name in ("first", "again"):
                sent = client.events.send_all(launches(100), batch=40)
                print(f"{round_name}: {sent.stored} stored, {sent.duplicates} known already")
    except PlinthError as error:
        print(f"{error.code}: {error}. {error.hint or ''}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
