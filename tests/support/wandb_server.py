"""A stand-in for W&B's server on the loopback interface, which keeps a record, and can fail."""

import json
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, Literal

Fault = Literal["none", "slow", "cut before", "cut after", "400", "401", "500"]
SLOW_S = 0.3


class WandbServer(ThreadingHTTPServer):
    """What runs have sent, by run id.

    Attributes:
        history: Rows that W&B's server would have now: a chunk sent twice overwrites itself, since
            it names the line at which it begins.
        summary: The last summary.
        exit_codes: Of runs that ended; a run that goes on has one again at its next end.
        groups: Group of each run that was opened.
        projects: Entity and project of each run that was opened.
        heads: Config, display name, notes and the like of each run, as they were sent last.
        sweeps: Sweeps that the server has; a run of another one is refused, as by W&B's.
        rows_taken: Rows that came in all, those sent twice as well.
        opened: Run ids in the order in which they were opened.
        requests: Paths of the requests so far.
        fault: What the server does wrong: it is slow, closes the connection before or after it has
            taken a request in, or answers with an error.
        part: A fault is for paths that contain this only.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.history: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
        self.summary: dict[str, dict[str, Any]] = {}
        self.exit_codes: dict[str, int] = {}
        self.groups: dict[str, str] = {}
        self.projects: dict[str, tuple[str | None, str | None]] = {}
        self.heads: defaultdict[str, dict[str, Any]] = defaultdict(dict)
        self.sweeps: set[str] = set()
        self.rows_taken = 0
        self.opened: list[str] = []
        self.requests: list[str] = []
        self.fault: Fault = "none"
        self.part = ""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """W&B closes connections as it likes."""

    def fault_at(self, path: str) -> Fault:
        """What goes wrong with a request."""
        return self.fault if self.part in path else "none"

    def take(self, path: str, content: bytes) -> dict[str, Any]:
        """The answer to a request."""
        if path.endswith("/graphql"):
            body = json.loads(content)
            return {"data": self.answer(body["query"], body.get("variables") or {})}
        if path.endswith("/file_stream"):
            self.stream(path.split("/")[-2], json.loads(content))
        return {}

    def answer(self, query: str, given: dict[str, Any]) -> dict[str, Any]:
        """The data of a GraphQL query."""
        name = given.get("name")
        project = {"id": "1", "name": "p", "entity": {"id": "2", "name": "someone"}}
        if "UpsertBucket" in query and name:
            if given.get("sweep") and given["sweep"] not in self.sweeps:
                raise LookupError(f"sweep {given['sweep']} not found during upsertBucket")
            self.heads[name] |= {key: value for key, value in given.items() if value is not None}
            if given.get("groupName"):
                self.groups[name] = given["groupName"]
                self.projects[name] = given.get("entity"), given.get("project")
                self.opened.append(name)
            return {"upsertBucket": {"bucket": {"id": "3", "name": name, "project": project}}}
        if "RunResumeStatus" in query:
            return {"model": project | {"bucket": self._stored(str(name))}}
        if "viewer" in query:
            return {"viewer": {"id": "2", "entity": "someone", "username": "someone"}}
        if "query Run(" in query or "query RunHistoryKeys" in query:
            return {"project": {"run": self._shown(str(name))}}
        if "CreateRunFiles" in query:
            files = [{"name": f, "uploadUrl": f"{self.url}/{f}"} for f in given["files"]]
            return {"createRunFiles": {"runID": "3", "uploadHeaders": [], "files": files}}
        return {}

    def _stored(self, name: str) -> dict[str, Any] | None:
        if name not in self.groups:
            return None
        rows = self.history[name]
        return {
            "id": "3",
            "name": name,
            "historyLineCount": len(rows),
            "eventsLineCount": 0,
            "logLineCount": 0,
            "historyTail": json.dumps([json.dumps(row) for row in rows[-1:]]),
            "eventsTail": "[]",
            "summaryMetrics": json.dumps(self.summary.get(name, {})),
            "config": "{}",
            "wandbConfig": '{"t": 1}',
        }

    def _shown(self, name: str) -> dict[str, Any] | None:
        if name not in self.groups:
            return None
        rows = self.history[name]
        return {
            "id": "3",
            "name": name,
            "projectId": "1",
            "displayName": name,
            "state": "finished" if name in self.exit_codes else "running",
            "config": "{}",
            "summaryMetrics": json.dumps(self.summary.get(name, {})),
            "systemMetrics": "{}",
            "historyLineCount": len(rows),
            "historyKeys": {"lastStep": rows[-1]["_step"]} if rows else None,
            "tags": [],
            "user": {"name": "someone", "username": "someone"},
        }

    def stream(self, name: str, body: dict[str, Any]) -> None:
        """Takes rows of a run."""
        for file, chunk in (body.get("files") or {}).items():
            if not file.endswith((".jsonl", ".json")):
                continue  # what the program printed
            rows = [json.loads(line) for line in chunk["content"]]
            if "history" in file:
                start = chunk["offset"]
                self.history[name][start : start + len(rows)] = rows
                self.rows_taken += len(rows)
            elif "summary" in file:
                self.summary[name] = rows[-1]
        if body.get("complete"):
            self.exit_codes[name] = body["exitcode"]


class _Handler(BaseHTTPRequestHandler):
    server: WandbServer
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        content = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.requests.append(self.path)
        fault = self.server.fault_at(self.path)
        if fault == "slow":
            time.sleep(SLOW_S)
        status = int(fault) if fault.isdecimal() else 200
        data: dict[str, Any] = {}
        if fault in ("none", "slow", "cut after"):
            try:
                data = self.server.take(self.path, content)
            except LookupError as error:
                status, data = 404, {"errors": [{"message": str(error)}], "data": None}
        if fault.startswith("cut"):
            self.close_connection = True
            return
        answer = json.dumps(data).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def do_GET(self) -> None:
        self.do_POST()

    def do_PUT(self) -> None:
        self.do_POST()

    def log_message(self, format: str, *args: object) -> None:
        """Silence."""


@contextmanager
def wandb_server() -> Iterator[WandbServer]:
    with WandbServer() as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()
