"""Started by Ray as a process of its own: asks the server beside it for a fork, and waits for it.

It imports nothing that takes time. A runtime environment of more than variables is left to Ray.
"""

import array
import json
import os
import socket
import sys
from pathlib import Path

CONTEXT = "--serialized-runtime-env-context="
OWN = (CONTEXT, "--language=")


def main() -> None:
    """Hands over arguments, environment and files, and ends with the fork."""
    words = [word for word in sys.argv[1:] if not word.startswith(OWN)]
    given = [word.removeprefix(CONTEXT) for word in sys.argv if word.startswith(CONTEXT)]
    context = json.loads(given[0] or "{}") if given else {}
    variables = context.pop("env_vars", {})
    if any(value not in (None, [], sys.executable) for value in context.values()):
        program = Path(words[0]).with_name("setup_worker.py")
        os.execv(sys.executable, [sys.executable, str(program), *sys.argv[1:]])
    request = {
        "words": words,
        "environment": {**os.environ, **variables},
        "directory": str(Path.cwd()),
        "nice": os.getpriority(os.PRIO_PROCESS, 0),
    }
    with socket.socket(socket.AF_UNIX) as server:
        server.connect(str(Path(__file__).with_name("socket")))
        rights = (socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [0, 1, 2]))
        server.sendmsg([b"."], [rights])
        server.sendall(json.dumps(request).encode())
        server.shutdown(socket.SHUT_WR)
        server.recv(1)  # the fork ends


if __name__ == "__main__":
    main()
