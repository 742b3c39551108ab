#!/usr/bin/env bash
# Behaviour: an error while a file of s3fs is written completes the upload: `with fs.open(..., "wb")`
#   puts what came so far in the place of the object. If the second checkpoint of a run cannot be
#   pickled to its end, the first one, which was good, is replaced by a part of the second, and
#   nothing can be resumed; S3 itself would keep the first, as its objects are replaced as a whole or
#   not at all. The documentation tells that files are sent when they are closed, not that an error
#   closes them so. Writing to memory first, and then `pipe`, keeps the first.
# Expected before the run: an error cancels the upload, as boto3's `upload_fileobj` does.
# Seen with: s3fs 2026.9.0, Python 3.11; the server is one of a few lines, as no account is needed.
# Output when it was written (bytes of the object, and what reading it gives):
#   first checkpoint: 800,280, epoch 1
#   after a PicklingError in the second: 800,257, EOFError
#   the same by pipe: 800,280, epoch 1
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check s3fs==2026.9.0
env/bin/python - <<'PY'
import pickle
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import s3fs

PLACE = "sweeps/best.ckpt"
stored = {}


class Server(BaseHTTPRequestHandler):
    """What of S3 it takes to put small objects."""

    protocol_version = "HTTP/1.1"

    def do_PUT(self):
        stored[self.path.partition("?")[0]] = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("ETag", '"0"')
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Server)
threading.Thread(target=server.serve_forever, daemon=True).start()
url = f"http://127.0.0.1:{server.server_port}"
fs = s3fs.S3FileSystem(key="key", secret="secret", endpoint_url=url)


def by_open(checkpoint):
    with fs.open(PLACE, "wb") as file:
        pickle.dump(checkpoint, file)


def by_pipe(checkpoint):
    fs.pipe(PLACE, pickle.dumps(checkpoint))


def found():
    content = stored[f"/{PLACE}"]
    try:
        read = f"epoch {pickle.loads(content)['epoch']}"
    except EOFError:
        read = "EOFError"
    return f"{len(content):,}, {read}"


weights = {f"layer{number}": bytes([number]) * 80_000 for number in range(10)}
good = {"weights": weights, "epoch": 1}
bad = {"weights": weights, "epoch": 2, "schedule": lambda step: 1 / step}
results = []
for save in (by_open, by_pipe):
    save(good)
    first = found()
    try:
        save(bad)
        error = "no error"
    except (pickle.PicklingError, AttributeError) as reason:
        error = type(reason).__name__
    results.append(found())
print("first checkpoint:", first)
print(f"after a {error} in the second:", results[0])
print("the same by pipe:", results[1])
assert first.endswith("epoch 1") and error == "PicklingError", "the behaviour has changed"
assert results[0].endswith("EOFError") and results[1] == first, "the behaviour has changed"
PY
