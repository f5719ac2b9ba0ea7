"""A server on raw sockets that plays one fault to its first request, and answers every later one as it should.

Knows no HTTP library, so that it can say what none would let it say. Each connection has a thread of its own.
"""

import socket
import ssl
import struct
import threading
from collections.abc import Callable
from contextlib import suppress

HEALTHY_BODY = b'{"status":"done","results":[{"index":0,"status":"ok"}]}'
HEALTHY = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nX-RateLimit-Limit: 100\r\nX-RateLimit-Remaining: 99\r\n"
    b"Content-Length: %d\r\n\r\n%s" % (len(HEALTHY_BODY), HEALTHY_BODY)
)
PATIENCE_S = 5.0  # of a fault that plays on while nobody takes it


class Peer:
    """One connection as a fault sees it. Counts what it managed to send; every wait ends when the server closes."""

    def __init__(self, sock: socket.socket, closing: threading.Event) -> None:
        self.sock = sock
        self.sent = 0
        self._closing = closing
        sock.settimeout(PATIENCE_S)

    def request(self) -> bytes:
        """The next request, head and body; empty where the client went away."""
        data = b""
        while b"\r\n\r\n" not in data:
            received = self.sock.recv(65_536)
            if not received:
                return b""
            data += received
        head, _, body = data.partition(b"\r\n\r\n")
        fields = dict(line.lower().split(b":", 1) for line in head.split(b"\r\n")[1:])
        while len(body) < int(fields.get(b"content-length", b"0")):
            received = self.sock.recv(65_536)
            if not received:
                return b""
            body += received
        return head + b"\r\n\r\n" + body

    def send(self, data: bytes) -> None:
        """All of it; raises OSError where the client went away."""
        self.sock.sendall(data)
        self.sent += len(data)

    def pour(self, data: bytes, most: int = 1 << 30) -> None:
        """The same bytes again and again, until the client goes away or `most` were sent."""
        while self.sent < most and not self._closing.is_set():
            self.send(data)

    def drip(self, data: bytes, pause_s: float = 0.05) -> None:
        """The bytes over and over, one at a time."""
        while not self._closing.is_set():
            for number in range(len(data)):
                self.send(data[number : number + 1])
                if self._closing.wait(pause_s):
                    return

    def stall(self, seconds: float = PATIENCE_S) -> None:
        """Say nothing, with the connection open."""
        self._closing.wait(seconds)

    def reset(self) -> None:
        """Close with RST in the place of FIN."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()


Play = Callable[[Peer], None]  # from the accepted connection on; what it leaves open is closed, unless it is kept


class FaultServer:
    """Listens on the loopback interface, with no `play` only once it is revived.

    `tls` wraps the first connection, and then all others; a handshake that fails counts as the fault played.
    """

    def __init__(
        self,
        play: Play | None,
        *,
        keep: bool = False,
        tls: tuple[ssl.SSLContext | None, ssl.SSLContext] | None = None,
        always: bool = False,
    ) -> None:
        self._play, self._keep, self._tls, self._always = play, keep, tls, always
        self._closing = threading.Event()
        self._played = threading.Lock()  # taken by the one connection that meets the fault
        self._open: list[socket.socket] = []
        self.requests: list[bytes] = []  # that were answered as they should be
        self.peers: list[Peer] = []
        self._listener = socket.socket()
        self._listener.bind(("127.0.0.1", 0))
        self.base_url = f"{'https' if tls else 'http'}://127.0.0.1:{self._listener.getsockname()[1]}"
        if play is None:
            self._played.acquire()
        else:
            self.revive()

    def revive(self) -> None:
        """Listen, where it does not yet."""
        if not self._listener.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
            self._listener.listen()
            threading.Thread(target=self._accept, daemon=True).start()

    @property
    def sent(self) -> int:
        """Bytes that were taken off its hands."""
        return sum(peer.sent for peer in self.peers)

    def close(self) -> None:
        self._closing.set()
        for sock in (self._listener, *self._open):
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
            sock.close()

    def __enter__(self) -> "FaultServer":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                sock, _ = self._listener.accept()
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self._open.append(sock)
                threading.Thread(target=self._serve, args=(sock,), daemon=True).start()

    def _serve(self, sock: socket.socket) -> None:
        with suppress(OSError, ValueError):
            faulty = self._always or self._played.acquire(blocking=False)
            context = self._tls[0 if faulty else 1] if self._tls else None
            if context is not None:
                sock = context.wrap_socket(sock, server_side=True)
                self._open.append(sock)
            peer = Peer(sock, self._closing)
            self.peers.append(peer)
            if faulty and self._play:
                self._play(peer)
            if not faulty or self._keep:
                while request := peer.request():
                    self.requests.append(request)
                    peer.send(HEALTHY)
        with suppress(OSError):
            sock.shutdown(socket.SHUT_RDWR)
        sock.close()
