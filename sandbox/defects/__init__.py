"""The named defects: servers that break the document, each in one way that real ones do. A judge must catch all."""

from sandbox.defects import (
    authentication,
    coercion,
    errors,
    formats,
    limiting,
    load,
    results,
    throttling,
    upserts,
    validation,
)
from sandbox.variant import Defect, gather

DEFECTS: dict[str, Defect] = gather(
    Defect,
    (authentication, throttling, limiting, errors, validation, coercion, results, upserts, formats, load),
)
