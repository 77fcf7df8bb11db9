"""ADQS and ADOP: questionnaires and opioid doses by planned visit, missed ones too.

Both stand on the pain scores' own rules (`analysis.adam.adpain`): the same clock, baseline window,
schedule, choice of the score of a visit, and day from which a visit is due.

============== ============================================================================
frame           one row is
============== ============================================================================
``adqs``       a patient, instrument and visit at which the export has it from anybody
``qsratings``  a score of a questionnaire, with its role
``adop``       a patient, set of MME factors, basis (prescribed, taken) and visit
``opratings``  the MME a day of a patient on a day, by set and basis, with its role
============== ============================================================================
"""

from __future__ import annotations

import re
from math import nan

import numpy as np
import pandas as pd

from analysis.adam.adpain import (
    ROUNDING,
    derive_baseline,
    derive_change,
    lay_out_visits,
    order_visits,
    place_ratings,
    reaches,
)
from analysis.adam.adsl import is_among
from analysis.intake.codes import (
    FACTOR_SETS,
    NO_OPIOID,
    drug_of,
    instrument_of,
    load_instruments,
    mme_per_day,
)
from analysis.intake.codes import Instrument as Instrument
from analysis.settings import THRESHOLDS_PCT, AnalysisSettings

PARAMCDS = {"cdc_2022": "MME22", "cdc_2016": "MME16"}
"""Parameter code of MME by set of factors."""

FACTOR_OF = {paramcd: name for name, paramcd in PARAMCDS.items()}
"""Set of factors by parameter code, the one to analyze first."""

BASES = ("taken", "prescribed", "not_stated")
"""Whose dose, in the order in which one is analyzed (ANL01FL): what is taken comes first."""

TIME = ["assessed_on", "study_day", "visit"]

OF_DRUG = ["drug", "unit", "route"]
"""What a factor is looked up by."""

QS_COLUMNS = (
    "USUBJID", "COND", "SUBTYP", "ARM", "PROTOCOL", "SITEID", "PARAMCD", "PARAM", "QSDOM", "AVISIT",
    "AVISITN", "ADT", "ADY", "ADYEOS", "AVAL", "BASE", "CHG", "BETTER", "MICFL", "WORSEFL",
    "ASKFL", "BOOSTFL", "RATEDFL", "DUEFL", "DUEREAS", "DUEDT", "SAFFL", "FASFL",
)  # fmt: skip

OP_COLUMNS = (
    "USUBJID", "COND", "SUBTYP", "ARM", "PROTOCOL", "SITEID", "PARAMCD", "PARAM", "OPBASIS",
    "ANL01FL", "AVISIT", "AVISITN", "ADT", "ADY", "ADYEOS", "AVAL", "BASE", "CHG", "PCHG",
    "CRIT30FL", "CRIT50FL", "STOPFL", "STARTFL", "MOREFL", "ASKFL", "BOOSTFL", "RATEDFL", "DUEFL",
    "DUEREAS", "DUEDT", "SAFFL", "FASFL",
)  # fmt: skip

RATING_COLUMNS = (
    "USUBJID", "PARAMCD", "ADT", "ADY", "ADYEOS", "ATM", "AVAL", "VISIT", "AVISIT", "ROLE",
    "ASERIES", "NLEFT", "NSAME", "POSTFL", "BASE", "CHG", "PCHG",
)  # fmt: skip


def _place(
    scores: pd.DataFrame,
    adsl: pd.DataFrame,
    treatment: pd.DataFrame,
    infusions: pd.DataFrame,
    settings: AnalysisSettings,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the ratings and the visits of one kind of score (columns of pain_scores)."""
    if scores.empty:  # there is no visit, so nobody need be looked up
        adsl, treatment, infusions = adsl.iloc[:0], treatment.iloc[:0], infusions.iloc[:0]
    ratings = place_ratings(
        scores.assign(recall="own"),
        treatment,
        infusions,
        recall="own",
        baseline_window_days=settings.baseline_window_days,
        schedule=settings.schedule,
        visit_score="closest" if settings.visit_score == "worst" else settings.visit_score,
    )
    baseline = derive_baseline(ratings, minimum_score=-np.inf)
    ratings = derive_change(ratings, baseline)
    at_visit = ratings["POSTFL"] & (ratings["ROLE"] == ratings["AVISIT"])
    visits = order_visits(ratings[at_visit], settings.schedule)
    base = baseline["BASE"].reindex(adsl["USUBJID"]).to_numpy(dtype=float)
    frame = lay_out_visits(
        adsl.assign(BASE=base), ratings, visits, schedule=settings.schedule, known="AVAL"
    )
    frame["ASKFL"] = is_among(frame["USUBJID"], ratings["USUBJID"])
    return ratings, frame


def derive_adqs(
    questionnaires: pd.DataFrame | None,
    adsl: pd.DataFrame,
    treatment: pd.DataFrame,
    infusions: pd.DataFrame,
    settings: AnalysisSettings,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return every score with its role, and one row a patient, instrument and visit.

    Parameters
    ----------
    questionnaires : DataFrame or None
        Of the contract; None where the export has none.
    adsl, treatment, infusions : DataFrame
        `analysis.adam.adsl`.
    settings : AnalysisSettings
        A visit rated more than once has the setting's score; where that is the worst, which has no
        meaning across instruments, the closest.

    Returns
    -------
    qsratings : DataFrame
        `RATING_COLUMNS`: as the ratings of pain; PARAMCD is the instrument.
    adqs : DataFrame
        By instrument, patient and visit. PARAMCD, PARAM and QSDOM (domain): of
        data/codes/instruments.csv; of an instrument it does not have its name, cut to 8 letters in
        PARAMCD, without a domain. AVAL, BASE (mean of the baseline window), CHG as ADaM has them;
        BETTER: the change with its sign turned so that more is better, missing where the direction
        is not known. MICFL and WORSEFL: BETTER is at least the minimal important change, or as much
        the other way; of PGIC a score of 2 or less, 6 or more. Missing where there is no such
        change or the outcome is not known, booster or not. ASKFL: the patient has any score of the
        instrument; who has none was not asked, and is in no share of it. RATEDFL: scored at the
        visit. DUEFL and BOOSTFL: as in ADPAIN.
    """
    parts: list[tuple[pd.DataFrame, pd.DataFrame]] = []
    given = _NO_SCORES.assign(instrument="") if questionnaires is None else questionnaires
    known = load_instruments()
    names = {name: instrument_of(str(name)) for name in given["instrument"].unique()}
    code = given["instrument"].map(lambda name: names[name] or str(name))
    order = [own for own in (*known, *sorted(set(code) - set(known))) if (code == own).any()]
    used = {each.paramcd for each in known.values()}
    for own in order or [""]:
        instrument = known.get(own)
        paramcd = instrument.paramcd if instrument else _short(own, used)
        ratings, frame = _place(given[code == own], adsl, treatment, infusions, settings)
        better = turn_better(frame["CHG"], instrument)
        improved, worse = flag_important(frame["AVAL"], better, instrument)
        frame = frame.assign(
            PARAMCD=paramcd,
            PARAM=instrument.name if instrument else own,
            QSDOM=pd.Series(instrument.domain if instrument else None, frame.index, dtype="str"),
            BETTER=better,
            MICFL=improved,
            WORSEFL=worse,
        )
        parts.append((ratings.assign(PARAMCD=paramcd), frame))
    return _stack(parts, QS_COLUMNS)


_NO_SCORES = pd.DataFrame(
    {
        "patient_id": pd.Series(dtype="str"),
        "study_day": pd.Series(dtype=float),
        "score": pd.Series(dtype=float),
    }
)
"""Scores of an export that has none."""


def _short(name: str, used: set[str]) -> str:
    """Return a parameter code of at most 8 capital letters and digits that no other has."""
    plain = re.sub(r"[^A-Z0-9]", "", name.upper()) or "OTHER"
    tries = [plain[:8], *(f"{plain[: 8 - len(str(n))]}{n}" for n in range(2, 1000))]
    found = next(code for code in tries if code not in used)
    used.add(found)
    return found


def turn_better(change: pd.Series, instrument: Instrument | None) -> pd.Series:
    """Return changes with their sign turned so that more is better; missing of no instrument."""
    if instrument is None:
        return change * np.nan
    return change if instrument.better == "higher" else -change


def flag_important(
    scores: pd.Series, better: pd.Series, instrument: Instrument | None
) -> tuple[pd.Series, pd.Series]:
    """Return who is better, and who worse, by the minimal important change.

    Parameters
    ----------
    scores, better : Series of float
        AVAL, and the change turned by `turn_better`.
    instrument : Instrument or None

    Returns
    -------
    improved, worse : Series of nullable boolean
        Missing where the outcome is not known, or the instrument has no important change.
    """
    if instrument is not None and instrument.minimal_change is not None:
        least = instrument.minimal_change
        return reaches(-better, least), reaches(better, least)
    if instrument is not None and instrument.improved_at is not None:
        mirror = instrument.low + instrument.high - instrument.improved_at
        sign = -1.0 if instrument.better == "higher" else 1.0
        improved = (sign * scores <= sign * instrument.improved_at + ROUNDING).astype("boolean")
        worse = (sign * scores >= sign * mirror - ROUNDING).astype("boolean")
        return improved.mask(scores.isna()), worse.mask(scores.isna())
    unknown = pd.Series(pd.NA, index=scores.index, dtype="boolean")
    return unknown, unknown


def name_domains(adqs: pd.DataFrame) -> dict[str, tuple[str, Instrument | None]]:
    """Return what results of each instrument stand under, and the instrument, by PARAMCD.

    The first of a domain, in the order of data/codes/instruments.csv, stands under its domain; a
    further one under domain and code, one without a domain under its code.
    """
    known = {each.paramcd: each for each in load_instruments().values()}
    named: dict[str, tuple[str, Instrument | None]] = {}
    taken: set[str] = set()
    for paramcd in adqs.loc[adqs["ASKFL"], "PARAMCD"].unique():
        own = known.get(paramcd)
        name = str(paramcd).lower() if own is None else own.domain
        named[paramcd] = (f"{name}_{paramcd.lower()}" if name in taken else name, own)
        taken.add(name)
    return named


def _stack(
    parts: list[tuple[pd.DataFrame, pd.DataFrame]], columns: tuple[str, ...]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    ratings = pd.concat([own for own, _ in parts], ignore_index=True)
    frame = pd.concat([own for _, own in parts], ignore_index=True)
    return ratings[[c for c in RATING_COLUMNS if c in ratings]], frame[list(columns)]


def derive_adop(
    opioid_use: pd.DataFrame | None,
    adsl: pd.DataFrame,
    treatment: pd.DataFrame,
    infusions: pd.DataFrame,
    settings: AnalysisSettings,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return MME a day with their role, and one row a patient, factor set, basis and visit.

    Parameters
    ----------
    opioid_use : DataFrame or None
        Of the contract; None where the export has none.
    adsl, treatment, infusions, settings
        As `derive_adqs`.

    Returns
    -------
    opratings : DataFrame
        `RATING_COLUMNS`, PARAMCD and OPBASIS.
    adop : DataFrame
        PARAMCD: MME22 or MME16, the set of factors that PARAM names; where the export gives MME
        without a drug that has a factor, they are as recorded, and PARAM says so. OPBASIS: taken,
        prescribed or not_stated; ANL01FL marks the one to analyze (taken before prescribed before
        not stated). AVAL, BASE, CHG, PCHG: MME a day; PCHG is missing for a baseline of 0.
        CRIT30FL, CRIT50FL: at least so much less; STOPFL: none any more, of those with some at
        baseline; STARTFL: some, of those with none; MOREFL: more than at baseline. ASKFL: opioid
        use was recorded of the patient, be it as 0; of all others it is not known, and never 0.

    Notes
    -----
    The doses of a day are added up, of one drug before the factor is looked up. A day with a dose
    of unknown strength (no factor, no dose, buprenorphine) is of unknown MME, not of those of its
    other drugs.
    """
    given = _NO_SCORES if opioid_use is None else opioid_use
    given = given.assign(basis=_text(given, "basis").replace("", "not_stated"))
    bases = [basis for basis in BASES if (given["basis"] == basis).any()] or [BASES[-1]]
    sums = {basis: _sum_of_drugs(given[given["basis"] == basis]) for basis in bases}
    parts: list[tuple[pd.DataFrame, pd.DataFrame]] = []
    for factor_set, label in FACTOR_SETS.items():
        if parts and given.empty:
            break  # no doses have no row under any set
        for basis in bases:
            scores, recorded = _sum_of_day(sums[basis], factor_set)
            ratings, frame = _place(scores, adsl, treatment, infusions, settings)
            some = frame["BASE"] > 0
            how = ("as recorded", f"{label} factors", f"{label} factors, else as recorded")[
                0 if len(recorded) and recorded.all() else 2 if recorded.any() else 1
            ]
            named = {"PARAMCD": PARAMCDS[factor_set], "OPBASIS": basis}
            flags = {f"CRIT{pct:g}FL": reaches(frame["PCHG"], pct) for pct in THRESHOLDS_PCT} | {
                "STOPFL": _known(frame["AVAL"] == 0, frame["AVAL"].notna() & some),
                "STARTFL": _known(frame["AVAL"] > 0, frame["AVAL"].notna() & frame["BASE"].eq(0)),
                "MOREFL": _known(frame["CHG"] > ROUNDING, frame["CHG"].notna()),
            }
            frame = frame.assign(
                **named,
                **flags,
                PARAM=f"Opioids (MME a day, {how})",
                ANL01FL=basis == bases[0],
                ASKFL=is_among(frame["USUBJID"], sums[basis]["patient_id"]),
            )
            parts.append((ratings.assign(**named), frame))
    ratings, adop = _stack(parts, OP_COLUMNS)
    ratings["OPBASIS"] = pd.concat([own["OPBASIS"] for own, _ in parts], ignore_index=True)
    return ratings, adop


def _known(flags: pd.Series, known: pd.Series) -> pd.Series:
    return flags.astype("boolean").mask(~known)


def _text(frame: pd.DataFrame, name: str) -> pd.Series:
    own = frame[name] if name in frame else pd.Series(pd.NA, index=frame.index, dtype="str")
    return own.astype("str").fillna("")


def _sum_of_drugs(rows: pd.DataFrame) -> pd.DataFrame:
    """Return doses and recorded MME of each patient, day, drug, unit and route."""
    keys = ["patient_id", *(name for name in TIME if name in rows)]
    number = {
        name: rows[name].astype(float) if name in rows else pd.Series(nan, rows.index)
        for name in ("daily_dose", "mme_per_day")
    }
    drugs = {name: drug_of(name) or name for name in _text(rows, "drug").unique()}
    rows = rows[keys].assign(
        drug=_text(rows, "drug").map(drugs),
        unit=_text(rows, "unit"),
        route=_text(rows, "route"),
        **number,
    )
    rows["daily_dose"] = rows["daily_dose"].mask(rows["drug"] == NO_OPIOID, 0.0)
    return _add_up(rows, [*keys, *OF_DRUG], list(number))


def _sum_of_day(sums: pd.DataFrame, factor_set: str) -> tuple[pd.DataFrame, pd.Series]:
    """Return MME of each patient and day as scores, and which doses are as the export has them."""
    if sums.empty:
        return _NO_SCORES, pd.Series(dtype=bool)
    kinds = sums.groupby([*OF_DRUG, "daily_dose"], sort=False, dropna=False)
    made = [
        nan
        if dose != dose
        else mme_per_day(drug, dose, factor_set=factor_set, unit=unit, route=route)
        for drug, unit, route, dose in kinds.size().index
    ]
    computed = pd.Series(np.array(made, dtype=float)[kinds.ngroup()], index=sums.index)
    sums = sums.assign(score=computed.fillna(sums["mme_per_day"]))
    recorded = computed.isna() & sums["score"].notna()
    total = _add_up(sums, ["patient_id", *(name for name in TIME if name in sums)], ["score"])
    return total.dropna(subset="score"), recorded


def _add_up(rows: pd.DataFrame, keys: list[str], names: list[str]) -> pd.DataFrame:
    """Return sums by group, missing where one of the numbers is."""
    unknown = {f"no {name}": rows[name].isna() for name in names}
    groups = rows.assign(**unknown).groupby(keys, dropna=False, sort=False)
    sums = groups[[*names, *unknown]].sum().reset_index()
    for name in names:
        sums[name] = sums[name].mask(sums[f"no {name}"] > 0)
    return sums.drop(columns=list(unknown))
