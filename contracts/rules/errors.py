"""Error codes: which statuses an answer may have, and that nothing we send breaks the server."""

from contracts.evidence import Evidence
from contracts.exchanges.exchange import Cause, NoAnswer
from contracts.exchanges.records import Kind
from contracts.finding import Examined, Finding
from contracts.seen import Seen
from openapi.ledger import ERR_1, ERR_2, ERR_3

DOCUMENTED = (200, 400, 401, 404, 422, 429)
LARGEST_BODY = 256 * 1024  # bytes; beyond it a server may say 413
MANY = 10  # records; beyond it a 413 may be the server's bound on a batch (UPS-2)


def the_status_is_documented(evidence: Evidence) -> Examined:
    """ERR-1: "### Error Codes": 200, 400, 401, 404, 422, 429. A 5xx is ERR-2's, a 403 to a stranger is AUTH-1's.

    A target that only ever redirects, or says 404 or 405, is not the operation: the run says so, nothing is broken.
    """
    there = any(seen.judged and seen.status not in (404, 405) for seen in evidence.seen)
    for seen in evidence.seen:
        if not _of_json(seen) or seen.status is None or seen.status >= 500:
            continue
        if not there and (seen.status < 400 or seen.status == 405):
            continue
        allowed = seen.status in DOCUMENTED or (seen.status == 413 and len(seen.expected) > MANY)
        expected = "200, or one of the documented errors 400, 401, 404, 422, 429"
        yield None if allowed else Finding(ERR_1, expected, f"{seen.status}", (seen.seq,))


def _of_json(seen: Seen) -> bool:
    json_body = seen.body.kind not in (Kind.DOUBTFUL, Kind.NOT_JSON)
    return seen.authenticated and json_body and len(seen.exchange.request.body) <= LARGEST_BODY


def nothing_we_send_breaks_the_server(seen: Seen) -> Examined:
    """ERR-2: "500 - BSPK Internal Server Error": no 5xx, no answer cut short, no hang, whatever was sent.

    A kept connection closed before the first byte is nobody's fault; a new one that closes so is.
    """
    if not seen.on_operation:
        return
    outcome = seen.exchange.outcome
    if isinstance(outcome, NoAnswer):
        if outcome.cause not in (Cause.UNREACHABLE, Cause.CLOSED_IDLE):
            yield Finding(ERR_2, "an answer", f"none: {outcome.cause}", (seen.seq,))
        return
    yield Finding(ERR_2, "no internal error", f"{outcome.status}", (seen.seq,)) if outcome.status >= 500 else None


def what_is_not_json_is_refused(seen: Seen) -> Examined:
    """ERR-3: "400 - Bad Request.": a body that is not JSON is 400 or 422 (or 415), never a success."""
    if not seen.judged or seen.body.kind is not Kind.NOT_JSON:
        return
    refused = seen.status in (400, 415, 422)
    yield (
        None
        if refused
        else Finding(ERR_3, "400 (or 415, 422) to a body that is not JSON", f"{seen.status}", (seen.seq,))
    )
