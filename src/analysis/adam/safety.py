"""Who had which effect, of those asked about it: one flag a patient or an infusion.

A share of effects has those asked as its denominator. Two counts always stand together: ``ASKED``
with ``HAD``, and what was reported whoever was asked, which is at least so many of the treated.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from analysis.adam.adae import ASKED_WITHIN_DAYS, MOST_INFUSIONS, is_true
from analysis.adam.adsl import Places, find_places, is_among
from analysis.adam.study import Study
from analysis.adam.treatment import HIGH_DOSE
from analysis.intake.codes import effect_of, load_effects

Flags = NDArray[np.bool_]

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


EVENT_COLUMNS = [
    "USUBJID", "AECODE", "AEDECOD", "AEGRP", "ATOXGRN", "INFNO", "AEINFDY", "ADURN", "CNSR",
    "AESOLFL", *FLAG_LABELS,
]  # fmt: skip
"""Columns of ADAE that the questions are about."""


class Treated(NamedTuple):
    """The treated patients and their infusions, to which events and questions are joined by place.

    A place is the position of a row in one of the two, -1 where it has none.
    """

    patients: pd.DataFrame  # USUBJID
    infusions: pd.DataFrame  # USUBJID, INFNO
    patient: Places  # place of each infusion's patient

    def place_patients(self, ids: pd.Series | pd.Index) -> Places:
        """Return the place of each patient."""
        return find_places(ids, self.patients["USUBJID"])

    def place_infusions(self, patients: Places, numbers: pd.Series) -> Places:
        """Return the place of each infusion by the place of its patient and its number."""
        keys = [_join(who, no) for who, no in ((self.patient, self.infusions["INFNO"]),
                                               (patients, numbers))]  # fmt: skip
        found: Places = pd.Index(keys[0]).get_indexer(keys[1])
        return np.where((patients < 0) | numbers.isna(), -1, found)


def _join(patients: Places, numbers: pd.Series) -> Places:
    return patients * MOST_INFUSIONS + numbers.fillna(-1).to_numpy(dtype=np.int64)


@lru_cache(maxsize=2)
def list_treated(study: Study) -> Treated:
    """Return the treated patients in the order of ADSL, and their infusions."""
    people = study.adsl.loc[study.adsl["SAFFL"], ["USUBJID"]].reset_index(drop=True)
    place = find_places(study.infusions["USUBJID"], people["USUBJID"])
    given = study.infusions.loc[place >= 0, ["USUBJID", "INFNO"]].reset_index(drop=True)
    return Treated(people, given.astype({"INFNO": float}), place[place >= 0])


@lru_cache(maxsize=2)
def treated_events(study: Study) -> pd.DataFrame:
    """Return events on or after day 0 of treated patients; where the day is not known, they count.

    `EVENT_COLUMNS`, with TERM: AECODE, or the written term where the list of effects has none;
    PATPLACE and INFPLACE: places of patient and infusion among `list_treated`.
    """
    events = study.adae.loc[is_true(study.adae["TRTEMFL"].fillna(True)), EVENT_COLUMNS]
    treated = list_treated(study)
    place = treated.place_patients(events["USUBJID"])
    events, place = events[place >= 0], place[place >= 0]
    return events.assign(
        TERM=events["AECODE"].fillna(events["AEDECOD"]), PATPLACE=place,
        INFPLACE=treated.place_infusions(place, events["INFNO"]),
    )  # fmt: skip


def list_questions(study: Study, *, most: int = 20) -> dict[str, Question]:
    """Return ``QUESTIONS`` and one for each further effect of the export, the commonest first."""
    terms = treated_events(study)["TERM"].value_counts().index.tolist()
    known = [term for term in terms if term in load_effects()]
    further = [term for term in terms if term not in load_effects()][:most]
    return QUESTIONS | {
        term: Question(codes=(term,)) for term in [*known, *further] if term not in QUESTIONS
    }


def _in_window(days: pd.Series, window: str) -> Flags:
    day = days.to_numpy(dtype=float)
    inside: Flags = np.isnan(day) & (window == "any")
    for first, last in WINDOWS[window]:
        inside |= (day >= first) & (day <= last)
    return inside


def _is_counted(study: Study, question: Question) -> Flags:
    """Return which of the `treated_events` a question counts, whatever their grade or flag."""
    events = treated_events(study)
    counted = _in_window(events["AEINFDY"], question.window)
    if question.codes:
        counted &= events["TERM"].isin(question.codes).to_numpy(dtype=bool)
    if question.solicited_only:
        counted &= is_true(events["AESOLFL"]).to_numpy()
    return counted


def _hits(events: pd.DataFrame, question: Question) -> pd.arrays.BooleanArray:
    """Return which events are bad enough, or flagged; missing where that is not known."""
    is_hit, unknown = np.ones(len(events), dtype=bool), np.zeros(len(events), dtype=bool)
    if question.flag:
        is_hit = is_true(events[question.flag]).to_numpy().copy()
    elif question.grade > 1:
        grade = events["ATOXGRN"].to_numpy(dtype=float)
        is_hit, unknown = grade >= question.grade, np.isnan(grade)
    return pd.arrays.BooleanArray(is_hit, unknown)


def select_events(study: Study, question: Question) -> pd.DataFrame:
    """Return the events that a question counts, those of unknown grade or flag included.

    HIT is missing where the grade, or the flag, decides and is not known.
    """
    events = treated_events(study)[_is_counted(study, question)]
    return events.assign(HIT=_hits(events, question))


class Asked(NamedTuple):
    """Patients and infusions about which anything was asked: one place in each array a pair."""

    patient: Places  # place among `list_treated`
    infusion: Places  # -1 also where the patient was asked throughout
    throughout: Flags


@lru_cache(maxsize=64)
def asked_about_all(study: Study, codes: tuple[str, ...], window: str) -> tuple[Flags, str]:
    """Return which pairs (`asked_pairs`) were asked about every effect of some in a window.

    Returns
    -------
    asked : ndarray of bool
    lacking : str
        The note where that is nobody, else empty.

    Notes
    -----
    In each part of a window some must be on record as asked apart from the answer: asked with
    nothing reported, an answer no, or ``ae_assessed``. Where all but a few of those on record as
    asked reported something, a share among them would say nothing, and they are left out.
    """
    pairs, asked = asked_pairs(study)
    apart, days = asked["apart"], asked["AEINFDY"]
    kept = days.isna()
    for first, last in WINDOWS[window]:
        part = days.between(first, last)
        kept |= part & bool(part.any() and apart[part].mean() >= FEWEST_APART)
    found: Flags = np.ones(len(pairs.patient), dtype=bool)
    for effect in codes or ("",):
        about = (asked["AEDECOD"].isna() & (effect not in ONLY_BY_NAME)) | (asked["code"] == effect)
        found &= _marked(asked["pair"][kept & is_true(about)], len(found))
    if found.any():
        return found, ""
    by_effect = _in_window(days, window).any() and not kept.any()
    return found, "asked_by_effect_only" if by_effect else "not_assessed"


@lru_cache(maxsize=2)
def asked_pairs(study: Study) -> tuple[Asked, pd.DataFrame]:
    """Return who was asked at which infusion, and the questions put to them.

    Returns
    -------
    pairs : Asked
    questions : DataFrame
        Rows of ``asked`` of the study: pair (place in ``pairs``), AEINFDY, AEDECOD, code (of the
        effect), apart (whether it is on record apart from its answer).
    """
    asked, events, treated = study.asked, treated_events(study), list_treated(study)
    place = treated.place_patients(asked["USUBJID"])
    told = pd.MultiIndex.from_frame(events[["PATPLACE", "INFNO", "AEINFDY"]])
    apart = ~pd.MultiIndex.from_arrays([place, asked["INFNO"], asked["AEINFDY"]]).isin(told)
    apart |= (asked["INFNO"].isna() | is_true(~asked["OCCURFL"])).to_numpy()
    terms = asked["AEDECOD"].dropna().unique()
    code = asked["AEDECOD"].map({term: effect_of(term) or term for term in terms})
    joint = _join(pd.factorize(asked["USUBJID"])[0], asked["INFNO"])
    _, first, pair = np.unique(joint, return_index=True, return_inverse=True)
    number = asked["INFNO"].iloc[first]
    pairs = Asked(place[first], treated.place_infusions(place[first], number),
                  number.isna().to_numpy())  # fmt: skip
    return pairs, asked[["AEINFDY", "AEDECOD"]].assign(pair=pair, code=code, apart=apart)


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
    treated, (pairs, _) = list_treated(study), asked_pairs(study)
    found, lacking = asked_about_all(study, question.codes, question.window)
    events, counted = treated_events(study), _is_counted(study, question)
    place = events["PATPLACE" if by == "patient" else "INFPLACE"].to_numpy()
    hits = _hits(events, question)
    if question.flag and counted.any() and events[question.flag][counted].isna().all():
        lacking = f"not_recorded({FLAG_LABELS[question.flag]})"
    units = treated.patients if by == "patient" else treated.infusions
    n = len(units)
    if by == "patient":
        asked = _marked(pairs.patient[found], n)
    else:
        always = _marked(pairs.patient[found & pairs.throughout], len(treated.patients))
        asked = _marked(pairs.infusion[found], n) | always[treated.patient]
    is_hit = hits.to_numpy(dtype=bool, na_value=False)
    had = _marked(place[counted & is_hit], n)
    unknown = _marked(place[counted & hits.isna()], n) & ~had
    note = pd.Categorical.from_codes(np.zeros(n, dtype=np.int8), [lacking])
    answers = pd.arrays.BooleanArray(had, unknown)
    return units.assign(ASKED=asked, HAD=answers, lacking=note)


def _marked(places: ArrayLike, n: int) -> Flags:
    """Return flags that are set at some places; places of -1 are none."""
    at, marked = np.asarray(places), np.zeros(n, dtype=bool)
    marked[at[at >= 0]] = True
    return marked


def answer_questions(study: Study, *, by: str = "patient") -> dict[str, pd.DataFrame]:
    """Return `flag_effects` of every question of `list_questions` by its name."""
    seen = set(select_events(study, Question(window="infusion"))["TERM"])
    made = {}
    for name, question in list_questions(study).items():
        if by == "infusion":
            if name not in OF_INFUSIONS and not (name in seen and question.window == "any"):
                continue
            question = replace(question, window="infusion")
        made[name] = flag_effects(study, question, by=by)
    return made


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
    none = str(flags["lacking"].iloc[0]) if len(flags) else ""
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
    given = study.infusions[is_among(study.infusions["USUBJID"], treated)]
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
    last = pd.concat(
        rows.groupby("USUBJID")[day].max()
        for rows, day in (
            (study.infusions, "ADY"), (study.ratings[study.ratings["POSTFL"]], "ADY"),
            (study.adae, "ASTDY"),
        )
    )  # fmt: skip
    last = last.groupby(level=0).max()
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
    """Return the effects of the day of an infusion: USUBJID, TERM, ADURN, CNSR (where known)."""
    question = Question(window="infusion", grade=grade, solicited_only=solicited_only)
    events = treated_events(study)
    kept = _is_counted(study, question) & _hits(events, question).to_numpy(bool, na_value=False)
    return events.loc[kept, ["USUBJID", "TERM", "ADURN", "CNSR"]]


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
    pairs, _ = asked_pairs(study)
    for term in counts["TERM"].unique():
        found, _ = asked_about_all(study, (term,), "any")
        asked[term] = of[_marked(pairs.patient[found], len(of))].value_counts()
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
