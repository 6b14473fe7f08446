"""Gates as a JUnit file, which most build servers show: one test case for each requirement. Knows gates, no report.

The dialect is the one that Jenkins, GitLab and the common GitHub actions read: `testsuites/testsuite/testcase` with
`failure` and `skipped`. No times and no host: the same gates give the same bytes.
"""

import re
from collections.abc import Sequence
from xml.etree import ElementTree

from openbook.compare.gates.gate import Gate

_ILLEGAL = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Letters that XML 1.0 cannot hold, escaped or not."""


def junit(gates: Sequence[Gate], *, project: str, undecided_fails: bool) -> str:
    """The file's text.

    Args:
        project: The class that the test cases belong to.
        undecided_fails: Whether "cannot tell" is a failure; else the case counts as skipped.
    """
    failing = ("broken", "cannot tell") if undecided_fails else ("broken",)
    counts = {
        "tests": str(len(gates)),
        "failures": str(sum(gate.outcome in failing for gate in gates)),
        "errors": "0",
        "skipped": str(sum(gate.outcome != "met" and gate.outcome not in failing for gate in gates)),
        "time": "0",
    }
    suites = ElementTree.Element("testsuites", {"name": "openbook", **_without(counts, "skipped")})
    suite = ElementTree.SubElement(suites, "testsuite", {"name": "openbook gate", **counts})
    for gate in gates:
        _case(suite, gate, _legal(project), fails=gate.outcome in failing)
    ElementTree.indent(suites)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ElementTree.tostring(suites, encoding="unicode")}\n'


def _case(suite: ElementTree.Element, gate: Gate, project: str, *, fails: bool) -> None:
    named = {"classname": project, "name": _legal(gate.require), "time": "0"}
    case = ElementTree.SubElement(suite, "testcase", named)
    sentence = _legal(gate.sentence)
    if fails:
        found = ElementTree.SubElement(case, "failure", {"message": sentence, "type": gate.outcome})
        found.text = f"{_legal(gate.require)}: {gate.outcome}. {sentence}"
    elif gate.outcome == "cannot tell":
        ElementTree.SubElement(case, "skipped", {"message": sentence})
    else:
        ElementTree.SubElement(case, "system-out").text = sentence


def _without(counts: dict[str, str], key: str) -> dict[str, str]:
    return {name: value for name, value in counts.items() if name != key}


def _legal(text: str) -> str:
    return _ILLEGAL.sub("\ufffd", text)
