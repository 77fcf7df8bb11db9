"""A study as a notebook opens it: the analysis datasets of an export under checked settings."""

from __future__ import annotations

import json
import re
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import date
from functools import cached_property, partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from analysis.adam.adae import derive_adae, derive_answers, derive_asked, flag_asked
from analysis.adam.adpain import (
    BASELINE,
    choose_recall,
    derive_adpain,
    derive_baseline,
    derive_change,
    order_visits,
    place_ratings,
)
from analysis.adam.adqs import derive_adop, derive_adqs
from analysis.adam.adsl import (
    Places,
    derive_adsl,
    derive_infusions,
    derive_treatment,
    find_places,
    is_among,
    place_untreated,
)
from analysis.adam.adtte import NEAR_BASELINE, derive_adtte, derive_exact_relief
from analysis.errors import InputError, SettingsError, suggest
from analysis.files import replacing, write_file
from analysis.intake.build import Intake
from analysis.intake.load import Export, as_text, load_export
from analysis.intake.tables import DEFAULT_SCALE, SCALES, TIMES
from analysis.labels import OPEN_SCALE, POINTS, plain_text
from analysis.numbers import count_text
from analysis.results import note
from analysis.settings import AnalysisSettings, make_settings, suite_folder

T = TypeVar("T")

GROUPINGS = {"subtype": "SUBTYP", "protocol": "PROTOCOL", "arm": "ARM", "site": "SITEID"}
"""Columns of ADSL that make subgroups."""

POPULATIONS = ("FASFL", "SAFFL")

EVERY_GROUP = ("all", *GROUPINGS)

KEYS = ["condition", "group_by", "group"]

GroupKey = tuple[str, str, str]


NOBODY: Places = np.zeros(0, dtype=np.intp)

NOT_RECORDED = "not recorded"
"""Group of those whose subtype, protocol, arm or site is blank, so that groups add up to all."""

BY_VISIT = ("adpain", "adtte", "adqs", "adop")
"""Frames in which all texts but ids are categories: a byte a row in place of some twenty."""

FRAMES = (
    "adsl", "adpain", "adtte", "ratings", "infusions", "adae", "asked", "adqs", "qsratings",
    "adop", "opratings",
)  # fmt: skip

LABELS = {
    "USUBJID": "Patient",
    "SITEID": "Site",
    "COND": "Condition",
    "SUBTYP": "Subtype",
    "ARM": "Arm",
    "SEX": "Sex",
    "AGE": "Age at the start (years)",
    "ICD10": "ICD-10-CM code",
    "PROTOCOL": "Protocol",
    "ENRDT": "Date of entry",
    "TRTSDT": "First infusion, or date of entry",
    "TRTEDT": "Last infusion of the initial series",
    "DAY0": "Study day of day 0",
    "EOSDY": "End of the initial series (day)",
    "NINFUS": "Infusions of the initial series",
    "NBOOST": "Infusions after the initial series",
    "BOOSTDY": "First booster (day)",
    "BASE": "Baseline pain",
    "NBASE": "Ratings in the baseline",
    "BASESTAT": "Status of the baseline",
    "PAINSDT": "Pain since",
    "PAINYRS": "Time with pain (years)",
    "NFAILED": "Treatments that failed before",
    "HYPTFL": "Uncontrolled hypertension",
    "HEARTFL": "Heart condition",
    "PSYCHFL": "Active psychosis",
    "PREGFL": "Pregnant or breastfeeding",
    "SUBABFL": "Active substance abuse",
    "SAFFL": "Treated",
    "FASFL": "Full analysis set",
    "FASREAS": "Reason not in the full analysis set",
    "DCUTDT": "Data cut",
    "AVISIT": "Analysis visit",
    "AVISITN": "Week of the analysis visit",
    "ADT": "Date of the rating",
    "ADTM": "Date and time of the infusion",
    "ADY": "Day since day 0",
    "ADYEOS": "Day since the end of the series",
    "AVAL": "Analysis value",
    "CHG": "Change from baseline",
    "PCHG": "Percent change from baseline",
    "CRIT30FL": "Reduced by 30% or more",
    "CRIT50FL": "Reduced by 50% or more",
    "CRITFL": "Pain reduced by the set threshold",
    "CRIT2PFL": "Pain reduced by 2 points or more",
    "WORSEFL": "Worse (pain: up by 30% or more)",
    "BOOSTFL": "Booster before",
    "RATEDFL": "Outcome known",
    "DUEFL": "Visit due at the data cut",
    "DUEREAS": "Why the visit is due or not",
    "DUEDT": "Last day of the visit's window",
    "INSERFL": "In the initial series at the data cut",
    "RECALL": "Recall of the rating",
    "ATM": "Time of the rating (part of the day)",
    "VISIT": "Visit named by the export",
    "ROLE": "Use of the rating",
    "ASERIES": "Series begun before the rating",
    "NLEFT": "Infusions of the series still to come",
    "NSAME": "Ratings averaged",
    "POSTFL": "Analyzed rating after day 0",
    "SERIES": "Series (1 is the initial one)",
    "MINUTES": "Length of the infusion (minutes)",
    "INFNO": "Infusion of the patient (number)",
    "GAPDY": "Days since the infusion before",
    "DOSE": "Ketamine (mg/kg)",
    "CUMDOSE": "Ketamine up to this infusion (mg/kg)",
    "SBPB": "Systolic pressure before (mmHg)",
    "SBPPK": "Systolic pressure, peak (mmHg)",
    "SBPCHG": "Systolic pressure, peak less before",
    "DBPB": "Diastolic pressure before (mmHg)",
    "DBPPK": "Diastolic pressure, peak (mmHg)",
    "DBPCHG": "Diastolic pressure, peak less before",
    "SPO2LOW": "Lowest oxygen saturation (%)",
    "DISCHMIN": "From its end to discharge (minutes)",
    "PHYSFL": "Has physical therapy besides",
    "PSYTFL": "Has psychological treatment besides",
    "OMEDFL": "Has other pain medication besides",
    "AESEQ": "Number of the event",
    "AETERM": "Adverse event as written",
    "AEDECOD": "Adverse event, one word for each kind",
    "AECODE": "Code of the effect",
    "AEGRP": "Group of the effect",
    "AEBODSYS": "Class given by the export",
    "ATOXGRN": "Grade (CTCAE, 1-5)",
    "ASTDT": "Start of the event",
    "ASTDY": "Start of the event (day)",
    "AENDT": "End of the event",
    "AEINFDY": "Days since the infusion",
    "ADURN": "End of infusion to resolution (minutes)",
    "AESOLFL": "Solicited",
    "TRTEMFL": "On or after day 0",
    "AESER": "Serious",
    "AESHOSP": "Transfer to hospital",
    "AESTOPFL": "Infusion stopped for it",
    "AEASKFL": "Asked about adverse events",
    "OCCURFL": "Did occur",
    "QSDOM": "Domain",
    "BETTER": "Change for the better",
    "MICFL": "Better by the minimal important change",
    "ASKFL": "Recorded at any time",
    "OPBASIS": "Whose dose",
    "ANL01FL": "Basis analyzed",
    "STOPFL": "No opioid any more",
    "STARTFL": "Opioid begun",
    "MOREFL": "More than at baseline",
    "STUDYDY": "Study day of the export",
    "PARAMCD": "Parameter code",
    "PARAM": "Parameter",
    "RULE": "Rule of loss",
    "CLOCK": "Start of the clock",
    "STARTDY": "Start of the clock (day)",
    "LDY": "Last day known in relief",
    "RDY": "First day known without relief",
    "CNSR": "Censored (1) or event (0)",
    "EVNTDESC": "Event or censoring",
    "BADDY": "First rating without relief",
    "NRATE": "Ratings in the span",
    "DUEDY": "Followed as long as planned from (day)",
}
"""ADaM label of each column, at most 40 characters."""


class Scale(NamedTuple):
    """A pain scale: its name, the number of no pain, and of the worst pain where it is known."""

    name: str
    low: float
    high: float | None

    @property
    def text(self) -> str:
        """The scale in words: "diary_sum (0 to 140)"."""
        ends = f"{self.low:g} and up, no known end"
        ends = ends if self.high is None else f"{self.low:g} to {self.high:g}"
        return f"{plain_text(self.name)} ({ends})"

    @property
    def note(self) -> str:
        """The scale as a note of a result (`analysis.labels.scale_word`)."""
        name = re.sub(r"[(),;]+", " ", plain_text(self.name))
        if self.high is None:
            return note(OPEN_SCALE, name, f"{self.low:g}")
        return note("own_scale", name, f"{self.low:g}", f"{self.high:g}")


@dataclass(frozen=True, kw_only=True, eq=False)
class Study:
    """Analysis datasets, the settings that made them, and the condition in question.

    What is derived of a study is kept with it, so its frames are read and never changed.

    Parameters
    ----------
    adsl, adpain, adtte : DataFrame
        `analysis.adam.adsl.derive_adsl`, `analysis.adam.adpain.derive_adpain` and
        `analysis.adam.adtte.derive_adtte`; of the condition only, where there is one.
    ratings, infusions : DataFrame
        Every rating with its role, and every infusion with its series, exposure and vital signs.
    adae, asked : DataFrame
        Adverse events, and who was asked about them (`analysis.adam.adae`).
    adqs, qsratings, adop, opratings : DataFrame
        Questionnaires and opioid doses by visit, and each with its role (`analysis.adam.adqs`).
    visits : tuple of str
        Visits in play, in order: those rated in the export, and the analysis visit.
    labels : dict of str to str
        Every condition code known, and its label.
    intake : tuple of Intake
        What became of every line of every file.
    recall : str
        The recall analyzed.
    scales : tuple of Scale
        Those on which its ratings were given.
    """

    name: str
    synthetic: bool
    source: str
    settings: AnalysisSettings
    condition: str
    recall: str
    visits: tuple[str, ...]
    labels: dict[str, str]
    intake: tuple[Intake, ...]
    scales: tuple[Scale, ...]
    adsl: pd.DataFrame = field(repr=False)
    adpain: pd.DataFrame = field(repr=False)
    adtte: pd.DataFrame = field(repr=False)
    ratings: pd.DataFrame = field(repr=False)
    infusions: pd.DataFrame = field(repr=False)
    adae: pd.DataFrame = field(repr=False)
    asked: pd.DataFrame = field(repr=False)
    adqs: pd.DataFrame = field(repr=False)
    qsratings: pd.DataFrame = field(repr=False)
    adop: pd.DataFrame = field(repr=False)
    opratings: pd.DataFrame = field(repr=False)

    @cached_property
    def conditions(self) -> dict[str, str]:
        """Code and label of each condition with a patient, in the order of data/conditions.csv."""
        there = set(self.adsl["COND"].unique())
        return {code: label for code, label in self.labels.items() if code in there}

    @property
    def data_cut(self) -> date | None:
        """Day up to which the export is complete; None where it has study days only."""
        cut = self.adsl["DCUTDT"].max()
        return None if pd.isna(cut) else cut.date()

    @property
    def banner(self) -> str:
        """One line that names the data and says when the patients do not exist."""
        warning = " SYNTHETIC DATA: these patients do not exist." if self.synthetic else ""
        n = count_text(len(self.adsl))
        scale = f" Pain scores: {self.scale_text}."
        return f"{self.name}: {n} patients ({self.condition}).{scale}{warning}"

    @property
    def in_points(self) -> bool:
        """Whether scores are on 0 to 10, so that points of it can be counted."""
        return all(scale.high is not None for scale in self.scales)

    @property
    def scale_text(self) -> str:
        """The scale of the scores in words: as analyzed, and as rated where that is another."""
        if not self.in_points:
            return self.scales[0].text
        own = [scale.text for scale in self.scales if scale.name != DEFAULT_SCALE]
        return POINTS + (f", brought from {' and '.join(own)}" if own else "")

    @property
    def scale_notes(self) -> tuple[str, ...]:
        """Notes that every score carries in the results, none where all are of the suite's own."""
        return tuple(scale.note for scale in self.scales if scale.name not in SCALES)

    def groups(self, population: str = "FASFL", by: Collection[str] = EVERY_GROUP) -> pd.DataFrame:
        """Return every patient of a population once for each group the patient belongs to.

        Parameters
        ----------
        population : {"FASFL", "SAFFL"}
            Flag of ADSL.
        by : collection of str
            Kinds of groups: ``all``, and keys of `GROUPINGS`.

        Returns
        -------
        DataFrame
            condition, group_by, group, USUBJID: each condition and all together (``all``/``all``),
            then its subgroups. A column that is the same for everyone makes no subgroups; patients
            for whom it is blank are a group of their own. Arms are named even where a condition has
            only one, so that a claim about a drug is never judged on the patients of another.
            All conditions together are not split by subtype.
        """
        members = self._members(population, by)
        keys = pd.DataFrame(list(members), columns=KEYS, dtype="str")
        keys = keys.loc[np.repeat(keys.index, [len(at) for at in members.values()])]
        ids = self.adsl["USUBJID"].take(np.concatenate([NOBODY, *members.values()]))
        return keys.reset_index(drop=True).assign(USUBJID=ids.array)

    def _members(self, population: str, by: Collection[str]) -> dict[GroupKey, Places]:
        """Return where in ADSL the patients of each group are."""
        return {key: at for key, at in self._every_group[population].items() if key[1] in by}

    @cached_property
    def _every_group(self) -> dict[str, dict[GroupKey, Places]]:
        return {flag: self._find_groups(self.adsl[flag].to_numpy(bool)) for flag in POPULATIONS}

    def _find_groups(self, is_member: NDArray[np.bool_]) -> dict[GroupKey, Places]:
        names = {by: self.adsl[column].fillna(NOT_RECORDED) for by, column in GROUPINGS.items()}
        coded = {by: pd.factorize(each, sort=True) for by, each in names.items()}
        found = {}
        for condition in self.group_conditions:
            own = is_member if condition == "all" else is_member & (self.adsl["COND"] == condition)
            at = np.flatnonzero(own)
            found[condition, "all", "all"] = at
            for by, (codes, groups) in coded.items():
                there = sorted(np.unique(codes[at]), key=lambda one: groups[one] == NOT_RECORDED)
                has_arms = by == "arm" and self.adsl["ARM"].iloc[at].notna().any()
                if len(there) >= (1 if has_arms else 2) and (by, condition) != ("subtype", "all"):
                    found |= {(condition, by, groups[one]): at[codes[at] == one] for one in there}
        return found

    @property
    def group_conditions(self) -> tuple[str, ...]:
        """Conditions that results are made for: the one in question, or all and each."""
        return ("all", *self.conditions) if self.condition == "all" else (self.condition,)

    def group_keys(
        self, population: str = "FASFL", by: Collection[str] = EVERY_GROUP
    ) -> pd.MultiIndex:
        """Return condition, group_by and group of every group, also of conditions with nobody."""
        every = [(condition, "all", "all") for condition in self.group_conditions]
        there = [key for key in self._members(population, by) if key[1] != "all"]
        return pd.MultiIndex.from_tuples([*every, *there], names=KEYS)

    def stack_groups(
        self,
        frame: pd.DataFrame,
        population: str = "FASFL",
        by: Collection[str] = EVERY_GROUP,
    ) -> pd.DataFrame:
        """Return a frame's rows of a population once for each group the patient belongs to.

        Parameters
        ----------
        frame : DataFrame
            Has USUBJID.
        population, by
            As `groups`, which has the rules.

        Returns
        -------
        DataFrame
            condition, group_by, group and the frame's columns, so that one ``groupby`` over the
            first three gives every group; in the order of conditions, groups and ADSL.
        """
        members = self._members(population, by)
        keys = pd.DataFrame(list(members), columns=KEYS, dtype="str")
        key = np.repeat(np.arange(len(members)), [len(at) for at in members.values()])
        rows, counts = self._find_rows(frame)(np.concatenate([NOBODY, *members.values()]))
        stacked = frame.take(rows)
        stacked = stacked[["USUBJID", *stacked.columns.drop("USUBJID")]].reset_index(drop=True)
        keys = keys.take(np.repeat(key, counts)).reset_index(drop=True)
        return pd.concat([keys, stacked], axis=1)

    def split_groups(
        self, frame: pd.DataFrame, keys: Iterable[GroupKey], population: str = "FASFL"
    ) -> Iterator[tuple[GroupKey, pd.DataFrame]]:
        """Yield each group's key and its rows of a frame, as `stack_groups` has them.

        Of a large frame only one group is held at a time.
        """
        rows_of = self._find_rows(frame)
        for key in keys:
            at = self._every_group[population].get(key, NOBODY)
            yield key, frame.take(rows_of(at)[0])

    def place_groups(
        self,
        frame: pd.DataFrame,
        population: str = "FASFL",
        by: Collection[str] = EVERY_GROUP,
    ) -> dict[GroupKey, Places]:
        """Return where in a frame the rows of each group are: what `stack_groups` repeats."""
        rows_of, members = self._find_rows(frame), self._members(population, by)
        return {key: rows_of(at)[0] for key, at in members.items()}

    def _find_rows(self, frame: pd.DataFrame) -> Callable[[Places], tuple[Places, Places]]:
        """Return what gives the rows of patients at places of ADSL, and how many each has."""
        place = find_places(frame["USUBJID"], self.adsl["USUBJID"])
        order = np.argsort(place, kind="stable")
        firsts = np.searchsorted(place[order], np.arange(len(self.adsl) + 1))

        def rows_of(at: Places) -> tuple[Places, Places]:
            counts = np.diff(firsts)[at]
            within = np.arange(counts.sum()) - np.repeat(counts.cumsum() - counts, counts)
            return order[np.repeat(firsts[at], counts) + within], counts

        return rows_of

    def group_visits(self) -> tuple[pd.DataFrame, dict[GroupKey, Places], pd.DataFrame]:
        """Return ADPAIN, where in it each group is, and the groups and visits of the results.

        Subgroups other than arms are read at the analysis visit, and at the end of the series,
        where claims are.

        Returns
        -------
        rows : DataFrame
            ADPAIN; who has no arm is in one that is not recorded.
        members : dict of group to ndarray of int
            `place_groups` of them.
        keys : DataFrame
            condition, group_by, group, AVISIT; also those with nobody.
        """
        visits = pd.Series(self.visits, name="AVISIT")
        keys = self.group_keys().to_frame(index=False).merge(visits, how="cross")
        looked = keys["AVISIT"].isin([self.settings.analysis_visit, "end"])
        rows = self.adpain.assign(ARM=self.adpain["ARM"].fillna(NOT_RECORDED))
        return rows, self.place_groups(rows), keys[keys["group_by"].isin(["all", "arm"]) | looked]


def split_visits(
    frame: pd.DataFrame, members: Mapping[GroupKey, Places], keys: pd.DataFrame
) -> Iterator[tuple[tuple[str, ...], pd.DataFrame]]:
    """Yield each key, a line of ``keys`` (`Study.group_visits`), and its rows of a frame."""
    codes, names = pd.factorize(frame["AVISIT"])
    places = {name: place for place, name in enumerate(names)}
    for *group, visit in keys.itertuples(index=False, name=None):
        rows = members.get(tuple(group), NOBODY)
        yield (*group, visit), frame.take(rows[codes[rows] == places.get(visit, -2)])


def open_study(
    *,
    export: str,
    mapping: str = "",
    datasets: str = "",
    condition: str = "all",
    settings: Mapping[str, Any] | None = None,
) -> Study:
    """Open a study for a notebook.

    Parameters
    ----------
    export, mapping : str
        Export and mapping file, from the working folder or else the suite's; an empty mapping
        means the export's own.
    datasets : str
        Folder of prepared datasets (`write_study`), which bring their settings along. Empty: load
        and derive now.
    condition : str
        Condition code, or ``all``; it narrows every frame.
    settings : mapping
        Values of the parameters cell. A mapping file may fix settings for its export; a value that
        is not the suite's default wins over them.

    Raises
    ------
    SettingsError
        Unknown condition, analysis visit or setting, wrong type or range.
    InputError
        The export cannot be read.
    """
    if datasets:
        return load_study(find_path(datasets), condition)
    given = dict(settings or {})
    loaded = load_export(find_path(export), find_path(mapping) if mapping else None)
    chosen = make_settings(given, where="the parameters cell")
    own = {k: v for k, v in given.items() if v != AnalysisSettings.model_fields[k].default}
    merged = make_settings({**chosen.model_dump(), **loaded.settings, **own}, where="the mapping")
    return narrow(derive_study(loaded, merged), condition)


def find_path(text: str) -> Path:
    """Return a path from the working folder, else from the suite's (``data/demo``)."""
    path = Path(text).expanduser()
    if path.is_absolute() or path.exists():
        return path
    own = suite_folder() / path
    return own if own.exists() else path


def derive_study(export: Export, settings: AnalysisSettings, *, durations: bool = True) -> Study:
    """Derive the analysis datasets of an export, for all conditions; ADTTE only with durations.

    Raises
    ------
    InputError
        No day 0 can be found, a rating cannot be put on its patient's clock, or no rating has the
        recall to analyze.
    SettingsError
        The analysis visit is one that neither the suite nor the export knows. A visit of the suite
        without a rating is no error: the report says that nobody was seen then.
    """
    export, whole = _of_whole(export, settings)
    frames = _derive_ratings(export.tables, whole)
    whole = _with_visits(whole, _days_at_visits(frames))
    derived = _derive_visits(dict(export.tables), whole, frames, durations=durations)
    return Study(**_about(export, whole), **dict(derived))


def derive_into(folder: Path, export: Export, settings: AnalysisSettings) -> Study:
    """Derive the analysis datasets and write each as it is made, so that few are held at a time.

    Parameters
    ----------
    folder : Path
        Gets what `write_study` writes.
    export : Export
        Its tables are taken out of it as they are used up; none is left.
    settings : AnalysisSettings

    Returns
    -------
    Study
        `load_study` of the folder.

    Raises
    ------
    InputError, SettingsError
        As `derive_study`.
    """
    tables = export.tables
    export, whole = _of_whole(export, settings)
    if export.tables is not tables:  # with days that it did not have
        tables.clear()
    frames = _derive_ratings(export.tables, whole)
    for name in ("patients", "pain_scores"):
        export.tables.pop(name)
    whole = _with_visits(whole, _days_at_visits(frames))
    folder.mkdir(parents=True, exist_ok=True)
    for name, frame in _derive_visits(export.tables, whole, frames):
        _write_frame(name, frame, folder)
    _write_about(_about(export, whole), folder)
    return load_study(folder)


OF_PAIN = ("patients", "pain_scores", "infusions")
"""Tables that a study of a part is derived from."""

RATINGS_A_PART = 400_000
"""Ratings derived at a time by `derive_in_parts`: some 200 MB, and a second or two."""


def derive_in_parts(
    export: Export,
    settings: AnalysisSettings,
    reduce: Callable[[Study], T],
    *,
    durations: bool = False,
    ratings_a_part: int = RATINGS_A_PART,
    workers: int = 1,
) -> list[T]:
    """Derive an export that is too large for `derive_study` some patients at a time.

    Parameters
    ----------
    export : Export
        `analysis.intake.load.load_export`, best with ``categorical``.
    settings : AnalysisSettings
    reduce : callable
        Makes of the study of one part what is kept of it, such as counts by condition and visit.
        With several workers it must be a function of a module.
    durations : bool
        Whether the parts have ADTTE; it is empty otherwise.
    ratings_a_part : int
        About how many ratings a part has; a patient is in one part only.
    workers : int
        Parts derived side by side, each in a process of its own.

    Returns
    -------
    list
        What ``reduce`` returned for each part, in the order of the patients table.

    Raises
    ------
    InputError, SettingsError
        As `derive_study`; the counts of a sentence are those of one part.

    Notes
    -----
    What depends on all patients (recall, data cut, visits and their typical days) is settled on all
    of them first, so that the parts together are what `derive_study` gives. Visits that nobody was
    rated at are among those of the parts. The parts are of pain: events, questionnaires and doses
    are left out of them, as if the export had none.
    """
    export, whole = _of_whole(export, settings)
    patients, scores = export.tables["patients"], export.tables["pain_scores"]
    n = max(1, -(-len(patients) * ratings_a_part // max(1, len(scores))))
    workers = min(workers, -(-len(patients) // n))
    tables = {name: export.tables[name] for name in OF_PAIN if name in export.tables}
    parts = partial(_split_patients, tables, n)
    planned = {BASELINE, *(visit.name for visit in settings.schedule)}
    if set(scores.get("visit", pd.Series()).dropna().unique()) <= planned:
        names = pd.Series([visit.name for visit in settings.schedule], dtype="str")
        days = pd.DataFrame({"AVISIT": names, "ADYEOS": np.nan})
    else:
        work = partial(_part_days, whole=whole)
        days = pd.concat(_map_parts(work, parts(), workers))
    whole = _with_visits(whole, days)
    about = replace(export, tables={})
    work = partial(_reduce_part, about, whole, reduce, durations)
    return list(_map_parts(work, parts(), workers))


Tables = dict[str, pd.DataFrame]


@dataclass(frozen=True, kw_only=True)
class _Whole:
    """What is known from all patients of an export only, and the same for each part of it.

    ``settings`` are those that fit the scale; ``untreated`` is `place_untreated` where the export
    has no infusions, None where it has; ``visits`` are those in play, ``typical_days`` their median
    days after the series.
    """

    recall: str
    data_cut: pd.Timestamp
    settings: AnalysisSettings
    scales: tuple[Scale, ...]
    untreated: pd.DataFrame | None
    visits: tuple[str, ...] = ()
    typical_days: dict[str, float] = field(default_factory=dict)


class _Frames(NamedTuple):
    adsl: pd.DataFrame
    ratings: pd.DataFrame
    infusions: pd.DataFrame
    treatment: pd.DataFrame


def _of_whole(export: Export, settings: AnalysisSettings) -> tuple[Export, _Whole]:
    export = _with_day_zero(export, settings)
    patients, scores = export.tables["patients"], export.tables["pain_scores"]
    given = export.tables.get("infusions")
    treated = given is not None and not given.empty
    untreated = None if treated else place_untreated(patients, scores, settings)
    recall = choose_recall(scores["recall"], settings.recall)
    scales = _scales_of(export, recall)
    if any(scale.high is None for scale in scales):
        settings = _without_points(settings, scales[0])
    return export, _Whole(
        untreated=untreated,
        recall=recall,
        data_cut=_data_cut(export, settings),
        settings=settings,
        scales=scales,
    )


def _derive_ratings(tables: Tables, whole: _Whole) -> _Frames:
    patients, settings = tables["patients"], whole.settings
    infusions = derive_infusions(tables.get("infusions"), gap_days=settings.series_gap_days)
    if whole.untreated is None:
        treatment = derive_treatment(infusions, day0_study_day=settings.day0_study_day)
    else:
        mine = whole.untreated.index.isin(patients["patient_id"].astype("str"))
        treatment = whole.untreated[mine]
    ratings = place_ratings(
        tables["pain_scores"],
        treatment,
        infusions,
        recall=whole.recall,
        baseline_window_days=settings.baseline_window_days,
        schedule=settings.schedule,
        visit_score=settings.visit_score,
    )
    baseline = derive_baseline(ratings, minimum_score=settings.minimum_baseline_score)
    adsl = derive_adsl(
        patients,
        treatment,
        baseline,
        data_cut=whole.data_cut,
        series_gap_days=settings.series_gap_days,
    )
    return _Frames(adsl, derive_change(ratings, baseline), infusions, treatment)


def _days_at_visits(frames: _Frames) -> pd.DataFrame:
    """Return AVISIT and ADYEOS of the ratings that stand for a visit after day 0."""
    ratings = frames.ratings
    at_visit = ratings["POSTFL"] & (ratings["ROLE"] == ratings["AVISIT"])
    return ratings.loc[at_visit, ["AVISIT", "ADYEOS"]]


def _with_visits(whole: _Whole, days: pd.DataFrame) -> _Whole:
    """Settle the visits in play, once it is known when all patients were rated at them."""
    settings = whole.settings
    schedule = settings.schedule
    visits = order_visits(days, schedule)
    known = list(dict.fromkeys([*(each.name for each in schedule), *visits]))
    if settings.analysis_visit not in known:
        raise SettingsError(
            f"analysis_visit is '{settings.analysis_visit}', and no rating of the export is at "
            f"such a visit.{suggest(settings.analysis_visit, known)} Visits: {', '.join(known)}."
        )
    typical = days.groupby("AVISIT")["ADYEOS"].median()
    return replace(
        whole,
        visits=tuple(dict.fromkeys([*visits, settings.analysis_visit])),
        typical_days={str(name): float(day) for name, day in typical.items()},
    )


def _about(export: Export, whole: _Whole) -> dict[str, Any]:
    """Return what a study says of its export, by the names of its fields."""
    return {
        "name": export.name,
        "synthetic": export.synthetic,
        "source": export.source,
        "settings": whole.settings,
        "condition": "all",
        "recall": whole.recall,
        "visits": whole.visits,
        "labels": export.conditions.labels,
        "intake": export.intake,
        "scales": whole.scales,
    }


def _derive_visits(
    tables: Tables, whole: _Whole, frames: _Frames, *, durations: bool = True
) -> Iterator[tuple[str, pd.DataFrame]]:
    """Give each dataset with its name, texts that repeat as categories (`BY_VISIT`)."""
    for name, frame in _derive_frames(tables, whole, frames, durations):
        texts = frame.select_dtypes("str").columns.drop("USUBJID") if name in BY_VISIT else ()
        yield name, frame.astype({text: _dtype_of(frame[text]) for text in texts})


def _dtype_of(texts: pd.Series) -> pd.CategoricalDtype | str:
    """Return the type of texts as categories in the order of the alphabet, if there are any.

    A blank group can be filled with `NOT_RECORDED`.
    """
    blank = [NOT_RECORDED] if texts.name in GROUPINGS.values() else []
    found = list(texts.dropna().unique())
    return pd.CategoricalDtype(pd.Index(sorted({*found, *blank}), dtype="str")) if found else "str"


def _derive_frames(
    tables: Tables, whole: _Whole, frames: _Frames, durations: bool
) -> Iterator[tuple[str, pd.DataFrame]]:
    """Give each dataset with its name, and take the tables they are made of out of ``tables``."""
    adsl, ratings, infusions, treatment = frames
    settings, in_points = whole.settings, all(scale.high is not None for scale in whole.scales)
    threshold, schedule = settings.responder_threshold_pct, settings.schedule
    answers = derive_answers(tables.pop("adverse_events", None), infusions, treatment)
    asked = derive_asked(answers, infusions, adsl)
    infusions, adsl = flag_asked(infusions, adsl, asked)
    yield from {"adsl": adsl, "infusions": infusions, "asked": asked, "ratings": ratings}.items()
    yield "adae", derive_adae(answers, infusions, adsl)
    del answers, asked
    alike = (adsl, treatment, infusions, settings)
    yield from zip(
        ("qsratings", "adqs"), derive_adqs(tables.pop("questionnaires", None), *alike), strict=True
    )
    yield from zip(
        ("opratings", "adop"), derive_adop(tables.pop("opioid_use", None), *alike), strict=True
    )
    yield (
        "adpain",
        derive_adpain(
            adsl,
            ratings,
            whole.visits,
            schedule=schedule,
            threshold_pct=threshold,
            in_points=in_points,
            typical_days=whole.typical_days,
        ),
    )
    ends = tables.pop("relief_ends", None)
    yield (
        "adtte",
        derive_adtte(
            adsl if durations else adsl.iloc[:0],
            ratings,
            threshold_pct=threshold,
            visits=schedule,
            in_points=in_points,
            exact=derive_exact_relief(ends, tables.pop("infusions", None), adsl),
        ),
    )


def _scales_of(export: Export, recall: str) -> tuple[Scale, ...]:
    """Return the scales of the ratings of a recall."""
    scores = export.tables["pain_scores"]
    names = [DEFAULT_SCALE]
    if "scale" in scores:
        names = sorted(scores.loc[scores["recall"] == recall, "scale"].unique())
    return tuple(Scale(name, *export.scales[name]) for name in names)


def _without_points(settings: AnalysisSettings, scale: Scale) -> AnalysisSettings:
    """Return the settings for a scale without a known end, on which a point has no known size.

    SettingsError where what counts points was asked for.
    """
    default = AnalysisSettings.model_fields["minimum_baseline_score"].default
    asked = {
        "minimum_baseline_score": settings.minimum_baseline_score not in (0, default),
        "loss_rule": settings.loss_rule == NEAR_BASELINE,
    }
    for name in (name for name, is_asked in asked.items() if is_asked):
        raise SettingsError(
            f"{name} is {getattr(settings, name)}, which counts points of 0 to 10, and the scale "
            f"{scale.text} cannot be brought to it. Leave the setting out, or say under `scales` "
            "in the mapping where the scale ends (`high`)."
        )
    return settings.model_copy(update={"minimum_baseline_score": 0.0})


def _part_days(tables: Tables, *, whole: _Whole) -> pd.DataFrame:
    return _days_at_visits(_derive_ratings(tables, whole))


def _reduce_part(
    about: Export,
    whole: _Whole,
    reduce: Callable[[Study], T],
    durations: bool,
    tables: Tables,
) -> T:
    frames = _derive_ratings(tables, whole)
    derived = dict(_derive_visits({}, whole, frames, durations=durations))
    return reduce(Study(**_about(about, whole), **derived))


def _split_patients(tables: Tables, patients_a_part: int) -> Iterator[Tables]:
    """Yield the tables of some patients after the other, in the order of the patients table."""
    order = pd.Index(tables["patients"]["patient_id"].astype("str"))
    n = -(-len(order) // patients_a_part)
    rows, cuts = {}, {}
    for name, frame in tables.items():
        ids = frame["patient_id"].astype("category").cat
        part = (order.get_indexer(ids.categories.astype("str")) // patients_a_part)[ids.codes]
        rows[name] = np.argsort(part.astype(np.int16 if n < 2**15 else np.int64), kind="stable")
        cuts[name] = np.r_[0, np.bincount(part, minlength=n).cumsum()]
    for at in range(n):
        part_of = {
            name: frame.iloc[rows[name][cuts[name][at] : cuts[name][at + 1]]]
            for name, frame in tables.items()
        }
        yield {name: as_text(frame.reset_index(drop=True)) for name, frame in part_of.items()}


def _map_parts(work: Callable[[Tables], T], parts: Iterator[Tables], workers: int) -> Iterator[T]:
    """Yield what ``work`` makes of each part, in order, with few parts in memory at a time."""
    if workers == 1:
        yield from map(work, parts)
        return
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        waiting: deque[Future[T]] = deque()
        for tables in parts:
            waiting.append(pool.submit(work, tables))
            if len(waiting) > workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def _with_day_zero(export: Export, settings: AnalysisSettings) -> Export:
    """Return the export with the day before study day 1 as day 0, where its calendar has none.

    In ADaM the day of the first dose is day 1 and the day before it day -1. An export is read so
    when it has negative study days and no day 0, and treatment begins on study day 1.
    """
    tables: dict[str, pd.DataFrame] = {
        name: export.tables[name] for name in export.tables if "study_day" in export.tables[name]
    }
    if not tables:
        return export
    days = pd.concat([frame["study_day"] for frame in tables.values()])
    begins = pd.Series([settings.day0_study_day])
    if "infusions" in tables and tables["infusions"]["study_day"].notna().any():
        begins = tables["infusions"].groupby("patient_id")["study_day"].min().dropna()
    if not begins.eq(1).all() or not days.lt(0).any() or days.between(0, 1, "left").any():
        return export
    moved: dict[str, pd.DataFrame] = {
        name: frame.assign(
            study_day=frame["study_day"].mask(frame["study_day"] < 0, lambda d: d + 1)
        )
        for name, frame in tables.items()
    }
    note = (
        "no study day is 0 and treatment begins on day 1: day -1 is the day before it, as in ADaM"
    )
    first, *others = export.intake
    first = replace(first, notes=(*first.notes, note))
    return replace(export, tables={**export.tables, **moved}, intake=(first, *others))


def _data_cut(export: Export, settings: AnalysisSettings) -> pd.Timestamp:
    """Return the data cut of the settings, else the last date of the export, else NaT."""
    if settings.data_cut:
        try:
            return pd.Timestamp(date.fromisoformat(settings.data_cut))
        except ValueError:
            raise SettingsError(
                f"data_cut is '{settings.data_cut}'; write the day as 2024-01-31."
            ) from None
    last = [
        pd.to_datetime(export.tables[table][column]).max()
        for table, column in (("patients", "enrolled_on"), *TIMES)
        if table in export.tables and column in export.tables[table]
    ]
    known = [day.normalize() for day in last if not pd.isna(day)]
    return max(known) if known else pd.NaT


def narrow(study: Study, condition: str) -> Study:
    """Return the study with the patients of a condition only; all of them for ``all``.

    Raises
    ------
    SettingsError
        The condition is no code of the suite or of the export.
    """
    _check_condition(condition, study.labels)
    if condition == "all":
        return study
    ids = study.adsl.loc[study.adsl["COND"] == condition, "USUBJID"]
    frames = {name: getattr(study, name) for name in FRAMES}
    own = {
        name: f[is_among(f["USUBJID"], ids)].reset_index(drop=True) for name, f in frames.items()
    }
    return replace(study, condition=condition, **own)


def _check_condition(condition: str, labels: Collection[str]) -> None:
    known = ["all", *labels]
    if condition not in known:
        raise SettingsError(
            f"there is no condition '{condition}'.{suggest(condition, known)} "
            f"Known: {', '.join(known)}."
        )


def write_study(study: Study, folder: Path) -> None:
    """Write the datasets as labelled Parquet, with a small JSON beside them."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in FRAMES:
        _write_frame(name, getattr(study, name), folder)
    _write_about({f.name: getattr(study, f.name) for f in fields(Study)}, folder)


def _write_frame(name: str, frame: pd.DataFrame, folder: Path) -> None:
    table = pa.Table.from_pandas(frame, preserve_index=False)
    labelled = [item.with_metadata({"label": LABELS[item.name]}) for item in table.schema]
    schema = pa.schema(labelled, metadata=table.schema.metadata)
    with replacing(folder / f"{name}.parquet") as part:
        pq.write_table(table.cast(schema), part)


def _write_about(about: Mapping[str, Any], folder: Path) -> None:
    told = {name: value for name, value in about.items() if name not in FRAMES}
    told["settings"] = about["settings"].model_dump()
    told["intake"] = [asdict(account) for account in about["intake"]]
    write_file(folder / "study.json", json.dumps(told, indent=1))


class _StoredStudy(Study):
    """A study of which a frame is read when it is first asked for: no notebook needs them all."""

    _folder: Path

    def __getattr__(self, name: str) -> pd.DataFrame:
        if name not in FRAMES:
            raise AttributeError(name)
        file, everyone = self._folder / f"{name}.parquet", self.condition == "all"
        has_condition = "COND" in pq.read_schema(file).names
        chosen = None if everyone or not has_condition else [("COND", "==", self.condition)]
        frame = pd.read_parquet(file, filters=chosen)
        if not everyone and not has_condition:
            frame = frame[is_among(frame["USUBJID"], self.adsl["USUBJID"])].reset_index(drop=True)
        self.__dict__[name] = frame = _in_seconds(frame)
        return frame


def load_study(folder: Path, condition: str = "all") -> Study:
    """Return what `write_study` wrote, or the patients of a condition only.

    Raises
    ------
    InputError
        It is not there.
    SettingsError
        As `narrow`.
    """
    lost = [name for name in FRAMES if not (folder / f"{name}.parquet").is_file()]
    try:
        about = json.loads((folder / "study.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        lost = ["study.json"]
    if lost:
        raise InputError(f"{folder} holds no analysis datasets: {lost[0]} is missing.")
    _check_condition(condition, about["labels"])
    about["condition"] = condition
    about["settings"] = make_settings(about["settings"], where="study.json")
    about["visits"] = tuple(about["visits"])
    about["scales"] = tuple(Scale(*item) for item in about["scales"])
    about["intake"] = tuple(Intake.from_json(item) for item in about["intake"])
    study = _StoredStudy.__new__(_StoredStudy)
    study.__dict__.update(about, _folder=folder.absolute())
    return study


def _in_seconds(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a frame with times in seconds, which Parquet keeps in milliseconds."""
    return frame.astype(dict.fromkeys(frame.select_dtypes("datetime"), "datetime64[s]"))
