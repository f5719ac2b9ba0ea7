"""The document as published, and as it is effective once its prose is written into the operation. Judges nothing."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import yaml

from openapi import overlay

OPERATION_PATH = "/api/platform/v1/products/inventories/batches"
PUBLISHED_FILE = Path(__file__).with_name("platform_v1.yaml")
OVERLAY_FILE = Path(__file__).with_name("overlay.yaml")


@dataclass(frozen=True, slots=True)
class Document:
    """What BSPK published, and what it amounts to. The mappings are shared: copy them before changing anything."""

    text: str  # the vendored file, to the letter
    sha256: str  # of the vendored file's bytes, in hex
    published: Mapping[str, Any]
    effective: Mapping[str, Any]  # published, with openapi/overlay.yaml applied
    operation_path: str
    production_url: str  # the server that the document names: traffic to it must be asked for

    @property
    def operation(self) -> Mapping[str, Any]:
        """The effective operation object of POST on `operation_path`."""
        operation: Mapping[str, Any] = self.effective["paths"][self.operation_path]["post"]
        return operation


@cache
def load_document() -> Document:
    """Read the vendored document and overlay it; raises OverlayError when an action no longer fits."""
    raw = PUBLISHED_FILE.read_bytes()
    published = yaml.safe_load(raw)
    return Document(
        text=raw.decode(),
        sha256=sha256(raw).hexdigest(),
        published=published,
        effective=overlay.apply(yaml.safe_load(OVERLAY_FILE.read_bytes()), published),
        operation_path=OPERATION_PATH,
        production_url=published["servers"][0]["url"],
    )
