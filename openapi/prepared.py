"""A document with everything that bears on an operation written into it: references, security, shared parameters."""

from collections.abc import Mapping
from typing import Any

from openapi.document import OPERATION_PATH
from openapi.references import Resolver
from openapi.ways import Change, spelled

_NOWHERE = "defined nowhere"
_TOLD_OF_A_SCHEME = {"description", "bearerFormat"}


def prepared(document: Mapping[str, Any]) -> dict[str, Any]:
    """A copy. The other paths are left as they are: that they are there is all that is asked of them.

    Raises UnreadableDocumentError for a reference that cannot be followed.
    """
    paths = document.get("paths")
    if not isinstance(paths, Mapping) or not isinstance(paths.get(OPERATION_PATH), Mapping):
        return dict(document)
    resolver = Resolver(document)
    item = resolver.resolve(paths[OPERATION_PATH])
    components = document.get("components")
    schemes = resolver.resolve(components.get("securitySchemes")) if isinstance(components, Mapping) else None
    shared = item.pop("parameters", None)
    for name, operation in item.items():
        if isinstance(operation, Mapping) and isinstance(operation.get("responses"), Mapping):
            item[name] = _operation(operation, shared, document.get("security"), schemes)
    return {**document, "paths": {**paths, OPERATION_PATH: item}}


def _operation(operation: Mapping[str, Any], shared: Any, security: Any, schemes: Any) -> dict[str, Any]:
    whole = dict(operation)
    own = whole.get("parameters", [])
    if isinstance(shared, list) and isinstance(own, list):  # its own come before those of the path
        whole["parameters"] = own + [each for each in shared if _name(each) not in [_name(other) for other in own]]
    elif shared is not None:
        whole["parameters"] = [own, shared]  # nonsense, and as such compared
    effective = whole.get("security", security)
    if effective is not None:
        whole["security"] = _written_out(effective, schemes)
    return whole


def _name(parameter: Any) -> Any:
    return (parameter.get("in"), parameter.get("name")) if isinstance(parameter, Mapping) else parameter


def _written_out(security: Any, schemes: Any) -> Any:
    """Each scheme's content beside its name, which is the author's own affair."""
    if not isinstance(security, list) or not all(isinstance(each, Mapping) for each in security):
        return security
    return [{name: _scheme(name, scopes, schemes) for name, scopes in each.items()} for each in security]


def _scheme(name: str, scopes: Any, schemes: Any) -> dict[str, Any]:
    scheme = schemes.get(name) if isinstance(schemes, Mapping) else None
    if not isinstance(scheme, Mapping):
        return {_NOWHERE: name}
    told = {key: value for key, value in scheme.items() if key not in _TOLD_OF_A_SCHEME and not key.startswith("x-")}
    return told | ({"scopes": scopes} if scopes else {})


def security_way(old: Any, new: Any) -> Change:
    """Which way `security` goes: one more alternative lets more in, but that anyone is let in is another thing."""
    if not all(isinstance(value, list) and all(isinstance(each, Mapping) for each in value) for value in (old, new)):
        return Change.CHANGED
    before, after = ({spelled(sorted(map(spelled, each.values()))) for each in value} for value in (old, new))
    anyone = spelled([])
    if any(_NOWHERE in each for each in after - before):
        return Change.CHANGED
    if (not before or anyone in before) != (not after or anyone in after):
        return Change.CHANGED
    if before == after:
        return Change.REWORDED
    return Change.NARROWED if after < before else Change.WIDENED if after > before else Change.CHANGED
