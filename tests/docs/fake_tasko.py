"""The made-up service Tasko, as far as the sample connector talks to it. Kept in memory; it can misbehave."""

import json
from collections import deque
from typing import Any

import httpx

KEY = "k-123"
PAGE = 2  # tasks in one answer


class FakeTasko:
    """One account with two lists. `mishaps` are what happens to the next calls that create."""

    def __init__(self) -> None:
        self.tasks: dict[str, list[dict[str, Any]]] = {"home": [], "shop": []}
        self.mishaps: deque[str] = deque()

    def add(self, title: str, list_id: str = "home", **more: Any) -> dict[str, Any]:
        """A task appears."""
        number = sum(len(tasks) for tasks in self.tasks.values()) + 1
        task = {"id": f"t{number}", "title": title, "url": f"https://tasko.example/t/{number}", **more}
        self.tasks[list_id].append(task)
        return task

    def titles(self, list_id: str = "home") -> list[str]:
        return [task["title"] for task in self.tasks[list_id]]

    def handle(self, request: httpx.Request) -> httpx.Response:
        """One request; the harness calls this instead of the network."""
        if request.headers.get("X-Api-Key") != KEY:
            return httpx.Response(401, json={"error": "unknown key"})
        parts = request.url.path.removeprefix("/v1/").split("/")
        match request.method, parts:
            case "GET", ["me"]:
                return httpx.Response(200, json={"id": "a1", "email": "anna@tasko.example"})
            case "GET", ["lists"]:
                return self._lists(request.url.params.get("q", ""))
            case "GET", ["lists", list_id, "tasks"]:
                return self._tasks(list_id, dict(request.url.params))
            case "POST", ["lists", list_id, "tasks"]:
                return self._create(list_id, json.loads(request.content))
        return httpx.Response(404, json={"error": "there is no such thing"})

    def _lists(self, search: str) -> httpx.Response:
        rows = [{"id": "home", "name": "At home"}, {"id": "shop", "name": "Shopping"}]
        return httpx.Response(200, json=[row for row in rows if search.lower() in row["name"].lower()])

    def _tasks(self, list_id: str, asked: dict[str, str]) -> httpx.Response:
        start = int(asked.pop("cursor", 0))
        newest_first = list(reversed(self.tasks[list_id]))
        filters = {name: value for name, value in asked.items() if name in ("title", "reference")}
        rows = [task for task in newest_first if all(task.get(name) == value for name, value in filters.items())]
        following = start + PAGE if start + PAGE < len(rows) else None
        return httpx.Response(200, json={"tasks": rows[start : start + PAGE], "next": following})

    def _create(self, list_id: str, body: dict[str, Any]) -> httpx.Response:
        mishap = self.mishaps.popleft() if self.mishaps else ""
        if mishap == "lost on the way":
            raise httpx.ReadTimeout("no answer")
        task = self.add(**{**body, "list_id": list_id})
        if mishap == "answer lost":
            raise httpx.ReadTimeout("no answer")
        return httpx.Response(201, json=task)
