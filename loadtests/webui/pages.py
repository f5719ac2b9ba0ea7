"""The page's routes on Locust's own server: the page, its figures, and the report of the run that ended last.

Serves three files of its own and one of a run's folder, each by a fixed name: no path comes from a request.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import gevent
from flask import Blueprint, Response, jsonify, make_response, request, send_file
from locust.env import Environment
from locust.runners import WORKER_REPORT_INTERVAL, MasterRunner

from contracts.command import safe
from contracts.exchanges.exchange import Exchange
from contracts.history.rows import LoadRow
from contracts.run.target import UsageError
from loadtests.run.options import check_one
from loadtests.webui.live import Series, row_of
from loadtests.webui.standing import Standing

HERE = Path(__file__).parent
FILES = {"page.css": "text/css", "page.js": "text/javascript"}
POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'"
STYLE = (
    "position:fixed;right:1rem;bottom:1rem;z-index:9999;padding:.5rem .9rem;border-radius:.4rem;background:#0b6e4f;"
    "color:#fff;font:600 14px system-ui"
)
LINK = f'<a href="harness/" style="{STYLE}">Live charts and promises</a>'


class Watch:
    """The test that the page shows: the one under way, or the one that ended last."""

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        self._series = Series()
        self._standing: Standing | None = None
        self._scenario = ""
        self._document: Mapping[str, Any] | None = None
        self._report: Path | None = None
        self._error: str | None = None
        self._running, self._ending = False, False

    def begin(self, scenario: str, folder: Path, owed: set[str]) -> None:
        """A test has begun, which writes its history into that folder."""
        self._series, self._scenario, self._document = Series(), scenario, None
        self._report, self._error = None, None
        self._running, self._ending = True, False
        self._standing = Standing(folder / "history.jsonl", owed)
        gevent.spawn(self._standing.keep)
        gevent.spawn(self._tick, self._series)

    def take(self, row: LoadRow) -> None:
        """One more request of a load scenario whose end was seen."""
        self._series.take(row)

    def take_probe(self, exchange: Exchange) -> None:
        """The same, of a probe."""
        self._series.take(row_of(exchange))

    def refuse(self, why: str) -> None:
        """A test could not begin."""
        self._error, self._running = why, False

    def ending(self) -> None:
        """No more is sent; judging may take a while, in which the page gets no answer."""
        self._ending = True

    def end(self, document: Mapping[str, Any], folder: Path) -> None:
        """The test has ended, and its report is written."""
        self._running, self._document, self._report = False, document, folder / "report.html"
        if self._standing is not None:
            self._standing.ended = True

    def _tick(self, series: Series) -> None:
        # A master has the rows of its workers with their reports, no sooner.
        now_s, step_s = 0.0, WORKER_REPORT_INTERVAL if isinstance(self._environment.runner, MasterRunner) else 1.0
        while self._running and series is self._series:
            gevent.sleep(step_s)
            now_s += step_s
            series.close_step(now_s)

    def figures(self) -> dict[str, Any]:
        """All that the page draws; bounded, whatever the test's length."""
        document = self._document
        return {
            "running": self._running,
            "ending": self._ending,
            "scenario": self._scenario,
            "host": self._environment.host,
            "error": self._error,
            "verdict": document["verdict"] if document else None,
            "reason": safe(document["reason"]) if document and document["reason"] else None,
            "report": self._report is not None and self._report.is_file(),
            "points": self._series.points,
            "promises": _rows(document) if document else self._standing.rows if self._standing else [],
        }

    def report(self) -> Path | None:
        """The page of the run that ended last."""
        return self._report if self._report is not None and self._report.is_file() else None


def _rows(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [
        {
            **{key: row[key] for key in ("id", "level", "meaning", "verdict", "examined")},
            "said": safe(row["findings"][0]["actual"] if row["findings"] else row["reason"] or ""),
        }
        for row in document["promises"]
        if row["in_scope"] or row["verdict"] == "broken"
    ]


def serve(environment: Environment, watch: Watch) -> None:
    """Put the page on Locust's server, and a link to it on Locust's own page."""
    web_ui = environment.web_ui
    assert web_ui is not None  # noqa: S101 — whoever asks has seen to it
    assert web_ui.app is not None  # noqa: S101
    base = environment.parsed_options.web_base_path or "" if environment.parsed_options else ""
    pages = Blueprint("harness", __name__, url_prefix=f"{base}/harness")

    def page() -> Response:
        answer = send_file(HERE / "page.html", mimetype="text/html")
        answer.headers["Content-Security-Policy"] = POLICY
        return answer

    def report() -> Response:
        path = watch.report()
        return send_file(path.resolve(), mimetype="text/html") if path else make_response("no run has ended yet", 404)

    guarded: Any = web_ui.auth_required_if_enabled
    routes: dict[str, Callable[[], Response]] = {
        "/": page,
        "/report": report,
        "/figures": lambda: jsonify(watch.figures()),
    }
    for path, answer in routes.items():
        pages.add_url_rule(path, path.strip("/") or "page", guarded(answer))
    for name, kind in FILES.items():
        pages.add_url_rule(f"/{name}", name.replace(".", "_"), _file(name, kind))
    web_ui.app.register_blueprint(pages)

    @web_ui.app.before_request
    def can_begin() -> Response | None:
        """Locust's form has all scenarios ticked at first, and says "started" where no worker is there to start."""
        if request.method != "POST" or not request.path.endswith("/swarm"):
            return None
        try:
            check_one(request.form.getlist("user_classes"))
            _check_joined(environment)
        except UsageError as error:
            return jsonify({"success": False, "message": str(error), "host": environment.host})
        return None

    @web_ui.app.after_request
    def link(answer: Response) -> Response:
        if answer.mimetype == "text/html" and not answer.direct_passthrough and b'id="root"' in answer.data:
            answer.set_data(answer.get_data(as_text=True).replace("</body>", f"{LINK}</body>"))
        return answer


def _check_joined(environment: Environment) -> None:
    runner = environment.runner
    if not isinstance(runner, MasterRunner):
        return
    if not (runner.clients.ready or runner.clients.spawning or runner.clients.running):
        raise UsageError("no worker has joined yet: start one, or wait a moment and press again")


def _file(name: str, kind: str) -> Any:
    return lambda: send_file(HERE / name, mimetype=kind)
