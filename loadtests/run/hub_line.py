"""A socket on which gevent's hub waits, so that other users' greenlets go on. Imports gevent, patches nothing.

gevent's own sockets ask first and wait then, since something may have come; here nothing has, before it is waited for.
"""

import _socket
import socket
import ssl

import gevent

from loadtests.wire.connection import Line, PlainLine

_READ, _WRITE = 1, 2


def hub_line(sock: socket.socket) -> Line:
    """The quicker one where there is no TLS, which has its own way of waiting."""
    return PlainLine(sock) if isinstance(sock, ssl.SSLSocket) else HubLine(sock)


class HubLine:
    """Takes the socket over. As `Line`."""

    def __init__(self, sock: socket.socket) -> None:
        self._socket = _socket.socket(fileno=sock.detach())
        self._socket.setblocking(False)
        hub = gevent.get_hub()
        self._wait = hub.wait
        fileno = self._socket.fileno()
        self._readable, self._writable = hub.loop.io(fileno, _READ), hub.loop.io(fileno, _WRITE)

    def send(self, request: bytes | bytearray) -> None:
        """All of it; raises OSError as sockets do."""
        try:
            sent = self._socket.send(request)
        except BlockingIOError:
            sent = 0
        while sent < len(request):
            self._wait(self._writable)
            sent += self._socket.send(memoryview(request)[sent:])

    def receive_into(self, buffer: memoryview) -> int:
        """How many bytes have come, 0 where the other side is done; raises OSError as sockets do."""
        while True:
            self._wait(self._readable)
            try:
                return self._socket.recv_into(buffer)
            except BlockingIOError:  # woken for nothing
                continue

    def shut(self) -> None:
        """Whoever waits wakes."""
        self._socket.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self._readable.close()
        self._writable.close()
        self._socket.close()
