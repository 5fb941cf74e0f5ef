"""Keeps every webhook that comes: `inbox.py DIRECTORY`. Prints the address it listens on."""

import base64
import http.server
import itertools
import json
import pathlib
import sys

inbox = pathlib.Path(sys.argv[1])
numbers = itertools.count()


class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        told = {"signature": self.headers.get("X-Kombo-Signature"), "body": base64.b64encode(body).decode()}
        path = inbox / f"{next(numbers):05}.part"
        path.write_text(json.dumps(told))
        path.rename(path.with_suffix(".json"))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(f"http://127.0.0.1:{server.server_port}/", flush=True)
server.serve_forever()
