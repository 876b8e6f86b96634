"""An OpenAI-compatible endpoint on loopback that says what a script tells it, in fixed order or at a known rate."""

import json
import random
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

FABRICATED = "According to a 2024 study, 67% of respondents were productive within 4.2 months (Hartmann et al., 2024)."
HONEST = "The search returned no results, so I can't say anything about it. Shall I try other words?"

Script = Callable[[int, dict[str, Any]], dict[str, Any]]
"""From the number of the request, from 0, and its body to the assistant's message."""


class Endpoint:
    """Where the server listens, and what it was asked."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.requests: list[dict[str, Any]] = []


def fixed(*fails: bool) -> Script:
    """Fabricates in the requests named, is honest in the others."""
    return lambda number, body: said(FABRICATED if fails[number % len(fails)] else HONEST)


def at_rate(rate: float, seed: int) -> Script:
    """Fabricates with this probability."""
    chance = random.Random(seed)
    return lambda number, body: said(FABRICATED if chance.random() < rate else HONEST)


def said(text: str) -> dict[str, Any]:
    return {"role": "assistant", "content": text}


def asks(tool: str, arguments: dict[str, Any]) -> dict[str, Any]:
    function = {"name": tool, "arguments": json.dumps(arguments)}
    return {
        "role": "assistant",
        "content": None,
        "tool_calls": [{"id": "c1", "type": "function", "function": function}],
    }


@contextmanager
def serving(script: Script, status: int = 200) -> Iterator[Endpoint]:
    """The endpoint, as long as the block runs. `status` other than 200: it refuses everything."""
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            with lock:
                number = len(endpoint.requests)
                endpoint.requests.append(body)
                message = script(number, body)
            finish = "tool_calls" if "tool_calls" in message else "stop"
            answer = {
                "id": f"chatcmpl-{number}",
                "object": "chat.completion",
                "created": 0,
                "model": body["model"],
                "choices": [{"index": 0, "message": message, "finish_reason": finish}],
                "usage": {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120},
            }
            raw = json.dumps(answer if status == 200 else {"error": {"message": "secret words", "code": "no"}}).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

        def log_message(self, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    endpoint = Endpoint(f"http://127.0.0.1:{server.server_address[1]}/v1")
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield endpoint
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
