"""What goes wrong only when requests overlap, or many come, or batches are large."""

from sandbox.defects.forms import BUSY_S, body_of, results_of, under_load
from sandbox.message import JSON, Reply, Request
from sandbox.server import Server
from sandbox.signatures import Answer
from sandbox.stages import REASONS, answer
from sandbox.variant import defect


def fail(reply: Reply, status: int) -> None:
    """Turn a reply into a failure."""
    reply.status, reply.content, reply.media_type = status, REASONS.get(status, "Unavailable"), "text/plain"


@defect(answer, "LOAD-1", "RES-3", runs="loadtests")
async def answers_swapped(server: Server, inner: Answer, request: Request) -> Reply:
    """Of two answers that are ready at once each goes to the other's request."""
    reply = await inner(request)
    waiting: list[Reply] = server.memory.setdefault("waiting", [])
    mine = Reply(reply.status, reply.content, reply.media_type, reply.headers)
    waiting.append(mine)
    await server.clock.sleep(BUSY_S)
    if mine in waiting and len(waiting) > 1:
        waiting.remove(mine)
        other = waiting.pop(0)
        mine.content, other.content = other.content, mine.content
        mine.status, other.status = other.status, mine.status
        mine.media_type, other.media_type = other.media_type, mine.media_type
    elif mine in waiting:
        waiting.remove(mine)
    return mine


@defect(answer, "LOAD-1", "RES-3", runs="loadtests")
async def answer_of_the_one_before(server: Server, inner: Answer, request: Request) -> Reply:
    """Every tenth request that overlaps another gets a copy of the last answer."""
    await server.clock.sleep(BUSY_S)
    before = server.memory.get("last 200")
    reply = await inner(request)
    if reply.status == 200:
        server.memory["last 200"] = reply.content
        server.tally["overlapping"] += server.in_flight > 1
        if server.in_flight > 1 and before is not None and server.tally["overlapping"] % 10 == 0:
            reply.content = before
    return reply


@under_load("RES-3")
def last_record_lost_under_load(_server: Server, _request: Request, reply: Reply) -> None:
    """Under load the last of several records has no result."""
    results = results_of(reply)
    if len(results) > 1:
        reply.content = body_of(reply) | {"results": results[:-1]}


@under_load("RES-6")
def blame_shifted_under_load(_server: Server, _request: Request, reply: Reply) -> None:
    """Under load the record after the faulty one is blamed."""
    results = results_of(reply)
    if results:
        size = len(results)
        reply.content = body_of(reply) | {"results": [r | {"index": (at + 1) % size} for at, r in enumerate(results)]}


@defect(answer, "LOAD-1", "UPS-3", runs="loadtests")
async def faults_reach_others(server: Server, inner: Answer, request: Request) -> Reply:
    """The list of faults is shared: whoever is answered beside a faulty batch has the same records blamed."""
    reply = await inner(request)
    faulty = [result for result in results_of(reply) if result["status"] == "error"]
    met: list[list[dict[str, object]]] = server.memory.setdefault("faulty", [])
    if faulty:
        met.append(faulty)
    await server.clock.sleep(BUSY_S)
    if faulty:
        met.remove(faulty)
    elif met and results_of(reply):
        others = {result["index"]: result for result in met[0]}
        results = [others.get(result["index"], result) for result in results_of(reply)]
        reply.content = body_of(reply) | {"results": results}
    return reply


@under_load("RES-2")
def index_doubled_under_load(_server: Server, _request: Request, reply: Reply) -> None:
    """Under load the first index comes twice."""
    results = results_of(reply)
    if len(results) > 1:
        reply.content = body_of(reply) | {"results": [results[0], results[1] | {"index": 0}, *results[2:]]}


@under_load("RES-1")
def results_null_under_load(_server: Server, _request: Request, reply: Reply) -> None:
    """Under load `results` is null."""
    if reply.status == 200:
        reply.content = body_of(reply) | {"results": None}


@under_load("RES-4")
def status_pending_under_load(_server: Server, _request: Request, reply: Reply) -> None:
    """Under load the status of every record is pending."""
    if reply.status == 200:
        reply.content = body_of(reply) | {"results": [r | {"status": "pending"} for r in results_of(reply)]}


@under_load("RES-5")
def warnings_without_message_under_load(_server: Server, _request: Request, reply: Reply) -> None:
    """Under load records are taken with a warning that says nothing."""
    if reply.status == 200:
        reply.content = body_of(reply) | {
            "results": [{"index": r["index"], "status": "warning"} for r in results_of(reply)]
        }


@under_load("UPS-3")
def valid_refused_under_load(_server: Server, _request: Request, reply: Reply) -> None:
    """Under load the first record is an error: its row is locked."""
    results = results_of(reply)
    if results:
        locked = {"index": results[0]["index"], "status": "error", "message": "deadlock found"}
        reply.content = body_of(reply) | {"results": [locked, *results[1:]]}


@under_load("FMT-1")
def text_plain_under_load(_server: Server, _request: Request, reply: Reply) -> None:
    """Under load a 200 calls itself text/plain."""
    if reply.status == 200:
        reply.media_type = "text/plain"


@under_load("RATE-3")
def rate_headers_missing_under_load(_server: Server, _request: Request, reply: Reply) -> None:
    """Under load there are no rate headers."""
    if reply.status == 200:
        reply.headers = {name: value for name, value in reply.headers.items() if not name.startswith("X-RateLimit")}


@under_load("RATE-6")
def limit_halved_under_load(_server: Server, _request: Request, reply: Reply) -> None:
    """Under load another Limit is told."""
    if "X-RateLimit-Limit" in reply.headers:
        reply.headers["X-RateLimit-Limit"] = str(int(reply.headers["X-RateLimit-Limit"]) * 2)


@under_load("RATE-4")
def remaining_read_too_soon(server: Server, _request: Request, reply: Reply) -> None:
    """Under load Remaining is read before the others that are under way have been counted."""
    if reply.status == 200 and "X-RateLimit-Remaining" in reply.headers:
        left, limit = (int(reply.headers[f"X-RateLimit-{name}"]) for name in ("Remaining", "Limit"))
        reply.headers["X-RateLimit-Remaining"] = str(min(left + left % server.in_flight, limit))


@under_load("AUTH-2")
def key_refused_under_load(server: Server, _request: Request, reply: Reply) -> None:
    """Under load every eighth request with the key is a 401."""
    server.tally["overlapping"] += 1
    if reply.status == 200 and server.tally["overlapping"] % 8 == 0:
        fail(reply, 401)


@under_load("AUTH-1")
def stranger_let_in_under_load(_server: Server, _request: Request, reply: Reply) -> None:
    """Under load whoever comes without the key is taken for somebody who has it."""
    if reply.status == 401:
        reply.status, reply.media_type = 200, JSON
        reply.content = {"status": "ok", "results": [{"index": 0, "status": "ok"}]}


@under_load("ERR-2", "GATE-ERRORS")
def new_connections_fail_under_load(server: Server, request: Request, reply: Reply) -> None:
    """Under load the first request of a connection is a 503, once there have been fifty."""
    met: set[tuple[str, int] | None] = server.memory.setdefault("connections", set())
    known = request.client in met
    met.add(request.client)
    if len(met) > 50 and not known and reply.status == 200:
        fail(reply, 503)


@under_load("ERR-2", "GATE-ERRORS")
def fails_above_eight(server: Server, _request: Request, reply: Reply) -> None:
    """More than eight requests at once are too many: 500."""
    if server.in_flight > 8 and reply.status == 200:
        fail(reply, 500)


@under_load("ERR-2", "GATE-ERRORS")
def large_batches_collide(server: Server, _request: Request, reply: Reply) -> None:
    """Where several are under way, a batch of more than fifteen records is a 500."""
    if server.in_flight > 1 and len(results_of(reply)) > 15:
        fail(reply, 500)


@under_load("ERR-2", "GATE-ERRORS")
def answers_cut_under_load(server: Server, _request: Request, reply: Reply) -> None:
    """Under load every tenth answer breaks off in the middle."""
    server.tally["overlapping"] += 1
    if reply.status == 200 and server.tally["overlapping"] % 10 == 0:
        reply.cut_at = 10


@under_load("ERR-2", "GATE-ERRORS")
def unavailable_under_load(server: Server, _request: Request, reply: Reply) -> None:
    """Under load every fifth request is a 503."""
    server.tally["overlapping"] += 1
    if reply.status == 200 and server.tally["overlapping"] % 5 == 0:
        fail(reply, 503)


@defect(answer, "UPS-2", "ERR-2", runs="loadtests")
async def large_batches_time_out(_server: Server, inner: Answer, request: Request) -> Reply:
    """A batch of more than 60,000 bytes is a 504 after three seconds."""
    reply = await inner(request)
    if len(request.body) > 60_000 and reply.status == 200:
        fail(reply, 504)
        reply.delay_s = 3.0
    return reply
