"""The report's page: one file that needs nothing else, that no text can break, and whose links lead somewhere."""

import json
import re
from base64 import b64encode
from hashlib import sha256
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import page_sample
from openbook.cli.main import run
from openbook.compare.pages import page

ROOT = Path(__file__).parents[2]
VOID = {"meta", "link", "br", "input", "img", "hr"}
HOSTILE = "</script></style><script>alert(1)</script><img src=x onerror=alert(1)>\"'{{ 7*7 }}&"
PAIRS = [  # text colour, background
    ("fg", "bg"),
    ("muted", "bg"),
    ("accent", "bg"),
    ("bad", "bg"),
    ("part", "bg"),
    ("fg", "accent-soft"),
    ("muted", "accent-soft"),
    ("fg", "raised"),
    ("good", "good-soft"),
    ("bad", "bad-soft"),
    ("part", "part-soft"),
    ("bg", "accent"),
    ("on-strong", "fresh"),
    ("on-strong", "both"),
    ("on-strong", "stale"),
    ("on-weak", "neither"),
    ("on-weak", "abstained"),
]


class Reader(HTMLParser):
    """Reads a page: its elements with attributes, its visible words, and whether every tag is closed in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.inside: dict[str, str] = {}
        self.words: list[str] = []
        self.open: list[str] = []
        self._ids: list[str] = []
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {key: value or "" for key, value in attrs}
        self.elements.append((tag, given))
        if tag not in VOID:
            self.open.append(tag)
            self._ids.append(given.get("id", ""))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {key: value or "" for key, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag
        self._ids.pop()

    def handle_data(self, data: str) -> None:
        if "script" in self.open or "style" in self.open:
            return
        self.words.append(data)
        for name in filter(None, self._ids):
            self.inside[name] = self.inside.get(name, "") + data

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())

    def attributes(self, tag: str, name: str) -> list[str]:
        return [given[name] for kind, given in self.elements if kind == tag and name in given]

    @property
    def ids(self) -> list[str]:
        return [given["id"] for _, given in self.elements if "id" in given]


def made(report: dict[str, Any] | None = None, command: str = "openbook compare") -> str:
    return page.html(report or page_sample.report(), command=command)


def test_the_sample_is_a_report_as_published() -> None:
    schema = json.loads((ROOT / "docs/reference/report.schema.json").read_text(encoding="utf-8"))
    sample = page_sample.report()
    shown = {key: value for key, value in sample.items() if key != "answers"} | {"looks": 1, "report": "report.html"}
    jsonschema.validate(shown, schema)


def test_the_same_report_gives_the_same_bytes() -> None:
    assert made() == made()


def test_the_verdict_stands_first_in_one_sentence_and_the_rest_below() -> None:
    text = made()
    verdict = 'Use <a href="#cell-2-primary-all">hybrid</a>: its facts of 0.80 beats every other arm&#39;s.'
    assert f"<h1>{verdict}</h1>" in text
    assert '<p class="rest">It costs more.</p>' in text


def test_the_page_fetches_nothing_and_runs_its_own_script_alone() -> None:
    text = made()
    found = Reader(text)
    assert not [tag for tag, _ in found.elements if tag in ("link", "img", "iframe", "object", "form", "base")]
    assert all(target.startswith("#") for target in found.attributes("a", "href"))
    assert not [given for _, given in found.elements if "src" in given or any(key.startswith("on") for key in given)]
    assert not re.search(r"https?://|@import|url\(|eval\(|new Function|fetch\(|innerHTML", text)
    (script,) = re.findall(r"<script>(.*?)</script>", text, re.DOTALL)
    assert f"'sha256-{b64encode(sha256(script.encode()).digest()).decode()}'" in text


def hostile(value: Any, key: str = "") -> Any:
    """The value with every text that users, documents or models write replaced."""
    if isinstance(value, dict):
        return {name: hostile(item, name) for name, item in value.items()}
    if isinstance(value, list):
        return [hostile(item, key) for item in value]
    written = {"text", "input", "reference", "id", "tags", "documents", "label", "path", "instructions", "cpu", "model"}
    written |= {
        "reasons",
        "flips_if",
        "verdict",
        "reason",
        "not_applicable",
        "messages",
        "signature",
        "runs",
        "failure",
    }
    return HOSTILE + value if isinstance(value, str) and key in written else value


def test_text_from_outside_is_shown_and_never_obeyed() -> None:
    report = page_sample.report()
    report["answers"][0]["arms"]["base"] = {"failure": "x"}
    report["arms"]["rag"]["failures"] = {"count": 1, "transient": 0, "messages": ["x"]}
    report = hostile(report)
    report["arms"][HOSTILE] = report["arms"].pop("rag")
    report["project"]["name"] = HOSTILE
    report["probes"]["freshness"]["arms"][HOSTILE] = report["probes"]["freshness"]["arms"].pop("rag")
    for pair in report["pairs"]:
        pair["a"] = HOSTILE if pair["a"] == "rag" else pair["a"]
    text = made(report, command=HOSTILE)
    found = Reader(text)
    kinds = [tag for tag, _ in found.elements]
    assert (kinds.count("script"), kinds.count("style"), kinds.count("img")) == (1, 1, 0)
    assert not [given for _, given in found.elements if any(key.startswith("on") for key in given)]
    assert "{{ 7*7 }}" in text
    assert HOSTILE.split('"')[0] in found.text


def test_every_link_leads_to_something_on_the_page() -> None:
    found = Reader(made())
    assert len(found.ids) == len(set(found.ids))
    assert {target[1:] for target in found.attributes("a", "href")} <= set(found.ids)
    described = " ".join(found.attributes("svg", "aria-labelledby")).split()
    assert set(described) <= set(found.ids)
    assert described


def test_the_script_finds_every_control_it_works() -> None:
    text = made()
    ids = set(Reader(text).ids)
    script = text[text.rindex("<script>") :]
    assert set(re.findall(r'(?:at|getElementById)\("([a-z-]+)"\)', script)) <= ids
    (names,) = re.findall(r"\[([^\]]+)\]\.map\(\(id\)", script)
    assert {f"by-{name}" for name in json.loads(f"[{names}]")} <= ids


def test_a_page_of_a_real_comparison_holds_together(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["init", str(tmp_path)]) == 0
    settings = (tmp_path / "openbook.toml").read_text(encoding="utf-8")
    offline = '[model]\nname = "quote"\n[embedder]\nname = "hashing"\n[store]\nname = "memory"\n[compare]\narms = ["rag", "tuned"]'
    parts = re.split(r"(?m)^(?=\[)", settings)
    kept = [part for part in parts if not part.startswith(("[model]", "[embedder]", "[store]", "[compare]", "[tune]"))]
    (tmp_path / "openbook.toml").write_text(f"{''.join(kept)}\n{offline}\n", encoding="utf-8")
    assert run(["compare", "-C", str(tmp_path)]) == 0
    (file,) = (tmp_path / ".openbook/reports").glob("*/report.html")
    found = Reader(file.read_text(encoding="utf-8"))
    assert {target[1:] for target in found.attributes("a", "href")} <= set(found.ids)
    assert "tuned not applicable: quote cannot be tuned here" in found.text


def test_a_reason_leads_to_the_cells_it_rests_on() -> None:
    text = made()
    found = Reader(text)
    why = text[text.index("<h2>Why</h2>") : text.index("<nav")]
    lines = [re.findall(r'<a href="#([^"]+)">([^<]+)</a>', line) for line in why.split("<li>")[1:]]
    rested = [{name: found.inside[anchor] for anchor, name in line} for line in lines]
    assert [list(line) for line in rested] == [["base", "rag", "hybrid"]] * 4 + [["rag", "[rag.facts.all]"]]
    assert rested[-1]["[rag.facts.all]"] == rested[0]["rag"]
    assert [line["rag"] for line in rested] == [".50.40 – .60", ".50.40 – .60", "4/6.10 – .90", "2.00", "2.00"]
    assert lines[0][1][0] != lines[1][1][0]


def test_a_count_of_wrong_answers_leads_to_as_many_answers() -> None:
    text = made()
    found = Reader(text)
    counts = re.findall(r'<a href="#answers" data-arm="([^"]+)" data-why="([^"]+)">(\d+)</a>', text)
    options = [given["data-arm"] for tag, given in found.elements if tag == "option" and "data-arm" in given]
    whys = [json.loads(why) for why in found.attributes("article", "data-why")]
    assert len(counts) == 4
    for arm, cause, count in counts:
        assert sum(why[options.index(arm)] == cause for why in whys) == int(count)


def test_classes_that_occur_can_be_chosen_and_no_others() -> None:
    text = made()
    box = text[text.index('id="by-why"') : text.index('id="by-sort"')]
    assert re.findall(r'<option value="(\w*)"', box) == ["", "not_retrieved", "unused", "not_known"]


def test_without_its_script_the_page_hides_no_answer() -> None:
    shown = [given for tag, given in Reader(made()).elements if tag == "article"]
    assert shown
    assert not [given for given in shown if "hidden" in given]


def test_what_to_try_shows_settings_as_code_and_nothing_else_as_such() -> None:
    report = page_sample.report()
    report["why"]["rows"][0]["fix"] = f"Raise `[retrieve] passages` {HOSTILE}"
    text = made(report)
    assert "Raise <code>[retrieve] passages</code>" in text
    assert "<script>alert" not in text


def test_an_arm_that_is_absent_says_why() -> None:
    assert "not applicable: quote cannot be tuned here" in Reader(made()).text


def test_an_arm_that_is_not_there_yet_says_so() -> None:
    report = page_sample.report()
    report["arms"]["tuned"]["not_applicable"] = "not yet trained"
    text = Reader(made(report)).text
    assert "tuned not yet trained" in text
    assert "not applicable" not in text


def test_what_must_be_known_to_read_the_table_stands_below_it() -> None:
    report = page_sample.report()
    report["arms"]["base"]["cut"] = 2
    text = Reader(made(report)).text
    assert "One training seed" in text
    assert "1 examples are used for nothing" in text
    assert "were cut at the length limit" not in text


def test_every_machine_is_named() -> None:
    report = page_sample.report()
    report["machines"].append({"cpu": "Other CPU", "cores": 8, "accelerator": "cuda", "bf16": True})
    text = Reader(made(report)).text
    assert "On 2 cores of Test CPU, without fast bf16." in text
    assert "On 8 cores of Other CPU with cuda, with fast bf16." in text


def test_a_page_over_dev_questions_says_that_it_is_no_result() -> None:
    report = page_sample.report()
    report["examples"]["side"] = "dev"
    assert "for iterating, not a result" in Reader(made(report)).text
    assert "for iterating" not in Reader(made()).text


def test_failed_answers_are_counted_with_their_message() -> None:
    report = page_sample.report()
    report["arms"]["rag"]["failures"] = {"count": 3, "transient": 2, "messages": ["EndpointError: 503"]}
    text = Reader(made(report)).text
    assert "rag: 3 of 4 questions got no answer (2 for reasons that may pass" in text
    assert "EndpointError: 503" in text


def test_one_arm_without_probes_makes_a_page_without_pictures() -> None:
    report = page_sample.report()
    report["arms"] = {"rag": report["arms"]["rag"]}
    report |= {"pairs": [], "probes": {"freshness": None, "gap": {}}}
    nothing = ("verdict_cells", "reasons", "reason_cells", "flips_if", "flip_cells")
    report["recommendation"] = {"arm": None, "verdict": "Nothing to choose from.", **{key: [] for key in nothing}}
    report["arms"]["rag"] |= {"seconds": {}}
    for row in report["answers"]:
        row["arms"] = {"rag": row["arms"]["rag"]}
    found = Reader(made(report))
    report["why"] |= {"rows": []}
    for heading in ("Pictures", "Pairs", "Changed facts", "Why", "Why answers were wrong"):
        assert f"<h2>{heading}</h2>" not in made(report)
    assert {target[1:] for target in found.attributes("a", "href")} <= set(found.ids)


def test_nothing_marked_at_all_still_makes_a_page() -> None:
    report = page_sample.report()
    for arm in report["arms"].values():
        arm |= {"scores": {}} if "scores" in arm else {}
    report |= {"pairs": []}
    for row in report["answers"]:
        row["arms"] = {arm: {"failure": "generate: no answer"} for arm in row["arms"]}
    assert "Failed: generate: no answer" in Reader(made(report)).text


def test_where_hardly_an_arm_was_timed_the_picture_is_against_cost() -> None:
    report = page_sample.report()
    for arm in report["arms"].values():
        arm |= {"seconds": {}} if arm["kind"] in ("base", "rag") else {}
    text = Reader(made(report)).text
    assert "How good, how cheap" in text
    assert "US dollars for 1,000 answers" in text
    assert "How good, how quick" in Reader(made()).text


def test_exploratory_pairs_are_folded_away_and_labelled() -> None:
    text = made()
    family, exploratory = text.index("hybrid − rag"), text.index("Exploratory pairs (1)")
    assert family < exploratory < text.index("facts, seen", family)
    assert "not results" in text[exploratory:]


def test_a_small_p_is_not_shown_as_zero() -> None:
    assert "&lt; .001" in made()


def test_a_passage_stands_once_however_often_it_was_seen() -> None:
    assert made().count(page_sample.PASSAGE["text"]) == 1


def test_settings_that_are_alike_are_not_listed_and_long_ones_stand_once() -> None:
    text = made()
    table = text[text.index("What differs between the arms") : text.index("Fingerprints")]
    assert "retrieval.passages" in table
    assert "max_tokens" not in table
    assert table.count("Answer in one sentence and name the page. Answer") == 1
    assert "same as rag" in table


def test_looks_at_the_test_scores_are_told_where_known() -> None:
    assert "looked at 3 times" in Reader(made(page_sample.report() | {"looks": 3})).text
    assert "looked at" not in Reader(made()).text


def test_five_hundred_questions_stay_a_light_page() -> None:
    report = page_sample.report()
    arms = {f"arm{k}": arm for k, arm in enumerate([report["arms"]["rag"]] * 5)}
    report |= {"arms": arms, "pairs": [], "probes": {"freshness": None, "gap": {}}}
    answer = page_sample.answer("Hello trailmate! " + "words of an answer " * 10, facts=1.0, looks_up=True)
    report["answers"] = [
        {**report["answers"][0], "id": f"q{k}", "arms": dict.fromkeys(arms, answer)} for k in range(500)
    ]
    size = len(made(report).encode())
    print(f"500 questions, 5 arms: {size / 1e6:.2f} MB")
    assert size < 2_000_000


def colours(css: str, *, dark: bool) -> dict[str, str]:
    block = css[css.index("prefers-color-scheme: dark") :] if dark else css
    return dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", block[: block.index("}")]))


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two colours after WCAG 2.2, 1.4.3."""

    def luminance(colour: str) -> float:
        parts = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
        red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("dark", [False, True])
def test_text_can_be_read_in_both_colour_schemes(dark: bool) -> None:
    css = (ROOT / "src/openbook/compare/pages/page.css").read_text(encoding="utf-8")
    known = colours(css, dark=dark)
    ratios = {f"{text} on {ground}": contrast(known[text], known[ground]) for text, ground in PAIRS}
    assert not {pair: round(ratio, 2) for pair, ratio in ratios.items() if ratio < 4.5}


def test_the_words_of_the_page_are_as_recorded() -> None:
    """Change the page, read the difference, then delete the file to record it anew."""
    recorded = ROOT / "tests/snapshots/page.txt"
    words = "\n".join(line for line in (" ".join(part.split()) for part in Reader(made()).words) if line) + "\n"
    if not recorded.exists():
        recorded.write_text(words, encoding="utf-8")
        pytest.fail(f"{recorded.name} was not there and has been recorded: read it, then run again")
    assert words == recorded.read_text(encoding="utf-8")
