"""Where a run goes: the user's server with the key and the catalogue given, or the embedded sandbox with its own."""

from collections.abc import MutableMapping
from typing import BinaryIO

from contracts.exchanges.records import Reference
from contracts.history.secrets import Secret
from contracts.run.invocation import Options
from contracts.run.locks import lock
from contracts.run.target import EmbeddedSandbox, check_base_url, key_from, read_catalogue


class Site:
    """Raises UsageError for whatever is wrong with it. The sandbox's key is put in `environment`."""

    def __init__(self, options: Options, environment: MutableMapping[str, str]) -> None:
        self._lock: BinaryIO | None = None
        self._sandbox: EmbeddedSandbox | None = None
        self.catalogue: tuple[Reference, ...] = ()
        if options.base_url is not None:
            self.base_url, self.secret = check_base_url(options.base_url), key_from(environment)
            self.catalogue = read_catalogue(options.catalogue) if options.catalogue else ()
            return
        self._sandbox = EmbeddedSandbox("--window", str(options.window_s))
        self._sandbox.__enter__()
        self.base_url, self.secret = self._sandbox.base_url, Secret(self._sandbox.key)
        self.catalogue = read_catalogue(options.catalogue or self._sandbox.catalogue)
        environment["BSPK_API_KEY"] = self._sandbox.key

    def hold(self) -> None:
        """One run at a time on these references; raises UsageError where another is under way."""
        if self.catalogue and self._sandbox is None:
            self._lock = lock(self.base_url, self.catalogue)

    def close(self) -> None:
        """Others may write these references; the sandbox ends."""
        if self._lock is not None:
            self._lock.close()
        if self._sandbox is not None:
            self._sandbox.__exit__(None, None, None)
