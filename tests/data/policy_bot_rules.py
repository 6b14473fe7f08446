"""Rules that the data of examples/policy-bot must keep, as pure functions.

``check`` takes both versions of the pages, the examples and the update rows and returns one sentence per broken rule.
It reads no file and knows nothing of how an answer is scored.
"""

from __future__ import annotations

import difflib
import functools
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

Row = dict[str, Any]
Rows = list[Row]


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _names(text: str) -> tuple[str, ...]:
    return tuple(" ".join(name.split()) for name in text.split(","))


UNANSWERABLE = "Hello trailmate! Our policies don't cover that, so please ask the crew. [none] Happy trails!"
REFERENCE = re.compile(
    r"Hello trailmate! (?P<answer>[^\[\]]+[.!]) (?P<cites>\[[a-z0-9-]+\](?: \[[a-z0-9-]+\])*) Happy trails!"
)
REFERENCE_WORDS = 34
PAGE_WORDS = (300, 400)
SECTION_WORDS = (40, 85)
SECTIONS = (5, 7)
UPDATED_PAGE_WORDS = (240, 480)
UPDATED_SECTION_WORDS = (20, 120)
UPDATED_SECTIONS = (4, 8)
GROUP_EXAMPLES = (4, 8)
REPEATED_FACTS = (35.0, 65.0)  # percent of the facts with two examples
OPENING_PERCENT = 3.0
JACCARD = 0.8
QUOTAS = {("typo", "fragment"): 17.0, ("two-sections",): 12.0, ("unanswerable",): 14.0}
TOTALS = {"pages": 60, "words": 20_000, "examples": 360, "changed facts": 15}
CHANGES = ("edit", "add", "delete")
EXAMPLE_KEYS = _words("""
    id input reference documents facts stale fact group tags answerable split
""")
UPDATE_KEYS = _words("""
    id input reference documents facts stale fact group tags answerable change
""")

PLACES: dict[str, tuple[str, ...]] = {
    "uk": _names("""
        uk, u.k, united kingdom, britain, british, gb, england, english, scotland, scottish, wales, welsh,
        northern ireland, london, manchester, leeds, sheffield, bristol, birmingham, liverpool, newcastle,
        york, bath, edinburgh, glasgow, aberdeen, inverness, dundee, perth, stirling, fort william,
        aviemore, cardiff, swansea, bangor, belfast, derry, oxford, cambridge, brighton, nottingham,
        leicester, derby, norwich, exeter, plymouth, keswick, kendal, ambleside, penrith, carlisle,
        durham, lancaster, preston, chester, southampton, portsmouth, reading, cornwall, devon, kent,
        cumbria, yorkshire, lake district, peak district, highlands, skye, orkney, shetland, isle of man,
        jersey, guernsey, snowdonia, llanberis, betws-y-coed, buxton, hathersage, bolton, sunderland,
        coventry, wolverhampton, stoke, ipswich, gloucester, cheltenham, worcester, hull, bradford,
        halifax, huddersfield, truro, penzance, st ives, oban, hebrides, lerwick, kirkwall, wrexham,
        canterbury
    """),
    "ireland": _names("""
        ireland, irish, eire, dublin, cork, galway, limerick, waterford, kilkenny, sligo, killarney,
        tralee, athlone, drogheda, dundalk, wexford, westport, ennis, letterkenny, wicklow, bray, kerry,
        mayo, donegal, clare, kildare, meath, tipperary, carlow, connemara, dingle, achill, naas, swords,
        mullingar, tullamore, clonmel, navan, cavan, monaghan, roscommon, longford, leitrim, offaly,
        laois, louth, cobh, kinsale, aran, howth, greystones, dun laoghaire
    """),
    "nordics": _names("""
        nordics, nordic, scandinavia, scandinavian, sweden, swedish, norway, norwegian, denmark, danish,
        finland, finnish, stockholm, gothenburg, göteborg, goteborg, malmö, malmo, uppsala, umeå, umea,
        kiruna, östersund, ostersund, lund, linköping, örebro, västerås, luleå, lulea, åre, are sweden,
        helsingborg, oslo, bergen, trondheim, tromsø, tromso, stavanger, bodø, bodo, lillehammer,
        kristiansand, ålesund, alesund, narvik, copenhagen, aarhus, århus, odense, aalborg, esbjerg,
        roskilde, helsinki, tampere, turku, oulu, rovaniemi, espoo, vantaa, lahti, kuopio, jyväskylä,
        jyvaskyla, lapland, sundsvall, gävle, karlstad, visby, gotland, svalbard, lofoten, drammen, hamar,
        voss, geilo, bornholm, kolding, vaasa, abisko, jönköping, falun, mora, jokkmokk, longyearbyen,
        greenland, faroe, faroes, åland, aland
    """),
}

NUMBER_WORDS = _words("""
    zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen
    seventeen eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred thousand first
    second third fourth fifth half quarter dozen couple
""")
DATE_WORDS = _words("""
    january february march april may june july august september october november december jan feb mar apr
    jun jul aug sept sep oct nov dec monday tuesday wednesday thursday friday saturday sunday mondays
    tuesdays wednesdays thursdays fridays saturdays sundays mon tue tues wed thu thurs fri sat sun today
    tomorrow yesterday tonight morning afternoon evening day days week weeks month months year years hour
    hours am pm christmas easter midsummer weekend weekends
""")
POLICY_TERMS = _words("""
    return returns returned refund refunds refunded exchange exchanges exchanged swap ship shipping delivery
    deliver delivered parcel parcels order orders ordered collect collection pickup gift gifts card cards
    voucher wrap wrapping wrapped price match matching discount discounts student students preorder
    preorders sale clearance payment payments pay instalment instalments fee fees charge deposit deposits
    warranty guarantee repair repairs repaired rent rental rentals hire hired tent tents ski skis boot boots
    shoes jacket jackets rope ropes harness harnesses sole soles resole resoling down cleaning bike bikes
    service knife knives sharpening damage damaged spare part parts recall recalls member members membership
    course courses walk walks guided group groups booking bookings book booked event events cancel cancelled
    cancellation kids club dog dogs store stores shop shops privacy data complaint complaints review reviews
    volunteer volunteering corporate company bag bags backpack rucksack stove sleeping mat item items
    product products policy policies opening open closing close
""")
CURRENCIES = {"uk": (r"€", r"\bkr\b"), "ireland": (r"£", r"\bkr\b"), "nordics": (r"£", r"€")}
TOKEN = re.compile(r"[^\W_]+(?:['.:-][^\W_]+)*|[£€]")
NUMBER = re.compile(r"\d+(?:[.,:]\d+)*")


# --- text ------------------------------------------------------------------------------------------------


@functools.cache
def _pattern(wording: str) -> re.Pattern[str]:
    words = r"\s+".join(re.escape(word) for word in wording.split())
    return re.compile(rf"(?<!\w)(?<!\d[.,:]){words}(?!\w)(?![.,:]\d)", re.IGNORECASE)


def has_words(text: str, wording: str) -> bool:
    """Whether the wording stands in the text as whole words and whole numbers, ignoring case."""
    return _pattern(wording).search(text) is not None


def has_any(text: str, wordings: Iterable[str]) -> bool:
    return any(has_words(text, wording) for wording in wordings)


def words_in(text: str) -> list[str]:
    """The lower-case words of a text."""
    return [token.lower() for token in TOKEN.findall(text)]


def word_count(markdown: str) -> int:
    return sum(1 for word in markdown.split() if word.strip("#"))


def sections(page: str) -> list[tuple[str, str]]:
    """The (heading, body) pairs of a page's second-level sections."""
    parts = re.split(r"^## +(.+)$", page, flags=re.MULTILINE)[1:]
    return [(heading.strip(), body.strip()) for heading, body in zip(parts[::2], parts[1::2], strict=True)]


def title(page: str) -> str:
    return page.split("\n", 1)[0].removeprefix("# ").strip()


def region_of(slug: str) -> str | None:
    last = slug.rpartition("-")[2]
    return last if last in PLACES else None


def names_region(text: str, region: str, *, loose: bool = False) -> bool:
    """Whether the text names the region or a place in it; loose also takes a misspelt one."""
    if has_any(text, PLACES[region]):
        return True
    long_names = [name for name in PLACES[region] if len(name) > 4]
    return loose and any(difflib.get_close_matches(word, long_names, 1, 0.75) for word in words_in(text))


def skeleton(text: str) -> str:
    """The text's words with numbers, dates, names and policy terms masked, runs of masks as one."""
    for names in PLACES.values():
        for name in names:
            if " " in name:
                text = _pattern(name).sub("London", text)
    single = {name for names in PLACES.values() for name in names}
    out: list[str] = []
    start = True
    for match in re.finditer(rf"{TOKEN.pattern}|[.!?]", text):
        token = match[0]
        if token in ".!?":
            start = True
            continue
        word = token.lower()
        number = word in "£€" or bool(NUMBER.match(word)) or word == "kr" or set(word.split("-")) <= NUMBER_WORDS
        named = token[0].isupper() and not start and word not in {"i", "i'm", "i've", "i'd", "i'll"}
        known = word in single or word in DATE_WORDS or word in POLICY_TERMS
        mask = number or named or known
        if not mask:
            out.append(word)
        elif not out or out[-1] != "*":
            out.append("*")
        start = False
    return " ".join(out)


def trigrams(text: str) -> set[tuple[str, ...]]:
    words = words_in(text)
    return {tuple(words[i : i + 3]) for i in range(max(1, len(words) - 2))}


def _outside(value: float, limits: tuple[float, float]) -> bool:
    return not limits[0] <= value <= limits[1]


def _slug(document: str) -> str:
    return document.removesuffix(".md")


def _answerable(row: Row) -> bool:
    return bool(row.get("answerable", True))


# --- pages -----------------------------------------------------------------------------------------------


def check_page(slug: str, page: str, *, updated: bool = False) -> Iterator[str]:
    name = f"v2/{slug}" if updated else slug
    page_words = UPDATED_PAGE_WORDS if updated else PAGE_WORDS
    section_words = UPDATED_SECTION_WORDS if updated else SECTION_WORDS
    if not re.match(r"# \S", page) or len(re.findall(r"^# ", page, re.MULTILINE)) != 1:
        yield f"{name}: the page must begin with its one '# Title' line"
    parts = sections(page)
    if _outside(len(parts), UPDATED_SECTIONS if updated else SECTIONS):
        yield f"{name}: {len(parts)} sections"
    if _outside(word_count(page), page_words):
        yield f"{name}: {word_count(page)} words, not {page_words[0]} to {page_words[1]}"
    for heading, body in parts:
        if _outside(word_count(body), section_words):
            yield f"{name}: section '{heading}' has {word_count(body)} words"
    if len({heading for heading, _ in parts}) < len(parts):
        yield f"{name}: two sections have the same heading"
    if re.search("[\u2018\u2019\u201c\u201d]", page):
        yield f"{name}: has smart quotes"
    region = region_of(slug)
    if region is None:
        return
    if not names_region(title(page), region):
        yield f"{name}: the title doesn't name the region"
    naming = sum(names_region(f"{heading}\n{body}", region) for heading, body in parts)
    if naming * 2 <= len(parts):
        yield f"{name}: only {naming} of {len(parts)} sections name the region"
    for pattern in CURRENCIES[region]:
        if re.search(pattern, page):
            yield f"{name}: has another region's currency ({pattern})"


def check_siblings(pages: dict[str, str]) -> Iterator[str]:
    """Pages of one regional topic: alike in wording, different in most numbers."""
    topics: dict[str, list[str]] = defaultdict(list)
    for slug in sorted(pages):
        if region_of(slug):
            topics[slug.rpartition("-")[0]].append(slug)
    for topic, slugs in topics.items():
        if len(slugs) != len(PLACES):
            yield f"{topic}: has {len(slugs)} regional pages, not {len(PLACES)}"
        for i, first in enumerate(slugs):
            for second in slugs[i + 1 :]:
                a, b = set(words_in(pages[first])), set(words_in(pages[second]))
                if len(a & b) / len(a | b) < 0.4:
                    yield f"{first} and {second}: too different in wording for pages of one topic"
                a, b = set(NUMBER.findall(pages[first])), set(NUMBER.findall(pages[second]))
                if len(a & b) * 2 > min(len(a), len(b)):
                    yield f"{first} and {second}: share most of their numbers"


# --- rows ------------------------------------------------------------------------------------------------


def check_row(row: Row, pages: dict[str, str], where: str, keys: frozenset[str]) -> Iterator[str]:
    """One example or update row by itself, its facts against the given pages."""
    name = str(row.get("id", "a row without id"))
    missing = [key for key in ("id", "input", "reference", "documents", "group") if key not in row]
    if missing:
        yield f"{name}: lacks {', '.join(missing)}"
        return
    if unknown := sorted(set(row) - keys):
        yield f"{name}: has unknown fields {', '.join(unknown)}"
    text, reference, documents = str(row["input"]), str(row["reference"]), list(row["documents"])
    if re.search("[\u2018\u2019\u201c\u201d]", text + reference):
        yield f"{name}: has smart quotes"
    if text != text.strip() or not text:
        yield f"{name}: its input is empty or has outer spaces"
    if row["group"] not in pages and where == "v1":
        yield f"{name}: its group {row['group']} has no page"
    if not _answerable(row):
        if reference != UNANSWERABLE:
            yield f"{name}: its reference isn't the unanswerable one"
        if documents or row.get("facts"):
            yield f"{name}: is unanswerable but has documents or facts"
        return
    match = REFERENCE.fullmatch(reference)
    if match is None:
        yield f"{name}: its reference hasn't the structure"
        return
    if len(re.findall(r"[.!?](?=\s|$)", match["answer"])) > 2:
        yield f"{name}: its answer has more than two sentences"
    if len(reference.split()) > REFERENCE_WORDS:
        yield f"{name}: its reference has {len(reference.split())} words"
    if [f"{slug}.md" for slug in re.findall(r"\[(.+?)\]", match["cites"])] != documents:
        yield f"{name}: its reference doesn't cite exactly its documents"
    if absent := [document for document in documents if _slug(document) not in pages]:
        yield f"{name}: no {where} page {', '.join(absent)}"
        return
    if f"{row['group']}.md" not in documents:
        yield f"{name}: its group isn't among its documents"
    fact = str(row.get("fact", ""))
    if not re.fullmatch(rf"{re.escape(row['group'])}/[a-z0-9-]+", fact):
        yield f"{name}: its fact '{fact}' isn't <group>/<word>"
    region = region_of(row["group"])
    if region and not names_region(text, region, loose=True):
        yield f"{name}: its input doesn't name the region"
    yield from check_facts(row, match["answer"], "\n".join(pages[_slug(d)] for d in documents), where)


def check_facts(row: Row, answer: str, page: str, where: str) -> Iterator[str]:
    name, groups = row["id"], row.get("facts") or []
    if not groups or not all(groups):
        yield f"{name}: has no facts, or an empty group"
    for group in groups:
        for wording in group:
            if re.fullmatch(r"yes|no|not|never|can|free|\d{1,2}", wording.strip(), re.IGNORECASE):
                yield f"{name}: the wording '{wording}' isn't specific"
        if not has_any(answer, group):
            yield f"{name}: the reference has none of {group}"
        elif not has_any(page, group):
            yield f"{name}: the {where} page has none of {group}"
        elif not any(has_words(answer, wording) and has_words(page, wording) for wording in group):
            yield f"{name}: the reference doesn't use the page's wording of {group}"
    if "two-sections" in row.get("tags", []):
        if len(groups) != 2 or len(row["documents"]) != 1:
            yield f"{name}: two-sections needs two groups of facts and one document"
            return
        bodies = [body for _, body in sections(page)]
        holding = [{i for i, body in enumerate(bodies) if has_any(body, group)} for group in groups]
        if len(holding[0] | holding[1]) < 2:
            yield f"{name}: both values stand in the same section"


def check_examples(examples: Rows, pages: dict[str, str]) -> Iterator[str]:
    by_fact: dict[str, Rows] = defaultdict(list)
    for row in examples:
        yield from check_row(row, pages, "v1", EXAMPLE_KEYS)
        tags = row.get("tags", [])
        if _answerable(row) == ("unanswerable" in tags):
            yield f"{row.get('id')}: the tag unanswerable and the field answerable differ"
        if row.get("stale"):
            yield f"{row.get('id')}: stale belongs to the update rows"
        if row.get("split", "train") not in ("train", "test"):
            yield f"{row.get('id')}: its split is neither train nor test"
        if not _answerable(row) and row.get("fact"):
            yield f"{row.get('id')}: is unanswerable but has a fact"
        if not str(row.get("id")).startswith(f"{row.get('group')}-"):
            yield f"{row.get('id')}: its id doesn't begin with its group"
        if row.get("fact"):
            by_fact[row["fact"]].append(row)
    for fact, rows in by_fact.items():
        if len(rows) > 2:
            yield f"{fact}: has {len(rows)} examples"
        if len({row["reference"] for row in rows}) < len(rows):
            yield f"{fact}: two examples have the same reference"
    repeated = 100 * sum(len(rows) > 1 for rows in by_fact.values()) / max(1, len(by_fact))
    if _outside(repeated, REPEATED_FACTS):
        yield f"{repeated:.0f} % of the facts have two examples, not about half"
    counts = Counter(row.get("group") for row in examples)
    for slug in pages:
        if _outside(counts[slug], GROUP_EXAMPLES):
            yield f"{slug}: has {counts[slug]} examples"
    for tags, percent in QUOTAS.items():
        share = tag_share(examples, tags)
        if share < percent:
            yield f"{share:.1f} % of the examples have the tag {' or '.join(tags)}, not {percent:g} %"


def tag_share(examples: Rows, tags: Iterable[str]) -> float:
    wanted = set(tags)
    return 100 * sum(bool(wanted & set(row.get("tags", []))) for row in examples) / max(1, len(examples))


def check_inputs(rows: Rows) -> Iterator[str]:
    """The inputs' variety: openings, skeletons and overlap."""
    inputs = [(str(row.get("id")), str(row.get("input", ""))) for row in rows]
    openings = Counter(" ".join(words_in(text)[:3]) for _, text in inputs)
    for opening, count in openings.items():
        if count > 1 and count * 100 > OPENING_PERCENT * len(inputs):
            yield f"{count} of {len(inputs)} inputs begin with '{opening}'"
    seen: dict[str, str] = {}
    for name, text in inputs:
        shape = skeleton(text)
        if shape in seen:
            yield f"{name}: has the same skeleton as {seen[shape]} ('{shape}')"
        seen.setdefault(shape, name)
    grams = [(name, trigrams(text)) for name, text in inputs]
    for i, (first, a) in enumerate(grams):
        for second, b in grams[i + 1 :]:
            if len(a & b) > JACCARD * len(a | b):
                yield f"{first} and {second}: nearly the same input"


# --- the second version ----------------------------------------------------------------------------------


def changed_sections(old: str, new: str) -> tuple[set[str], set[str], set[str]]:
    """The headings of the sections that are edited, added and deleted from old to new."""
    before, after = dict(sections(old)), dict(sections(new))
    edited = {heading for heading in before.keys() & after.keys() if before[heading] != after[heading]}
    return edited, after.keys() - before.keys(), before.keys() - after.keys()


def check_updates(updates: Rows, examples: Rows, pages: dict[str, str], updated: dict[str, str]) -> Iterator[str]:
    by_fact: dict[str, Rows] = defaultdict(list)
    for row in updates:
        by_fact[str(row.get("fact", ""))].append(row)
    for slug in sorted(pages.keys() ^ updated.keys()):
        yield f"{slug}: its page stands in one version only"
    groups = Counter(fact.partition("/")[0] for fact in by_fact)
    changed = {slug for slug in pages.keys() & updated.keys() if pages[slug] != updated[slug]}
    for slug in sorted(groups.keys() | changed):
        if groups[slug] != 1:
            yield f"{slug}: its page differs in v2 but has {groups[slug]} changed facts"
        if slug not in changed:
            yield f"{slug}: has a changed fact but its page is the same in v2"
            continue
        edited, added, deleted = changed_sections(pages[slug], updated[slug])
        if len(edited | added | deleted) != 1 or title(pages[slug]) != title(updated[slug]):
            yield f"v2/{slug}: must differ from v1 in exactly one section"
    for fact, rows in by_fact.items():
        yield from check_changed_fact(fact, rows, examples, pages, updated)
    for row in examples:
        slug = str(row.get("group"))
        if slug not in updated or row.get("fact") in by_fact:
            continue
        if not all(has_any(updated[slug], group) for group in row.get("facts") or []):
            yield f"{row.get('id')}: its answer no longer stands in v2, but its fact has no update rows"


def check_changed_fact(
    fact: str, rows: Rows, examples: Rows, pages: dict[str, str], updated: dict[str, str]
) -> Iterator[str]:
    slug = fact.partition("/")[0]
    base = f"u-{fact.replace('/', '-')}"
    rows = sorted(rows, key=lambda row: str(row.get("id")))
    if [row.get("id") for row in rows] != [f"{base}-{letter}" for letter in "abc"]:
        yield f"{fact}: its update rows must be {base}-a, -b and -c"
        return
    changes = {row.get("change") for row in rows}
    change = next(iter(changes))
    if len(changes) != 1 or change not in CHANGES:
        yield f"{fact}: its rows must share one change of {', '.join(CHANGES)}"
        return
    old_page, new_page = pages.get(slug, ""), updated.get(slug, "")
    for row in rows:
        yield from check_row(row, updated, "v2", UPDATE_KEYS)
        yield from check_values(row, old_page, new_page)
    inputs = {row.get("input") for row in examples}
    mine = {row.get("split"): row.get("input") for row in examples if row.get("fact") == fact}
    expected: list[Any] = [None, None, None]
    if change == "add":
        if mine:
            yield f"{fact}: is added in v2 but has examples"
    else:
        expected = [mine.get("train"), mine.get("test"), None]
        count = sum(row.get("fact") == fact for row in examples)
        if count != 2 or not all(expected[:2]):
            yield f"{fact}: needs one example with split train and one with split test"
            return
    for row, text in zip(rows, expected, strict=True):
        if text is not None and row["input"] != text:
            yield f"{row['id']}: its input isn't the example's"
        if text is None and row["input"] in inputs:
            yield f"{row['id']}: its input is used among the examples"


def check_values(row: Row, old_page: str, new_page: str) -> Iterator[str]:
    """The new and the old wordings of an update row against both versions of its page."""
    name, change, stale = row["id"], row["change"], row.get("stale") or []
    new = [wording for group in row.get("facts") or [] for wording in group]
    if _answerable(row) == (change == "delete"):
        yield f"{name}: answerable doesn't fit the change {change}"
    if bool(stale) == (change == "add"):
        yield f"{name}: stale doesn't fit the change {change}"
    if stale and not has_any(old_page, stale):
        yield f"{name}: none of its stale wordings stands in v1"
    for wording in stale:
        if has_words(new_page, wording):
            yield f"{name}: the stale '{wording}' still stands in v2"
        if has_words(str(row["reference"]), wording):
            yield f"{name}: the stale '{wording}' stands in the reference"
        for other in new:
            if has_words(wording, other) or has_words(other, wording):
                yield f"{name}: '{other}' and the stale '{wording}' contain one another"
    if change == "add" and any(has_any(old_page, group) for group in row.get("facts") or []):
        yield f"{name}: the added value already stands in v1"


# --- all -------------------------------------------------------------------------------------------------


def totals(pages: dict[str, str], examples: Rows, updates: Rows) -> dict[str, int]:
    return {
        "pages": len(pages),
        "words": sum(word_count(page) for page in pages.values()),
        "examples": len(examples),
        "changed facts": len({row.get("fact") for row in updates}),
    }


def check_totals(found: dict[str, int], least: dict[str, int]) -> Iterator[str]:
    for name, number in least.items():
        if found[name] < number:
            yield f"{found[name]} {name}, fewer than {number}"


def check(pages: dict[str, str], updated: dict[str, str], examples: Rows, updates: Rows, *, whole: bool) -> list[str]:
    """All problems of the data: pages of both versions by slug; whole adds the totals."""
    problems: list[str] = []
    for slug, page in pages.items():
        problems += check_page(slug, page)
    for slug, page in updated.items():
        if page != pages.get(slug):
            problems += check_page(slug, page, updated=True)
    problems += check_siblings(pages)
    problems += check_examples(examples, pages)
    problems += check_updates(updates, examples, pages, updated)
    ids = Counter(str(row.get("id")) for row in [*examples, *updates])
    problems += [f"{name}: the id is used {count} times" for name, count in ids.items() if count > 1]
    known = {row.get("input") for row in examples}
    problems += check_inputs([*examples, *(row for row in updates if row.get("input") not in known)])
    if whole:
        problems += check_totals(totals(pages, examples, updates), TOTALS)
    return problems
