"""The named defects: servers that break the document, each in one way that real ones do. A judge must catch all."""

from sandbox.defects import (
    attribution,
    authentication,
    coercion,
    corners,
    crashes,
    errors,
    formats,
    instants,
    leniency,
    limiting,
    load,
    outcomes,
    results,
    slowness,
    throttling,
    upserts,
    validation,
)
from sandbox.variant import Defect, gather

CHAPTERS = (
    authentication,
    throttling,
    limiting,
    errors,
    crashes,
    validation,
    coercion,
    corners,
    leniency,
    results,
    attribution,
    outcomes,
    upserts,
    instants,
    formats,
    load,
    slowness,
)
DEFECTS: dict[str, Defect] = gather(Defect, CHAPTERS)
