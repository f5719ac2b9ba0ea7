"""How a base URL is reached: its host, TLS and the environment's proxy. Connects, and sends nothing of an exchange."""

import base64
import socket
import ssl
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import SplitResult, unquote, urlsplit

import certifi

from contracts.wire.transport import proxy_for

_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True)
class Route:
    """Where to connect, and in what form a request names its target there. Raises ValueError for no such proxy."""

    base_url: str
    verify: str | bool = True  # a bundle of certificates to trust, or the usual ones

    def __post_init__(self) -> None:
        proxy = proxy_for(self.base_url)
        proxied = urlsplit(proxy if "://" in proxy else f"http://{proxy}") if proxy else None
        if proxied is not None and proxied.scheme != "http":
            raise ValueError(f"the environment's proxy {proxied.scheme}://{proxied.hostname} is no http:// proxy")
        object.__setattr__(self, "_proxy", proxied)

    @property
    def _base(self) -> SplitResult:
        return urlsplit(self.base_url)

    @property
    def host(self) -> str:
        """The `Host` header's value."""
        return self._base.netloc

    def target(self, path: str) -> str:
        """The request line's target (RFC 9112, 3.2): absolute to a proxy that forwards."""
        whole = self.base_url.rstrip("/") + path
        forwarded = self._forwards
        return whole if forwarded else self._base.path.rstrip("/") + path

    @property
    def proxy_headers(self) -> tuple[tuple[str, str], ...]:
        """What a forwarding proxy needs of every request."""
        return self._authorization if self._forwards else ()

    @property
    def _forwards(self) -> bool:
        return self._through is not None and self._base.scheme == "http"

    @property
    def _through(self) -> SplitResult | None:
        proxy: SplitResult | None = self.__dict__["_proxy"]
        return proxy

    @property
    def _authorization(self) -> tuple[tuple[str, str], ...]:
        proxy = self._through
        if proxy is None or proxy.username is None:
            return ()
        user = f"{unquote(proxy.username)}:{unquote(proxy.password or '')}"
        return (("Proxy-Authorization", "Basic " + base64.b64encode(user.encode()).decode()),)

    def connect(self, timeout_s: float) -> socket.socket:
        """A connection that is ready for requests, its certificate verified; raises OSError (ssl's errors are such)."""
        base = self._through or self._base
        address = base.hostname or "", base.port or _PORTS[base.scheme]
        sock = socket.create_connection(address, timeout=timeout_s)
        try:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self._base.scheme != "https":
                return sock
            if self._through is not None:
                self._tunnel(sock)
            return _context(self.verify).wrap_socket(sock, server_hostname=self._base.hostname)
        except BaseException:
            sock.close()
            raise

    def _tunnel(self, sock: socket.socket) -> None:
        """CONNECT (RFC 9110, 9.3.6); raises OSError where the proxy does not let us through."""
        host = f"{self._base.hostname}:{self._base.port or 443}"
        lines = [f"CONNECT {host} HTTP/1.1", f"Host: {host}", *(f"{k}: {v}" for k, v in self._authorization)]
        sock.sendall("\r\n".join([*lines, "", ""]).encode())
        head = b""
        while b"\r\n\r\n" not in head:
            byte = sock.recv(1)  # one at a time: what follows the head is TLS's
            if not byte or len(head) > 16_384:
                raise OSError("the proxy gave no whole answer to CONNECT")
            head += byte
        status = head.split(b" ", 2)[1:2]
        if status != [b"200"]:
            raise OSError(f"the proxy answered CONNECT by {head.splitlines()[0][:100].decode('latin-1')}")


@lru_cache(maxsize=4)
def _context(verify: str | bool) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=verify if isinstance(verify, str) else certifi.where())
