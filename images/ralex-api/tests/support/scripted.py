"""An upstream that answers with exactly the bytes that a test gives it, and keeps the bytes that it was asked with."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Reply:
    """A whole HTTP answer; several pieces are sent apart."""

    body: bytes | Iterable[bytes] = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    framed: bool = True
    """Whether the end of the body is told; else the connection's end is."""


def whole(**message: Any) -> Reply:
    """A chat completion with this message."""
    choice = {"index": 0, "message": {"role": "assistant", **message}, "finish_reason": "stop"}
    return Reply(json.dumps({"id": "c", "object": "chat.completion", "choices": [choice]}).encode())


def sse(*lines: str | bytes, **more: Any) -> Reply:
    """A stream of these lines, each sent apart, ended by nothing but what is given."""
    return Reply([line.encode() if isinstance(line, str) else line for line in lines], **more)


def chunk(delta: dict[str, Any] | None = None, finish: str | None = None, **more: Any) -> str:
    """One chunk as an event."""
    choices = [] if delta is None else [{"index": 0, "delta": delta, "finish_reason": finish}]
    document = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": choices, **more}
    return f"data: {json.dumps(document)}\n\n"


END = (chunk({}, "stop"), "data: [DONE]\n\n")


class Scripted:
    """The server. ``reply`` makes the answer of a POST out of its path, its body and how many there were before."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self.paths: list[str] = []
        self.listing: Reply = Reply(b'{"data":[]}')
        self.reply: Callable[[bytes], Reply] = lambda _: whole(content="hello")
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                self._send(outer.listing)

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.bodies.append(body)
                outer.paths.append(self.path)
                self._send(outer.reply(body))

            def _send(self, reply: Reply) -> None:
                pieces = [reply.body] if isinstance(reply.body, bytes) else list(reply.body)
                self.send_response(reply.status)
                for name, value in reply.headers.items():
                    self.send_header(name, value)
                chunked = reply.framed and not isinstance(reply.body, bytes)
                if chunked:
                    self.send_header("Transfer-Encoding", "chunked")
                elif reply.framed:
                    self.send_header("Content-Length", str(len(pieces[0])))
                else:
                    self.send_header("Connection", "close")
                    self.close_connection = True
                self.end_headers()
                for piece in pieces:
                    if piece:
                        self.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece) if chunked else piece)
                        self.wfile.flush()
                if chunked:
                    self.wfile.write(b"0\r\n\r\n")

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.base_url = f"http://127.0.0.1:{self.server.server_address[1]}/v1"

    def answers(self, *replies: Reply) -> None:
        """Answers the next requests with these, the last one for ever; forgets what it was asked."""
        self.bodies.clear()
        self.paths.clear()
        given = list(replies)
        self.reply = lambda _: given.pop(0) if len(given) > 1 else given[0]


@contextmanager
def scripted() -> Iterator[Scripted]:
    """A running one."""
    made = Scripted()
    thread = threading.Thread(target=made.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield made
    finally:
        made.server.shutdown()
        made.server.server_close()
