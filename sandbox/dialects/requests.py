"""How a request is read before its records are: scheme, method, media type, document."""

from sandbox.message import Fault, Refused, Reply, Request
from sandbox.server import Server
from sandbox.settings import PATH
from sandbox.signatures import Authenticate, Finish, Read, Route, Unpack
from sandbox.stages import Allowance, authenticate, finish, read, route, unpack
from sandbox.variant import dialect


@dialect(authenticate)
def scheme_case_sensitive(_server: Server, inner: Authenticate, request: Request) -> str | None:
    """Only `Bearer`, in this case, names the scheme."""
    return inner(request) if request.headers.get("authorization", "").startswith("Bearer ") else None


@dialect(authenticate)
def one_space_before_the_key(_server: Server, inner: Authenticate, request: Request) -> str | None:
    """White space other than one space between scheme and key is a 401."""
    return inner(request) if request.headers.get("authorization", "").count(" ") == 1 else None


@dialect(authenticate)
def key_under_any_scheme(server: Server, inner: Authenticate, request: Request) -> str | None:
    """The key is let in under `Token`, or any other scheme of one word."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token if scheme and token in server.settings.keys else inner(request)


@dialect(read)
def not_json_415(_server: Server, inner: Read, request: Request) -> object:
    """A body that is not JSON is a 415."""
    try:
        return inner(request)
    except Refused as refused:
        raise (Refused(415) if refused.status == 400 else refused) from refused


@dialect(read)
def not_json_422(_server: Server, inner: Read, request: Request) -> object:
    """A body that is not JSON is a 422."""
    try:
        return inner(request)
    except Refused as refused:
        malformed = Refused(422, Fault("The body is not JSON", "malformed"))
        raise (malformed if refused.status == 400 else refused) from refused


@dialect(read)
def other_media_type_415(_server: Server, inner: Read, request: Request) -> object:
    """A body that does not call itself application/json is a 415."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise Refused(415)
    return inner(request)


@dialect(unpack)
def not_an_object_400(_server: Server, inner: Unpack, document: object) -> list[object]:
    """A JSON document that is no object is a 400."""
    if not isinstance(document, dict):
        raise Refused(400)
    return inner(document)


@dialect(unpack)
def unknown_top_level_422(_server: Server, inner: Unpack, document: object) -> list[object]:
    """A property beside `inventories` is a 422."""
    if isinstance(document, dict) and "inventories" in document and len(document) > 1:
        raise Refused(422, Fault("there is a property beside inventories", "unknown_property"))
    return inner(document)


@dialect(route)
def other_method_404(_server: Server, inner: Route, request: Request) -> None:
    """Another method than POST is a 404."""
    if request.method != "POST":
        raise Refused(404)
    inner(request)


@dialect(finish)
def options_204(_server: Server, inner: Finish, request: Request, reply: Reply, allowance: Allowance | None) -> Reply:
    """OPTIONS is answered 204."""
    if request.method == "OPTIONS" and request.path == PATH and reply.status == 405:
        reply = Reply(204, b"", None, {"Allow": "OPTIONS, POST"})
    return inner(request, reply, allowance)


@dialect(finish)
def head_200(_server: Server, inner: Finish, request: Request, reply: Reply, allowance: Allowance | None) -> Reply:
    """HEAD and GET are answered 200, with nothing in it."""
    if request.method in ("GET", "HEAD") and request.path == PATH and reply.status == 405:
        reply = Reply(200, b"", None)
    return inner(request, reply, allowance)
