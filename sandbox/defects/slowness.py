"""What takes longer than it should: with the size of a batch, now and then, or more and more."""

from sandbox.defects.forms import results_of
from sandbox.message import Reply, Request
from sandbox.server import Server
from sandbox.signatures import Answer
from sandbox.stages import answer
from sandbox.variant import defect


@defect(answer, "GATE-COST", runs="loadtests")
async def time_quadratic_in_batch(_server: Server, inner: Answer, request: Request) -> Reply:
    """The time for a batch grows with the square of its size: 0.1 s for a hundred records."""
    reply = await inner(request)
    reply.delay_s += 1e-5 * len(results_of(reply)) ** 2
    return reply


@defect(answer, "GATE-P99", runs="loadtests")
async def slow_tail(server: Server, inner: Answer, request: Request) -> Reply:
    """One answer in fifty takes two seconds."""
    reply = await inner(request)
    server.tally["answers"] += 1
    if server.tally["answers"] % 50 == 0:
        reply.delay_s += 2.0
    return reply


@defect(answer, "GATE-P99", runs="loadtests")
async def slow_throughout(_server: Server, inner: Answer, request: Request) -> Reply:
    """Every answer takes a second and a half."""
    reply = await inner(request)
    reply.delay_s += 1.5
    return reply


@defect(answer, "GATE-P99", runs="loadtests")
async def one_at_a_time(server: Server, inner: Answer, request: Request) -> Reply:
    """Requests queue up: each takes 50 ms for itself alone."""
    start_s = max(server.clock.monotonic_s(), server.memory.get("free at", 0.0))
    server.memory["free at"] = start_s + 0.05
    await server.clock.sleep(server.memory["free at"] - server.clock.monotonic_s())
    return await inner(request)


@defect(answer, "GATE-P99", runs="loadtests")
async def slower_with_every_request(server: Server, inner: Answer, request: Request) -> Reply:
    """Every request makes all later ones slower by 5 ms."""
    reply = await inner(request)
    server.tally["answers"] += 1
    reply.delay_s += 0.005 * server.tally["answers"]
    return reply


@defect(answer, "GATE-P99", runs="loadtests")
async def pause_every_five_seconds(server: Server, inner: Answer, request: Request) -> Reply:
    """For the last 1.4 of every five seconds nothing is answered, as if rubbish were collected."""
    phase_s = server.clock.monotonic_s() % 5
    if phase_s > 3.6:
        await server.clock.sleep(5 - phase_s)
    return await inner(request)
