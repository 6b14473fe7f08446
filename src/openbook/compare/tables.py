"""A report as Markdown and as plain rows for a terminal. Knows the report's JSON, nothing behind it."""

from collections.abc import Mapping, Sequence
from typing import Any

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
    """The primary metric, the checks and the citation: what fits a line. The others are in the pages."""
    kinds = ("pattern|", "schema|", "call|", "citation|")
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


def notes(report: Json) -> list[str]:
    """What must be known to read the table."""
    examples, groups = report["examples"], report["examples"]["groups"]
    asked = sum(examples["asked"].values())
    lines = [
        f"{asked} {examples.get('side', 'test')} questions in {groups['all']} groups ({examples['asked']['seen']} seen, {examples['asked']['new']}"
        f" new); {report['level']:.0%} intervals over groups; margin {report['margin']:g} on {report['metric']}.",
    ]
    whole = {name: asked * len(arm["seeds"]) for name, arm in report["arms"].items() if "scores" in arm}
    lines += [
        f"{name}: {report['arms'][name]['asked']} of {total} answers so far."
        for name, total in whole.items()
        if report["arms"][name]["asked"] < total
    ]
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
    seeds = {len(arm["seeds"]) for arm in report["arms"].values() if arm.get("adapter")}
    if seeds == {1}:
        lines.append("One training seed: the tuned arms' figures hold for these adapters, not for the recipe.")
    return lines


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
    parts += [grid(heads(report), rows(report)), bullets([*notes(report), *absent(report)])]
    parts += ["## Pairs", pairs(report)]
    if report["probes"]["freshness"]:
        parts += ["## Freshness", freshness(report)]
    if report["probes"]["gap"]:
        parts += ["## Train, dev, test", gap(report)]
    parts += [part for head, text in more for part in (f"## {head}", text)]
    machine = report["machine"]
    parts += ["## Reproduce", f"`{command}`, on {machine['cores']} cores of {machine['cpu']}."]
    return "\n\n".join(parts) + "\n"


def pairs(report: Json) -> str:
    """Every tested pair of the primary metric's family."""
    cells = [
        [
            f"{p['a']} − {p['b']}",
            f"{signed(p['difference'])} [{signed(p['low'])}, {signed(p['high'])}]",
            f"{p['p']:.3f}",
            f"{p['p_adjusted']:.3f}",
            p["verdict"],
            str(p["needed"] or ""),
        ]
        for p in family(report)
    ]
    return grid(["pair", report["metric"], "p", "p adjusted", "verdict", "n to decide"], cells)


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
        f" {probe['update_seconds']:.1f} s.\n\n{table}"
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


def signed(value: float) -> str:
    return f"{'+' if value >= 0 else '−'}{figure(abs(value))}"


def bullets(lines: Sequence[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)


def grid(head: Sequence[str], body: Sequence[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *body]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)
