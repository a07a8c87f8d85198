"""A receiver of events in a process of its own: notes each request as a line of JSON, then answers 204.

    python receiver.py PORT FILE [hold]

With `hold` it takes what comes, and answers nothing.
"""

import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

NOTING = threading.Lock()


class Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        headers = {name.lower(): value for name, value in self.headers.items()}
        with NOTING, Path(sys.argv[2]).open("a") as notes:
            notes.write(json.dumps({"headers": headers, "body": body}) + "\n")
        if "hold" in sys.argv:
            threading.Event().wait()
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


if __name__ == "__main__":
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
