"""junit.xml: one case a promise and one a gate, for the systems that show a pipeline's tests.

A broken promise is a failure with its argument. An undecided one is an error, for not knowing must not look green; what
the run did not owe, and a known break, are skipped.
"""

from collections.abc import Mapping
from typing import Any
from xml.etree import ElementTree as ET

from contracts.command import safe
from contracts.report.known import AGAINST, against, excused
from contracts.report.remedies import remedy
from contracts.report.terminal import argument, briefly
from openapi.ledger import CHAPTERS

FAILURE, ERROR, SKIPPED = "failure", "error", "skipped"  # elements of a case that did not pass
_CHAPTER_OF = {promise.id: chapter for chapter, promises in CHAPTERS.items() for promise in promises}


def ending(row: Mapping[str, Any]) -> tuple[str, str] | None:
    """How one row of the report ends as a test, and a line on why; None where it passes."""
    known = row.get("known") or {"state": None}
    if excused(row):
        return SKIPPED, f"a known break until {known['until']}: {safe(known['reason'])}"
    if known["state"] in AGAINST:
        return FAILURE, against({"id": row["id"], **known})
    if row["verdict"] == "broken":
        return FAILURE, briefly(row)
    if row["verdict"] == "undecided":
        in_scope = row["in_scope"]
        return (ERROR, f"undecided: {safe(row['reason'] or '')}") if in_scope else (SKIPPED, "not in this run's scope")
    return None


def junit(document: Mapping[str, Any]) -> bytes:
    """The file, from report.json's document alone."""
    suite = ET.Element("testsuite", name="promises", time=f"{document['duration_s']:.3f}")
    suite.set("timestamp", document["started_at"])
    properties = ET.SubElement(suite, "properties")
    told = {"target": document["target"]["base_url"], "seed": document["seed"], "verdict": document["verdict"]}
    told |= {f"changed: {each['id']}": f"{each['before']} -> {each['now']}" for each in _changed(document)}
    for name, value in told.items():
        ET.SubElement(properties, "property", name=name, value=safe(str(value)))
    for row in document["promises"]:
        _case(suite, row)
    if document["verdict"] != "held" and all(suite.find(f"*/{tag}") is None for tag in (FAILURE, ERROR)):
        whole = ET.SubElement(suite, "testcase", classname="promises", name="the whole run", time="0")
        kind = FAILURE if document["verdict"] == "broken" else ERROR
        ET.SubElement(whole, kind, type=document["verdict"], message=safe(document["reason"] or document["verdict"]))
    for name, tag in {"tests": "testcase", "failures": FAILURE, "errors": ERROR, SKIPPED: SKIPPED}.items():
        suite.set(name, str(sum(1 for _ in suite.iter(tag))))
    suites = ET.Element("testsuites")
    suites.append(suite)
    ET.indent(suites)
    written: bytes = ET.tostring(suites, encoding="utf-8", xml_declaration=True)
    return written + b"\n"


def _changed(document: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Where the document is silent, since the baseline: it fails nothing."""
    changed: list[Mapping[str, Any]] = (document.get("baseline") or {"changed": []})["changed"]
    return changed


def _case(suite: ET.Element, row: Mapping[str, Any]) -> None:
    chapter = _CHAPTER_OF.get(row["id"], "gates")
    name = f"{row['id']}: {safe(row['quote'] if row['id'] in _CHAPTER_OF else row['meaning'])}"
    case = ET.SubElement(suite, "testcase", classname=f"promises.{chapter}", name=name, time="0")
    end = ending(row)
    if end is not None:
        kind, why = end
        told = ET.SubElement(case, kind, message=why)
        if kind != SKIPPED:
            told.set("type", row["verdict"])
            told.text = "\n".join(argument(row)) if row["verdict"] == "broken" else remedy(row)
