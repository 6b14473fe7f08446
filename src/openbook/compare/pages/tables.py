"""A report as Markdown and as plain rows for a terminal. Knows the report's JSON, nothing behind it."""

from collections.abc import Mapping, Sequence
from typing import Any

from openbook.compare.pages import forgetting_words, freshness_words
from openbook.compare.pages.footnotes import footnotes
from openbook.compare.pages.parttables import part_tables
from openbook.compare.planning import cuts

Json = Mapping[str, Any]


def heads(report: Json) -> list[str]:
    """Column heads of the main table."""
    return [
        "arm",
        *(metric["name"] for metric in shown_metrics(report)),
        "seen",
        "new",
        "fresh after",
        "s/answer",
        "$/1000",
    ]


def rows(report: Json) -> list[list[str]]:
    """The main table: one row an arm; `seen` and `new` are the primary metric's strata."""
    return [arm_cells(report, name, arm) for name, arm in report["arms"].items() if "scores" in arm]


def shown_metrics(report: Json) -> list[Json]:
    """The primary metric, the checks and what stands beside them: what fits a line. The others are in the pages."""
    kinds = (
        "pattern|",
        "schema|",
        "call|",
        "style|",
        "macro_f1|",
        "json_valid|",
        "record_match|",
        "citation|",
        "grounding|",
        "judge|",
    )
    return [m for m in report["metrics"] if m["primary"] or m["signature"].startswith(kinds)]


def arm_cells(report: Json, name: str, arm: Json) -> list[str]:
    scores = arm["scores"]
    metrics = [interval(scores.get(metric["name"], {}).get("all")) for metric in shown_metrics(report)]
    primary = scores.get(report["metric"], {})
    fresh = (report["probes"]["freshness"] or {}).get("arms", {}).get(name)
    seconds = arm["seconds"].get("p50")
    usd = arm["usd"]["per_1000"]
    return [
        name,
        *metrics,
        interval(primary.get("seen")),
        interval(primary.get("new")),
        share(fresh["after"]["right"]) if fresh else "–",
        "–" if seconds is None else f"{seconds:.2f}",
        "–" if usd is None else f"{usd:.3f}",
    ]


def interval(cell: Json | None) -> str:
    """`.62 [.51, .72]`; a dash where nothing was marked."""
    if cell is None:
        return "–"
    failed = f" ({cell['failures']} failed)" if cell.get("failures") else ""
    return f"{figure(cell['mean'])} [{figure(cell['low'])}, {figure(cell['high'])}]{failed}"


def share(row: Json) -> str:
    return f"{row['count']}/{row['n']}" if row["n"] else "–"


def figure(value: float) -> str:
    """Two decimals, without a leading zero; BLEU's hundred-point scale with one."""
    if abs(value) > 1.5:
        return f"{value:.1f}"
    text = f"{value:.2f}"
    return text.replace("0.", ".", 1) if text.startswith(("0.", "-0.")) else text


def absent(report: Json) -> list[str]:
    """Sentences for the arms that are not in the table."""
    return [
        f"{name}: {'' if reason.startswith('not yet') else 'not applicable: '}{reason}."
        for name, arm in report["arms"].items()
        if (reason := arm.get("not_applicable", "").removesuffix("."))
    ]


def basis(report: Json) -> str:
    """What the intervals rest on."""
    examples, groups = report["examples"], report["examples"]["groups"]
    asked = sum(examples["asked"].values())
    return (
        f"{asked} {examples.get('side', 'test')} questions in {groups['all']} groups ({examples['asked']['seen']} seen, {examples['asked']['new']}"
        f" new); {report['level']:.0%} intervals over groups; margin {report['margin']:g} on {report['metric']}."
    )


def so_far(report: Json) -> list[str]:
    """The arms that have not answered everything yet."""
    asked = sum(report["examples"]["asked"].values())
    whole = {name: asked * len(arm["seeds"]) for name, arm in report["arms"].items() if "scores" in arm}
    return [
        f"{name}: {report['arms'][name]['asked']} of {total} answers so far."
        for name, total in whole.items()
        if report["arms"][name]["asked"] < total
    ]


def notes(report: Json) -> list[str]:
    """What must be known to read the table."""
    examples, lines = report["examples"], [basis(report), *so_far(report)]
    if examples.get("dropped"):
        lines.append(f"{examples['dropped']} examples are used for nothing: they draw on documents of both sides.")
    skipped = report.get("documents", {}).get("skipped")
    if skipped:
        counted = "1 document is" if len(skipped) == 1 else f"{len(skipped)} documents are"
        lines.append(f"{counted} not in the index, for example: {next(iter(skipped.values()))}")
    if len(report.get("machines", ())) > 1:
        kinds = "; ".join(f"{machine['cores']} cores of {machine['cpu']}" for machine in report["machines"])
        lines.append(f"Answers come from different machines ({kinds}): do not compare their seconds.")
    lines += [
        f"{n}: {a['cut']} answers were cut at the length limit." for n, a in report["arms"].items() if a.get("cut")
    ]
    lines += [f"{m['name']}: {remark}" for m in report["metrics"] for remark in m.get("remarks", ())]
    seeds = {len(arm["seeds"]) for arm in report["arms"].values() if arm.get("adapter")}
    if seeds == {1}:
        lines.append("One training seed: the tuned arms' figures hold for these adapters, not for the recipe.")
    lines += cuts.notes(report["budget"]) if report.get("budget") else []
    return [*lines, *footnotes(report)]


def markdown(report: Json, *, command: str, more: Sequence[tuple[str, str]] = ()) -> str:
    """The report on a page of Markdown.

    Args:
        more: Further sections, each with its head.
    """
    advice = report["recommendation"]
    parts = [f"# {report['project']['name']}: look it up, learn it, or both?", f"**{advice['verdict']}**"]
    if advice["reasons"]:
        parts.append(bullets(advice["reasons"]))
    if advice["flips_if"]:
        parts.append("What would change it:\n\n" + bullets(advice["flips_if"]))
    if report.get("gates"):
        parts += ["## Gate", gates(report)]
    parts += [grid(heads(report), rows(report)), bullets([*notes(report), *absent(report)])]
    parts += ["## Pairs", pairs(report)]
    if report["probes"]["freshness"]:
        parts += ["## Freshness", freshness(report)]
    if report["probes"]["gap"]:
        parts += ["## Train, dev, test", gap(report)]
    if report["probes"].get("forgetting"):
        parts += ["## Forgetting", forgetting(report["probes"]["forgetting"])]
    for heading, head, body in part_tables(report):
        parts += [f"## {heading}", grid(head, body)]
    if report["probes"].get("curve"):
        parts += ["## Learning curve", curve(report)]
    parts += [part for head, text in more for part in (f"## {head}", text)]
    machine = report["machine"]
    parts += ["## Reproduce", f"`{command}`, on {machine['cores']} cores of {machine['cpu']}."]
    return "\n\n".join(parts) + "\n"


def pairs(report: Json) -> str:
    """Every tested pair of the primary metric's family; what stands beside the difference only where there is some."""
    rows = family(report)
    columns: dict[str, list[str]] = {
        "pair": [f"{p['a']} − {p['b']}" for p in rows],
        report["metric"]: [f"{signed(p['difference'])} {_signed_bounds(p)}" for p in rows],
        "by group": [signed(p["by_group"]["difference"]) if p.get("by_group") else "" for p in rows],
        "recipe": [_signed_bounds(p["recipe"]) if p.get("recipe") else "" for p in rows],
        "p": [f"{p['p']:.3f}" for p in rows],
        "p adjusted": [f"{p['p_adjusted']:.3f}" for p in rows],
        "verdict": [p["verdict"] for p in rows],
        "could show": [showable(p) for p in rows],
        "n to decide": [to_decide(p) for p in rows],
    }
    shown = {head: cells for head, cells in columns.items() if head not in ("by group", "recipe") or any(cells)}
    return grid(list(shown), [list(cells) for cells in zip(*shown.values(), strict=True)])


def _signed_bounds(row: Json) -> str:
    return f"[{signed(row['low'])}, {signed(row['high'])}]"


def showable(pair: Json) -> str:
    """The smallest true difference that this pair's groups would have shown four times of five."""
    found = pair.get("enough")
    return "" if not found else "none" if found["detectable"] is None else figure(found["detectable"])


def to_decide(pair: Json) -> str:
    """Test examples in all that would decide, from and to; empty where it is decided."""
    if not pair["needed"]:
        return ""
    low, high = pair["enough"]["examples"] if pair.get("enough") else (pair["needed"], pair["needed"])
    return str(high) if low == high else f"{low} to {high}"


def gates(report: Json) -> str:
    """Every requirement and what became of it."""
    cells = [[f"`{gate['require']}`", gate["outcome"], gate["sentence"]] for gate in report["gates"]]
    return grid(["requirement", "outcome", "what the answers say"], cells)


def family(report: Json) -> list[Json]:
    """The tested pairs that the recommendation rests on."""
    return [pair for pair in report["pairs"] if not pair["exploratory"]]


def freshness(report: Json) -> str:
    probe = report["probes"]["freshness"]
    cells = []
    for name, arm in probe["arms"].items():
        for when in ("before", "after"):
            row = arm[when]
            kinds = [str(row[kind]["count"]) for kind in ("fresh", "stale", "both", "neither", "abstained")]
            low, high = figure(row["right"]["low"]), figure(row["right"]["high"])
            cells.append([name, when, *kinds, f"{share(row['right'])} [{low}, {high}]"])
    table = grid(["arm", "update", "fresh", "stale", "both", "neither", "abstained", "right now"], cells)
    return (
        f"{probe['questions']} questions on {probe['facts']} changed facts; re-indexing took"
        f" {probe['update_seconds']:.1f} s.{freshness_words.origin(probe)}\n\n{table}"
    )


def gap(report: Json) -> str:
    cells = [
        [
            name,
            *(
                interval({"failures": 0, **row[part]}) if row.get(part) else "–"
                for part in ("train", "dev", "seen", "new")
            ),
        ]
        for name, row in report["probes"]["gap"].items()
    ]
    return grid(["arm", "train", "dev", "test, seen", "test, new"], cells)


def forgetting(probe: Json) -> str:
    parts = [forgetting_words.lead(probe), grid(forgetting_words.HEADS, forgetting_words.cells(probe))]
    return "\n\n".join([*parts, bullets(forgetting_words.remarks(probe))]).strip()


def curve(report: Json) -> str:
    """The primary metric by number of training rows, and what the last step says."""
    probe = report["probes"]["curve"]
    cells = [
        [name, str(row["rows"]), interval(row) if row["mean"] is not None else "–"]
        for name, rows in probe["arms"].items()
        for row in rows
    ]
    told = bullets([row["told"] for row in probe["more"].values()])
    return f"{grid(['arm', 'training rows', report['metric']], cells)}\n\n{told}"


def signed(value: float) -> str:
    return f"{'+' if value >= 0 else '−'}{figure(abs(value))}"


def bullets(lines: Sequence[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)


def grid(head: Sequence[str], body: Sequence[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *body]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)
