"""One request to an ASGI application without a socket, for whoever drives the sandbox in its own process."""

from dataclasses import dataclass, field

from starlette.types import ASGIApp, Message

from sandbox.message import ConnectionCut
from sandbox.settings import PATH

FIRST_CLIENT = ("127.0.0.1", 50_000)


@dataclass(slots=True)
class Received:
    """What came back. `status` is None if the connection broke before the status line."""

    status: int | None = None
    headers: dict[str, str] = field(default_factory=dict)  # names in lower case
    body: bytes = b""
    cut: bool = False  # the connection broke, be it before, within or after the answer


async def exchange(  # noqa: PLR0913 - a request has that many parts
    app: ASGIApp,
    body: bytes,
    headers: dict[str, str],
    *,
    method: str = "POST",
    path: str = PATH,
    client: tuple[str, int] = FIRST_CLIENT,
) -> Received:
    """Send one request; `client` stands for the connection."""
    received = Received()
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "scheme": "http",
        "headers": [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()],
        "client": client,
        "server": ("127.0.0.1", 80),
    }

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            received.status = message["status"]
            received.headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in message["headers"]}
        else:
            received.body += message.get("body", b"")

    try:
        await app(scope, receive, send)
    except ConnectionCut:
        received.cut = True
    return received
