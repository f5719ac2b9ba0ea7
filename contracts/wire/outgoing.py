"""What is to be sent: the request, its headers, and where it may go. Sends nothing, and knows no key."""

import re
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from requests.structures import CaseInsensitiveDict

from contracts.exchanges.exchange import KEY
from openapi.document import OPERATION_PATH

USER_AGENT = "bspk-inventory-harness/1.0"

Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A request to be: the key in `authorization` stands as an expression that `secrets.evaluate` knows."""

    body: bytes
    authorization: str | None = f"Bearer {KEY}"
    headers: Headers = (("Content-Type", "application/json"),)
    method: str = "POST"
    path: str = OPERATION_PATH  # below the base URL, a query included


def headers_of(outgoing: Outgoing, extra: Headers) -> dict[str, str]:
    """All that `requests` is to send, the key still an expression. Later ones win; `Host` is the connection's."""
    headers: CaseInsensitiveDict[str] = CaseInsensitiveDict()
    headers.update({"User-Agent": USER_AGENT, "Accept": "application/json", "Accept-Encoding": "gzip, identity"})
    headers.update(extra)
    if outgoing.body or outgoing.method == "POST":
        headers["Content-Length"] = str(len(outgoing.body))
    headers.update(outgoing.headers)
    if outgoing.authorization is not None:
        headers["Authorization"] = outgoing.authorization
    return dict(headers.items())


def checked_base(base_url: str) -> str:
    """As it is sent to, without a slash at its end; ValueError for what no base URL can be."""
    parts = urlsplit(base_url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"the base URL {base_url!r} is not http(s)://host[:port][/prefix]")
    if parts.query or parts.fragment or parts.username is not None:
        raise ValueError("the base URL holds a query, a fragment or a user: only a path prefix may follow the host")
    return base_url.rstrip("/")


def checked_path(path: str) -> str:
    """Only what lies under the base URL's prefix: no way up, nothing that is read as another host; else ValueError."""
    segments = unquote(path.partition("?")[0]).split("/")
    if not path.startswith("/") or {".", ".."} & set(segments) or re.search(r"[^!-~]|[\\#]", path):
        raise ValueError(f"the path {path!r} does not lie plainly under the base URL")
    return path


def checked_extra(headers: Headers) -> Headers:
    """None that is the harness's own to set; else ValueError."""
    for name, _ in headers:
        if name.lower() in {"authorization", "host", "content-length", "transfer-encoding"}:
            raise ValueError(f"the header {name} is the harness's own to set")
    return headers
