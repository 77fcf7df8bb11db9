"""ADSL, one row a patient: day 0, the initial series, boosters, baseline, and who is analyzed.

A series is a run of infusions without a gap of more than ``series_gap_days``. The first one is the
initial series; every infusion after it is retreatment (a booster), also one marked as maintenance
within the gap. A patient who stops before the sixth infusion stays in. Maintenance before any
initial infusion belongs to a series the export does not hold: it is series 0, and no start.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from analysis.errors import InputError, SettingsError
from analysis.intake.codes import adam_names
from analysis.settings import AnalysisSettings

DAY = np.timedelta64(1, "D")
DAYS_A_YEAR = 365.25

DAY_DUST = 1e-6
"""Days. Weeks and months turned into days carry binary dust; no visit is timed this finely."""

MOST_DAYS = 1e7
"""Days. Longer than any life: keeps the days of two patients apart in one sorted list."""

SERIES_INFUSIONS = 6
"""Infusions of the standard series."""

FLAGS = adam_names("flags")
"""Contraindications: the flag of ADSL and the column of the export."""

CARE = adam_names("care")
"""What a patient had besides, as recorded: the flag of ADSL and the column of the export."""

EXPOSURE = adam_names("exposure")
"""Numbers recorded of an infusion: the column of the dataset and that of the export."""

_TEXTS = {
    "SITEID": "site",
    "COND": "condition",
    "SUBTYP": "subtype",
    "ARM": "arm",
    "SEX": "sex",
    "ICD10": "icd10",
}


Places = NDArray[np.intp]
"""Positions of rows; -1 where there is none."""


def look_up(ids: pd.Series, by_patient: pd.Series) -> pd.Series:
    """Return each row's patient's value, missing where the patient has none.

    ``Series.map`` gives an empty result the dtype of the ids, and comparisons then fail. Of
    categorical ids each patient is looked up once, not each row.
    """
    if isinstance(ids.dtype, pd.CategoricalDtype):
        places = by_patient.index.get_indexer(ids.cat.categories)[ids.cat.codes]
        places = np.where(ids.cat.codes < 0, -1, places)
        if not len(by_patient):
            return by_patient.reindex(ids.to_numpy()).set_axis(ids.index)
        return by_patient.iloc[places].where(places >= 0).set_axis(ids.index)
    return by_patient.reindex(ids.to_numpy()).set_axis(ids.index)


def find_places(ids: pd.Series | pd.Index, among: pd.Series | pd.Index) -> Places:
    """Return where each id is among others, -1 where it is not."""
    own, others = (pa.array(pd.Series(each).astype("str")) for each in (ids, among))
    return pc.index_in(own, value_set=others).fill_null(-1).to_numpy().astype(np.intp)


def is_among(ids: pd.Series, others: pd.Series | pd.Index) -> pd.Series:
    """Return which ids are among others; ``Series.isin`` compares texts in Python, one by one."""
    return pd.Series(find_places(ids, others) >= 0, index=ids.index)


def derive_infusions(infusions: pd.DataFrame | None, *, gap_days: float) -> pd.DataFrame:
    """Number the treatment series of every patient.

    Parameters
    ----------
    infusions : DataFrame or None
        Table of the contract: patient_id, infused_at or study_day, and where there are any phase,
        protocol and minutes. None when the export has none.
    gap_days : float
        A gap of more days than this starts a new series.

    Returns
    -------
    DataFrame
        One row an infusion, by patient and time: USUBJID, ADTM (date and time, NaT when the export
        has study days), ADY (days since day 0), SERIES (1 is the initial one, 0 maintenance before
        it), PROTOCOL, STUDYDY (the export's own study day), INFNO (1 is the patient's first),
        GAPDY (days since the one before), the numbers of `EXPOSURE`, SBPCHG and DBPCHG (peak less
        before), CUMDOSE (mg/kg up to and with this one, missing from the first dose that is),
        AEASKFL (asked about adverse events, as the infusion itself says).

    Raises
    ------
    InputError
        A patient has some infusions with dates and some with study days only.
    """
    given = pd.DataFrame({"patient_id": []}) if infusions is None else infusions
    frame = pd.DataFrame(
        {
            "USUBJID": given["patient_id"].astype("str"),
            "ADTM": pd.to_datetime(_column(given, "infused_at")),
            "STUDYDY": _column(given, "study_day").astype(float),
            "PROTOCOL": _column(given, "protocol").astype("str"),
            **{name: _column(given, own).astype(float) for name, own in EXPOSURE.items()},
            "AEASKFL": _column(given, "ae_assessed").astype("boolean"),
            "maintenance": _column(given, "phase").astype("str").eq("maintenance").fillna(False),
        }
    ).reset_index(drop=True)
    frame = _on_one_clock(frame)
    ids, maintenance = frame["USUBJID"], frame["maintenance"].astype(bool)
    begun = (~maintenance).groupby(ids).cummax()
    begun_before = begun.groupby(ids).shift(fill_value=False)
    was_initial = (~maintenance).groupby(ids).shift(fill_value=False)
    gap = frame["clock"].groupby(ids).diff()
    starts = begun_before & ((gap > gap_days) | (maintenance & was_initial))
    frame["SERIES"] = np.where(begun, 1 + starts.groupby(ids).cumsum(), 0).astype(int)
    start = frame["clock"].where(begun).groupby(ids).transform("min")
    frame["ADY"] = frame["clock"] - start.fillna(frame["clock"].groupby(ids).transform("min"))
    frame["INFNO"] = ids.groupby(ids).cumcount() + 1
    frame["GAPDY"] = gap
    for each in ("SBP", "DBP"):
        frame[f"{each}CHG"] = frame[f"{each}PK"] - frame[f"{each}B"]
    unknown = frame["DOSE"].isna().groupby(ids).cummax()
    frame["CUMDOSE"] = frame["DOSE"].groupby(ids).cumsum().mask(unknown)
    return frame[
        ["USUBJID", "ADTM", "ADY", "SERIES", "PROTOCOL", "STUDYDY", "INFNO", "GAPDY", *EXPOSURE,
         "SBPCHG", "DBPCHG", "CUMDOSE", "AEASKFL"]
    ]  # fmt: skip


def name_quarters(dates: pd.Series) -> pd.Series:
    """Return the calendar quarter of each date, "2024 Q1"; missing where there is no date."""
    return dates.dt.to_period("Q").dt.strftime("%Y Q%q").astype("str").where(dates.notna())


def _column(table: pd.DataFrame, name: str) -> pd.Series:
    """Return a column of the export, all missing where it has none."""
    return table[name] if name in table else pd.Series(np.nan, index=table.index)


def _on_one_clock(frame: pd.DataFrame) -> pd.DataFrame:
    """Sort infusions by patient and time; ``clock`` is days by date, else the study day."""
    ids = frame["USUBJID"]
    dated = frame["ADTM"].notna().groupby(ids).transform("all")
    numbered = frame["STUDYDY"].notna().groupby(ids).transform("all")
    mixed = ids[~dated & ~numbered].unique()
    if len(mixed):
        raise InputError(
            f"infusions: {len(mixed)} patients (first: {mixed[0]}) have infusions with a date "
            "beside infusions with only a study day, so their order is unknown. Give all infusions "
            "of a patient a date, or all of them a study day."
        )
    since = (frame["ADTM"] - pd.Timestamp("1970-01-01")) / DAY
    frame["clock"] = np.floor(since).where(dated, frame["STUDYDY"])
    frame["order"] = since.where(dated, frame["STUDYDY"])
    return frame.sort_values(["USUBJID", "order"], kind="stable", ignore_index=True)


def derive_treatment(infusions: pd.DataFrame, *, day0_study_day: float) -> pd.DataFrame:
    """Return one row a patient with an initial infusion.

    Parameters
    ----------
    infusions : DataFrame
        `derive_infusions`.
    day0_study_day : float
        Study day of day 0 where the patient's infusions have dates only.

    Returns
    -------
    DataFrame
        Indexed by USUBJID: TRTSDT, TRTEDT, DAY0, EOSDY (end of the initial series, days since
        day 0), NINFUS (infusions of the initial series), PROTOCOL (of its first infusion), BOOSTDY
        (first booster, days since day 0; NaN when there was none), NBOOST.
    """
    initial = infusions[infusions["SERIES"] == 1].groupby("USUBJID", sort=False)
    boosters = infusions[infusions["SERIES"] > 1].groupby("USUBJID")
    frame = pd.DataFrame(
        {
            "TRTSDT": initial["ADTM"].first(),
            "TRTEDT": initial["ADTM"].max(),
            "DAY0": initial["STUDYDY"].first().fillna(day0_study_day),
            "EOSDY": initial["ADY"].max(),
            "NINFUS": initial.size(),
            "PROTOCOL": initial["PROTOCOL"].first(),
        }
    )
    frame["BOOSTDY"] = boosters["ADY"].min().reindex(frame.index)
    frame["NBOOST"] = boosters.size().reindex(frame.index).fillna(0).astype(int)
    return frame


def place_untreated(
    patients: pd.DataFrame, scores: pd.DataFrame, settings: AnalysisSettings
) -> pd.DataFrame:
    """Return what `derive_treatment` does for an export without infusions.

    Every patient starts on the study day of the settings, or on the date of entry; who has none in
    an export of dates has no day 0, and is not in the result. Treatment ends on the study day of
    the settings, or where the patient's rating is that the export itself calls
    ``end`` (the median of the others where there is none).

    Raises
    ------
    InputError
        Ratings have dates, and no patient has a date of entry.
    SettingsError
        Treatment would end before it begins.
    """
    ids = pd.Index(patients["patient_id"].astype("str"), name="USUBJID")
    entry = pd.Series(_column(patients, "enrolled_on").to_numpy(), index=ids)
    rated_on, study_day = _column(scores, "assessed_on"), _column(scores, "study_day")
    dated = (rated_on.notna() & study_day.isna()).any()
    if dated and entry.isna().all():
        raise InputError(
            "no day 0 can be found: the export has dates but no infusions table, and no patient "
            "has `enrolled_on`. Add infusions, or `study_day` to pain_scores, or `enrolled_on` to "
            "patients (in the export or the mapping)."
        )
    start, last = settings.day0_study_day, settings.end_of_series_study_day
    if last != 0 and last < start:
        raise SettingsError(
            f"end_of_series_study_day is {last:g}, before day 0 (day0_study_day is {start:g}); "
            "treatment ends on day 0 or after it."
        )
    begun = pd.to_datetime(entry if dated else pd.Series(np.nan, index=ids))
    frame = pd.DataFrame({"TRTSDT": begun, "DAY0": start, "EOSDY": max(last - start, 0.0)})
    if last <= start and "visit" in scores:
        days, _ = days_since_start(scores, frame)
        own = days[scores["visit"] == "end"].dropna().groupby(scores["patient_id"]).max()
        if len(own):
            frame["EOSDY"] = own.reindex(ids).fillna(own.median())
    frame["TRTEDT"] = (begun + pd.to_timedelta(frame["EOSDY"], unit="D")).dt.as_unit("s")
    frame["PROTOCOL"] = pd.Series(pd.NA, index=ids, dtype="str")
    frame = frame.assign(NINFUS=0, BOOSTDY=np.nan, NBOOST=0)
    return frame[entry.notna()] if dated else frame


def days_since_start(scores: pd.DataFrame, treatment: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    """Return days since day 0, and the time of day.

    Parameters
    ----------
    scores : DataFrame
        pain_scores of the contract; the study day counts where there is one, else the date.
    treatment : DataFrame
        Indexed by USUBJID: DAY0, TRTSDT.

    Returns
    -------
    days : Series of float
        Missing for patients never treated, and where day 0 is on the other clock.
    clocks : Series of float
        Part of the day in [0, 1): of the date, else of the study day; missing where only the day is
        known, which a date at midnight and a study day without a fraction are taken to say.
    """
    ids = scores["patient_id"]
    study_day = _column(scores, "study_day").astype(float)
    at, begun = pd.to_datetime(_column(scores, "assessed_on")), look_up(ids, treatment["TRTSDT"])
    days = study_day - look_up(ids, treatment["DAY0"])
    days = days.fillna((at.dt.normalize() - begun.dt.normalize()) / DAY)
    part = study_day - whole_day(study_day)
    return days, time_of_day(at).fillna(part.where(part > DAY_DUST))


def time_of_day(at: pd.Series) -> pd.Series:
    """Return the part of the day in (0, 1) of each date; missing at midnight: no time was kept."""
    part = (at - at.dt.normalize()) / DAY
    return part.where(part > 0)


def whole_day(days: pd.Series) -> pd.Series:
    """Return the day that each number of days lies in: 2 for 2.33 and for 1.9999999999."""
    return np.floor(days.astype(float) + DAY_DUST)


def count_infusions(
    ratings: pd.DataFrame, infusions: pd.DataFrame, treatment: pd.DataFrame
) -> pd.DataFrame:
    """Return where each rating stands among its patient's infusions: one rule for all clocks.

    Parameters
    ----------
    ratings : DataFrame
        USUBJID, ADY, ATM (time of day, missing where it is not known).
    infusions : DataFrame
        `derive_infusions`. Where the export has none, day 0 and the end of treatment stand for the
        first and the last.
    treatment : DataFrame
        Indexed by USUBJID: TRTSDT, TRTEDT, DAY0, EOSDY.

    Returns
    -------
    DataFrame
        Index of ``ratings``: ASERIES, the series of the last infusion begun before the rating (0
        where none was, and maintenance before the initial series does not count); NLEFT, how many
        infusions of that series came after the rating (0: it was made after the series).

    Notes
    -----
    On the day of an infusion the times of day decide, where both are known. Where they are not, the
    rating was made before the infusion, as is usual, but after the last one of a series of several
    days: it is then the rating of the end.
    """
    if ratings.empty:
        return pd.DataFrame({"ASERIES": 0, "NLEFT": 0}, index=ratings.index, dtype=int)
    given = _as_infusions(treatment) if infusions.empty else infusions[infusions["SERIES"] >= 1]
    given = given.assign(USUBJID=given["USUBJID"].astype("category"))
    days, clocks = _days_of(given, treatment)
    clocks = time_of_day(given["ADTM"]).where(given["ADTM"].notna(), clocks)
    own = given.groupby(["USUBJID", "SERIES"], sort=False, observed=True)
    left = (own["ADY"].transform("size") - own.cumcount() - 1).to_numpy()
    closes = (left == 0) & (own["ADY"].transform("max") > own["ADY"].transform("min")).to_numpy()

    order = given["USUBJID"].cat.categories
    places = given["USUBJID"].cat.codes.to_numpy(dtype=np.int64)
    keys = places * MOST_DAYS + days.to_numpy(dtype=float)
    of_rating = look_up(
        ratings["USUBJID"].astype("category"), pd.Series(np.arange(len(order)), index=order)
    )
    of_rating = of_rating.fillna(-1).to_numpy(dtype=np.int64)
    day = _days_of(ratings, treatment)[0].to_numpy(dtype=float)
    first = np.searchsorted(places, of_rating)
    known = (of_rating >= 0) & ~np.isnan(day)
    wanted = np.where(known, of_rating * MOST_DAYS + np.nan_to_num(day), -np.inf)
    at, last = np.searchsorted(keys, wanted, "left"), np.searchsorted(keys, wanted, "right")
    count = np.where(known, at - first, 0)
    clock, given_clock = ratings["ATM"].to_numpy(dtype=float), clocks.to_numpy(dtype=float)
    for nth in range(int((last - at)[known].max(initial=0))):
        same_day = np.flatnonzero(known & (at + nth < last))
        one = at[same_day] + nth
        later = clock[same_day] > given_clock[one]
        untimed = np.isnan(clock[same_day]) | np.isnan(given_clock[one])
        count[same_day] += np.where(untimed, closes[one], later)
    some = count > 0
    one = np.where(some, first + count - 1, 0)
    series = given["SERIES"].to_numpy(dtype=int)
    return pd.DataFrame(
        {
            "ASERIES": np.where(some, series[one], 0) if len(given) else 0,
            "NLEFT": np.where(some, left[one], 0) if len(given) else 0,
        },
        index=ratings.index,
    )


def _days_of(frame: pd.DataFrame, treatment: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    """Return the day since day 0 that each row lies in, and how far into that day of the export."""
    day0 = look_up(frame["USUBJID"], treatment["DAY0"])
    day = whole_day(frame["ADY"] + day0)
    return day - whole_day(day0), (frame["ADY"] + day0 - day).clip(lower=0)


def _as_infusions(treatment: pd.DataFrame) -> pd.DataFrame:
    """Return the first and last day of treatment as the infusions of one series."""
    ends = treatment[treatment["EOSDY"] > 0]
    parts = [
        pd.DataFrame({"ADTM": treatment["TRTSDT"], "ADY": 0.0}),
        pd.DataFrame({"ADTM": ends["TRTEDT"].dt.normalize(), "ADY": ends["EOSDY"]}),
    ]
    frame = pd.concat(parts).rename_axis("USUBJID").reset_index().assign(SERIES=1)
    return frame.sort_values(["USUBJID", "ADY"], kind="stable", ignore_index=True)


def derive_adsl(
    patients: pd.DataFrame,
    treatment: pd.DataFrame,
    baseline: pd.DataFrame,
    *,
    data_cut: pd.Timestamp,
    series_gap_days: float,
) -> pd.DataFrame:
    """Return the subject-level dataset.

    Parameters
    ----------
    patients : DataFrame
        Table of the contract.
    treatment, baseline : DataFrame
        `derive_treatment` or `place_untreated`, and `analysis.adam.adpain.derive_baseline`.
    data_cut : Timestamp
        Day up to which the export is complete; NaT for an export of study days.
    series_gap_days : float
        A gap of more days than this starts a new series.

    Returns
    -------
    DataFrame
        One row a patient, in the order of the export. A column the export does not have is all
        missing. AGE (years at the start; 90 stands for 90 and more) is as stated, else by the year
        of birth. SAFFL: treated, or in an export without infusions. FASFL: analyzed for response;
        FASREAS says why not (``never treated``, ``zero`` or ``below minimum`` baseline). A missing
        baseline keeps a patient in: the outcome is then unknown, not absent. INSERFL: the initial
        series may not have ended at the data cut (fewer than six infusions, no later series, and a
        further infusion on the next day would still belong to it). AEASKFL: asked about adverse
        events, as the patient's row says.
    """
    given = patients.set_index(pd.Index(patients["patient_id"].astype("str"), name="USUBJID"))
    frame = pd.DataFrame(index=given.index)
    for name, column in _TEXTS.items():
        frame[name] = _column(given, column).astype("str")
    frame["ENRDT"] = pd.to_datetime(_column(given, "enrolled_on"))
    frame["PAINSDT"] = pd.to_datetime(_column(given, "pain_since"))
    frame["NFAILED"] = _column(given, "prior_treatments_failed").astype(float)
    for name, column in {**FLAGS, **CARE, "AEASKFL": "ae_assessed"}.items():
        frame[name] = _column(given, column).astype("boolean")
    frame = frame.join(treatment).join(baseline)
    frame["NBASE"] = frame["NBASE"].fillna(0).astype(int)
    start = frame["TRTSDT"].fillna(frame["ENRDT"])
    by_year = start.dt.year - _column(given, "birth_year").astype(float)
    frame["AGE"] = _column(given, "age_years").astype(float).fillna(by_year)
    years = (start - frame["PAINSDT"]).dt.days / DAYS_A_YEAR
    frame["PAINYRS"] = years.where(years >= 0)
    frame["SAFFL"] = frame.index.isin(treatment.index)
    reason = frame["BASESTAT"].where(frame["BASESTAT"].isin(["zero", "below minimum"]), "")
    frame["FASREAS"] = reason.where(frame["SAFFL"], "never treated")
    frame["FASFL"] = frame["FASREAS"] == ""
    frame["DCUTDT"] = pd.Series(data_cut, index=frame.index, dtype="datetime64[s]")
    since = (frame["DCUTDT"] - frame["TRTEDT"].dt.normalize()) / DAY
    begun = frame["NINFUS"].between(1, SERIES_INFUSIONS - 1) & (frame["NBOOST"] == 0)
    frame["INSERFL"] = begun & (since < series_gap_days)
    return frame.reset_index()
