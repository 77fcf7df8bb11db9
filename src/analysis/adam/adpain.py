"""ADPAIN: pain ratings on each patient's clock, baseline, visits, change and response.

Every rating of the export gets a role, so that the data-quality notebook can say what became of it.
CHG and PCHG keep ADaM's sign: a fall of pain is negative. Where people read it, it is a pain
reduction and positive is better.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from analysis.adam.adsl import DAY_DUST, count_infusions, days_since_start, look_up, whole_day
from analysis.errors import InputError
from analysis.labels import visit_week
from analysis.settings import (
    DAYS_PER_WEEK,
    THRESHOLDS_PCT,
    TWO_POINTS,
    WORSE_PCT,
    Score,
    Visit,
)

BASELINE = "baseline"
OTHER_RECALL = "other recall"
NOT_TREATED = "patient never treated"
BEFORE_BASELINE = "before the baseline window"
DURING = "during the series"
BETWEEN = "between or after the visit windows"
NOT_CHOSEN = "another rating stands for the visit"
"""Roles of ratings that stand for no visit."""

SCORE_DUST = 1e-9
"""Score. A mean of ratings carries binary dust; no score is recorded this finely."""

DUE, WINDOW_OPEN, IN_SERIES = "due", "window open", "in series"
NEVER_TREATED, NO_DATES = "never treated", "no dates"
"""Why a visit is due or not (DUEREAS): by its dates; its window has not closed at the data cut; the
initial series may go on; there was none; or it counts as due, because no date says when it is."""

MOST_RATINGS = 1e9
"""More ratings than any export has: days that are not known are told apart below it."""

ROUNDING = 1e-9
"""Percent or points. 6.0 to 4.2 is a fall of 30% that binary arithmetic makes
29.999999999999996; no score is recorded finely enough for a true difference this small."""


def choose_recall(recalls: pd.Series, wanted: str) -> str:
    """Return the recall to analyze: the one wanted, or the only one there, or ``average``.

    Raises
    ------
    InputError
        The wanted recall is not in the export, or several are and none is ``average``.
    """
    names = [str(name) for name in recalls.value_counts().index]
    if wanted != "auto":
        if wanted in names:
            return wanted
        raise InputError(f"no rating has the recall '{wanted}'; the export has {', '.join(names)}.")
    if len(names) == 1:
        return names[0]
    if "average" in names:
        return "average"
    raise InputError(
        f"the ratings have several recalls ({', '.join(names)}) and none is 'average'; choose one "
        "with the setting `recall`."
    )


def place_ratings(
    scores: pd.DataFrame,
    treatment: pd.DataFrame,
    infusions: pd.DataFrame,
    *,
    recall: str,
    baseline_window_days: float,
    schedule: tuple[Visit, ...],
    visit_score: Score = "closest",
) -> pd.DataFrame:
    """Put every rating on its patient's clock and give it a role.

    Parameters
    ----------
    scores : DataFrame
        pain_scores of the contract, on 0 to 10.
    treatment : DataFrame
        Indexed by USUBJID: TRTSDT, TRTEDT, DAY0, EOSDY.
    infusions : DataFrame
        `analysis.adam.adsl.derive_infusions`.
    recall : str
        The recall analyzed; ratings of another one keep a role of that name.
    baseline_window_days : float
        Ratings from day -window to the first infusion are baseline (`count_infusions` has the rule
        for those of day 0).
    schedule : tuple of Visit
    visit_score : str
        Which rating stands for a visit; with ``mean`` those of its window are averaged, with
        ``week_mean`` those of each week after the series.

    Returns
    -------
    DataFrame
        One row a rating: USUBJID, ADT, ADY (since day 0), ADYEOS (since the end of the series), ATM
        (time of day), AVAL, RECALL, VISIT (as the export names it), AVISIT (the visit whose window
        it is in, or one of the export's own), ROLE (its visit when it stands for it), ASERIES and
        NLEFT (`count_infusions`), NSAME (ratings averaged: those of one patient, day, recall, name,
        and the same side of an infusion, are one).

    Raises
    ------
    InputError
        A treated patient's rating has a date where day 0 has only a study day.

    Notes
    -----
    The date decides what a rating is; one with neither date nor study day is on the target day of
    the visit it is named after. A name that is one of the schedule, or ``baseline``, is kept
    in VISIT only, so that a contradiction can be shown. A name of the export's own ("discharge")
    says what no date can, and is a visit.
    """
    # Categorical: each patient is looked up once, and the ids are sorted and grouped as numbers.
    scores = scores.assign(patient_id=in_order(scores["patient_id"]))
    ids = scores["patient_id"]
    days, clocks = days_since_start(scores, treatment)
    if days.isna().any():
        days = days.fillna(_days_by_name(scores, treatment, schedule))
        _refuse_unplaced(scores, days.isna() & ids.isin(treatment.index))
    frame = pd.DataFrame(
        {
            "USUBJID": ids,
            "ADT": pd.to_datetime(scores["assessed_on"]).dt.normalize()
            if "assessed_on" in scores
            else pd.Series(pd.NaT, index=scores.index, dtype="datetime64[s]"),
            "ADY": days,
            "ADYEOS": days - look_up(ids, treatment["EOSDY"]),
            "ATM": clocks,
            "AVAL": scores["score"],
            "RECALL": scores["recall"].astype("str"),
            "VISIT": scores["visit"].astype("str")
            if "visit" in scores
            else pd.Series(np.nan, index=scores.index, dtype="str"),
            "NSAME": 1,
        }
    ).reset_index(drop=True)
    frame = frame.join(count_infusions(frame, infusions, treatment))
    # Ratings of who was never treated have no day; none is the same day as another.
    day = whole_day(frame["ADY"] + look_up(frame["USUBJID"], treatment["DAY0"]))
    frame["day"] = day.fillna(pd.Series(-MOST_RATINGS - frame.index, index=frame.index))
    keys = ["USUBJID", "day", "RECALL", "VISIT", "ASERIES", "NLEFT"]
    frame = _average(frame, keys, ADY="mean", ADYEOS="mean", ADT="first", ATM="mean")
    planned = {BASELINE, *(visit.name for visit in schedule)}
    frame["AVISIT"] = frame["VISIT"].mask(frame["VISIT"].isin(planned))
    frame["ROLE"] = _roles(frame, recall, baseline_window_days)
    frame = _score_visits(frame, schedule, visit_score)
    left = frame["ROLE"].isna()
    chosen = choose_ratings(frame[left], schedule, visit_score)
    chosen = chosen.reindex(frame.index, fill_value=False)
    unused = pd.Series([BETWEEN, NOT_CHOSEN], dtype="str").take(frame["AVISIT"].notna().astype(int))
    frame["ROLE"] = (
        frame["ROLE"].fillna(frame["AVISIT"].where(chosen)).fillna(unused.set_axis(frame.index))
    )
    columns = ["USUBJID", "ADT", "ADY", "ADYEOS", "ATM", "AVAL", "RECALL", "VISIT", "AVISIT",
               "ROLE", "ASERIES", "NLEFT", "NSAME"]  # fmt: skip
    return frame[columns].astype({"USUBJID": "str"})


def in_order(ids: pd.Series) -> pd.Series:
    """Return ids as a categorical whose categories are sorted as text."""
    column = ids.astype("category").cat.remove_unused_categories()
    return column.cat.reorder_categories(column.cat.categories.sort_values())


def _days_by_name(
    scores: pd.DataFrame, treatment: pd.DataFrame, schedule: tuple[Visit, ...]
) -> pd.Series:
    """Return the day that a visit's name gives to ratings with neither date nor study day.

    A rating of the end is then a day after the last infusion, since one of its day is before it.
    """
    days = pd.Series(np.nan, index=scores.index)
    if "visit" not in scores:
        return days
    targets = {visit.name: max(visit.target_day, 1.0) for visit in schedule}
    weeks = {name: visit_week(name) for name in scores["visit"].dropna().unique()}
    later = {name: DAYS_PER_WEEK * week for name, week in weeks.items() if week is not None}
    after = scores["visit"].map({**later, **targets}).astype(float)
    ids = scores["patient_id"].astype("str")
    days = look_up(ids, treatment["EOSDY"]) + after
    start = look_up(ids, treatment["EOSDY"] * 0.0)
    days = days.mask(scores["visit"] == BASELINE, start)
    known = [name for name in ("assessed_on", "study_day") if name in scores]
    return days.where(scores[known].isna().all(axis=1))


def _average(frame: pd.DataFrame, keys: list[str], **how: str) -> pd.DataFrame:
    """Return ratings with those alike in ``keys`` as one; ``how`` says what becomes of its time."""
    if not frame.duplicated(keys).any():
        return frame
    rest = {n: "first" for n in frame if n not in (*keys, *how, "AVAL", "NSAME")}
    groups = frame.groupby(keys, sort=False, dropna=False, observed=True)
    found = groups.agg({**rest, **how, "AVAL": "mean", "NSAME": "sum"}).reset_index()
    return found[list(frame)]


def _score_visits(
    frame: pd.DataFrame, schedule: tuple[Visit, ...], visit_score: Score
) -> pd.DataFrame:
    """Place ratings without a role by their day, averaged first where the setting says so.

    An average is dated by its last rating, when it is known, and never joins ratings from before
    and after a booster.
    """
    left = frame["ROLE"].isna()
    if visit_score not in ("mean", "week_mean"):
        unnamed = left & frame["AVISIT"].isna()
        placed = assign_visits(frame["ADYEOS"], schedule)
        return frame.assign(AVISIT=frame["AVISIT"].where(~unnamed, placed))
    mine, others = frame[left], frame[~left]
    late = {"ADY": "max", "ADYEOS": "max", "ADT": "max", "ATM": "last"}
    keys = ["USUBJID", "AVISIT", "ASERIES", "NLEFT"]
    if visit_score == "week_mean":
        week = np.ceil((mine["ADYEOS"] - DAY_DUST) / DAYS_PER_WEEK).clip(lower=1)
        mine = mine.assign(week=week).sort_values(["USUBJID", "ADY", "ATM"], kind="stable")
        mine = _average(mine, [*keys, "week"], **late).drop(columns="week")
    unnamed = mine["AVISIT"].isna()
    mine = mine.assign(
        AVISIT=mine["AVISIT"].where(~unnamed, assign_visits(mine["ADYEOS"], schedule))
    )
    if visit_score == "mean":
        in_window = mine["AVISIT"].notna()
        averaged = mine[in_window].sort_values(["USUBJID", "ADY", "ATM"], kind="stable")
        mine = pd.concat([_average(averaged, keys, **late), mine[~in_window]])
    return pd.concat([others, mine], ignore_index=True)


def _refuse_unplaced(scores: pd.DataFrame, bad: pd.Series) -> None:
    if bad.any():
        first, where = scores[bad].iloc[0], ""
        if "source_file" in scores:
            where = f" (first: {first['source_file']}, line {first['source_line']})"
        raise InputError(
            f"pain_scores: {int(bad.sum())} ratings{where} have a date while the patient's day 0 "
            "is known only as a study day, so the time between them is unknown. Give both a date, "
            "or both a study day."
        )


def _roles(frame: pd.DataFrame, recall: str, window: float) -> pd.Series:
    """Return the role of each rating that is settled before visits are chosen; later rules win."""
    role = pd.Series(pd.NA, index=frame.index, dtype="str")
    day, own = frame["ADY"], frame["AVISIT"].notna()
    early = frame["ASERIES"] == 0
    role[~own & early & day.ge(-window)] = BASELINE
    role[~own & early & day.lt(-window)] = BEFORE_BASELINE
    role[~own & (frame["ASERIES"] == 1) & (frame["NLEFT"] > 0)] = DURING
    role[own & day.lt(0)] = BEFORE_BASELINE  # "screening": named, but neither baseline nor after
    role[day.isna()] = NOT_TREATED
    role[frame["RECALL"] != recall] = OTHER_RECALL
    return role


def assign_visits(days: pd.Series, schedule: tuple[Visit, ...]) -> pd.Series:
    """Return the name of the visit whose window holds each day, missing where none does.

    Parameters
    ----------
    days : Series of float
        Days since the end of the initial series. A part of a day counts as the day begun (42.5
        is day 43), so that no day falls between two windows.
    schedule : tuple of Visit
        Windows, which must not overlap.
    """
    names = np.full(len(days), None, dtype=object)
    begun = np.ceil(days.to_numpy(dtype=float) - DAY_DUST)
    for visit in schedule:
        names[(begun >= visit.first_day) & (begun <= visit.last_day)] = visit.name
    return pd.Series(names, index=days.index, dtype="str")


def choose_ratings(
    ratings: pd.DataFrame, schedule: tuple[Visit, ...], visit_score: Score = "closest"
) -> pd.Series:
    """Mark the one rating that stands for each patient and visit.

    Parameters
    ----------
    ratings : DataFrame
        USUBJID, VISIT, AVISIT, ADYEOS, ATM, AVAL.
    schedule : tuple of Visit
    visit_score : str
        ``last``, ``worst`` (the highest score), or else the one closest to the visit's target day.

    Returns
    -------
    Series of bool
        True for the rating that stands for the visit; of two alike the later one does, on one day
        the one that the export names. Visits of the export's own keep their last rating.
    """
    targets = {visit.name: visit.target_day for visit in schedule}
    order = ratings[["USUBJID", "AVISIT"]].assign(
        distance=(ratings["ADYEOS"] - ratings["AVISIT"].map(targets).astype(float))
        .abs()
        .fillna(0.0),
        relief=-ratings["AVAL"],
        day=-ratings["ADYEOS"],
        clock=-ratings["ATM"],
        unnamed=ratings["VISIT"].isna(),
    )
    first = {"last": [], "worst": ["relief", "distance"]}.get(visit_score, ["distance"])
    by = ["USUBJID", "AVISIT", *first, "day", "clock", "unnamed"]
    order = order.sort_values(by, kind="stable")
    chosen = order[order["AVISIT"].notna()].drop_duplicates(["USUBJID", "AVISIT"]).index
    return pd.Series(ratings.index.isin(chosen), index=ratings.index)


def derive_baseline(ratings: pd.DataFrame, *, minimum_score: float) -> pd.DataFrame:
    """Return each patient's baseline: the mean of the baseline ratings.

    Returns
    -------
    DataFrame
        Indexed by USUBJID: BASE, NBASE (ratings averaged), BASESTAT: ``ok``, ``zero`` (nothing to
        reduce: no percent reduction exists) or ``below minimum``. Patients without a baseline
        rating are absent.
    """
    own = ratings[ratings["ROLE"] == BASELINE].groupby("USUBJID", sort=False)["AVAL"]
    frame = pd.DataFrame({"BASE": own.mean(), "NBASE": own.size()})
    status = pd.Series("ok", index=frame.index, dtype="str")
    status[frame["BASE"] < minimum_score - SCORE_DUST] = "below minimum"
    status[frame["BASE"] == 0] = "zero"
    return frame.assign(BASESTAT=status)


def derive_change(ratings: pd.DataFrame, baseline: pd.DataFrame) -> pd.DataFrame:
    """Return ratings with change from baseline.

    Returns
    -------
    DataFrame
        The same rows with POSTFL (a rating of the recall analyzed after day 0) and, for those,
        BASE, CHG (AVAL - BASE) and PCHG (100 CHG / BASE; missing where the baseline is 0 or not
        known).
    """
    settled = [BASELINE, BEFORE_BASELINE, OTHER_RECALL, NOT_TREATED]
    post = ~ratings["ROLE"].isin(settled)
    base = look_up(ratings["USUBJID"], baseline["BASE"]).astype(float).where(post)
    change = ratings["AVAL"] - base
    percent = 100.0 * change / base.where(base > 0)
    return ratings.assign(POSTFL=post, BASE=base, CHG=change, PCHG=percent)


def order_visits(ratings: pd.DataFrame, schedule: tuple[Visit, ...]) -> tuple[str, ...]:
    """Return the visits that occur among ratings that stand for one, in order.

    The order is that of the schedule or, when an export names visits of its own, of their median
    days (``end`` is then where its ratings fall).
    """
    known = {visit.name: visit.target_day for visit in schedule}
    found = ratings.dropna(subset=["AVISIT"]).groupby("AVISIT")["ADYEOS"].median()
    days = {str(name): float(day) for name, day in found.items()}
    order = known if set(days) <= set(known) else days
    return tuple(sorted(days, key=lambda name: (order[name], name)))


def reaches(change: pd.Series, fall: float) -> pd.Series:
    """Return whether each change is a fall of at least so much, missing where it is not known.

    Parameters
    ----------
    change : Series of float
        CHG or PCHG: a fall is negative.
    fall : float
        Least fall that counts, in the same unit.
    """
    return (change <= ROUNDING - fall).astype("boolean").mask(change.isna())


def responds(adpain: pd.DataFrame, threshold_pct: float) -> pd.Series:
    """Return who responds at a visit by the composite strategy, as a nullable boolean.

    A patient with a booster before the rating does not respond: the response that the series gave
    had ended (ICH E9(R1)). Missing where the outcome is not known.
    """
    return _unless_boosted(reaches(adpain["PCHG"], threshold_pct), adpain)


def has_low_pain(adpain: pd.DataFrame, at_most: float) -> pd.Series:
    """Return who has a score of at most so much at a visit, missing and boosters as `responds`.

    It asks for no baseline: who was rated is known.
    """
    low = (adpain["AVAL"] <= at_most + ROUNDING).astype("boolean").mask(adpain["AVAL"].isna())
    return _unless_boosted(low, adpain)


def _unless_boosted(flags: pd.Series, adpain: pd.DataFrame) -> pd.Series:
    return flags.mask((adpain["BOOSTFL"] & flags.notna()).to_numpy(dtype=bool), False)


def lay_out_visits(
    adsl: pd.DataFrame,
    ratings: pd.DataFrame,
    visits: tuple[str, ...],
    *,
    schedule: tuple[Visit, ...],
    known: str,
    typical_days: Mapping[str, float] | None = None,
) -> pd.DataFrame:
    """Return one row a patient and visit, missed ones too, with the rating that stands for it.

    Parameters
    ----------
    adsl, ratings : DataFrame
        `analysis.adam.adsl.derive_adsl` and `derive_change`.
    visits : tuple of str
        Visits in play.
    schedule : tuple of Visit
    known : str
        Column of ``ratings`` without which the outcome is not known: PCHG, CHG or AVAL.
    typical_days : mapping of str to float, optional
        Median day after the series of the ratings at each visit, where these are of a part of the
        patients only.

    Returns
    -------
    DataFrame
        By patient, then visit. RATEDFL: the outcome is known. BOOSTFL: a booster before the rating
        or, where the outcome is not known, before the visit's target day. DUEFL, DUEREAS and DUEDT
        (last day of the window): `_due`.
    """
    carried = ["COND", "SUBTYP", "ARM", "PROTOCOL", "SITEID", "BASE", "FASFL"]
    chosen = ratings[ratings["POSTFL"] & (ratings["ROLE"] == ratings["AVISIT"])]
    own = ["USUBJID", "AVISIT", "ADT", "ADY", "ADYEOS", "AVAL", "CHG", "PCHG", "ASERIES"]
    window = {visit.name: visit for visit in schedule}
    typical = typical_days or chosen.groupby("AVISIT")["ADYEOS"].median()
    plan = pd.DataFrame(
        {
            "AVISIT": pd.Series(visits, dtype="str"),
            "AVISITN": pd.Series([visit_week(name) for name in visits], dtype=float),
            "target": [window[v].target_day if v in window else np.nan for v in visits],
            "last": [window[v].last_day if v in window else typical.get(v) for v in visits],
        }
    ).astype({"last": float})
    also = ["EOSDY", "BOOSTDY", "TRTEDT", "DCUTDT", "SAFFL", "INSERFL"]
    frame = adsl[["USUBJID", *carried, *also]].merge(plan, how="cross")
    frame = frame.merge(chosen[own], on=["USUBJID", "AVISIT"], how="left", validate="1:1")
    frame["RATEDFL"] = frame[known].notna()
    before = (frame["BOOSTDY"] - frame["EOSDY"]) < frame["target"]
    frame["BOOSTFL"] = (frame["ASERIES"] > 1).where(frame["RATEDFL"], before)
    return frame.join(_due(frame))


def derive_adpain(
    adsl: pd.DataFrame,
    ratings: pd.DataFrame,
    visits: tuple[str, ...],
    *,
    schedule: tuple[Visit, ...],
    threshold_pct: float,
    in_points: bool = True,
    typical_days: Mapping[str, float] | None = None,
) -> pd.DataFrame:
    """Return one row a patient and visit, missed ones too.

    Parameters
    ----------
    adsl, ratings : DataFrame
        `analysis.adam.adsl.derive_adsl` and `derive_change`.
    visits : tuple of str
        Visits in play.
    schedule : tuple of Visit
    threshold_pct : float
        Threshold of CRITFL; CRIT30FL and CRIT50FL are always there.
    in_points : bool
        Whether points are those of 0 to 10; without, CRIT2PFL is missing.
    typical_days : mapping of str to float, optional
        As `lay_out_visits`.

    Returns
    -------
    DataFrame
        By patient, then visit, as `lay_out_visits`. RATEDFL: the percent change is known. CRIT30FL,
        CRIT50FL, CRITFL and CRIT2PFL (2 points): response, `responds`. WORSEFL: pain up by at least
        30%, booster or not.
    """
    frame = lay_out_visits(
        adsl, ratings, visits, schedule=schedule, known="PCHG", typical_days=typical_days
    )
    for pct in THRESHOLDS_PCT:
        frame[f"CRIT{pct:g}FL"] = responds(frame, pct)
    frame["CRITFL"] = responds(frame, threshold_pct)
    fall = frame["CHG"] if in_points else frame["CHG"] * np.nan
    frame["CRIT2PFL"] = _unless_boosted(reaches(fall, TWO_POINTS), frame)
    frame["WORSEFL"] = reaches(-frame["PCHG"], -WORSE_PCT)
    order = [
        "USUBJID", "COND", "SUBTYP", "ARM", "PROTOCOL", "SITEID", "AVISIT", "AVISITN", "ADT", "ADY",
        "ADYEOS", "AVAL", "BASE", "CHG", "PCHG", "CRIT30FL", "CRIT50FL", "CRITFL", "CRIT2PFL",
        "WORSEFL", "BOOSTFL", "RATEDFL", "DUEFL", "DUEREAS", "DUEDT", "FASFL",
    ]  # fmt: skip
    return frame[order]


def _due(frame: pd.DataFrame) -> pd.DataFrame:
    """Return whether each visit is due at the data cut, why, and the day its window closes.

    Parameters
    ----------
    frame : DataFrame
        SAFFL, INSERFL, TRTEDT, DCUTDT, and last: last day of the window since the end of the
        series; of a visit that the export names, which has no window, the median day of its
        ratings.

    Notes
    -----
    A rating does not make its visit due: of patients whose window is open only those who came early
    would count, and whoever comes late, or never, would not yet (docs/decisions/0038). Where the
    data cut or the end of the series has no date, visits count as due and the reason says so.
    """
    ends = frame["TRTEDT"].dt.normalize()
    closes = (ends + pd.to_timedelta(np.ceil(frame["last"]), unit="D")).astype("datetime64[s]")
    unknown = frame["DCUTDT"].isna() | closes.isna()
    reason = np.select(
        [~frame["SAFFL"], unknown, frame["INSERFL"], closes > frame["DCUTDT"]],
        [NEVER_TREATED, NO_DATES, IN_SERIES, WINDOW_OPEN],
        default=DUE,
    )
    reasons = pd.Series(reason, index=frame.index, dtype="str")
    return pd.DataFrame(
        {"DUEFL": reasons.isin([DUE, NO_DATES]), "DUEREAS": reasons, "DUEDT": closes}
    )
