"""The legal dialects: servers that keep the document in other ways than the default one. A judge must pass them all."""

from sandbox.dialects import allowance, answers, instants, records, refusals, requests
from sandbox.variant import Dialect, gather

DIALECTS: dict[str, Dialect] = gather(Dialect, (refusals, requests, records, instants, allowance, answers))
