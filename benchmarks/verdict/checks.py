"""Holds what a comparison said against a row of the table. Knows the report's public keys and nothing else."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Row = Mapping[str, Any]
_TURNED = {"better": "worse", "worse": "better"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Exit code, the object of `compare --json`, and that of `compare --taste --json`."""

    code: int
    report: Mapping[str, Any]
    taste: Mapping[str, Any]


def wrongs(row: Row, found: Found) -> Iterator[str]:
    """What differs from the table, as sentences. A key that the row lacks is not looked at.

    Raises:
        KeyError: A key that no check knows.
    """
    if found.code != row.get("exit", 0):
        yield f"exit code {found.code}, not {row.get('exit', 0)}: {str(found.report.get('said', ''))[:300]}"
    if "arms" not in found.report:
        return
    for key in row.keys() - PLAIN:
        yield from CHECKS[key](row[key], found)


def _arm(wanted: str, found: Found) -> Iterator[str]:
    chosen = found.report["recommendation"]
    if (chosen["arm"] or "none") != wanted:
        yield f"recommends {chosen['arm'] or 'none'}, not {wanted}: {chosen['verdict']}"


def _says(wanted: str, found: Found) -> Iterator[str]:
    said = found.report["recommendation"]["verdict"]
    if wanted not in said:
        yield f"the verdict lacks {wanted!r}: {said}"


def _pairs(wanted: Mapping[str, str], found: Found, stratum: str = "all") -> Iterator[str]:
    for names, verdict in wanted.items():
        pairs = [pair for pair in _primary(found, stratum) if names in ("*", *_names(pair))]
        if not pairs:
            yield f"there is no pair {names}"
        for pair in pairs:
            said = pair["verdict"] if names in ("*", _names(pair)[0]) else _TURNED.get(pair["verdict"], pair["verdict"])
            if said != verdict:
                yield f"{_names(pair)[0]} ({stratum}) is {said}, not {verdict} (adjusted p {pair['p_adjusted']})"


def _new(wanted: Mapping[str, str], found: Found) -> Iterator[str]:
    yield from _pairs(wanted, found, "new")


def _reason(wanted: Mapping[str, str], found: Found) -> Iterator[str]:
    for names, part in wanted.items():
        if not any(names in _names(pair) and part in pair["reason"] for pair in _primary(found, "all")):
            yield f"{names}: no reason with {part!r}"


def _seen(wanted: int, found: Found) -> Iterator[str]:
    asked = found.report["examples"]["asked"]["seen"]
    if asked != wanted:
        yield f"{asked} questions count as seen, not {wanted}"


def _taste(wanted: Mapping[str, str], found: Found) -> Iterator[str]:
    """`has`: words of a warning; `lacks`: words that no warning has."""
    warnings = " ".join(found.taste["taste"]["warnings"])
    if wanted.get("has", "") not in warnings:
        yield f"no warning says {wanted['has']!r}: {warnings or 'none'}"
    if "lacks" in wanted and wanted["lacks"] in warnings:
        yield f"a warning says {wanted['lacks']!r}: {warnings}"


def _after(wanted: Mapping[str, str], found: Found) -> Iterator[str]:
    """Arm → the class of at least nine tenths of its answers after the update."""
    for arm, kind in wanted.items():
        share = found.report["probes"]["freshness"]["arms"][arm]["after"][kind]
        if share["count"] < 0.9 * share["n"] or not share["n"]:
            yield f"{arm} after the update: {share['count']} of {share['n']} answers are {kind}"


def _recipe(wanted: Mapping[str, str], found: Found) -> Iterator[str]:
    """Pair → `open` where the bounds for another training hold zero."""
    for names, kind in wanted.items():
        bounds = next(pair.get("recipe") for pair in _primary(found, "all") if names in _names(pair))
        if not bounds or (bounds["low"] <= 0 <= bounds["high"]) != (kind == "open"):
            yield f"the recipe's bounds of {names} are {bounds}, not {kind}"


def _interaction(wanted: str, found: Found) -> Iterator[str]:
    made = found.report.get("interaction")
    sign = None if not made else "more" if made["low"] > 0 else "less" if made["high"] < 0 else "sum"
    if sign != wanted:
        yield f"the interaction is {sign}, not {wanted}: {made}"


def _forgets(wanted: Mapping[str, bool], found: Found) -> Iterator[str]:
    """Arm → whether its probe shows instructions forgotten."""
    for arm, forgets in wanted.items():
        made = ((found.report["probes"].get("forgetting") or {}).get("arms") or {}).get(arm)
        verdict = made and made["instructions"].get("verdict")
        if made is None or (verdict == "worse") != forgets:
            yield f"forgetting of {arm}: {verdict}, expected {'worse' if forgets else 'anything else'}"


def _primary(found: Found, stratum: str) -> list[Mapping[str, Any]]:
    metric = found.report["metric"]
    return [pair for pair in found.report["pairs"] if (pair["metric"], pair["stratum"]) == (metric, stratum)]


def _names(pair: Mapping[str, Any]) -> tuple[str, str]:
    return f"{pair['a']} - {pair['b']}", f"{pair['b']} - {pair['a']}"


PLAIN = {"id", "trap", "seed", "variant", "exit"}
CHECKS: dict[str, Callable[[Any, Found], Iterator[str]]] = {
    "arm": _arm,
    "says": _says,
    "pairs": _pairs,
    "new": _new,
    "reason": _reason,
    "seen": _seen,
    "taste": _taste,
    "after": _after,
    "recipe": _recipe,
    "interaction": _interaction,
    "forgets": _forgets,
}
"""What a row may say → its check."""
