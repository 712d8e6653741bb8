"""An OpenAI-compatible server that answers as fast as it can, or misbehaves as its model's name says.

Run alone: ``python -m tests.support.upstream PORT``. It stands for OpenRouter, vLLM and others where there is none.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from typing import Any

import uvloop
from aiohttp import web

MODELS = ("quick", "slow", "silent", "garbage", "refuses-401", "refuses-429", "refuses-500", "cut", "no-usage", "huge")
PIECES = ("The ", "answer ", "is ", "42", ".")
HEAD = {"id": "chatcmpl-upstream", "created": 1_700_000_000, "model": "quick"}
USAGE = {"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18}
WHOLE = json.dumps(
    {
        **HEAD,
        "object": "chat.completion",
        "choices": [
            {"index": 0, "message": {"role": "assistant", "content": "".join(PIECES)}, "finish_reason": "stop"}
        ],
        "usage": USAGE,
    }
).encode()


def _event(choices: list[dict[str, Any]], **more: Any) -> bytes:
    chunk = {**HEAD, "object": "chat.completion.chunk", "choices": choices, **more}
    return b"data: " + json.dumps(chunk).encode() + b"\n\n"


def _piece(text: str) -> bytes:
    return _event([{"index": 0, "delta": {"content": text}, "finish_reason": None}])


class Upstream:
    """Remembers what it was asked and which calls were cut off."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        self.cancelled = 0
        self.connections: set[Any] = set()

    def application(self) -> web.Application:
        """The server."""
        application = web.Application(client_max_size=64 * 1024 * 1024)
        application.router.add_get("/v1/models", self.models)
        application.router.add_post("/v1/chat/completions", self.complete)
        application.router.add_get("/seen", self.seen)
        return application

    async def models(self, _: web.Request) -> web.Response:
        """The list of models."""
        return web.json_response({"object": "list", "data": [{"id": model, "object": "model"} for model in MODELS]})

    async def seen(self, _: web.Request) -> web.Response:
        """For tests in another process."""
        return web.json_response(
            {"asked": self.asked, "cancelled": self.cancelled, "connections": len(self.connections)}
        )

    async def complete(self, request: web.Request) -> web.StreamResponse:
        """Answers; the key is repeated in every refusal, as some upstreams do."""
        body = await request.read()
        document = json.loads(body)
        if request.transport is not None:
            self.connections.add(request.transport.get_extra_info("peername"))
        model = document["model"]
        # What is remembered is shown whole: neither what is asked in numbers nor what is large.
        if model != "quick" and len(body) < 100_000:
            self.asked.append(document)
        if model.startswith("refuses-"):
            key = request.headers.get("Authorization", "")
            refusal = {"error": {"message": f"refused {key}"}}
            return web.json_response(refusal, status=int(model.removeprefix("refuses-")))
        if model == "silent":
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                self.cancelled += 1
                raise
        if document.get("stream"):
            return await self.stream(request, document)
        if model == "garbage":
            return web.Response(body=b"<html>no JSON</html>")
        if model == "slow":
            await asyncio.sleep(1)
        if model == "huge":
            return web.Response(body=b" " * 34 * 1024 * 1024, content_type="application/json")
        return web.Response(body=WHOLE, content_type="application/json")

    async def stream(self, request: web.Request, document: dict[str, Any]) -> web.StreamResponse:
        """Streams; ``slow`` takes 2.5 s in all, ``cut`` and ``garbage`` go wrong after the second."""
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        model = document["model"]
        try:
            await response.write(_event([{"index": 0, "delta": {"role": "assistant", "content": ""}}]))
            for number, text in enumerate(PIECES * (5 if model == "slow" else 1)):
                await response.write(_piece(text))
                if model == "slow":
                    await asyncio.sleep(0.1)
                if model == "cut" and number == 1 and request.transport is not None:
                    request.transport.abort()
                    return response
                if model == "garbage" and number == 1:
                    await response.write(b"data: {not json\n\n")
        except (ConnectionError, asyncio.CancelledError):
            self.cancelled += 1
            raise
        await response.write(_event([{"index": 0, "delta": {}, "finish_reason": "stop"}]))
        if model != "no-usage":
            await response.write(_event([], usage=USAGE))
        await response.write(b"data: [DONE]\n\n")
        return response


async def serve(port: int) -> None:
    """Serves for ever."""
    runner = web.AppRunner(Upstream().application(), access_log=None, handler_cancellation=True)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    while True:
        await asyncio.sleep(time.monotonic())


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(int(sys.argv[1])))
