"""A stand-in for W&B's server on the loopback interface, which takes all and keeps a record."""

import json
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any


class WandbServer(ThreadingHTTPServer):
    """What runs have sent, by run id."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.history: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
        self.summary: dict[str, dict[str, Any]] = {}
        self.exit_codes: dict[str, int] = {}
        self.groups: dict[str, str] = {}

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """W&B closes connections as it likes."""

    def answer(self, query: str, given: dict[str, Any]) -> dict[str, Any]:
        """The data of a GraphQL query."""
        name = given.get("name")
        project = {"id": "1", "name": "p", "entity": {"id": "2", "name": "someone"}}
        if "UpsertBucket" in query and name:
            if given.get("groupName"):
                self.groups[name] = given["groupName"]
            return {"upsertBucket": {"bucket": {"id": "3", "name": name, "project": project}}}
        if "RunResumeStatus" in query:
            return {"model": project | {"bucket": self._stored(str(name))}}
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

    def stream(self, name: str, body: dict[str, Any]) -> None:
        """Takes rows of a run."""
        for file, chunk in (body.get("files") or {}).items():
            rows = [json.loads(line) for line in chunk["content"]]
            if "history" in file:
                self.history[name] += rows
            elif "summary" in file:
                self.summary[name] = rows[-1]
        if body.get("complete"):
            self.exit_codes[name] = body["exitcode"]


class _Handler(BaseHTTPRequestHandler):
    server: WandbServer
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        text = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        data: dict[str, Any] = {}
        if self.path.endswith("/graphql"):
            body = json.loads(text)
            data = {"data": self.server.answer(body["query"], body.get("variables") or {})}
        elif self.path.endswith("/file_stream"):
            self.server.stream(self.path.split("/")[-2], json.loads(text))
        answer = json.dumps(data).encode()
        self.send_response(200)
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
