"""A server as quick as Python allows: reads requests by their length alone, and answers each with the same results.

One property differs in every answer, and Remaining falls, as on a real one. `python -m tests.benchmarks.fixed_server N`
prints its port; N is the number of records that every answer is for, and a second argument gives each result a message.
Ends with its standard input.
"""

import json
import select
import socket
import sys

LIMIT = 999_999_999
_RECEIVED_AT_ONCE = 1 << 20


def results(records: int, messages: bool) -> str:
    """So many that were taken, each with a message of its own if wanted."""
    return ",".join(
        f'{{"index":{k},"status":"ok"%s}}' % (f',"message":"record {k} is stored"' if messages else "")
        for k in range(records)
    )


def answer(records: int, number: int, messages: bool = False) -> bytes:
    """The `number`-th answer."""
    body = f'{{"status":"done","request_id":"{number:09}","results":[{results(records, messages)}]}}'
    return _framed(body, number)


def _framed(body: str, number: int) -> bytes:
    head = (
        "HTTP/1.1 200 OK\r\nServer: fixed\r\nContent-Type: application/json\r\n"
        f"X-RateLimit-Limit: {LIMIT}\r\nX-RateLimit-Remaining: {LIMIT - number}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return (head + body).encode()


class _Peer:
    """One connection, and how much of a request is still to come."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock, self.buffer, self.missing = sock, b"", 0

    def whole_requests(self, data: bytes) -> int:
        """How many requests end within these bytes; nobody sends the next before the answer."""
        if self.missing:
            self.missing -= len(data)
            return int(self.missing == 0)
        self.buffer += data
        head, found, body = self.buffer.partition(b"\r\n\r\n")
        if not found:
            return 0
        place = head.lower().index(b"content-length:")
        self.missing = int(head[place + 15 :].split(b"\r\n", 1)[0]) - len(body)
        self.buffer = b""
        return int(self.missing == 0)


def serve(records: int, messages: bool) -> None:
    """Serve until standard input ends."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=512)
    print(listener.getsockname()[1], flush=True)
    template = answer(records, 0, messages)
    size, poll, peers, number = len(template), select.epoll(), dict[int, _Peer](), 0
    before, _, rest = template.partition(b"%d" % LIMIT + b"\r\nContent-Length")
    marked, _, after = rest.partition(b"0" * 9)
    for source in (listener.fileno(), sys.stdin.fileno()):
        poll.register(source, select.EPOLLIN)
    while True:
        for fileno, _events in poll.poll():
            if fileno == sys.stdin.fileno():
                return
            if fileno == listener.fileno():
                sock, _ = listener.accept()
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                peers[sock.fileno()] = _Peer(sock)
                poll.register(sock.fileno(), select.EPOLLIN)
                continue
            peer = peers[fileno]
            try:
                data = peer.sock.recv(_RECEIVED_AT_ONCE)
            except ConnectionError:
                data = b""
            if not data:
                poll.unregister(fileno)
                peers.pop(fileno).sock.close()
            elif peer.whole_requests(data):
                number += 1
                whole = b"%b%09d\r\nContent-Length%b%09d%b" % (before, LIMIT - number, marked, number, after)
                assert len(whole) == size
                peer.sock.sendall(whole)


if __name__ == "__main__":
    assert json.loads(answer(3, 1, True).partition(b"\r\n\r\n")[2])
    serve(int(sys.argv[1]), len(sys.argv) > 2)
