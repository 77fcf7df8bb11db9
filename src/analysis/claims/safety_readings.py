"""Claims on adverse effects under other readings: which grade, which days, solicited or all."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pandas as pd

from analysis.adam.safety import QUESTIONS, flag_effects, timed_effects
from analysis.adam.study import Study
from analysis.claims.ledger import Claim
from analysis.stats.safety import complement_rows, effect_rows, resolution_rows

EFFECT_MEASURES = ("effect_share", "unaffected_share")
GRADES, WINDOWS = (1, 2, 3), ("infusion", "next_day", "any")
EVERYBODY = {"condition": "all", "group_by": "all", "group": "all"}


def safety_readings(claim: Claim, study: Study, *, arm: str = "") -> pd.DataFrame:
    """Return the number of a claim on effects under every reading; empty for other measures.

    Parameters
    ----------
    claim : Claim
    study : Study
    arm : str
        Only these patients count; empty for all treated.

    Returns
    -------
    DataFrame
        One row a reading: grade, window, solicited (choices of
        `analysis.labels.READING_DIMENSIONS`), value, low, high, n, n_missing, n_events,
        is_headline. Grades from that of the claim on; where its words name days, only those.
    """
    treated = study.adsl[study.adsl["SAFFL"]]
    ids = treated.loc[(treated["ARM"] == arm) | (arm == ""), "USUBJID"]
    level, rows = study.settings.confidence_level, []
    if claim.measure in EFFECT_MEASURES:
        asked = QUESTIONS[claim.definition]
        days = [asked.window] if asked.window != "any" else list(WINDOWS)
        for grade, window, solicited in product(GRADES, days, (False, True)):
            if grade < asked.grade:
                continue
            question = replace(asked, grade=grade, window=window, solicited_only=solicited)
            flags = flag_effects(study, question)
            flags = flags[flags["USUBJID"].isin(ids)].assign(definition="", **EVERYBODY)
            made = effect_rows(flags, level=level).query("population == @claim.population")
            if claim.measure == "unaffected_share":
                made = complement_rows(made)
            own = (grade, window, solicited) == (asked.grade, asked.window, False)
            rows.append(made.iloc[0].to_dict() | _choices(grade, window, solicited, own))
    elif claim.measure == "resolved_share":
        minutes = float(claim.definition.partition("_")[0])
        for grade, solicited in product(GRADES, (False, True)):
            timed = timed_effects(study, grade=grade, solicited_only=solicited)
            timed = timed[timed["USUBJID"].isin(ids)].assign(**EVERYBODY)
            if timed.empty:
                continue
            made = resolution_rows(timed, [minutes], level=level)
            seen, worst, best = (
                made[made["population"] == name].iloc[0].to_dict()
                for name in ("effects", "effects_worst", "effects_best")
            )
            seen |= {"low": worst["low"], "high": best["high"]}  # as the verdict is given
            rows.append(seen | _choices(grade, "infusion", solicited, (grade, solicited) == (1, 0)))
    if not any(row["is_headline"] for row in rows):
        return pd.DataFrame()
    frame = pd.DataFrame(rows)
    names = ["grade", "window", "solicited", "value", "low", "high", "n", "n_missing", "n_events"]
    frame["n_events"] = pd.to_numeric(frame["n_events"]).fillna(0)
    numbers = dict.fromkeys(("value", "low", "high"), float)
    return frame[[*names, "is_headline"]].astype(numbers).astype({"n_events": np.int64})


def _choices(grade: int, window: str, solicited: bool, leads: bool) -> dict[str, object]:
    asked = "solicited_only" if solicited else "solicited_or_not"
    return {"grade": f"grade_{grade}", "window": window, "solicited": asked, "is_headline": leads}
