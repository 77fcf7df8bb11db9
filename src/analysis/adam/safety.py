"""Who had which effect, of those asked about it: one flag a patient or an infusion.

A share of effects has those asked as its denominator. Two counts always stand together: ``ASKED``
with ``HAD``, and what was reported whoever was asked, which is at least so many of the treated.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import pandas as pd

from analysis.adam.adae import ASKED_WITHIN_DAYS, is_true
from analysis.adam.study import Study
from analysis.adam.treatment import HIGH_DOSE
from analysis.intake.codes import effect_of, load_effects

WINDOWS: dict[str, tuple[tuple[float, float], ...]] = {
    "infusion": ((-np.inf, ASKED_WITHIN_DAYS),),
    "next_day": ((ASKED_WITHIN_DAYS, 6.0),),
    "later": ((7.0, np.inf),),
    "any": ((-np.inf, ASKED_WITHIN_DAYS), (ASKED_WITHIN_DAYS + 1, 6.0), (7.0, np.inf)),
}
"""Days after an infusion: to the day after it, from that day on, and from a week on. Each part of a
window was asked about apart."""

ONLY_BY_NAME = frozenset({"liver_enzymes", "liver_injury", "dependence"})
"""Effects that an open question does not bring up: blood tests, and craving or misuse. Asked about
only where the answer names them."""

FEWEST_APART = 0.1
"""Share of the questions that must be on record whatever the answer was. Below it the records
probably hold those who had an effect and nobody else, and what they leave out is not assessed."""

PRESSURE_LIMIT = (180.0, 110.0)
"""mmHg, systolic and diastolic: severe (ACC/AHA 2017, hypertensive crisis above 180/120; 180/110
ends or treats an infusion in ketamine protocols)."""

PRESSURE_RISE = (40.0, 25.0)
"""mmHg of rise over the value before, systolic and diastolic; more is not slight."""

OXYGEN_LIMIT = 90.0
"""Percent. A saturation below it is hypoxemia (WHO Pulse Oximetry Training Manual, 2011)."""

ANESTHETIC_DOSE = 1.0
"""mg/kg. Intravenous induction of anesthesia takes 1 to 4.5 mg/kg (KETALAR prescribing
information, section 2); less is below an anesthetic dose."""

REST_MINUTES = (15.0, 30.0)
RESOLVED_MINUTES = (15.0, 30.0, 60.0, 240.0)
"""Minutes after the end of the infusion at which the share resolved is read."""

COMMON_SHARE = 0.05
"""Share of the patients from which a term is in the table of common effects (AET10)."""


@dataclass(frozen=True, kw_only=True)
class Question:
    """Effects that count: any of the codes (none: all), when, how bad, and flagged as what."""

    codes: tuple[str, ...] = ()
    window: str = "any"
    grade: int = 1
    flag: str = ""
    solicited_only: bool = False


QUESTIONS: dict[str, Question] = {
    "any_effect": Question(),
    "grade_2_or_more": Question(grade=2),
    "grade_3_or_more": Question(grade=3),
    "serious": Question(flag="AESER"),
    "hospital_transfer": Question(flag="AESHOSP"),
    "stopped_infusion": Question(flag="AESTOPFL"),
    "next_day": Question(window="next_day"),
    "next_day_grade_2": Question(window="next_day", grade=2),
    "later": Question(window="later"),
    "nausea_or_dizziness": Question(codes=("nausea", "dizziness"), window="infusion"),
    "fatigue_or_headache": Question(codes=("fatigue", "headache")),
    "hangover": Question(
        codes=("fatigue", "headache", "drowsiness", "dizziness", "nausea"), window="next_day"
    ),
    "breathing": Question(codes=("hypoxia", "respiratory_depression", "laryngospasm")),
    "urinary": Question(
        codes=("cystitis", "urinary_symptoms", "hematuria", "urinary_retention"), window="later"
    ),
    "organ_damage": Question(codes=("liver_enzymes", "liver_injury", "cystitis", "hematuria")),
    "liver": Question(codes=("liver_enzymes", "liver_injury")),
    "dependence": Question(codes=("dependence",)),
    **{
        code: Question(codes=(code,))
        for code in ("dissociation", "perceptual_change", "drowsiness", "nausea", "dizziness",
                     "fatigue", "headache", "hypertension")
    },
}  # fmt: skip
"""What is asked of every export, by definition of the result; further effects as they occur."""

OF_INFUSIONS = (
    "any_effect", "grade_2_or_more", "grade_3_or_more", "stopped_infusion", "nausea_or_dizziness",
    "dissociation", "perceptual_change", "drowsiness", "nausea", "dizziness", "fatigue",
    "headache", "hypertension",
)  # fmt: skip
"""Questions that are also answered by infusion; the other effects where one occurred."""

FLAG_LABELS = {"AESER": "serious", "AESHOSP": "hospital_transfer", "AESTOPFL": "stopped_infusion"}
"""Column of the export that a flag is read from."""


@lru_cache(maxsize=2)
def treated_events(study: Study) -> pd.DataFrame:
    """Return events on or after day 0 of treated patients; where the day is not known, they count.

    With TERM: AECODE, or the written term where the list of effects has none.
    """
    events = study.adae[is_true(study.adae["TRTEMFL"].fillna(True))]
    treated = pd.Index(study.adsl.loc[study.adsl["SAFFL"], "USUBJID"])
    events = events[treated.get_indexer(events["USUBJID"]) >= 0]
    return events.assign(TERM=events["AECODE"].fillna(events["AEDECOD"]))


def list_questions(study: Study, *, most: int = 20) -> dict[str, Question]:
    """Return ``QUESTIONS`` and one for each further effect of the export, the commonest first."""
    terms = treated_events(study)["TERM"].value_counts().index.tolist()
    known = [term for term in terms if term in load_effects()]
    further = [term for term in terms if term not in load_effects()][:most]
    return QUESTIONS | {
        term: Question(codes=(term,)) for term in [*known, *further] if term not in QUESTIONS
    }


def _in_window(days: pd.Series, window: str) -> pd.Series:
    inside = pd.Series(window == "any", index=days.index) & days.isna()
    for first, last in WINDOWS[window]:
        inside |= days.between(first, last)
    return inside


def select_events(study: Study, question: Question) -> pd.DataFrame:
    """Return the events that a question counts, those of unknown grade or flag included.

    HIT is missing where the grade, or the flag, decides and is not known.
    """
    events = treated_events(study)
    if question.codes:
        events = events[events["TERM"].isin(question.codes)]
    if question.solicited_only:
        events = events[is_true(events["AESOLFL"])]
    events = events[_in_window(events["AEINFDY"], question.window)]
    hit = pd.Series(True, index=events.index, dtype="boolean")
    if question.grade > 1:
        hit = (events["ATOXGRN"] >= question.grade).astype("boolean")
        hit = hit.mask(events["ATOXGRN"].isna())
    if question.flag:
        hit = is_true(events[question.flag]).astype("boolean")
    return events.assign(HIT=hit)


@lru_cache(maxsize=256)
def asked_about_all(study: Study, question: Question) -> tuple[pd.DataFrame, str]:
    """Return who was asked about every effect of a question within its window.

    Returns
    -------
    asked : DataFrame
        USUBJID and INFNO, each pair once; INFNO missing for who was asked throughout.
    lacking : str
        The note where that is nobody, else empty.

    Notes
    -----
    In each part of a window some must be on record as asked apart from the answer: asked with
    nothing reported, an answer no, or ``ae_assessed``. Where all but a few of those on record as
    asked reported something, a share among them would say nothing, and they are left out.
    """
    keys = ["USUBJID", "INFNO"]
    asked = _asked_apart(study)
    apart, days = asked["apart"], asked["AEINFDY"]
    kept = days.isna()
    for first, last in WINDOWS[question.window]:
        part = days.between(first, last)
        kept |= part & bool(part.any() and apart[part].mean() >= FEWEST_APART)
    asked, any_asked = asked[kept], _in_window(days, question.window).any()
    code, about_all = asked["code"], asked["AEDECOD"].isna()
    parts = []
    for effect in question.codes or ("",):
        open_to = about_all & (effect not in ONLY_BY_NAME)
        parts.append(asked.loc[open_to | (code == effect), keys].drop_duplicates())
    found = parts[0]
    for other in parts[1:]:
        found = found.merge(other, on=keys)
    if len(found):
        return found, ""
    return found, "asked_by_effect_only" if any_asked and asked.empty else "not_assessed"


@lru_cache(maxsize=2)
def _asked_apart(study: Study) -> pd.DataFrame:
    """Return who was asked, with the code of the effect, and whether apart from its answer."""
    keys = ["USUBJID", "INFNO", "AEINFDY"]
    told, asked = pd.MultiIndex.from_frame(treated_events(study)[keys]), study.asked
    apart = ~pd.MultiIndex.from_frame(asked[keys]).isin(told)
    apart |= (asked["INFNO"].isna() | is_true(~asked["OCCURFL"])).to_numpy()
    terms = asked["AEDECOD"].dropna().unique()
    code = asked["AEDECOD"].map({term: effect_of(term) or term for term in terms})
    return asked.assign(apart=apart, code=code)


@lru_cache(maxsize=256)
def flag_effects(study: Study, question: Question, *, by: str = "patient") -> pd.DataFrame:
    """Return who was asked about a question's effects, and who had one.

    Parameters
    ----------
    study : Study
    question : Question
    by : {"patient", "infusion"}

    Returns
    -------
    DataFrame
        One row a treated patient, or an infusion of one: USUBJID, INFNO (infusions), ASKED
        (boolean), HAD (nullable boolean; missing where a grade decides and is not known), lacking:
        the note where nobody can be counted, else empty.
    """
    events = select_events(study, question)
    asked, lacking = asked_about_all(study, question)
    treated = study.adsl.loc[study.adsl["SAFFL"], ["USUBJID"]]
    keys = ["USUBJID"] if by == "patient" else ["USUBJID", "INFNO"]
    if by == "patient":
        units = treated.reset_index(drop=True)
    else:
        infusions = study.infusions.astype({"INFNO": float})
        units = infusions.merge(treated, on="USUBJID")[keys]
    units = units.assign(ASKED=_member(units, asked, keys))
    if by == "infusion":
        throughout = asked.loc[asked["INFNO"].isna(), "USUBJID"]
        units["ASKED"] |= units["USUBJID"].isin(throughout)
    had = pd.Series(_member(units, events[is_true(events["HIT"])], keys), dtype="boolean")
    unknown = _member(units, events[events["HIT"].isna()], keys)
    if question.flag and len(events) and events[question.flag].isna().all():
        lacking = f"not_recorded({FLAG_LABELS[question.flag]})"
    return units.assign(HAD=had.mask(unknown & ~had.astype(bool)).to_numpy(), lacking=lacking)


def _member(units: pd.DataFrame, some: pd.DataFrame, keys: list[str]) -> np.ndarray:
    if len(keys) == 1:
        return pd.Index(some[keys[0]].unique()).get_indexer(units[keys[0]]) >= 0
    return pd.MultiIndex.from_frame(units[keys]).isin(pd.MultiIndex.from_frame(some[keys]))


def stack_effects(study: Study, *, by: str = "patient") -> pd.DataFrame:
    """Return `flag_effects` of every question of `list_questions`, one under the other.

    With definition: the name of the question.
    """
    seen = set(select_events(study, Question(window="infusion"))["TERM"])
    parts = []
    for name, question in list_questions(study).items():
        if by == "infusion":
            if name not in OF_INFUSIONS and not (name in seen and question.window == "any"):
                continue
            question = replace(question, window="infusion")
        parts.append(flag_effects(study, question, by=by).assign(definition=name))
    return pd.concat(parts, ignore_index=True)


def flag_grades(study: Study) -> pd.DataFrame:
    """Return each treated patient's highest grade, and whether dissociation stayed mild.

    Returns
    -------
    DataFrame
        As `flag_vital_signs`. The highest grade (0: none) is of patients asked about effects,
        missing where one of them has no grade; mild is grade 1, of patients with dissociation.
    """
    events = treated_events(study)
    flags = flag_effects(study, Question()).set_index("USUBJID")
    none = flags["lacking"].iloc[0] if len(flags) else ""
    highest = events.groupby("USUBJID")["ATOXGRN"].max(skipna=False)
    grade = highest.reindex(flags.index).mask(~flags["HAD"].fillna(False).astype(bool), 0.0)
    known = flags["ASKED"] & grade.notna()
    made = {
        **{("highest_grade_share", f"grade_{one}"): ((grade == one).astype("boolean").mask(~known),
                                                     none or "not_recorded(grade)")
           for one in range(6)},
        ("mild_share", "dissociation"): (flag_mild(study, QUESTIONS["dissociation"]),
                                         "not_recorded(grade)"),
    }  # fmt: skip
    return _stack(made)


def flag_mild(study: Study, question: Question, *, mildest: int = 1) -> pd.Series:
    """Return of each patient with an effect whether it was never above a grade, missing if unknown.

    Indexed by USUBJID; ``mildest`` is the highest grade (CTCAE) that still counts as mild.
    """
    events = select_events(study, question)
    worst = events.groupby("USUBJID")["ATOXGRN"].max(skipna=False)
    return (worst <= mildest).astype("boolean").mask(worst.isna())


@dataclass(frozen=True, kw_only=True)
class VitalReading:
    """What counts as high, low, early or much, and of which infusions.

    ``of_patient`` is ``worst`` (any infusion counts) or ``median`` (of the patient's infusions);
    empty takes the worst of pressure, oxygen and dose, and the median of minutes to discharge.
    """

    peak: tuple[float, float] = PRESSURE_LIMIT
    rise: tuple[float, float] = PRESSURE_RISE
    oxygen: float = OXYGEN_LIMIT
    dose: float = ANESTHETIC_DOSE
    rest: tuple[float, float] = REST_MINUTES
    of_patient: str = ""


AS_FIXED = VitalReading()
"""As the readings of the ledger have it."""


READ_FROM = {
    "peak_180_110": "sbp_peak", "rise_40_25": "sbp_before", "slight_rise": "sbp_before",
    "below_90": "spo2_lowest", "within_15_to_30_minutes": "discharge_minutes",
    "within_30_minutes": "discharge_minutes", "below_1_mg_per_kg": "dose_mg_per_kg",
    "pressure_and_oxygen": "sbp_peak",
}  # fmt: skip
"""Column of the export that the answer to each question is read from."""


def flag_vital_signs(study: Study) -> pd.DataFrame:
    """Return each treated patient's answer to the questions on pressure, oxygen, dose and rest.

    Returns
    -------
    DataFrame
        One row a patient and question: USUBJID, measure, definition, FLAG (nullable boolean,
        missing where nothing is recorded), lacking (the note to print then).
    """
    treated = study.adsl.loc[study.adsl["SAFFL"], "USUBJID"]
    given = study.infusions[study.infusions["USUBJID"].isin(treated)]
    measured = given[["SBPPK", "DBPPK"]].notna().any(axis=1) & given["SPO2LOW"].notna()
    whole = measured.groupby(given["USUBJID"]).all() if measured.any() else measured
    found = read_vital_signs(study, AS_FIXED)
    found["measured_share", "pressure_and_oxygen"] = _own(whole, pd.Index(treated))
    return _stack({key: (own, f"not_recorded({READ_FROM[key[1]]})") for key, own in found.items()})


def read_vital_signs(study: Study, reading: VitalReading) -> dict[tuple[str, str], pd.Series]:
    """Return the answers under one reading by measure and definition, indexed by USUBJID."""
    treated = study.adsl[study.adsl["SAFFL"]].set_index("USUBJID")
    signs = _summarize_signs(study, reading.of_patient or "worst").reindex(treated.index)
    rest = _summarize_signs(study, reading.of_patient or "median").reindex(treated.index)
    first, last = rest["DISCHMIN"], rest["DISCHMAX"]

    def above(columns: list[str], limits: tuple[float, float]) -> pd.Series:
        return _answer((signs[columns] >= list(limits)).any(axis=1), signs[columns].max(axis=1))

    too_high = above(["SBPPK", "DBPPK"], reading.peak)
    steep = above(["SBPCHG", "DBPCHG"], reading.rise)
    in_time = (first >= reading.rest[0]) & (last <= reading.rest[1])
    standard = treated.index[~is_true(treated["PROTOCOL"] == HIGH_DOSE)]
    dose = signs["DOSE"].reindex(standard)
    return {
        ("pressure_share", "peak_180_110"): too_high,
        ("pressure_share", "rise_40_25"): steep,
        ("pressure_share", "slight_rise"): ~(too_high | steep),
        ("oxygen_share", "below_90"): _answer(signs["SPO2LOW"] < reading.oxygen, signs["SPO2LOW"]),
        ("discharge_share", "within_15_to_30_minutes"): _answer(in_time, last),
        ("discharge_share", "within_30_minutes"): _answer(last <= reading.rest[1], last),
        ("dose_share", "below_1_mg_per_kg"): _answer(dose < reading.dose, dose),
    }


@lru_cache(maxsize=4)
def _summarize_signs(study: Study, of_patient: str) -> pd.DataFrame:
    """Return each patient's worst or median infusion; of minutes the least and the most."""
    high, low = ("max", "min") if of_patient == "worst" else ("median", "median")
    highest = dict.fromkeys(("SBPPK", "DBPPK", "SBPCHG", "DBPCHG", "DOSE"), high)
    wanted = {name: (name, how) for name, how in (highest | {"SPO2LOW": low}).items()}
    by = study.infusions.groupby("USUBJID")
    return by.agg(**wanted, DISCHMIN=("DISCHMIN", low), DISCHMAX=("DISCHMIN", high))


def _answer(flags: pd.Series, value: pd.Series) -> pd.Series:
    return flags.astype("boolean").mask(value.isna())


def _stack(flags: dict[tuple[str, str], tuple[pd.Series, str]]) -> pd.DataFrame:
    parts = [
        pd.DataFrame({"USUBJID": own.index, "FLAG": own.array}).assign(
            measure=measure, definition=definition, lacking=lacking
        )
        for (measure, definition), (own, lacking) in flags.items()
    ]
    return pd.concat(parts, ignore_index=True)


def _own(flags: pd.Series, patients: pd.Index) -> pd.Series:
    return flags.astype("boolean").reindex(patients)


def derive_exposure(study: Study) -> pd.DataFrame:
    """Return each treated patient's exposure and extremes: doses, pressures, oxygen.

    Returns
    -------
    DataFrame
        Indexed by USUBJID, missing where nothing is recorded: dose (mean, mg/kg), cumulative_dose
        (mg/kg), systolic_rise and diastolic_rise (mean, mmHg), lowest_oxygen (percent),
        discharge_minutes (median), years (from day 0 to the last infusion or rating).
    """
    treated = study.adsl[study.adsl["SAFFL"]].set_index("USUBJID")
    given = study.infusions.groupby("USUBJID")
    days = [study.infusions[["USUBJID", "ADY"]],
            study.ratings.loc[study.ratings["POSTFL"], ["USUBJID", "ADY"]],
            study.adae[["USUBJID", "ASTDY"]].rename(columns={"ASTDY": "ADY"})]  # fmt: skip
    last = pd.concat(days).groupby("USUBJID")["ADY"].max()
    frame = pd.DataFrame(
        {
            "dose": given["DOSE"].mean(),
            "cumulative_dose": given["CUMDOSE"].max(),
            "systolic_rise": given["SBPCHG"].mean(),
            "diastolic_rise": given["DBPCHG"].mean(),
            "lowest_oxygen": given["SPO2LOW"].min(),
            "discharge_minutes": given["DISCHMIN"].median(),
        }
    )
    # The day of treatment counts: who came once was at risk for a day.
    years = (last.clip(lower=0) + 1).reindex(treated.index) / 365.25
    return frame.reindex(treated.index).assign(years=years).rename_axis("USUBJID")


def timed_effects(study: Study, *, grade: int = 1, solicited_only: bool = False) -> pd.DataFrame:
    """Return the effects of the day of an infusion, with ADURN and CNSR where they are known."""
    question = Question(window="infusion", grade=grade, solicited_only=solicited_only)
    events = select_events(study, question)
    return events[is_true(events["HIT"])]


def tabulate_effects(study: Study, column: str = "") -> pd.DataFrame:
    """Return patients and events by effect (AET02), in all or by a column of ADSL.

    Returns
    -------
    DataFrame
        One row a group of effects and effect, commonest first: group, effect, part, patients,
        events, n_asked (treated patients asked about it), n_treated, grade_1 to grade_5 and
        grade_not_known (patients by their highest grade).
    """
    people = study.adsl[study.adsl["SAFFL"]]
    part = people[column].fillna("not recorded") if column else pd.Series("all", people.index)
    of = pd.Series(part.to_numpy(), index=people["USUBJID"])
    events = treated_events(study).assign(part=lambda rows: rows["USUBJID"].map(of))
    keys = ["AEGRP", "TERM", "part"]
    counts = events.groupby(keys)["USUBJID"].agg(patients="nunique", events="size").reset_index()
    highest = events.groupby([*keys, "USUBJID"])["ATOXGRN"].max().reset_index()
    highest["grade"] = [
        "grade_not_known" if pd.isna(grade) else f"grade_{grade:g}" for grade in highest["ATOXGRN"]
    ]
    grades = highest.pivot_table(index=keys, columns="grade", aggfunc="size", fill_value=0)
    names = [*(f"grade_{grade}" for grade in range(1, 6)), "grade_not_known"]
    counts = counts.merge(grades.reindex(columns=names, fill_value=0).reset_index(), on=keys)
    asked = {}
    for term in counts["TERM"].unique():
        who = asked_about_all(study, Question(codes=(term,)))[0]["USUBJID"].unique()
        asked[term] = of.reindex(who).value_counts()
    counts["n_asked"] = [
        int(asked[row.TERM].get(row.part, 0)) for row in counts.itertuples(index=False)
    ]
    counts["n_treated"] = counts["part"].map(of.value_counts())
    labels = {name: effect.label for name, effect in load_effects().items()}
    counts["effect"] = counts["TERM"].map(lambda term: labels.get(term, term))
    counts["all_patients"] = counts.groupby("TERM")["patients"].transform("sum")
    counts = counts.sort_values(["AEGRP", "all_patients", "effect", "part"],
                                ascending=[True, False, True, True])  # fmt: skip
    own = ["effect", "part", "patients", "events", "n_asked", "n_treated", *names]
    return counts.rename(columns={"AEGRP": "group"})[["group", *own]].reset_index(drop=True)
