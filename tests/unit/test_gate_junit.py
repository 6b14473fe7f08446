"""The JUnit file: one case for each requirement, counted and escaped, the same bytes every time."""

from xml.etree import ElementTree

import pytest

from openbook.compare.gates.gate import Gate, Outcome
from openbook.compare.gates.junit import junit

NASTY = 'rag."<&\x00\x1b]]>\'\ud800" >= 1'


def gate(outcome: Outcome, require: str = "rag.facts >= 0.5") -> Gate:
    return Gate(require=require, outcome=outcome, level=0.9, sentence=f"It is <{outcome}> & so on.")


def cases(text: str) -> dict[str, list[str]]:
    root = ElementTree.fromstring(text.encode("utf-8"))
    return {case.attrib["name"]: [part.tag for part in case] for case in root.iter("testcase")}


@pytest.mark.parametrize(
    ("undecided_fails", "counts", "part"), [(True, ("2", "0"), "failure"), (False, ("1", "1"), "skipped")]
)
def test_cases_are_counted_as_the_switch_says(undecided_fails: bool, counts: tuple[str, str], part: str) -> None:
    gates = [gate("met", "a.f >= 1"), gate("broken", "b.f >= 1"), gate("cannot tell", "c.f >= 1")]
    text = junit(gates, project="shop", undecided_fails=undecided_fails)
    assert cases(text) == {"a.f >= 1": ["system-out"], "b.f >= 1": ["failure"], "c.f >= 1": [part]}
    suite = ElementTree.fromstring(text.encode("utf-8")).find("testsuite")
    assert suite is not None
    assert (suite.attrib["tests"], suite.attrib["errors"]) == ("3", "0")
    assert (suite.attrib["failures"], suite.attrib["skipped"]) == counts
    assert junit(gates, project="shop", undecided_fails=undecided_fails) == text


def test_attributes_are_those_that_the_common_schema_knows() -> None:
    root = ElementTree.fromstring(junit([gate("broken")], project="shop", undecided_fails=True).encode("utf-8"))
    allowed = {
        "testsuites": {"name", "tests", "failures", "errors", "time", "disabled"},
        "testsuite": {"name", "tests", "failures", "errors", "skipped", "time"},
        "testcase": {"name", "classname", "time"},
        "failure": {"message", "type"},
    }
    for element in root.iter():
        assert set(element.attrib) <= allowed[element.tag]
    (failure,) = root.iter("failure")
    assert failure.attrib == {"message": "It is <broken> & so on.", "type": "broken"}


def test_no_name_and_no_sentence_can_break_the_file() -> None:
    text = junit([gate("broken", NASTY)], project=NASTY, undecided_fails=True)
    (name,) = cases(text)
    assert name.startswith('rag."<&')
    assert "\x00" not in name
