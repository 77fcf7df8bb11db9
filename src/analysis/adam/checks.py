"""Questions put to the data, and the account of what became of every record and patient.

Each question has one of four answers, never one percentage: ``pass``, ``pass with findings``
(something a reader must know), ``fail`` (the results it touches must not be used), ``not
applicable`` (the export cannot answer).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import asdict
from typing import Any, NamedTuple

import pandas as pd

from analysis.adam.adpain import (
    BASELINE,
    BEFORE_BASELINE,
    DUE,
    IN_SERIES,
    NO_DATES,
    NOT_TREATED,
    OTHER_RECALL,
    WINDOW_OPEN,
)
from analysis.adam.adsl import SERIES_INFUSIONS
from analysis.adam.adtte import EXACT
from analysis.adam.study import Study
from analysis.intake.load import OLDEST_AGE_YEARS
from analysis.intake.recognize import unread_like
from analysis.intake.tables import load_conditions
from analysis.intake.text import near_ids, shape
from analysis.labels import EXCLUSIONS
from analysis.numbers import count_text
from analysis.settings import AnalysisSettings

MANY_MISSING_SHARE = 0.2
"""More than a fifth unseen can move a responder rate by more than its interval is wide at n = 100;
it is then a finding, not a footnote."""


SHOWN_FORMS = 3
"""Ways in which ids are written that a finding shows: letters as a, digits as 9, never an id."""


class Check(NamedTuple):
    """A question, the table it is about, its answer, how many are concerned, and a sentence."""

    name: str
    table: str
    state: str
    n: int
    sentence: str


def check_quality(study: Study) -> pd.DataFrame:
    """Return every question on the quality of the data: name, table, state, n, sentence."""
    return pd.DataFrame([check(study) for check in CHECKS], columns=list(Check._fields))


def _is_default(study: Study, name: str) -> bool:
    """Return whether a setting is the suite's default, which may fit no export in particular."""
    default = AnalysisSettings.model_fields[name].default
    return bool(getattr(study.settings, name) == default)


def _found(n: int) -> str:
    return "pass with findings" if n else "pass"


def _records_reconcile(study: Study) -> Check:
    wrong = [account.file for account in study.intake if not account.reconciles]
    if wrong:
        told = f"Lines are lost in {', '.join(wrong)}."
        return Check("records reconcile", "all", "fail", len(wrong), told)
    # A file that feeds several tables is read once for each, but its lines are there once.
    n = sum({account.file: account.n_lines for account in study.intake}.values())
    told = f"All {count_text(n)} lines read are header, blank, used, or excluded by a named reason."
    return Check("records reconcile", "all", "pass", n, told)


def _records_excluded(study: Study) -> Check:
    reasons: Counter[tuple[str, str]] = Counter()
    for account in study.intake:
        reasons.update({(account.table, why): n for why, n in account.excluded.items()})
    each = [f"{t}: {EXCLUSIONS.get(why, why)} ({count_text(n)})" for (t, why), n in reasons.items()]
    told = f"Excluded: {'; '.join(each)}." if each else "No record was excluded."
    return Check("records excluded", "all", _found(len(each)), sum(reasons.values()), told)


def _last_lines(study: Study) -> Check:
    files = sorted({account.file for account in study.intake if account.last_line_open})
    told = "Every text file ends with a complete line."
    if files:
        told = (
            f"Nothing ends the last line of {', '.join(files)}: if the file was cut there, "
            "its last value may be too (10 becomes 1). Compare that line with the source."
        )
    return Check("last lines", "all", _found(len(files)), len(files), told)


def _near_ids(study: Study) -> Check:
    """The same patient under two spellings counts twice."""
    near = near_ids(study.adsl["USUBJID"])
    n = sum(map(len, near))
    told = "No two ids differ only in how they are written."
    if near:
        forms = dict.fromkeys(" and ".join(map(shape, same[:SHOWN_FORMS])) for same in near)
        told = (
            f"{count_text(n)} ids may be {count_text(len(near))} patients: they differ only in "
            "capitals, blanks, leading zeros, a final .0 or marks that are not seen (written like "
            f"{'; '.join(list(forms)[:SHOWN_FORMS])}). If they are the same, write them alike."
        )
    return Check("ids written alike", "patients", _found(n), n, told)


def _patients_treated(study: Study) -> Check:
    if study.infusions.empty:
        if n := int((~study.adsl["SAFFL"]).sum()):
            told = (
                f"The export has no infusions, and {count_text(n)} patients have no date of entry: "
                "without a day 0 they are in no rate."
            )
            return Check("patients treated", "patients", "pass with findings", n, told)
        told = "The export has no infusions; every patient counts as a starter."
        return Check("patients treated", "infusions", "not applicable", 0, told)
    n = int((~study.adsl["SAFFL"]).sum())
    told = f"{count_text(n)} patients have no infusion on record."
    return Check("patients treated", "infusions", _found(n), n, told)


def _baseline(study: Study) -> Check:
    status = study.adsl.loc[study.adsl["SAFFL"], "BASESTAT"]
    none, zero = int(status.isna().sum()), int((status == "zero").sum())
    low = int((status == "below minimum").sum())
    if len(status) and none == len(status):
        told = "Nobody has a baseline rating: nothing to compare with."
        return Check("baseline", "pain_scores", "fail", none, told)
    told = (
        f"{count_text(none)} starters have no baseline rating; {count_text(zero)} have a baseline "
        f"of 0 (no percent reduction exists) and {count_text(low)} one below the minimum of "
        f"{study.settings.minimum_baseline_score:g}."
    )
    n = none + zero + low
    early = study.ratings.loc[study.ratings["ROLE"] == BEFORE_BASELINE, "USUBJID"]
    unbased = study.adsl.loc[study.adsl["SAFFL"] & study.adsl["BASESTAT"].isna(), "USUBJID"]
    shut_out = int(unbased.isin(early).sum())
    if low > (status.notna().sum() - zero) / 2 and _is_default(study, "minimum_baseline_score"):
        told += (
            " The minimum does not fit the scores: name the scale they are on, or set "
            "`minimum_baseline_score` (0: any above 0)."
        )
        return Check("baseline", "pain_scores", "fail", n, told)
    if shut_out > len(status) / 2 and _is_default(study, "baseline_window_days"):
        told += (
            f" {count_text(shut_out)} of those without one were rated before the "
            f"{study.settings.baseline_window_days} days up to day 0: set `baseline_window_days`."
        )
        return Check("baseline", "pain_scores", "fail", n, told)
    return Check("baseline", "pain_scores", _found(n), n, told)


def _analysis_visit(study: Study) -> Check:
    visit, adpain = study.settings.analysis_visit, study.adpain
    due = adpain[adpain["FASFL"] & adpain["DUEFL"] & (adpain["AVISIT"] == visit)]
    seen = due["AVAL"].notna()
    missing = int((~seen).sum())
    if len(seen) and missing == len(seen):
        rated = adpain.loc[adpain["AVAL"].notna(), "AVISIT"]
        there = ", ".join(name for name in study.visits if name in set(rated)) or "none"
        told = f"Nobody was rated at '{visit}'; visits with ratings: {there}. Set `analysis_visit`."
        return Check("analysis visit", "pain_scores", "fail", missing, told)
    many = missing > MANY_MISSING_SHARE * len(seen)
    told = (
        f"{count_text(missing)} of {count_text(len(seen))} starters who are due were not rated at "
        f"'{visit}'."
    )
    return Check("analysis visit", "pain_scores", _found(many), missing, told)


def _data_cut(study: Study) -> Check:
    cut = study.data_cut
    if cut is None:
        told = "The export has no dates, so no data cut: every visit counts as due."
        return Check("data cut", "all", "not applicable", 0, told)
    source = "as set" if study.settings.data_cut else "the last date in the export"
    at_visit = study.adpain["AVISIT"] == study.settings.analysis_visit
    reasons = study.adpain.loc[study.adpain["FASFL"] & at_visit, "DUEREAS"]
    counts = {reason: int((reasons == reason).sum()) for reason in (WINDOW_OPEN, IN_SERIES)}
    after = int((study.ratings["ADT"] > pd.Timestamp(cut)).sum())
    told = (
        f"The data cut is {cut.isoformat()}, {source}. At '{study.settings.analysis_visit}' "
        f"{count_text(sum(counts.values()))} of {count_text(len(reasons))} starters are not yet "
        f"due: {count_text(counts[WINDOW_OPEN])} whose window is open and "
        f"{count_text(counts[IN_SERIES])} still in the initial series."
    )
    undated = int((reasons == NO_DATES).sum())
    told += f" {count_text(undated)} have study days only and count as due." if undated else ""
    told += f" {count_text(after)} ratings are later than the cut." if after else ""
    n = sum(counts.values()) + undated + after
    return Check("data cut", "all", _found(n), n, told)


def _visit_names(study: Study) -> Check:
    """The date decides; a name that says otherwise is shown."""
    ratings = study.ratings[~study.ratings["ROLE"].isin([OTHER_RECALL, NOT_TREATED])]
    planned = [BASELINE, *(visit.name for visit in study.settings.schedule)]
    named = ratings[ratings["VISIT"].isin(planned)]
    if named.empty:
        told = "The export names no visit that has a window."
        return Check("visit names", "pain_scores", "not applicable", 0, told)
    placed = named["AVISIT"].where(named["ROLE"] != BASELINE, BASELINE)
    wrong = named.loc[(placed != named["VISIT"]).fillna(True)]
    each = wrong.groupby("VISIT")["NSAME"].sum()
    n = int(each.sum())
    told = "Ratings that the export names after a visit lie in its window."
    if n:
        names = "; ".join(f"'{name}': {count_text(k)}" for name, k in each.items())
        told = (
            f"{count_text(n)} ratings are named after a visit in whose window they do not lie "
            f"({names}); the date decides what they are."
        )
    return Check("visit names", "pain_scores", _found(n), n, told)


def _values_blanked(study: Study) -> Check:
    blanked: Counter[str] = Counter()
    for account in study.intake:
        blanked.update({f"{account.table}.{name}": n for name, n in account.blanked.items()})
    each = "; ".join(f"{name} ({count_text(n)})" for name, n in blanked.items())
    told = (
        f"Out of range, read as missing, their rows kept: {each}."
        if each
        else "No value was read as missing for being out of range."
    )
    n = sum(blanked.values())
    return Check("values out of range", "all", _found(n), n, told)


def _as_read(study: Study) -> Check:
    """What files hold that is not in their records, and how it was understood."""
    told = {
        kind: [
            f"{account.file}: {text}" for account in study.intake for text in getattr(account, kind)
        ]
        for kind in ("findings", "notes")
    }
    each = [text for kind in told.values() for text in dict.fromkeys(kind)]
    sentence = f"{'; '.join(each)}." if each else "Nothing in the files needed a rule of reading."
    n = len(told["findings"])
    return Check("how files were read", "all", _found(n), n, sentence)


def _same_day(study: Study) -> Check:
    n = int(study.ratings.loc[study.ratings["NSAME"] > 1, "NSAME"].sum())
    span = {"mean": "day, or visit", "week_mean": "day, or week"}.get(
        study.settings.visit_score, "day"
    )
    told = (
        f"{count_text(n)} ratings share patient, recall and {span} with another; they are averaged."
    )
    return Check("ratings of one day", "pain_scores", _found(n), n, told)


def _recall(study: Study) -> Check:
    n = int(study.ratings.loc[study.ratings["ROLE"] == OTHER_RECALL, "NSAME"].sum())
    told = (
        f"Ratings of '{study.recall}' pain are analyzed; {count_text(n)} of another recall are not."
    )
    return Check("recall", "pain_scores", _found(n), n, told)


def _scale(study: Study) -> Check:
    told = f"Pain scores: {study.scale_text}."
    if not study.in_points:
        told += (
            " What counts points of 10 is not computed: a fall of 2 points, pain of at most 3 or "
            "1, a minimum baseline (any above 0 counts), pain back near baseline, the missing "
            "worse by a point, baselines alike within a point. Shares and percents of each "
            "patient's own baseline are."
        )
        return Check("scale", "pain_scores", "pass with findings", len(study.ratings), told)
    highest = study.ratings.groupby("USUBJID")["AVAL"].max()
    highest = highest[highest > 0]  # who is free of pain says nothing about the scale
    n = int((highest <= 1.0).sum())
    if n:
        told += (
            f" {count_text(n)} patients never rate above 1 on 0 to 10: check that their scale is "
            "not 0 to 1."
        )
    return Check("scale", "pain_scores", _found(n > len(highest) / 2), n, told)


def _follow_up(study: Study) -> Check:
    """Dates read in the wrong order put follow-ups before day 0: most patients then have none."""
    ratings = study.ratings[study.ratings["ROLE"] != NOT_TREATED]
    if ratings.empty:
        return Check("follow-up after start", "pain_scores", "not applicable", 0, "No rating.")
    last = ratings.groupby("USUBJID")["ADY"].max()
    n = int((last < 0).sum())
    told = f"{count_text(n)} patients have ratings before day 0 only."
    if n > len(last) / 2:
        told += " Day and month may be exchanged, or day 0 is wrong."
        return Check("follow-up after start", "pain_scores", "fail", n, told)
    return Check("follow-up after start", "pain_scores", _found(n), n, told)


def _series(study: Study) -> Check:
    if study.infusions.empty:
        told = "The export has no infusions."
        return Check("series", "infusions", "not applicable", 0, told)
    started = study.adsl[study.adsl["SAFFL"]]
    standard = started[started["PROTOCOL"].fillna("standard") == "standard"]
    n = int((standard["NINFUS"] < SERIES_INFUSIONS).sum())
    told = (
        f"{count_text(n)} of {count_text(len(standard))} starters on the standard protocol, or on "
        f"one not stated, had fewer than {SERIES_INFUSIONS} infusions; they stay in."
    )
    return Check("series", "infusions", _found(n), n, told)


def _relief_ends(study: Study) -> Check:
    accounts = [account for account in study.intake if account.table == "relief_ends"]
    if not accounts:
        told = "The export dates no end of relief exactly; losses lie between visits."
        return Check("ends of relief", "relief_ends", "not applicable", 0, told)
    read, used = sum(each.n_used for each in accounts), (study.adtte["PARAMCD"] == EXACT).sum()
    others = max(read - int(used), 0)
    told = (
        f"{count_text(int(used))} starters have a recorded end of relief after an infusion of "
        f"the series, the last of each; {count_text(others)} further records (of earlier "
        "infusions, boosters or patients not counted) are not analyzed."
    )
    return Check("ends of relief", "relief_ends", _found(others), others, told)


def _none_read(study: Study, what: str, *fields: str) -> str:
    """Say that the export has none, or which column, not read so far, seems to hold them."""
    for field in fields:
        if found := unread_like(study.intake, "patients", field):
            name, file = found
            return (
                f"No {what} are read, but the column '{name}' of {file} looks like {field}: name "
                f"it in the mapping (`{field}: {name}`)."
            )
    return f"The export has no {what}."


def _icd10(study: Study) -> Check:
    coded = study.adsl.dropna(subset="ICD10")
    if coded.empty:
        told = _none_read(study, "ICD-10 codes", "icd10")
        return Check("ICD-10-CM", "patients", "not applicable", 0, told)
    known = load_conditions()
    of_code = {c: (known.from_icd10(c) or ("",))[0] for c in coded["ICD10"].unique()}
    derived = coded["ICD10"].map(of_code)
    n = int(((derived != "") & (derived != coded["COND"])).sum())
    told = f"{count_text(n)} patients have an ICD-10 code of another condition than the one stated."
    return Check("ICD-10-CM", "patients", _found(n), n, told)


def _ages(study: Study) -> Check:
    if study.adsl["AGE"].isna().all():
        told = _none_read(study, "ages", "age_years", "birth_year")
        return Check("ages", "patients", "not applicable", 0, told)
    n = int((study.adsl["AGE"] >= OLDEST_AGE_YEARS).sum())
    told = (
        f"{count_text(n)} patients are {OLDEST_AGE_YEARS} or older and count as "
        f"{OLDEST_AGE_YEARS}, so that no age identifies a patient."
    )
    return Check("ages", "patients", _found(n), n, told)


def _events(study: Study) -> Check:
    """Before treatment, without a day, or at an infusion of which the export says "not asked"."""
    events, adsl = study.adae, study.adsl
    treated = adsl["SAFFL"]
    asked = int((adsl["AEASKFL"].fillna(False) & treated).sum())
    if events.empty and not asked:
        told = "The export has no adverse events and says of nobody that they were asked: not "
        told += "assessed, which is not the same as none."
        return Check("adverse events", "adverse_events", "not applicable", 0, told)
    n = int(treated.sum())
    told = f"{count_text(asked)} of {count_text(n)} treated patients were asked about them."
    found = {
        "began before treatment": (~events["TRTEMFL"]).sum(),
        "have no day": events["TRTEMFL"].isna().sum(),
        "are of patients or infusions that no record says were asked": (
            ~events["AEASKFL"].fillna(False)
        ).sum(),
    }
    odd = {why: int(k) for why, k in found.items() if k}
    if odd:
        each = "; ".join(f"{count_text(k)} {why}" for why, k in odd.items())
        told += f" Of {count_text(len(events))} events {each}."
    return Check("adverse events", "adverse_events", _found(sum(odd.values())), n - asked, told)


CHECKS: tuple[Callable[[Study], Check], ...] = (
    _records_reconcile, _last_lines, _records_excluded, _values_blanked, _as_read, _near_ids,
    _patients_treated, _baseline, _data_cut, _analysis_visit, _visit_names, _same_day, _recall,
    _scale, _follow_up, _series, _relief_ends, _icd10, _ages, _events,
)  # fmt: skip


def list_overdue(study: Study) -> pd.DataFrame:
    """Return the visits that are due and have no rating: whom to call. For internal use only.

    Returns
    -------
    DataFrame
        USUBJID, AVISIT, DUEDT (last day of the visit's window), the longest overdue first; patients
        of the full analysis set, visits at which anybody was rated or response is judged. Empty
        where the export has no dates. It names patients, so it belongs in no report that leaves.
    """
    adpain = study.adpain
    missed = adpain["FASFL"] & (adpain["DUEREAS"] == DUE) & adpain["AVAL"].isna()
    rows = adpain.loc[missed, ["USUBJID", "AVISIT", "DUEDT"]]
    return rows.sort_values(["DUEDT", "USUBJID"], kind="stable", ignore_index=True)


def count_flow(study: Study) -> pd.DataFrame:
    """Count the patients of each condition at each step.

    Returns
    -------
    DataFrame of int
        One row a condition (``all`` first). in_file = never_treated + baseline_zero +
        baseline_below_minimum + eligible; eligible = not_due + no_baseline_rating + not_rated +
        observed (at the analysis visit). Who is not due is nothing else, rated early or not.
    """
    steps = flow_steps(study)
    counts = steps.groupby(study.adsl["COND"]).sum()
    counts.loc["all"] = steps.sum()
    return counts.reindex(list(study.group_conditions), fill_value=0).rename_axis("condition")


def flow_steps(study: Study) -> pd.DataFrame:
    """Return who is in each step of `count_flow`: booleans, a row of ADSL a patient."""
    visit = study.settings.analysis_visit
    adsl, at_visit = study.adsl, study.adpain[study.adpain["AVISIT"] == visit]
    at_visit = at_visit.set_index("USUBJID")[["AVAL", "DUEFL"]].reindex(adsl["USUBJID"])
    at_visit = at_visit.set_axis(adsl.index)
    rated = at_visit["AVAL"].notna()
    due = adsl["FASFL"] & at_visit["DUEFL"].eq(True)
    based = adsl["BASESTAT"].notna()
    return pd.DataFrame(
        {
            "in_file": True,
            "never_treated": adsl["FASREAS"] == "never treated",
            "baseline_zero": adsl["FASREAS"] == "zero",
            "baseline_below_minimum": adsl["FASREAS"] == "below minimum",
            "eligible": adsl["FASFL"],
            "not_due": adsl["FASFL"] & ~due,
            "no_baseline_rating": due & ~based,
            "not_rated": due & based & ~rated,
            "observed": due & based & rated,
        },
        index=adsl.index,
    )


def tabulate_intake(study: Study) -> pd.DataFrame:
    """Return what became of every line of every file, one row a file and table."""
    kept = ["table", "file", "n_lines", "n_header", "n_blank", "n_continued", "n_records",
            "per_record", "n_used"]  # fmt: skip
    return pd.DataFrame(
        [
            {name.removeprefix("n_"): getattr(account, name) for name in kept}
            | {
                "excluded": sum(account.excluded.values()),
                "reasons": "; ".join(
                    f"{EXCLUSIONS.get(why, why)}: {n}" for why, n in account.excluded.items()
                ),
                "reconciles": account.reconciles,
            }
            for account in study.intake
        ]
    )


def tabulate_roles(study: Study) -> pd.DataFrame:
    """Return what became of every rating: role, ratings as read, and patients."""
    by_role = study.ratings.groupby("ROLE", sort=False)
    frame = pd.DataFrame(
        {"ratings": by_role["NSAME"].sum(), "patients": by_role["USUBJID"].nunique()}
    )
    return frame.sort_values("ratings", ascending=False).rename_axis("role").reset_index()


def describe_export(study: Study) -> dict[str, Any]:
    """Return facts of the export for the report: name, dates, and the account of every file."""
    given = study.infusions["ADTM"].dropna()
    return {
        "export_name": study.name,
        "synthetic": study.synthetic,
        "source": study.source,
        "recall": study.recall,
        "scale": study.scale_text,
        "first_date": given.min().date().isoformat() if len(given) else None,
        "last_date": given.max().date().isoformat() if len(given) else None,
        "data_cut": study.data_cut.isoformat() if study.data_cut else None,
        "data_cut_is_set": bool(study.settings.data_cut),
        "allocation": study.settings.allocation,
        "intake": [asdict(account) for account in study.intake],
    }
