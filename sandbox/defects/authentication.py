"""Ways to let the wrong ones in, to keep the right one out, and to say so wrongly."""

from sandbox.message import Refused, Reply, Request
from sandbox.server import Server
from sandbox.signatures import Authenticate, Handle, Refuse
from sandbox.stages import authenticate, finish, handle, read, refuse, respond, unpack
from sandbox.variant import defect


def sent(request: Request) -> str:
    """What follows the scheme."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


@defect(authenticate, "AUTH-1")
def key_not_checked(server: Server, inner: Authenticate, request: Request) -> str | None:
    """Any bearer token gets in."""
    return inner(request) or (server.settings.keys[0] if sent(request) else None)


@defect(authenticate, "AUTH-1")
def no_header_let_in(server: Server, inner: Authenticate, request: Request) -> str | None:
    """A request without an Authorization header gets in."""
    return inner(request) if "authorization" in request.headers else server.settings.keys[0]


@defect(authenticate, "AUTH-1")
def empty_token_accepted(server: Server, inner: Authenticate, request: Request) -> str | None:
    """A scheme with nothing behind it gets in."""
    is_empty = request.headers.get("authorization", "").strip().lower() == "bearer"
    return server.settings.keys[0] if is_empty else inner(request)


@defect(authenticate, "AUTH-1")
def key_prefix_accepted(server: Server, _inner: Authenticate, request: Request) -> str | None:
    """A key cut short gets in."""
    token = sent(request)
    return next((key for key in server.settings.keys if token and key.startswith(token)), None)


@defect(authenticate, "AUTH-1")
def key_suffix_accepted(server: Server, _inner: Authenticate, request: Request) -> str | None:
    """A key without its beginning gets in."""
    token = sent(request)
    return next((key for key in server.settings.keys if token and key.endswith(token)), None)


@defect(authenticate, "AUTH-1")
def key_extended_accepted(server: Server, inner: Authenticate, request: Request) -> str | None:
    """A key with something behind it gets in."""
    return inner(request) or next((key for key in server.settings.keys if sent(request).startswith(key)), None)


@defect(authenticate, "AUTH-1")
def key_up_to_a_point(server: Server, _inner: Authenticate, request: Request) -> str | None:
    """A key with a point and more behind it gets in: a token is taken for two parts."""
    token = sent(request).partition(".")[0]
    return next((key for key in server.settings.keys if key == token), None)


@defect(authenticate, "AUTH-1")
def key_case_ignored(server: Server, _inner: Authenticate, request: Request) -> str | None:
    """A key in another case gets in."""
    return next((key for key in server.settings.keys if key.lower() == sent(request).lower()), None)


@defect(authenticate, "AUTH-1")
def key_of_right_length(server: Server, _inner: Authenticate, request: Request) -> str | None:
    """Any token as long as a key gets in."""
    return next((key for key in server.settings.keys if len(key) == len(sent(request))), None)


@defect(authenticate, "AUTH-1")
def key_compared_to_8_characters(server: Server, _inner: Authenticate, request: Request) -> str | None:
    """Only the first eight characters of a token are compared."""
    return next((key for key in server.settings.keys if key[:8] == sent(request)[:8]), None)


@defect(authenticate, "AUTH-1")
def last_character_not_compared(server: Server, _inner: Authenticate, request: Request) -> str | None:
    """A token that differs from a key in its last character gets in."""
    token = sent(request)
    return next((key for key in server.settings.keys if len(key) == len(token) and key[:-1] == token[:-1]), None)


@defect(authenticate, "AUTH-1")
def every_20th_let_in(server: Server, inner: Authenticate, request: Request) -> str | None:
    """One of twenty requests without the key gets in."""
    key = inner(request)
    if key is None:
        server.tally["refused"] += 1
        return server.settings.keys[0] if server.tally["refused"] % 20 == 0 else None
    return key


@defect(authenticate, "AUTH-1")
def connection_remembers_key(server: Server, inner: Authenticate, request: Request) -> str | None:
    """On a connection that has brought the key once, nobody is asked again."""
    remembered = server.memory.setdefault("keys by connection", {})
    key = inner(request) or remembered.get(request.client)
    if key is not None:
        remembered[request.client] = key
    return key


@defect(authenticate, "AUTH-1")
def empty_batch_needs_no_key(server: Server, inner: Authenticate, request: Request) -> str | None:
    """A batch without records is validated without a key."""
    is_empty = request.body.replace(b" ", b"") == b'{"inventories":[]}'
    return inner(request) or (server.settings.keys[0] if is_empty else None)


@defect(authenticate, "AUTH-1")
def not_json_needs_no_key(server: Server, inner: Authenticate, request: Request) -> str | None:
    """A body that is not JSON is a 400 without a key."""
    key = inner(request)
    if key is None:
        try:
            server[read](request)
        except Refused:
            return server.settings.keys[0]
    return key


@defect(handle, "AUTH-1")
def body_before_key(server: Server, inner: Handle, request: Request) -> Reply:
    """The document is looked at before the key: a bad one is a 400 or 422 for anybody."""
    try:
        if server[authenticate](request) is None:
            server[unpack](server[read](request))
    except Refused as refused:
        return server[finish](request, server[refuse](refused), None)
    return inner(request)


def _instead_of_401(status: int, reply: Reply) -> Reply:
    return Reply(status, reply.content, reply.media_type)


@defect(refuse, "AUTH-1", "AUTH-3")
def wrong_key_403(_server: Server, inner: Refuse, refused: Refused) -> Reply:
    """Whoever has no key gets a 403."""
    return _instead_of_401(403, inner(refused)) if refused.status == 401 else inner(refused)


@defect(refuse, "AUTH-1")
def wrong_key_404(_server: Server, inner: Refuse, refused: Refused) -> Reply:
    """Whoever has no key is told that there is nothing here."""
    return _instead_of_401(404, inner(refused)) if refused.status == 401 else inner(refused)


@defect(refuse, "AUTH-1")
def wrong_key_400(_server: Server, inner: Refuse, refused: Refused) -> Reply:
    """Whoever has no key gets a 400."""
    return _instead_of_401(400, inner(refused)) if refused.status == 401 else inner(refused)


@defect(refuse, "AUTH-1", "RES-1")
def wrong_key_200_with_error(_server: Server, inner: Refuse, refused: Refused) -> Reply:
    """Whoever has no key gets a 200 that says so inside."""
    return Reply(200, {"error": "unauthorized"}, "application/json") if refused.status == 401 else inner(refused)


@defect(refuse, "AUTH-1")
def login_page(_server: Server, inner: Refuse, refused: Refused) -> Reply:
    """Whoever has no key is sent to a page to log in."""
    if refused.status == 401:
        return Reply(302, "", "text/html", {"Location": "/login"})
    return inner(refused)


@defect(handle, "AUTH-1", "ERR-2")
def malformed_header_500(server: Server, inner: Handle, request: Request) -> Reply:
    """An Authorization header of one word is a 500."""
    if len(request.headers.get("authorization", "Bearer key").split()) < 2:
        return server[refuse](Refused(500))
    return inner(request)


@defect(handle, "AUTH-1", "ERR-2")
def missing_header_500(server: Server, inner: Handle, request: Request) -> Reply:
    """A request without an Authorization header is a 500."""
    return inner(request) if "authorization" in request.headers else server[refuse](Refused(500))


@defect(authenticate, "AUTH-2")
def key_refused_now_and_then(server: Server, inner: Authenticate, request: Request) -> str | None:
    """Every fifteenth request with the key is a 401."""
    server.tally["asked"] += 1
    return None if server.tally["asked"] % 15 == 0 else inner(request)


@defect(authenticate, "AUTH-2")
def key_refused_once_after_others(server: Server, inner: Authenticate, request: Request) -> str | None:
    """The first request with the key after twenty without it is a 401: the failures are held against it."""
    key = inner(request)
    server.tally["failures"] += key is None
    if key is not None and server.tally["failures"] >= 20 and not server.tally["lifted"]:
        server.tally["lifted"] = 1
        return None
    return key


@defect(respond, "AUTH-3", "AUTH-2")
def large_batch_forbidden(_server: Server, inner: Handle, request: Request) -> Reply:
    """A batch of more than 4,000 bytes is a 403."""
    if len(request.body) > 4_000:
        return Reply(403, "Forbidden", "text/plain")
    return inner(request)
