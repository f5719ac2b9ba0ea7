"""How a load test ends: what was asked for is given back, what was sent is judged, and the report written."""

from dataclasses import replace
from typing import Any

from contracts.evidence import Evidence
from contracts.finding import Verdict
from contracts.judge import first_finding_at, rule
from contracts.report.conclusion import Conclusion
from contracts.report.document import compose, write
from contracts.run.leaks import failed, leaks
from contracts.run.target import point_latest
from contracts.run.watermark import BEHIND, raise_watermark
from loadtests.gates import rule_on
from loadtests.run.session import BROKEN_OFF, Session


def conclude(session: Session) -> tuple[dict[str, Any], str | None]:
    """The report, and why it could not be written, where it could not: then nothing is held."""
    try:
        session.give_back()
        document = _judged(session)
        try:
            return _written(session, document), None
        except OSError as error:
            why = f"the report cannot be written to {session.folder}: {error.strerror}"
            undecided = {"verdict": Verdict.UNDECIDED.value, "reason": why}
            return document | (undecided if document["verdict"] == Verdict.HELD else {}), why
    finally:
        session.close()


def _written(session: Session, document: dict[str, Any]) -> dict[str, Any]:
    """`latest` points to it unless a parent will see to that."""
    folder, choices = session.folder, session.choices
    write(folder, document)
    if found := leaks(folder, choices.secret):
        document = failed(document, found)
        write(folder, document)
    if choices.run_folder is None:
        point_latest(folder)
    raise_watermark(choices.base_url, session.clock.now() - BEHIND)
    return document


def _judged(session: Session) -> dict[str, Any]:
    hurried = session.stopped == BROKEN_OFF
    story = replace(session.history.story(), rows=session.rows, hurried=hurried)
    evidence = Evidence.of(story)
    rulings = rule(evidence, story)
    return compose(
        Conclusion(
            story=story,
            rulings=rulings,
            requests=session.sent,
            retries=0,
            first_finding_at=first_finding_at(rulings, evidence),
            duration_s=session.elapsed_s,
            certainty={},
            reason=story.stopped,
            load=_load(session),
        )
    ) | {"restored": session.restored}


def _load(session: Session) -> dict[str, dict[str, Any]]:
    """Each scenario's figures, with the gates that speak of them."""
    figures = session.figures
    rows = {name: rule_on(session.choices.gates, name, figures.get(name, {})) for name in session.history.story().owed}
    return {name: {**figures.get(name, {}), "gates": gates} for name, gates in rows.items() if gates or name in figures}
