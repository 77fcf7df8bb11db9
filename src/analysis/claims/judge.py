"""Judge claims: find the result row a claim's reading asks for, and compare."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from analysis.claims.judgement import Judgement
from analysis.claims.ledger import Claim
from analysis.claims.power import further_patients_by_precision, further_patients_for_share
from analysis.claims.verdicts import judge_interval, place_interval
from analysis.claims.wording import write_finding
from analysis.outcomes.rows import ResultRow, find_row


def judge_claims(
    claims: Sequence[Claim], rows: Sequence[ResultRow], *, analysis_visit: str, arm: str = ""
) -> tuple[Judgement, ...]:
    """Judge every claim on the result rows of a run.

    Parameters
    ----------
    claims : sequence of Claim
        The ledger.
    rows : sequence of ResultRow
        Rows of all conditions.
    analysis_visit : str
        Visit meant by claims that name none.
    arm : str
        Arm the claims are about, where the rows have arms; drug and placebo are never pooled.

    Returns
    -------
    tuple of Judgement
        In the order of the ledger.
    """
    return tuple(judge_claim(c, rows, analysis_visit=analysis_visit, arm=arm) for c in claims)


def judge_claim(
    claim: Claim, rows: Sequence[ResultRow], *, analysis_visit: str, arm: str = ""
) -> Judgement:
    """Judge one claim; ``not testable`` with the reason where the rows hold no answer."""
    arms = sorted(
        {row.group for row in rows if row.condition == claim.condition and row.group_by == "arm"}
    )
    if arms and arm not in arms:
        return _not_testable(
            claim,
            f"The patients were given different treatments ({', '.join(arms)}), which must not be "
            "pooled; name the one the claim is about with the setting `claim_arm`.",
        )
    group = {"group_by": "arm", "group": arm} if arms else {"group_by": "all", "group": "all"}
    row = _answer(claim, rows, analysis_visit, group)
    if row is None:
        return _not_testable(claim, f"The run holds no result for {_whom(claim)}.")
    if row.n == 0 or row.status in ("no patients", "not estimable"):
        return _not_testable(claim, " ".join(row.warnings) or _NOBODY, row)
    verdict = judge_interval(row.low, row.high, floor=claim.cited_low, ceiling=claim.cited_high)
    further = _further_patients(claim, row) if verdict == "undecided" else None
    judgement = Judgement(
        **_shared(claim, row),  # type: ignore[arg-type]
        verdict=verdict,
        position=place_interval(row.low, row.high, floor=claim.cited_low, ceiling=claim.cited_high),
        further_patients=further,
        reason=_why_no_number(verdict, further),
    )
    return _with_sentence(judgement, row)


_NOBODY = "No patient in the data can answer it."


def _answer(
    claim: Claim, rows: Sequence[ResultRow], analysis_visit: str, group: dict[str, str]
) -> ResultRow | None:
    keys = {
        "measure": claim.measure,
        "definition": claim.definition,
        "condition": claim.condition,
        "population": claim.population,
        **group,
    }
    if claim.measure != "relief_duration":
        keys["visit"] = claim.visit or analysis_visit
        return find_row(rows, **keys, threshold_pct=claim.threshold_pct)
    return find_row(rows, **keys)


def _whom(claim: Claim) -> str:
    return "any condition" if claim.condition == "all" else f"condition '{claim.condition}'"


_OF_CLAIM = ["claim_id", "wording", "source", "condition", "reading", "cited_low", "cited_high", "cited_text", "unit"]


def _shared(claim: Claim, row: ResultRow | None) -> dict[str, object]:
    shared: dict[str, object] = {name: getattr(claim, name) for name in _OF_CLAIM}
    if row is not None:  # the numbers of the row travel with the judgement
        names = ["value", "low", "high", "level", "n", "n_missing", "status", "result_id"]
        shared |= {name: getattr(row, name) for name in names}
    return shared


def _not_testable(claim: Claim, reason: str, row: ResultRow | None = None) -> Judgement:
    judgement = Judgement(
        **{**_shared(claim, row), "status": row.status if row else "no patients"},  # type: ignore[arg-type]
        verdict="not testable",
        reason=reason,
    )
    return _with_sentence(judgement, row)


def _with_sentence(judgement: Judgement, row: ResultRow | None) -> Judgement:
    return replace(judgement, sentence=write_finding(judgement, row))


def _further_patients(claim: Claim, row: ResultRow) -> int | None:
    if claim.cited_low is None or row.value is None:
        return None
    if claim.unit == "share" and row.n_events is not None:
        return further_patients_for_share(
            row.n_events, row.n, floor=claim.cited_low, level=row.level or 0.95
        )
    return further_patients_by_precision(
        row.value,
        row.low,
        row.high,
        row.n,
        floor=claim.cited_low,
        level=row.level or 0.95,
        on_log_scale=claim.unit == "weeks",
    )


def _why_no_number(verdict: str, further: int | None) -> str:
    if verdict != "undecided" or further is not None:
        return ""
    return "The value lies so near the cited floor that no realistic number would decide."
