"""ADAE: adverse events, and who was asked about them, when and about what.

An event is not assessed of whoever was never asked, and that is never zero: every share of this
chapter has those asked as its denominator. What counts as asked is `derive_asked`.

======================== ==================================================================
frame of the study       one row is
======================== ==================================================================
``adae``                 an event
``asked``                a question put to a patient: about one effect, or about all
``infusions``            an infusion (`analysis.adam.adsl.derive_infusions`), with AEASKFL
======================== ==================================================================
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.adam.adsl import days_since_start, is_among, look_up, time_of_day, whole_day
from analysis.intake.codes import NONE_REPORTED, effect_of, load_effects, word_key

OTHER_GROUP = "other"
"""Group of effects that data/codes/ae_terms.csv does not have."""

ASKED_WITHIN_DAYS = 1.0
"""A question up to the day after asks about the infusion; later ones about the time since."""

MINUTE = np.timedelta64(1, "m")

MOST_INFUSIONS = 1_000_000
"""More than any patient has, so that patient and infusion make one number."""

ADAE_COLUMNS = (
    "USUBJID", "AESEQ", "AETERM", "AEDECOD", "AECODE", "AEGRP", "AEBODSYS", "ATOXGRN", "ASTDT",
    "ASTDY", "AENDT", "INFNO", "AEINFDY", "ADURN", "CNSR", "AESOLFL", "TRTEMFL", "AESER",
    "AESHOSP", "AESTOPFL", "AEASKFL",
)  # fmt: skip


def derive_answers(
    events: pd.DataFrame | None, infusions: pd.DataFrame, treatment: pd.DataFrame
) -> pd.DataFrame:
    """Put every row of adverse_events on its patient's clock and beside its infusion.

    Parameters
    ----------
    events : DataFrame or None
        adverse_events of the contract; None where the export has none.
    infusions : DataFrame
        `analysis.adam.adsl.derive_infusions`.
    treatment : DataFrame
        Indexed by USUBJID: TRTSDT, DAY0.

    Returns
    -------
    DataFrame
        Rows of ``events`` in their order, with the columns of ADAE that a row itself gives;
        OCCURFL: whether it happened, missing where the row does not say; SAYSNO: its file writes
        down what did not happen; OPENFL: an effect of such a file's list without an answer.

    Notes
    -----
    An event belongs to the infusion it names; else to the last one on or before its day, with
    AEINFDY days between them.
    """
    given = pd.DataFrame({"patient_id": []}) if events is None else events.reset_index(drop=True)
    frame = pd.DataFrame({"USUBJID": given["patient_id"].astype("str")})

    def column(name: str, kind: str) -> pd.Series:
        own = given[name] if name in given else pd.Series(np.nan, index=given.index)
        return own.astype(kind)

    infused = pd.to_datetime(column("infused_at", "datetime64[s]"))
    began = pd.to_datetime(column("occurred_on", "datetime64[s]"))
    frame["AETERM"] = column("term", "str")
    coded = column("preferred_term", "str")
    frame["AECODE"] = _codes(frame["AETERM"]).fillna(_codes(coded))
    frame["AEDECOD"] = coded.fillna(_labels(frame["AETERM"], frame["AECODE"]))
    groups = {name: effect.group for name, effect in load_effects().items()}
    frame["AEGRP"] = frame["AECODE"].map(groups).astype("str").fillna(OTHER_GROUP)
    frame["AEBODSYS"] = column("body_system", "str")
    frame["ATOXGRN"] = column("grade", "float")
    frame["AENDT"] = pd.to_datetime(column("resolved_on", "datetime64[s]"))
    flags = {
        "AESOLFL": "solicited", "AESER": "serious", "AESHOSP": "hospital_transfer",
        "AESTOPFL": "stopped_infusion", "OCCURFL": "occurred",
    }  # fmt: skip
    for name, own in flags.items():
        frame[name] = column(own, "boolean")
    frame["ASTDT"] = began.fillna(infused)
    frame["FROM"] = column("source_file", "str").fillna("")
    clock = pd.DataFrame(
        {"patient_id": frame["USUBJID"], "assessed_on": frame["ASTDT"]}
        | ({"study_day": given["study_day"]} if "study_day" in given else {})
    )
    frame["ASTDY"] = days_since_start(clock, treatment)[0]
    frame = _beside_infusions(frame, infused, infusions)
    minutes = column("minutes_to_resolution", "float")
    frame = _time_to_resolution(frame, minutes, column("resolved", "boolean"), infusions)
    denied = is_true(~frame["OCCURFL"]) & ~is_true(frame["AECODE"].eq(NONE_REPORTED))
    says_no = denied.groupby(frame["FROM"]).transform("any").astype(bool)
    bare = frame[["ATOXGRN", "ADURN", "AENDT"]].isna().all(axis=1)
    unanswered = frame["OCCURFL"].isna() & is_true(frame["AESOLFL"]) & bare
    return frame.drop(columns="FROM").assign(SAYSNO=says_no, OPENFL=says_no & unanswered)


def is_true(flags: pd.Series) -> pd.Series:
    """Return plain booleans: missing is not true."""
    return flags.astype("boolean").fillna(False).astype(bool)


def _codes(terms: pd.Series) -> pd.Series:
    """Return the code of each term's effect, missing where the list has none."""
    codes = {term: effect_of(str(term)) or None for term in terms.dropna().unique()}
    return terms.map(pd.Series(codes, dtype="str")).astype("str")


def _labels(terms: pd.Series, codes: pd.Series) -> pd.Series:
    """Return the label of each known effect; of others the writing that comes first."""
    labels = {name: effect.label for name, effect in load_effects().items()}
    first: dict[str, str] = {}
    written: dict[str, str] = {}
    for term in terms.dropna().unique():
        written[term] = first.setdefault(word_key(str(term)), " ".join(str(term).split()))
    given = terms.map(pd.Series(written, dtype="str")).astype("str")
    return codes.map(labels).astype("str").fillna(given)


def _beside_infusions(
    frame: pd.DataFrame, infused: pd.Series, infusions: pd.DataFrame
) -> pd.DataFrame:
    """Add INFNO, AEINFDY, and the day of events that only name their infusion."""
    rows = frame[["USUBJID"]].assign(row=frame.index, at=infused, day=infused.dt.normalize())
    given = infusions[["USUBJID", "ADTM", "INFNO"]].assign(day=infusions["ADTM"].dt.normalize())
    named = rows.dropna(subset="day").merge(given.dropna(subset="day"), on=["USUBJID", "day"])
    named["apart"] = (named["at"] - named["ADTM"]).abs()
    named = named.sort_values(["row", "apart", "INFNO"]).drop_duplicates("row")
    number = named.set_index("row")["INFNO"].astype(float).reindex(frame.index)
    left = frame.loc[number.isna() & frame["ASTDY"].notna(), ["USUBJID", "ASTDY"]]
    left = left.assign(row=left.index, day=whole_day(left["ASTDY"])).sort_values("day")
    before = infusions[["USUBJID", "INFNO"]].assign(day=whole_day(infusions["ADY"]))
    before = before.dropna(subset="day").sort_values(["day", "INFNO"])
    if len(left) and len(before):
        found = pd.merge_asof(left, before, on="day", by="USUBJID")
        number = number.fillna(found.set_index("row")["INFNO"].astype(float))
    keys = pd.MultiIndex.from_arrays([frame["USUBJID"], number])
    days = infusions.set_index(["USUBJID", infusions["INFNO"].astype(float)])["ADY"]
    since = days.reindex(keys).set_axis(frame.index).astype(float)
    start = frame["ASTDY"].fillna(since)
    return frame.assign(INFNO=number, ASTDY=start, AEINFDY=whole_day(start) - whole_day(since))


def _time_to_resolution(
    frame: pd.DataFrame, minutes: pd.Series, resolved: pd.Series, infusions: pd.DataFrame
) -> pd.DataFrame:
    """Add ADURN, minutes from the end of the infusion to resolution, and CNSR (1: not yet then).

    Minutes as recorded come first; then times of day, of the end of the infusion where it is known,
    else of the event; an event that had not resolved is followed to discharge. An effect that was
    over with the infusion took 0 minutes. Missing where none of these is known.
    """
    keys = pd.MultiIndex.from_arrays([frame["USUBJID"], frame["INFNO"]])
    of = infusions.set_index(["USUBJID", infusions["INFNO"].astype(float)])
    mine = of[["ADTM", "MINUTES", "DISCHMIN"]].reindex(keys).set_axis(frame.index)
    same_day = frame["AEINFDY"].eq(0)
    started = mine["ADTM"].where(time_of_day(mine["ADTM"]).notna() & same_day)
    ended = started + pd.to_timedelta(mine["MINUTES"], unit="min")
    began = frame["ASTDT"].where(time_of_day(frame["ASTDT"]).notna())
    over = frame["AENDT"].where(time_of_day(frame["AENDT"]).notna())
    by_clock = ((over - ended.fillna(began)) / MINUTE).clip(lower=0)
    still = is_true(~resolved)
    until = mine["DISCHMIN"].where(still & same_day)
    known = minutes.fillna(by_clock.where(~still)).fillna(until)
    censored = still.astype(float).where(known.notna())
    return frame.assign(ADURN=known, CNSR=censored)


def derive_asked(
    answers: pd.DataFrame, infusions: pd.DataFrame, adsl: pd.DataFrame
) -> pd.DataFrame:
    """Return who was asked about adverse events, when and about what.

    Parameters
    ----------
    answers : DataFrame
        `derive_answers`.
    infusions, adsl : DataFrame
        With AEASKFL as the export's own rows say.

    Returns
    -------
    DataFrame
        One row a question: USUBJID, INFNO (the last infusion before it; missing: throughout, or
        before the first), AEINFDY (days since that infusion), AEDECOD (missing: about all effects,
        so that what is not named did not happen), OCCURFL (the answer about AEDECOD).

    Notes
    -----
    A patient was asked about all effects where ``ae_assessed`` says so, of the infusion or of the
    patient (then throughout), and where a row says that none was reported. In a file that writes
    down what did not occur, each answer and each solicited event is about its own effect. In one
    that never does, a solicited event shows that the whole list was put. An event that was
    volunteered shows nothing: nobody may have been asked about the others. A patient without any
    of these was not assessed.
    """
    at_infusion = infusions.loc[is_true(infusions["AEASKFL"]), ["USUBJID", "INFNO"]]
    at_infusion = at_infusion.assign(AEINFDY=0.0)
    throughout = adsl.loc[is_true(adsl["AEASKFL"]), ["USUBJID"]]
    none = is_true(answers["AECODE"].eq(NONE_REPORTED))
    solicited = is_true(answers["AESOLFL"]) & ~answers["OPENFL"] & ~none
    by_name = answers["SAYSNO"] & ~none & (answers["OCCURFL"].notna() | solicited)
    own = ["USUBJID", "INFNO", "AEINFDY", "AEDECOD", "OCCURFL"]
    named = answers[by_name]
    parts = [
        at_infusion,
        throughout,
        answers.loc[none | (solicited & ~answers["SAYSNO"]), own[:3]],
        named.assign(OCCURFL=named["OCCURFL"].fillna(True))[own],
    ]
    frame = pd.concat([part.reindex(columns=own) for part in parts], ignore_index=True)
    kinds = {
        "USUBJID": "str",
        "INFNO": "float",
        "AEINFDY": "float",
        "AEDECOD": "str",
        "OCCURFL": "boolean",
    }
    return frame.astype(kinds).drop_duplicates(ignore_index=True)


def asked_about(asked: pd.DataFrame, effect: str, *, from_day: float = 0.0) -> pd.DataFrame:
    """Return the patients and infusions asked about an effect (AEDECOD), by name or about all.

    Parameters
    ----------
    asked : DataFrame
        `derive_asked`.
    effect : str
    from_day : float
        Asked so many days after the infusion or later: who was asked on the day of the infusion
        only was not asked about what came later. Who was asked throughout always counts.

    Returns
    -------
    DataFrame
        USUBJID and INFNO, each pair once; INFNO missing for patients who were asked throughout.
    """
    own = asked["AEDECOD"].isna() | is_true(asked["AEDECOD"].eq(effect))
    own &= ~(asked["AEINFDY"] < from_day)
    return asked.loc[own, ["USUBJID", "INFNO"]].drop_duplicates(ignore_index=True)


def flag_asked(
    infusions: pd.DataFrame, adsl: pd.DataFrame, asked: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return infusions and ADSL with AEASKFL settled: asked, recorded as not asked, or missing."""
    soon = asked[asked["AEINFDY"] <= ASKED_WITHIN_DAYS]
    place = pd.Series(range(len(adsl)), index=adsl["USUBJID"])

    def number(frame: pd.DataFrame) -> pd.Series:
        return look_up(frame["USUBJID"], place) * MOST_INFUSIONS + frame["INFNO"].astype(float)

    was = look_up(infusions["USUBJID"], adsl.set_index("USUBJID")["AEASKFL"])
    of_infusion = (
        infusions["AEASKFL"].fillna(was).mask(number(infusions).isin(number(soon).dropna()), True)
    )
    any_no = infusions.loc[is_true(~of_infusion), "USUBJID"]
    of_patient = adsl["AEASKFL"].mask(
        adsl["AEASKFL"].isna() & is_among(adsl["USUBJID"], any_no), False
    )
    yes = pd.concat([asked["USUBJID"], infusions.loc[is_true(of_infusion), "USUBJID"]])
    of_patient = of_patient.mask(is_among(adsl["USUBJID"], yes), True)
    return infusions.assign(AEASKFL=of_infusion), adsl.assign(AEASKFL=of_patient)


def derive_adae(answers: pd.DataFrame, infusions: pd.DataFrame, adsl: pd.DataFrame) -> pd.DataFrame:
    """Return one row an adverse event.

    Parameters
    ----------
    answers : DataFrame
        `derive_answers`.
    infusions, adsl : DataFrame
        `flag_asked`.

    Returns
    -------
    DataFrame
        By patient and day: USUBJID, AESEQ, AETERM (as written), AEDECOD (the export's coded term,
        else the label of data/codes/ae_terms.csv, else the term), AECODE (code of that list,
        missing for what it does not have), AEGRP (its group, or ``other``), AEBODSYS (the export's
        own class), ATOXGRN (1 to 5), ASTDT, ASTDY (days since day 0), AENDT, INFNO (infusion it
        belongs to), AEINFDY (days since that), ADURN (minutes from the end of the infusion to
        resolution), CNSR (1: unresolved after ADURN minutes), AESOLFL (solicited), TRTEMFL (on or
        after day 0; missing where the day is not known: in doubt an event counts), AESER, AESHOSP
        (hospital transfer), AESTOPFL (infusion stopped), AEASKFL (its infusion, or where it has
        none its patient, was asked). Flags are missing where the export does not say.

    Notes
    -----
    No event: ``none reported``, ``occurred`` no, and an effect of a list without an answer, grade
    or end, in a file that writes down what did not occur.
    """
    none = is_true(answers["AECODE"].eq(NONE_REPORTED))
    events = answers[~is_true(~answers["OCCURFL"]) & ~none & ~answers["OPENFL"]].copy()
    place = pd.Series(range(len(adsl)), index=adsl["USUBJID"])
    events["place"] = look_up(events["USUBJID"], place)
    events = events.sort_values(["place", "ASTDY"], kind="stable", ignore_index=True)
    events["AESEQ"] = events.groupby("USUBJID").cumcount() + 1
    start = look_up(events["USUBJID"], adsl.set_index("USUBJID")["TRTSDT"])
    begun = events["ASTDY"] >= 0
    timed = time_of_day(events["ASTDT"]).notna() & time_of_day(start).notna()
    begun &= ~(timed & events["AEINFDY"].isna() & (events["ASTDT"] < start))
    events["TRTEMFL"] = begun.astype("boolean").mask(events["ASTDY"].isna())
    keys = pd.MultiIndex.from_arrays([events["USUBJID"], events["INFNO"]])
    at = infusions.set_index(["USUBJID", infusions["INFNO"].astype(float)])["AEASKFL"]
    of_patient = look_up(events["USUBJID"], adsl.set_index("USUBJID")["AEASKFL"])
    own = at.reindex(keys).set_axis(events.index).astype("boolean")
    events["AEASKFL"] = own.where(events["INFNO"].notna(), of_patient)
    return events[list(ADAE_COLUMNS)]
