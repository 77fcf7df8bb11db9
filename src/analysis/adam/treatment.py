"""Treatment as given, who was given it, and response by the calendar: one flag a patient.

Counted by patient, not by infusion: infusions of one patient are alike, and counting them as if
they were not makes the interval too narrow. What is not recorded is missing, never "no".
"""

from __future__ import annotations

import pandas as pd

from analysis.adam.adpain import reaches, responds
from analysis.adam.adsl import FLAGS, SERIES_INFUSIONS, is_among, look_up
from analysis.adam.adtte import derive_boosters, derive_followed_to
from analysis.adam.study import NOT_RECORDED, Study
from analysis.results import note
from analysis.settings import THRESHOLDS_PCT

STANDARD_MINUTES = (45.0, 60.0)
"""Cited length of a standard session."""

FOUR_HOURS_MINUTES = (225.0, 255.0)
"""Four hours, to the nearest half hour."""

SERIES_DAYS = 21
"""Cited series: six infusions over two to three weeks; the sixth within 21 days of the first."""

GAP_DAYS = {"monthly_to_quarterly": (28.0, 92.0), "mean_month_to_quarter": (30.4, 91.3)}
"""From the shortest calendar month to the longest quarter. Infusions are dated by full days: 30.4,
a twelfth of the year, would call every booster after 28 or 30 days more than monthly; it is shown
as well."""

HALF_YEAR_DAYS = 182.0
RETURNED_PCT = 20.0
"""Pain at 80% of baseline or more: a reduction of no more than this."""

HIGH_DOSE = "high_dose"
CHRONIC_MONTHS = 3
"""Pain of three months and more is chronic (ICD-11, MG30; Treede 2019, PAIN 160:19)."""

SEVERE_SCORE = 7.0
"""Pain of 7 or more of 10 at baseline is severe (Serlin 1995, PAIN 61:277)."""

EARLY_DAYS = (1.0, 14.0)
WEEKS_3_4_DAYS = (21.0, 28.0)
"""The cited calendar, counted from the first infusion."""

RELIEF_PCT = THRESHOLDS_PCT[0]
"""Least reduction that claims on early response mean by relief (IMMPACT, moderate)."""

DUST_PCT = 2e-9
"""Percent. Least reduction that is any relief at all: differences of scores carry binary dust."""

TREATED_QUESTIONS = {
    ("session_minutes_share", "standard_45_to_60"): "treated",
    ("session_minutes_share", "high_dose_4_hours"): "treated",
    ("series_share", "completed_six"): "treated",
    ("series_share", "six_within_21_days"): "treated",
    ("series_share", "sixth_by_day_21"): "given_six",
    ("booster_gap_share", "monthly_to_quarterly"): "boosted",
    ("booster_gap_share", "mean_month_to_quarter"): "boosted",
    ("booster_any_share", "by_week_26"): "bounds",
    ("recurrence_share", "at_80_pct_of_baseline"): "boosted",
    **{("flag_share", column): "treated" for column in FLAGS.values()},
    ("pain_duration_share", "three_months"): "treated",
    ("failed_treatments_share", "at_least_one"): "treated",
    ("severe_refractory_share", "baseline_7_and_one_failed"): "high_dose",
}
"""Measure and definition of each question on the treated, and the population it is asked of."""

EARLY_QUESTIONS = {
    ("early_response_share", "by_day_14"): "observed",
    ("early_response_share", "days_21_to_28"): "bounds",
}
"""The same for questions on the full analysis set, by the calendar."""

SUCCESS_QUESTIONS = {
    ("success_share", "any_relief"): "all_starters",
    ("relieved_patients", "percent_reduction"): "all_starters",
}
"""The same at the analysis visit."""


def _flag(yes: pd.Series, known: pd.Series) -> pd.Series:
    return yes.astype("boolean").mask(~known.to_numpy(dtype=bool))


def flag_treated(study: Study) -> pd.DataFrame:
    """Return the answer of every treated patient to every question on treatment.

    Returns
    -------
    DataFrame
        One row a patient asked and question of `TREATED_QUESTIONS`: USUBJID, ARM, measure,
        definition, FLAG (nullable boolean, missing where it is not known), lacking (the note to
        print where it is known of nobody). Patients a question is not about have no row.

    Notes
    -----
    Unlike the full analysis set nobody leaves for a low baseline: whom a clinic treats, and how, is
    asked of everyone it treats. A blank protocol counts as standard: high dose is the exception.
    """
    adsl = study.adsl[study.adsl["SAFFL"]].set_index("USUBJID")
    high = adsl.index[(adsl["PROTOCOL"] == HIGH_DOSE).fillna(False)]
    standard = adsl.index.difference(high, sort=False)
    flags = {
        **_sessions(study, standard, high),
        **_initial_series(study, standard),
        **_boosters(study, adsl),
        **_patients(adsl, high, in_points=study.in_points),
    }
    return _stack(flags, adsl, _lacking(study))


def flag_early(study: Study) -> pd.DataFrame:
    """Return who of the full analysis set responds by the calendar, as `flag_treated`.

    ``by_day_14``: 30% less pain at any rating of days 1 to 14; ``days_21_to_28``: at the last
    rating of those days. Whose days end after the data cut is not asked. A rating after a booster
    shows no response, as everywhere.
    """
    fas = study.adsl[study.adsl["FASFL"]].set_index("USUBJID")
    ratings = study.ratings
    rated = ratings[ratings["PCHG"].notna() & is_among(ratings["USUBJID"], fas.index)]
    rated = rated.assign(PCHG=rated["PCHG"].mask(rated["ASERIES"] > 1, 0.0))
    early = rated[rated["ADY"].between(*EARLY_DAYS)].groupby("USUBJID")["PCHG"].min()
    late = rated[rated["ADY"].between(*WEEKS_3_4_DAYS)].sort_values(["USUBJID", "ADY"])
    last = late.groupby("USUBJID")["PCHG"].last()
    by_14, by_28 = (_due_by(fas, fas["TRTSDT"], days[1]) for days in (EARLY_DAYS, WEEKS_3_4_DAYS))
    flags = {
        ("early_response_share", "by_day_14"): reaches(early.reindex(by_14), RELIEF_PCT),
        ("early_response_share", "days_21_to_28"): reaches(last.reindex(by_28), RELIEF_PCT),
    }
    lacking = {
        ("early_response_share", "by_day_14"): note("not_rated_days", *EARLY_DAYS),
        ("early_response_share", "days_21_to_28"): note("not_rated_days", *WEEKS_3_4_DAYS),
    }
    return _stack(flags, fas, lacking)


def flag_success(study: Study, visit: str) -> pd.DataFrame:
    """Return who has any relief, and who 30% less pain, at a visit, as `flag_treated`.

    A booster before the rating counts as no response (`analysis.adam.adpain.responds`). Any relief
    is asked of those whose visit is due; who has relief on record is counted whenever rated.
    """
    at_visit = study.adpain[study.adpain["AVISIT"] == visit]
    at_visit = at_visit[at_visit["FASFL"]].set_index("USUBJID")
    flags = {
        ("success_share", "any_relief"): responds(at_visit[at_visit["DUEFL"]], DUST_PCT),
        ("relieved_patients", "percent_reduction"): responds(at_visit, RELIEF_PCT),
    }
    return _stack(flags, at_visit, dict.fromkeys(SUCCESS_QUESTIONS, "nobody_seen"))


def _due_by(adsl: pd.DataFrame, since: pd.Series, days: float) -> pd.Index:
    """Return the patients for whom so many days had passed at the data cut; all without dates."""
    ends = since.dt.normalize() + pd.Timedelta(days=days)
    return adsl.index[~(ends > adsl["DCUTDT"])]


def _stack(
    flags: dict[tuple[str, str], pd.Series], adsl: pd.DataFrame, lacking: dict[tuple[str, str], str]
) -> pd.DataFrame:
    parts = [
        pd.DataFrame({"USUBJID": own.index, "FLAG": own.array}).assign(
            measure=measure,
            definition=definition,
            lacking=lacking.get((measure, definition), "not_known"),
        )
        for (measure, definition), own in flags.items()
    ]
    frame = pd.concat(parts, ignore_index=True)
    return frame.assign(ARM=look_up(frame["USUBJID"], adsl["ARM"]).fillna(NOT_RECORDED))


def _lacking(study: Study) -> dict[tuple[str, str], str]:
    minutes = "no_infusions" if study.infusions.empty else "no_minutes"
    failed = note("not_recorded", "prior_treatments_failed")
    return {
        ("session_minutes_share", "standard_45_to_60"): minutes,
        ("session_minutes_share", "high_dose_4_hours"): minutes,
        **{key: "no_infusions" for key in TREATED_QUESTIONS if key[0] == "series_share"},
        ("booster_any_share", "by_week_26"): "no_infusions",
        ("recurrence_share", "at_80_pct_of_baseline"): "unrated_after_booster",
        **{("flag_share", column): note("not_recorded", column) for column in FLAGS.values()},
        ("pain_duration_share", "three_months"): note("not_recorded", "pain_since"),
        ("failed_treatments_share", "at_least_one"): failed,
        ("severe_refractory_share", "baseline_7_and_one_failed"): failed,
    }


def _sessions(study: Study, standard: pd.Index, high: pd.Index) -> dict[tuple[str, str], pd.Series]:
    """Patients whose median session has the cited length; standard and high dose apart."""
    infusions = study.infusions
    is_high = (infusions["PROTOCOL"] == HIGH_DOSE).fillna(False)
    found = {}
    for definition, alike, own, limits in (
        ("standard_45_to_60", infusions[~is_high], standard, STANDARD_MINUTES),
        ("high_dose_4_hours", infusions[is_high], high, FOUR_HOURS_MINUTES),
    ):
        typical = alike.groupby("USUBJID")["MINUTES"].median().reindex(own)
        within = typical.between(*limits)
        found["session_minutes_share", definition] = _flag(within, typical.notna())
    return found


def _initial_series(study: Study, standard: pd.Index) -> dict[tuple[str, str], pd.Series]:
    """Six infusions, and within three weeks; patients of the standard protocol."""
    initial = study.infusions[study.infusions["SERIES"] == 1].sort_values(["USUBJID", "ADY"])
    rank = initial.groupby("USUBJID").cumcount()
    is_sixth = rank == SERIES_INFUSIONS - 1
    sixth = initial[is_sixth].set_index("USUBJID")["ADY"].reindex(standard)
    recorded = pd.Series(not study.infusions.empty, index=standard)
    in_time = _flag(sixth <= SERIES_DAYS, recorded)
    return {
        ("series_share", "completed_six"): _flag(sixth.notna(), recorded),
        ("series_share", "six_within_21_days"): in_time,
        ("series_share", "sixth_by_day_21"): in_time[sixth.notna()],
    }


def _boosters(study: Study, adsl: pd.DataFrame) -> dict[tuple[str, str], pd.Series]:
    boosters = derive_boosters(study.infusions, study.adsl)
    boosters = boosters[is_among(boosters["USUBJID"], adsl.index)]
    gap = boosters.groupby("USUBJID")["ADYEOS"].diff().fillna(boosters["ADYEOS"])
    typical = gap.groupby(boosters["USUBJID"]).median().astype(float)
    found = {
        ("booster_gap_share", definition): typical.between(*limits).astype("boolean")
        for definition, limits in GAP_DAYS.items()
    }
    # By week 26: not known of who was not followed that long and had none.
    first = boosters.groupby("USUBJID")["ADYEOS"].min().reindex(adsl.index)
    given = first <= HALF_YEAR_DAYS
    followed = derive_followed_to(study.infusions, study.ratings, study.adsl).reindex(adsl.index)
    known = given | ((followed >= HALF_YEAR_DAYS) & (not study.infusions.empty))
    due = _due_by(adsl, adsl["TRTEDT"], HALF_YEAR_DAYS)
    found["booster_any_share", "by_week_26"] = _flag(given, known)[due]
    # Of responders rated after their first booster: in whom did pain come back?
    in_force = study.adtte["RULE"].eq(study.settings.loss_rule)
    in_force &= study.adtte["CLOCK"].eq(study.settings.relief_clock)
    ratings = study.ratings[
        is_among(study.ratings["USUBJID"], study.adtte.loc[in_force, "USUBJID"])
    ]
    later = ratings["ASERIES"] > 1
    least = -ratings[later & ratings["PCHG"].notna()].groupby("USUBJID")["PCHG"].max()
    returned = (least <= RETURNED_PCT).astype("boolean")
    return {**found, ("recurrence_share", "at_80_pct_of_baseline"): returned}


def _patients(
    adsl: pd.DataFrame, high: pd.Index, *, in_points: bool
) -> dict[tuple[str, str], pd.Series]:
    """Contraindications, how long pain had lasted, and what had failed before."""
    start = adsl["TRTSDT"].fillna(adsl["ENRDT"]).dt.normalize()
    lasted = adsl["PAINSDT"] + pd.DateOffset(months=CHRONIC_MONTHS) <= start
    failed = _flag(adsl["NFAILED"] >= 1, adsl["NFAILED"].notna())
    severe = _flag(adsl["BASE"] >= SEVERE_SCORE, adsl["BASE"].notna() & in_points)
    both = severe & failed  # Kleene: one "no" settles it, also where the other is not known
    if adsl["NFAILED"].isna().all():
        both = both.mask(adsl.index.notna(), pd.NA)
    return {
        **{("flag_share", column): adsl[name] for name, column in FLAGS.items()},
        ("pain_duration_share", "three_months"): _flag(
            lasted, adsl["PAINSDT"].notna() & start.notna()
        ),
        ("failed_treatments_share", "at_least_one"): failed,
        ("severe_refractory_share", "baseline_7_and_one_failed"): both[high],
    }


def infusion_slopes(study: Study) -> pd.Series:
    """Return points of further fall per infusion of the initial series, of each patient.

    Returns
    -------
    Series of float
        Indexed by USUBJID, the full analysis set; missing for who was not rated after two different
        infusions. The baseline is left out: with it, the first fall and the return of a high score
        to its mean would look like a gain from each infusion.
    """
    fas = study.adsl.loc[study.adsl["FASFL"], "USUBJID"]
    ratings = study.ratings[study.ratings["POSTFL"] & is_among(study.ratings["USUBJID"], fas)]
    rated = ratings[(ratings["ADYEOS"] <= 0) & (ratings["ASERIES"] == 1)]
    n_infusions = look_up(rated["USUBJID"], study.adsl.set_index("USUBJID")["NINFUS"])
    rated = rated.assign(given=n_infusions - rated["NLEFT"]).query("given >= 1")
    score = rated.groupby(["USUBJID", "ADY", "given"])["AVAL"].mean()
    points = score.rename("score").reset_index("given").dropna()
    x = points["given"] - points.groupby("USUBJID")["given"].transform("mean")
    sums = pd.DataFrame({"xy": x * points["score"], "xx": x * x}).groupby("USUBJID").sum()
    sums = sums[sums["xx"] > 0]
    return -(sums["xy"] / sums["xx"]).reindex(fas)
