"""An OpenAI-compatible upstream whose streams take four seconds: long enough to be met by whatever happens meanwhile.

Usage: ``slow_upstream.py [PORT [SECONDS]]``, the seconds being those between two of the twenty chunks.
"""

import json
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

CHUNKS = 20
PAUSE_SECONDS = float(sys.argv[2]) if len(sys.argv) > 2 else 0.2


class Upstream(BaseHTTPRequestHandler):
    """Lists one model and streams it."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        """Says nothing."""

    def do_GET(self) -> None:
        self._send(json.dumps({"object": "list", "data": [{"id": "slow", "object": "model"}]}).encode())

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("connection", "close")
        self.end_headers()
        head = {"id": "slow", "object": "chat.completion.chunk", "created": 1, "model": "slow"}
        for chunk in range(CHUNKS):
            end = "stop" if chunk == CHUNKS - 1 else None
            choice = {"index": 0, "delta": {"content": f"{chunk} "}, "finish_reason": end}
            self.wfile.write(f"data: {json.dumps({**head, 'choices': [choice]})}\n\n".encode())
            self.wfile.flush()
            time.sleep(PAUSE_SECONDS)
        self.wfile.write(b"data: [DONE]\n\n")
        self.close_connection = True

    def _send(self, content: bytes) -> None:
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


PORT = int(sys.argv[1]) if len(sys.argv) > 1 else 9000
ThreadingHTTPServer(("", PORT), Upstream).serve_forever()
