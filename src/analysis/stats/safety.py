"""Shares of infusions, exposure-adjusted rates and times to resolution of adverse events.

Infusions and events of a patient are alike. Limits that take each for a patient of its own are too
narrow, so those of this file rest on how far patients differ, not on how many infusions there were.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import coo_array
from statsmodels.stats.proportion import proportion_confint
from statsmodels.stats.rates import confint_poisson

from analysis.results import Estimate, no_patients, note
from analysis.stats.checks import (
    as_count,
    as_flags,
    as_number,
    check_level,
    check_positive,
    check_same_length,
)
from analysis.stats.rates import wilson_limits
from analysis.stats.survival import estimate_kaplan_meier, log_log_limits
from analysis.stats.times import as_times, merge_near_ties

GROUP_KEYS = ["condition", "group_by", "group"]


def rule_of_three(n: int, *, level: float = 0.95) -> float:
    """Return the largest share that goes with no event in ``n`` patients.

    One-sided: 1 - (1 - level)**(1/n), about 3/n at 95%.

    References
    ----------
    Hanley and Lippman-Hand (1983), JAMA 249:1743.
    """
    check_level(level)
    return float(1 - (1 - level) ** (1 / as_count("n", n, least=1)))


def estimate_rare_share(
    n_events: int, n: int, *, n_missing: int = 0, level: float = 0.95
) -> Estimate:
    """Estimate a share of patients: Wilson interval; the rule of three where nobody has the event.

    Parameters as `analysis.stats.rates.estimate_share`.
    """
    n_events, n = as_count("n_events", n_events), as_count("n", n)
    about: dict[str, Any] = {"n_missing": as_count("n_missing", n_missing), "unit": "share"}
    method = "wilson" if n_events else "rule_of_three"
    if n == 0:
        return no_patients(method=method, **about)
    low, high = (float(end) for end in wilson_limits(n_events, n, level=level))
    return Estimate(
        value=n_events / n, low=low, high=high if n_events else rule_of_three(n, level=level),
        level=level, n=n, n_events=n_events, method=method, **about,
    )  # fmt: skip


def estimate_clustered_share(
    flags: pd.Series, patients: ArrayLike, *, n_missing: int = 0, level: float = 0.95
) -> Estimate:
    """Estimate a share of infusions, of which those of a patient are alike.

    Parameters
    ----------
    flags : Series of boolean, shape (n_infusions,)
    patients : array_like, shape (n_infusions,)
        Whose infusion it is.
    n_missing : int
        Infusions of which it is not known.
    level : float in (0, 1)

    Returns
    -------
    Estimate
        Share in [0, 1]; ``n`` counts infusions. Wilson limits at the effective sample size n / d,
        where d, at least 1, is the variance between patients (ratio estimate) over that of
        independent infusions. Nobody, or everybody, has it: each patient counts once.

    References
    ----------
    Kish (1965), Survey Sampling, on the design effect; Franco et al. (2019), J Surv Stat Methodol
    7:334, on Wilson's interval at the effective sample size.
    """
    check_level(level)
    patients = np.asarray(patients)
    check_same_length(len(flags), patients=len(patients))
    known = as_flags("flags", flags)
    if known.isna().any():
        patients = patients[known.notna().to_numpy()]
        known = known.dropna()
    held = pd.Series(known.to_numpy(dtype=float))
    n, k = len(held), int(held.sum())
    about: dict[str, Any] = {"n_missing": as_count("n_missing", n_missing), "unit": "share"}
    if n == 0:
        return no_patients(method="wilson_effective", **about)
    share = k / n
    sums = (held - share).groupby(patients).sum()
    m = len(sums)
    if k == 0:
        low, high = 0.0, rule_of_three(m, level=level)
    elif k == n:
        low, high = 1 - rule_of_three(m, level=level), 1.0
    else:
        between = m / max(m - 1, 1) * float((sums**2).sum()) / n**2
        design = max(1.0, between / (share * (1 - share) / n)) if m > 1 else float(n)
        alike = n / design
        low, high = proportion_confint(share * alike, alike, 1 - level, method="wilson")
    return Estimate(
        value=share, low=float(low), high=float(high), level=level, n=n, n_events=k,
        method="rule_of_three" if k == 0 else "wilson_effective",
        notes=(note("infusions_of_patients", m),), **about,
    )  # fmt: skip


def estimate_rate(
    n_events: int, exposure: float, *, n: int, per: float = 100.0, level: float = 0.95
) -> Estimate:
    """Estimate a rate per so much exposure, with exact Poisson limits.

    Parameters
    ----------
    n_events : int
    exposure : float
        Time or infusions at risk, above 0.
    n : int
        Patients at risk.
    per : float
        The rate is for so much exposure.
    level : float in (0, 1)

    Returns
    -------
    Estimate
        Events per ``per`` patient-years.

    References
    ----------
    Garwood (1936), Biometrika 28:437; R ``poisson.test(n_events, exposure)``.
    """
    check_level(level)
    k, n = as_count("n_events", n_events), as_count("n", n)
    about: dict[str, Any] = {
        "n": n,
        "n_events": k,
        "unit": "per 100 years",
        "method": "poisson_exact",
    }
    if n == 0 or as_number("exposure", exposure) == 0:
        return no_patients(unit="per 100 years", method="poisson_exact")
    check_positive("exposure", exposure)
    low, high = confint_poisson(k, exposure, method="exact-c", alpha=1 - level)
    return Estimate(
        value=per * k / exposure, low=float(per * low), high=float(per * high), level=level, **about
    )


def resolution_curve(
    minutes: ArrayLike, resolved: ArrayLike, patients: ArrayLike, *, level: float = 0.95
) -> pd.DataFrame:
    """Estimate the share of events that have resolved by each minute.

    Parameters
    ----------
    minutes : array_like of float, shape (n_events,)
        Minutes from the end of the infusion to resolution, or to the last look.
    resolved : array_like of bool, shape (n_events,)
        False where the event had not resolved when it was last looked at (discharge).
    patients : array_like, shape (n_events,)
        Whose event it is.
    level : float in (0, 1)

    Returns
    -------
    DataFrame
        minutes (from 0), share resolved, low, high, n_at_risk; Kaplan-Meier. The interval is on the
        log(-log) scale, its error from each patient's own part (infinitesimal jackknife), as
        events of a patient are alike; NaN while nothing, and once everything, has resolved.

    References
    ----------
    Kaplan and Meier (1958), J Am Stat Assoc 53:457; R ``survfit(Surv(minutes, resolved) ~ 1,
    cluster = patients, conf.type = "log-log")``.
    """
    time, done = merge_near_ties(as_times("minutes", minutes)), np.asarray(resolved, dtype=bool)
    curve = estimate_kaplan_meier(time, done, level=level, time_unit="minutes")
    who, _ = pd.factorize(pd.Index(patients), sort=True)
    at, at_risk, left = curve.times, curve.n_at_risk, curve.survival
    kept = np.where(at_risk > curve.n_events, at_risk - curve.n_events, np.nan)
    # Influence of each patient on the log of the share: a sum over events, many of which end alike.
    moments, moment = np.unique(time, return_inverse=True)
    ends, alike = np.unique(2 * moment + done, return_inverse=True)
    t, is_done = moments[ends // 2, None], ends[:, None] % 2 > 0
    steps = (is_done & (at == t)) / kept - (at <= t) * curve.n_events / (at_risk * kept)
    counts = coo_array((np.ones(who.size), (who, alike))).tocsr()
    together = (counts.T @ counts).toarray()  # summed over patients, which may be many
    influence = np.cumsum(steps, axis=1)
    error = np.sqrt(np.maximum((influence * (together @ influence)).sum(axis=0), 0.0))
    low, high = log_log_limits(left, error, level=level)
    frame = pd.DataFrame(
        {"minutes": at, "share": 1 - left, "low": 1 - high, "high": 1 - low, "n_at_risk": at_risk}
    )
    if not (at == 0).any():
        first = {"minutes": 0.0, "share": 0.0, "low": np.nan, "high": np.nan}
        first["n_at_risk"] = float(time.size)
        frame = pd.concat([pd.DataFrame([first]), frame], ignore_index=True)
    frame.attrs["last"] = float(time.max())
    return frame


def resolved_by(curve: pd.DataFrame, minutes: float, *, n: int, n_missing: int = 0,
                level: float = 0.95) -> Estimate:  # fmt: skip
    """Return the share resolved by some minutes, from `resolution_curve`.

    ``not estimable`` where nobody was followed so long and some had not resolved.
    """
    row = curve[curve["minutes"] <= minutes].iloc[-1]
    about: dict[str, Any] = {
        "n": n,
        "n_missing": n_missing,
        "unit": "share",
        "method": "kaplan_meier_clustered",
    }
    if minutes > curve.attrs["last"] and row["share"] < 1:
        return Estimate(value=None, status="not estimable", **about)
    low, high = (None if pd.isna(row[end]) else float(row[end]) for end in ("low", "high"))
    level_or_none = None if low is None else level
    return Estimate(value=float(row["share"]), low=low, high=high, level=level_or_none,
                    **about)  # fmt: skip


def split_groups(
    groups: pd.DataFrame, patients: pd.Series
) -> Iterator[tuple[dict[str, str], NDArray[np.int64]]]:
    """Give the keys of each group, and the places of its patients among some, -1 where not there.

    Parameters
    ----------
    groups : DataFrame
        A row a group and patient: condition, group_by, group, USUBJID.
    patients : Series
        USUBJID, each once.
    """
    index = pd.Index(patients)
    for key, ids in groups.groupby(GROUP_KEYS, sort=False)["USUBJID"]:
        yield dict(zip(GROUP_KEYS, key, strict=True)), index.get_indexer(ids)


def effect_rows(
    groups: pd.DataFrame,
    answers: Mapping[str, pd.DataFrame],
    *,
    by: str = "patient",
    level: float = 0.95,
) -> pd.DataFrame:
    """Estimate shares of effects in every group: among those asked, and as far as reported.

    Parameters
    ----------
    groups : DataFrame
        A row a group and patient: condition, group_by, group, USUBJID.
    answers : mapping of str to DataFrame
        By definition a row a patient or infusion, the same in each: USUBJID, ASKED (boolean), HAD
        (nullable boolean), lacking (note, empty where there is none).
    by : {"patient", "infusion"}
    level : float in (0, 1)

    Returns
    -------
    DataFrame
        Rows of the results frame. Population ``asked``: those asked and known; not estimable, with
        the note, where nobody was, or where only those with an effect are on record as asked.
        ``reported``: all treated, at least so many; of infusions ``asked`` only.
    """
    measure = "effect_share" if by == "patient" else "effect_infusion_share"
    rows = []
    who, patients = pd.factorize(next(iter(answers.values()))["USUBJID"], sort=True)
    for key, places in split_groups(groups, pd.Series(patients)):
        there = np.zeros(len(patients), dtype=bool)
        there[places[places >= 0]] = True
        of_group = there[who]
        if not of_group.any():
            continue
        for definition, answer in answers.items():
            names = {**key, "definition": definition, "measure": measure}
            had, lacking = answer["HAD"].array[of_group], str(answer["lacking"].iloc[0])
            asked = answer["ASKED"].to_numpy()[of_group]
            known = asked & ~had.isna()
            n_known = int(known.sum())
            about: dict[str, Any] = {"n_missing": len(known) - n_known, "level": level}
            if lacking or not n_known:
                none = Estimate(
                    value=None, n=0, n_missing=len(known), unit="share", method="wilson",
                    status="not estimable", notes=(lacking or "not_assessed",),
                )  # fmt: skip
                rows.append(none.row(**names, population="asked"))
            elif by == "patient":
                found = estimate_rare_share(int(had[known].sum()), n_known, **about)
                rows.append(found.row(**names, population="asked"))
            else:
                held = pd.Series(had[known])
                found = estimate_clustered_share(held, who[of_group][known], **about)
                rows.append(found.row(**names, population="asked"))
            if by == "patient":
                rows.append(
                    _reported(had, asked, lacking, level).row(**names, population="reported")
                )
    return pd.DataFrame(rows)


def share_rows(groups: pd.DataFrame, flags: pd.DataFrame, *, level: float = 0.95) -> pd.DataFrame:
    """Estimate the share of patients who say yes in every group, of those of whom it is known.

    Parameters
    ----------
    groups : DataFrame
        As `effect_rows`.
    flags : DataFrame
        A row a patient, or infusion, and question: USUBJID, measure, definition, FLAG (nullable
        boolean), lacking (the note where it is known of nobody).
    level : float in (0, 1)
    """
    flags = flags.reset_index(drop=True)
    who, patients = pd.factorize(flags["USUBJID"])
    asked = [(name, own, who[own.index])
             for name, own in flags.groupby(["measure", "definition"], sort=False)]  # fmt: skip
    rows = []
    for key, places in split_groups(groups, pd.Series(patients)):
        n_people = len(places)
        rank = np.full(len(patients), n_people)
        rank[places[places >= 0]] = np.flatnonzero(places >= 0)
        ranks = [rank[of] for _, _, of in asked]
        # Questions in the order in which a patient of the group was first asked.
        for at in np.argsort([each.min(initial=n_people) for each in ranks], kind="stable"):
            (measure, definition), own, _ = asked[at]
            own = own[ranks[at] < n_people]
            if own.empty:
                continue
            n, unknown = int(own["FLAG"].count()), int(own["FLAG"].isna().sum())
            found = estimate_rare_share(int(own["FLAG"].sum()), n, n_missing=unknown, level=level)
            if not n:
                note_of = (str(own["lacking"].iloc[0]),)
                found = replace(found, status="not estimable", notes=note_of)
            names = {**key, "measure": measure, "definition": definition}
            rows.append(found.row(**names, population="treated"))
    return pd.DataFrame(rows)


def complement_rows(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the shares without an effect, from `effect_rows` of those with it."""
    there = rows["status"] == "estimated"
    swapped = rows.assign(
        value=1 - rows["value"], low=1 - rows["high"], high=1 - rows["low"],
        n_events=rows["n"] - rows["n_events"], measure="unaffected_share",
    )  # fmt: skip
    notes = rows["notes"].str.replace("at_least_reported", "at_most_unaffected")
    return swapped.assign(notes=notes.where(there, rows["notes"]))


def rate_rows(groups: pd.DataFrame, exposed: pd.DataFrame, *, level: float = 0.95) -> pd.DataFrame:
    """Estimate exposure-adjusted rates in every group.

    Parameters
    ----------
    groups : DataFrame
        As `effect_rows`.
    exposed : DataFrame
        A row a patient asked: USUBJID, definition, events, years.
    level : float in (0, 1)
    """
    keys = [*GROUP_KEYS, "definition"]
    sums = (
        groups.merge(exposed, on="USUBJID")
        .groupby(keys, sort=False)
        .agg(k=("events", "sum"), years=("years", "sum"), n=("years", "size"))
    )
    return pd.DataFrame(
        estimate_rate(int(row.k), row.years, n=row.n, level=level).row(
            **dict(zip(keys, row.Index, strict=True)), measure="event_rate", population="asked"
        )
        for row in sums.itertuples()
    )


def resolution_rows(
    groups: pd.DataFrame, timed: pd.DataFrame, minutes: Sequence[float], *, level: float = 0.95
) -> pd.DataFrame:
    """Estimate the share of effects resolved by some minutes in every group.

    Parameters
    ----------
    groups : DataFrame
        As `effect_rows`.
    timed : DataFrame
        A row an event: USUBJID, ADURN and CNSR (missing where not recorded).
    minutes : sequence of float
    level : float in (0, 1)

    Returns
    -------
    DataFrame
        Rows of the results frame. Population ``effects``: those with a time, by the curve;
        ``effects_worst`` and ``effects_best``: all of them, where none and where every one that was
        not followed so long, or has no time, had resolved.
    """
    rows = []
    who, patients = pd.factorize(timed["USUBJID"], sort=True)
    timed = timed[["ADURN", "CNSR"]].assign(who=who)
    for names, places in split_groups(groups, pd.Series(patients)):
        own = timed[np.isin(who, places)]
        if own.empty:
            continue
        known = own[own["ADURN"].notna() & own["CNSR"].notna()]
        about: dict[str, Any] = {"n": len(known), "n_missing": len(own) - len(known)}
        if known.empty:
            found = Estimate(
                value=None, unit="share", method="kaplan_meier_clustered", status="not estimable",
                notes=("effects_not_timed",), **about,
            )  # fmt: skip
            estimates = dict.fromkeys(minutes, found)
        else:
            curve = resolution_curve(known["ADURN"], known["CNSR"] == 0, known["who"], level=level)
            estimates = {at: resolved_by(curve, at, level=level, **about) for at in minutes}
        for at, found in estimates.items():
            over = (own["ADURN"] <= at) & (own["CNSR"] == 0)
            lasting = (own["ADURN"] > at) | ((own["ADURN"] == at) & (own["CNSR"] == 1))
            worst, best = (
                estimate_clustered_share(flags, own["who"], level=level)
                for flags in (over, ~lasting)
            )
            three = {"effects": found, "effects_worst": worst, "effects_best": best}
            rows += [
                one.row(**names, measure="resolved_share", definition=f"{at:g}_minutes",
                        population=population)
                for population, one in three.items()
            ]  # fmt: skip
    return pd.DataFrame(rows)


def _reported(
    had: pd.arrays.BooleanArray, asked: NDArray[np.bool_], lacking: str, level: float
) -> Estimate:
    """Return who is on record with an effect, of everybody: at least so many."""
    yes = had.to_numpy(dtype=bool, na_value=False)
    known = yes | (asked & ~had.isna() & (lacking != "asked_by_effect_only"))
    n_had, n, unknown = int(yes.sum()), len(yes), int((~known).sum())
    about: dict[str, Any] = {"n": n, "unit": "share", "method": "at_least"}
    if not n_had and (lacking or unknown == n):
        return Estimate(value=None, n_missing=n, status="not estimable",
                        notes=(lacking or "not_assessed",), **about)  # fmt: skip
    low, high = float(wilson_limits(n_had, n, level=level)[0]), 1.0
    if unknown < n:
        high = float(wilson_limits(n_had + unknown, n, level=level)[1])
    notes = ("at_least_reported",) if unknown else ()
    return Estimate(value=n_had / n, low=low, high=high, level=level, n_events=n_had,
                    n_missing=unknown, notes=notes, **about)  # fmt: skip
