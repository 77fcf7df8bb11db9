"""What moved between two runs, what moved it, and which verdicts flipped.

What moved is attributed by recomputing. Starting from A's export and settings, B's are put in one
kind after the other, in the order of ``STEPS``, and the notebooks run after each step; the change a
step makes is its part. Parts depend on that order, which is why it is stated and never chosen. What
the present code makes of a run's own data and settings, less what the run wrote, is due to code.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd

from analysis.adam.study import Study, derive_study, write_study
from analysis.errors import InputError, ReliefcheckError, RunError
from analysis.files import read_plain, sha256_of
from analysis.intake.load import Export, load_export
from analysis.intake.tables import TABLES, load_conditions
from analysis.labels import MEASURES, VERDICTS, plain_text, visit_word, word, words_in
from analysis.numbers import DECIMALS, MINUS, count_text, estimate_text, number_text, quantity_text
from analysis.report.tables import group_word, population_word, response_word
from analysis.results import read_results, rows_of
from analysis.run.data import load_tables, name_files
from analysis.run.execute import LocalExecutor, default_engine
from analysis.run.folder import scratch
from analysis.run.plan import ALL, JUDGES, find_notebooks, make_plan, notebook_folder, number_of
from analysis.run.reuse import LEDGER, RUN_FILE, digest_code
from analysis.run.session import DATA, RESULTS, installed_versions
from analysis.settings import AnalysisSettings, make_settings

NEW, GONE, CORRECTED, LATE = "new_patients", "patients_gone", "corrected_values", "late_follow_up"
SETTINGS, CODE = "settings", "code"

STEPS = words_in("diff_steps")
"""What can differ between two runs, in the order in which parts are attributed."""

QUANTITIES = ("value", "low", "high")
ROUNDING = 1e-9
"""Numbers this close, as a share, are the same: sums in another order."""

UNIT_KEYS = {
    "patients": ["patient_id"],
    "pain_scores": ["patient_id", "assessed_on", "study_day", "visit", "recall"],
    "infusions": ["patient_id", "infused_at", "study_day"],
    "relief_ends": ["patient_id", "infused_at"],
    "adverse_events": ["patient_id", "infused_at", "occurred_on", "study_day", "term"],
    "opioid_use": ["patient_id", "assessed_on", "study_day", "visit", "drug", "route", "basis"],
    "questionnaires": ["patient_id", "assessed_on", "study_day", "visit", "instrument"],
}
"""What makes a row the same patient, the same rating, the same infusion."""

STANDS_FOR = {"pain_scores": ["patient_id", "visit", "recall"], "infusions": ["patient_id"]}
"""Rows alike in these may be the same one under another date."""

MOMENTS = ["study_day", "assessed_on", "infused_at", "occurred_on", "ended_at"]
NOUNS = {
    "pain_scores": "ratings", "infusions": "infusions", "relief_ends": "ends of relief",
    "adverse_events": "adverse events",
    "opioid_use": "opioid doses", "questionnaires": "questionnaires",
}  # fmt: skip
READING = ("reading", "cited_low", "cited_high", "unit")
"""Fields of a judgment that the ledger fixes."""


# --- what a run left ----------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class RunData:
    """A run as it was written: run.json, results, judgments, and its export where it kept one."""

    name: str
    about: Mapping[str, Any]
    settings: AnalysisSettings
    results: pd.DataFrame
    claims: Mapping[str, Mapping[str, Any]]
    export: Export | None
    ledger: Path | None = None  # as it was judged; None where the run kept none


def load_run(
    folder: Path, export: Path | None = None, mapping: Path | None = None, also: Iterable[Path] = ()
) -> RunData:
    """Load what a run left, with the export given in place of data that it did not keep.

    Raises
    ------
    InputError
        No run folder, a damaged one, or an export that is not the run's.
    """
    try:
        about = json.loads(read_plain(folder / RUN_FILE))
        settings = make_settings(about["settings"], where=f"{folder.name}/{RUN_FILE}")
        claims = json.loads(read_plain(folder / "claims.json"))
        judged = {each["claim_id"]: each for each in claims}
        results = by_id(pd.read_parquet(folder / "results.parquet"))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"{folder} is no finished run that can be compared ({error}).") from None
    kept: Export | None = None
    if export is not None:
        kept = load_export(export, mapping, also=also)
        wrong = dict(name_files(kept.files).items() ^ about["inputs"].items())
        if wrong:
            raise InputError(f"{export} is not the export of this run: {', '.join(sorted(wrong))}.")
    elif (folder / DATA).is_dir():
        kept = load_tables(folder / DATA / "tables")
    return RunData(
        name=folder.resolve().name, about=about, settings=settings, results=results,
        claims=judged, export=kept,
        ledger=folder.resolve() / LEDGER if (folder / LEDGER).is_file() else None,
    )  # fmt: skip


def by_id(results: pd.DataFrame) -> pd.DataFrame:
    """Return a results frame with the name of each row as its index."""
    plain = results.drop(columns="result_id", errors="ignore")
    return plain.set_axis(pd.Index([row.result_id for row in rows_of(plain)], name="result_id"))


# --- what differs in the data -------------------------------------------------------------------


def tag_rows(name: str, a: pd.DataFrame | None, b: pd.DataFrame | None, shared: Collection[str]
) -> tuple[pd.Series, pd.Series]:  # fmt: skip
    """Give every row of a table in two exports the step that it belongs to, or "same".

    ``shared`` are the patients of both. Of a patient's ratings (of one visit and recall) or
    infusions that only one export has, the first of A and the first of B in time are one under
    another date, and so on; what is left over on one side came late.
    """
    own, other = _units(name, a), _units(name, b)
    tags = _tag(own, other, shared, GONE), _tag(other, own, shared, NEW)
    pairs = [_pair_names(*side) for side in zip((own, other), tags, strict=True)]
    for tag, mine, theirs in ((tags[0], *pairs), (tags[1], *reversed(pairs))):
        tag[mine.index[mine.isin(theirs)]] = CORRECTED
    return tags


def _units(name: str, frame: pd.DataFrame | None) -> pd.DataFrame:
    """Return of each row its patient, unit, recorded values, group of interchange, and moment."""
    given = frame if frame is not None else pd.DataFrame({"patient_id": pd.Series(dtype="str")})
    plain = pd.DataFrame(
        {column.name: _plain(given, column.name, column.kind) for column in TABLES[name].columns}
    )
    hashed = pd.util.hash_pandas_object
    unit = hashed(plain[UNIT_KEYS[name]], index=False)
    values = hashed(plain.drop(columns=UNIT_KEYS[name]), index=False)
    return plain[[each for each in MOMENTS if each in plain]].assign(
        patient=plain["patient_id"],
        unit=unit,
        value=values.groupby(unit).transform("sum"),  # whatever the order of a unit's rows
        group=hashed(plain[STANDS_FOR.get(name, ["patient_id"])], index=False),
    )


def _plain(frame: pd.DataFrame, name: str, kind: str) -> pd.Series:
    """Return a column in one type whatever the file's; absent columns are missing everywhere."""
    is_text = kind in ("id", "text", "category", "word")
    if name not in frame:
        missing = "" if is_text else np.nan
        return pd.Series(missing, index=frame.index, dtype="str" if is_text else float)
    values = frame[name]
    if is_text:
        return values.astype("str").fillna("")
    if kind in ("date", "datetime"):
        seconds = pd.to_datetime(values).astype("datetime64[s]").astype("int64")
        return seconds.astype(float).where(values.notna())
    return values.astype("Float64").astype(float)


def _tag(own: pd.DataFrame, other: pd.DataFrame, shared: Collection[str], only: str) -> pd.Series:
    values = other.groupby("unit")["value"].first()
    present = own["unit"].isin(values.index).to_numpy()
    # Filled with 0 and not with NaN: as floats, these 64-bit names would lose their last digits.
    theirs = values.reindex(own["unit"], fill_value=0).to_numpy()
    same = present & (own["value"].to_numpy() == theirs)
    known = own["patient"].isin(shared).to_numpy()
    tags = np.select([~known, same, present], [only, "same", CORRECTED], default=LATE)
    return pd.Series(tags, index=own.index, dtype="str")


def _pair_names(side: pd.DataFrame, tags: pd.Series) -> pd.Series:
    """Return for each late row the name of its place among those it may be exchanged with."""
    late = side[tags == LATE]
    first = late.sort_values([each for each in MOMENTS if each in late], kind="stable")
    first = first.drop_duplicates("unit")
    names = first["group"].astype("str") + "/" + first.groupby("group").cumcount().astype("str")
    return late["unit"].map(dict(zip(first["unit"], names, strict=True))).astype("str")


@dataclass(frozen=True, kw_only=True)
class Changes:
    """Two exports with the step that every row belongs to, by table and side."""

    before: Export
    after: Export
    tags: Mapping[str, tuple[pd.Series, pd.Series]]

    @classmethod
    def between(cls, before: Export, after: Export) -> Changes:
        """Compare two exports; patient ids must mean the same person in both."""
        ids = [set(each.tables["patients"]["patient_id"]) for each in (before, after)]
        tags = {
            name: tag_rows(name, before.tables.get(name), after.tables.get(name), ids[0] & ids[1])
            for name in UNIT_KEYS
        }
        return cls(before=before, after=after, tags=tags)

    def count(self, step: str) -> dict[str, int]:
        """Return what a step touches: patients, ratings and infusions, those above 0 only."""
        found = {"patients": len(self._patients_of(step))}
        for table, noun in NOUNS.items():
            n = [int((tags == step).sum()) for tags in self.tags[table]]
            found[noun] = max(n) if step == CORRECTED else sum(n)
        return {noun: n for noun, n in found.items() if n}

    def _patients_of(self, step: str) -> set[str]:
        ids: set[str] = set()
        for table, pair in self.tags.items():
            for export, tags in zip((self.before, self.after), pair, strict=True):
                if table in export.tables:
                    ids |= set(export.tables[table].loc[tags == step, "patient_id"])
        return ids

    def mix(self, applied: Collection[str]) -> Export:
        """Return A's export with the rows of some steps as in B; A's patients stay in their order.

        All steps together give B's own export.
        """
        differ = {step for step in STEPS if self.count(step)}
        if not differ & set(applied):
            return self.before
        if differ <= set(applied):
            return self.after
        tables = {name: self._mix_table(name, applied) for name in self.tags}
        kept = {n: frame for n, frame in tables.items() if len(frame) or TABLES[n].required}
        labels = self.after.conditions.labels
        conditions = self.before.conditions.extended(labels)
        scales = {**self.after.scales, **self.before.scales}
        return replace(self.before, tables=kept, conditions=conditions, scales=scales)

    def _mix_table(self, name: str, applied: Collection[str]) -> pd.DataFrame:
        empty = pd.DataFrame({"patient_id": pd.Series(dtype="str")})
        before, after = (each.tables.get(name, empty) for each in (self.before, self.after))
        of_before, of_after = self.tags[name]
        parts = [before[~of_before.isin(applied)], after[of_after.isin(applied)]]
        # Columns without a value, joined to filled ones, would blur the type.
        filled = [part.dropna(axis="columns", how="all") for part in parts if len(part)]
        frame = pd.concat(filled or [before.iloc[:0]], ignore_index=True)
        for column in before.columns.intersection(after.columns).difference(frame.columns):
            frame[column] = before[column].iloc[:0].reindex(frame.index)
        ids = pd.concat(
            [each.tables["patients"]["patient_id"] for each in (self.before, self.after)]
        )
        place = {patient: number for number, patient in enumerate(dict.fromkeys(ids))}
        order = ["place", *(each for each in MOMENTS if each in frame)]
        frame["place"] = frame["patient_id"].map(place)
        return frame.sort_values(order, kind="stable", ignore_index=True).drop(columns="place")


# --- comparing ----------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Flip:
    """A claim whose verdict changed, and why, in a sentence or a few."""

    claim_id: str
    wording: str
    condition: str
    before: str
    after: str
    reason: str
    result_id: str


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """What changed from run A to run B."""

    before: str
    after: str
    synthetic: bool
    steps: Mapping[str, str]  # what differs, in the order of ``STEPS``, and how much of it
    # By result id the rows of both runs that are not the same: every column with ``_a`` and ``_b``,
    # and ``change`` of the value; those that verdicts rest on first, then the biggest movers.
    moved: pd.DataFrame
    # By result id, quantity (value, low, high) and step, the part of the change, in the row's unit.
    # The parts of a quantity add up to its change.
    parts: pd.DataFrame
    only_a: tuple[str, ...]  # result ids of one run only
    only_b: tuple[str, ...]
    n_same: int
    flips: tuple[Flip, ...]
    notes: tuple[str, ...]  # what a reader must know besides, a sentence each
    labels: Mapping[str, str]

    def parts_of(self, result_id: str, quantity: str) -> dict[str, float]:
        """Return the parts of a change that are more than rounding, the largest first."""
        rows = self.parts[
            (self.parts["result_id"] == result_id) & (self.parts["quantity"] == quantity)
        ]
        found = dict(zip(rows["step"], rows["part"], strict=True))
        sizable = {step: part for step, part in found.items() if abs(part) > ROUNDING}
        return dict(sorted(sizable.items(), key=lambda item: -abs(item[1])))


def compare_runs(
    a: RunData, b: RunData, *, split: bool = True, workers: int = 1, notebooks: Path | None = None
) -> Comparison:
    """Compare two runs, the earlier first; ``split`` to attribute what moved, too.

    Without data in both runs nothing is attributed.

    Raises
    ------
    RunError
        A notebook failed on a run's own data.
    """
    both = a.results.add_suffix("_a").join(b.results.add_suffix("_b"), how="inner")
    different = both["status_a"] != both["status_b"]
    for name in (*QUANTITIES, "n", "n_missing"):
        different |= ~are_same(both[f"{name}_a"], both[f"{name}_b"])
    moved = both[different].copy()
    moved["change"] = moved["value_b"] - moved["value_a"]
    judged = {str(each["result_id"]) for each in b.claims.values()}
    moved = moved.iloc[np.argsort(_rank(moved, judged), kind="stable")]
    notes = list(_notes(a, b))
    changes = Changes.between(a.export, b.export) if a.export and b.export else None
    parts = pd.DataFrame({"result_id": [], "quantity": [], "step": [], "part": []})
    if split and changes is not None and len(moved):
        how = {"notebooks": notebooks or notebook_folder(), "workers": workers}
        parts, more = _attribute(a, b, changes, moved, **how)
        notes += more
    made = Comparison(
        before=a.name,
        after=b.name,
        synthetic=bool(a.about.get("synthetic") or b.about.get("synthetic")),
        steps=dict(_differences(a, b, changes, parts)),
        moved=moved,
        parts=parts,
        only_a=tuple(a.results.index.difference(b.results.index, sort=False)),
        only_b=tuple(b.results.index.difference(a.results.index, sort=False)),
        n_same=len(both) - len(moved),
        flips=(),
        notes=tuple(notes),
        labels=load_conditions().labels | {**a.about["conditions"], **b.about["conditions"]},
    )
    return replace(made, flips=tuple(_flips(a, b, made)))


def are_same(a: pd.Series, b: pd.Series) -> np.ndarray:
    """Return where two columns hold the same number but for rounding, or none at all."""
    x, y = (pd.to_numeric(each).to_numpy(float, na_value=np.nan) for each in (a, b))
    return np.isclose(x, y, rtol=ROUNDING, atol=ROUNDING, equal_nan=True)


def _rank(moved: pd.DataFrame, judged: Collection[str]) -> np.ndarray:
    """Return what rows are sorted by: judged first, all patients of a condition, then by how far.

    How far is the change in widths of the interval in the earlier run.
    """
    width = (moved["high_a"] - moved["low_a"]).fillna(moved["high_b"] - moved["low_b"])
    far = (moved["change"].abs() / width.where(width > 0)).fillna(0.0)
    first = 2.0 * moved.index.isin(list(judged)) + (moved["group_by_a"] == "all")
    return -(first * 1e6 + far.clip(upper=1e5)).to_numpy()


def _attribute(
    a: RunData, b: RunData, changes: Changes, moved: pd.DataFrame, **how: Any
) -> tuple[pd.DataFrame, list[str]]:
    """Recompute after each step and return the parts of each change, with notes."""
    made_by = set(moved["notebook_a"]) | set(moved["notebook_b"])
    steps, studies, notes = _states(a, b, changes)
    is_current = all(_is_current(run.about, how["notebooks"]) for run in (a, b))
    between = studies[1:-1] if is_current else studies
    frames = recompute(between, a.about, made_by=made_by, ledger=a.ledger, **how)
    if is_current:  # what the runs wrote is what would come out again
        frames = [a.results, *frames, b.results]
    parts = []
    for quantity in QUANTITIES:
        numbers = pd.DataFrame({i: frame[quantity] for i, frame in enumerate(frames)})
        numbers = numbers.reindex(moved.index)
        found = {step: numbers[i + 1] - numbers[i] for i, step in enumerate(steps)}
        written = moved[f"{quantity}_b"] - moved[f"{quantity}_a"]
        found[CODE] = written - (numbers[len(steps)] - numbers[0])
        known = pd.DataFrame(found)[~numbers.isna().any(axis=1) & written.notna()]
        long = known.rename_axis("result_id").reset_index().melt("result_id", var_name="step")
        parts.append(long.rename(columns={"value": "part"}).assign(quantity=quantity))
    return pd.concat(parts, ignore_index=True), notes


def _states(a: RunData, b: RunData, changes: Changes) -> tuple[list[str], list[Study], list[str]]:
    """Return the steps from A to B, and the studies before the first and after each of them.

    A step whose data cannot be analyzed alone (a rating without its infusion) is taken together
    with the next one; a note says so.
    """
    assert a.export is not None
    studies = [derive_study(a.export, a.settings)]
    steps, waiting, applied, notes = list[str](), list[str](), list[str](), list[str]()
    data_steps = [step for step in STEPS if changes.count(step)]
    for step in [*data_steps, SETTINGS]:
        waiting.append(step)
        applied.append(step)
        if step == SETTINGS and a.settings == b.settings and waiting == [SETTINGS]:
            break
        export = changes.mix(applied)
        try:
            study = derive_study(export, b.settings if step == SETTINGS else a.settings)
        except ReliefcheckError as error:
            if step == SETTINGS:
                raise
            notes.append(
                f"What differs by {step_word(step)} could not be put in alone and is counted with "
                f"what follows: {error}"
            )
            continue
        studies.append(study)
        steps.append("+".join(waiting))
        waiting.clear()
    return steps, studies, notes


def _is_current(about: Mapping[str, Any], notebooks: Path) -> bool:
    """Return whether code, libraries and notebooks of a run are those that would run now."""
    now = {path.stem: sha256_of(path) for path in find_notebooks(notebooks)}
    return (
        about.get("code_sha256") == digest_code()
        and about.get("versions") == installed_versions()
        and all(now.get(each["notebook"]) == each["sha256"] for each in about["notebooks"])
    )


def recompute(
    studies: Sequence[Study],
    about: Mapping[str, Any],
    *,
    made_by: Collection[str],
    notebooks: Path,
    ledger: Path | None = None,
    workers: int = 1,
) -> list[pd.DataFrame]:
    """Run notebooks on data, all side by side; return the results of each by id.

    ``about`` is run.json of the run in question, which says what ran on which condition. Of the
    notebooks named in ``made_by`` those that judge are left out.

    Raises
    ------
    RunError
        A notebook failed.
    """
    if not studies:
        return []
    ran: dict[str, set[str]] = {}
    for each in about["notebooks"]:
        ran.setdefault(each["notebook"], set()).add(each["condition"])
    asked = set() if all(ALL in codes for codes in ran.values()) else set().union(*ran.values())
    paths = [
        path
        for path in find_notebooks(notebooks)
        if path.stem in made_by and number_of(path) < JUDGES
    ]
    with scratch() as work, LocalExecutor(engine=default_engine(), workers=workers) as executor:
        sent = []
        for number, study in enumerate(studies):
            folder = work / str(number)
            write_study(study, folder / DATA)
            tasks = make_plan(
                paths, [code for code in study.conditions if code in asked],
                settings=study.settings.model_dump(), datasets=folder / DATA,
                ledger=ledger,
            )  # fmt: skip
            sent += [executor.submit(task, folder) for task in tasks]
        for outcome in [future.result() for future in sent]:
            if outcome.error:
                raise RunError(f"{outcome.task.name} failed while recomputing: {outcome.error}")
        return [by_id(read_results(work / str(n) / RESULTS)) for n in range(len(studies))]


def _differences(
    a: RunData, b: RunData, changes: Changes | None, parts: pd.DataFrame
) -> Iterator[tuple[str, str]]:
    """Yield what differs, and how much of it in words."""
    for step in STEPS if changes else ():
        if count := changes.count(step) if changes else {}:
            yield (
                step,
                ", ".join(
                    f"{count_text(n)} {noun if n != 1 else noun[:-1]}" for noun, n in count.items()
                ),
            )
    before, after = a.settings.model_dump(), b.settings.model_dump()
    if names := [name for name in before if before[name] != after[name]]:
        yield SETTINGS, ", ".join(f"{n}: {before[n]} to {after[n]}" for n in names)
    of_code = parts[(parts["step"] == CODE) & (parts["part"].abs() > ROUNDING)]
    if n_rows := of_code["result_id"].nunique():
        yield CODE, f"{count_text(n_rows)} results; {_versions(a, b)}"


def _versions(a: RunData, b: RunData) -> str:
    """Say which versions and revisions differ between two runs."""
    of_a, of_b = (
        {**run.about.get("versions", {}), "revision": str(run.about.get("git_commit", ""))[:12]}
        for run in (a, b)
    )
    found = [
        f"{name} {of_a.get(name, 'none')} to {of_b.get(name, 'none')}"
        for name in {**of_a, **of_b}
        if of_a.get(name) != of_b.get(name)
    ]
    return ", ".join(found) or "neither versions nor revision differ"


def _notes(a: RunData, b: RunData) -> Iterator[str]:
    for run in (a, b):
        if run.export is None:
            yield (
                f"{run.name} keeps no data, so its changes are shown but not attributed. Give its "
                "export (--export-a, --export-b) to have them attributed."
            )
    if a.about.get("ledger") != b.about.get("ledger"):
        yield "The ledger of claims is not the same in both runs."
    for own, other in ((a, b), (b, a)):
        if claims := [each for each in own.claims if each not in other.claims]:
            yield f"Claims that only {own.name} judges: {', '.join(claims)}."
    if a.export and b.export:
        ids = (set(run.export.tables["patients"]["patient_id"]) for run in (a, b) if run.export)
        if not set.intersection(*ids):
            yield (
                "No patient id is in both runs: every patient counts as gone or new. If ids were "
                "made anew, nobody can say who stayed."
            )


# --- verdicts that flipped ----------------------------------------------------------------------


def _flips(a: RunData, b: RunData, made: Comparison) -> Iterator[Flip]:
    """Yield the claims of both runs whose verdict changed, in the order of run B."""
    for claim_id, record in b.claims.items():
        earlier = a.claims.get(claim_id)
        if earlier is None or earlier["verdict"] == record["verdict"]:
            continue
        yield Flip(
            claim_id=claim_id,
            wording=record["wording"],
            condition=record["condition"],
            before=earlier["verdict"],
            after=record["verdict"],
            reason=" ".join(why_flipped(earlier, record, made)),
            result_id=record["result_id"],
        )


def why_flipped(a: Mapping[str, Any], b: Mapping[str, Any], made: Comparison) -> list[str]:
    """Return why a verdict changed, given its judgment in both runs, in sentences."""
    if a["result_id"] and b["result_id"] and a["result_id"] != b["result_id"]:
        if SETTINGS in made.steps:
            return [f"It is judged on another number, as settings differ: {made.steps[SETTINGS]}."]
        return ["It is judged on another number, as the ledger differs."]
    if any(a[name] != b[name] for name in READING):
        return ["The ledger gives the claim another reading or another cited figure."]
    if a["value"] is None or b["value"] is None:
        lacking = a if a["value"] is None else b
        when = "was no number before" if lacking is a else "is no number any more"
        why = lacking["reason"] or estimate_text(SimpleNamespace(**lacking))
        return [f"There {when}: {why.rstrip('.')}."]
    return [*_crossings(a, b, made), _value_moved(a, b, made)]


def _crossings(a: Mapping[str, Any], b: Mapping[str, Any], made: Comparison) -> Iterator[str]:
    """Say which end of the interval passed the cited floor, and what moved it."""
    floor, unit = b["cited_low"], b["unit"]
    for name, end in (("low", "lower"), ("high", "upper")):
        first, last = a[name], b[name]
        if None in (floor, first, last) or (first >= floor) == (last >= floor):
            continue
        ends = [quantity_text(each, unit=unit, apart_from=[floor]) for each in (first, last)]
        side = "at or above" if last >= floor else "below"
        yield (
            f"The {end} end of the interval went from {ends[0]} to {ends[1]} and is now {side} the "
            f"cited {quantity_text(floor, unit=unit)}{_in_brackets(b, name, made)}."
        )


def _value_moved(a: Mapping[str, Any], b: Mapping[str, Any], made: Comparison) -> str:
    people = f"from {a['n']} patients before and {b['n']} now"
    if a["value"] == b["value"]:
        return f"The number itself is the same, {people}."
    ends = [quantity_text(each["value"], unit=b["unit"]) for each in (a, b)]
    return f"The number went from {ends[0]} to {ends[1]}{_in_brackets(b, 'value', made)}, {people}."


def _in_brackets(record: Mapping[str, Any], quantity: str, made: Comparison) -> str:
    parts = parts_text(made.parts_of(record["result_id"], quantity), unit=record["unit"])
    return f" ({parts})" if parts else ""


# --- in words -----------------------------------------------------------------------------------


def signed_text(part: float, *, unit: str) -> str:
    """Return a difference with its sign: +3.1 points, −0.4 weeks, +0.02."""
    points = unit in ("share", "percent")
    scaled = part * 100 if unit == "share" else part
    decimals = 1 if points else max(DECIMALS.get(unit, 3), 1)
    if unit == "count" and abs(part - round(part)) < ROUNDING:
        decimals = 0
    while decimals < 4 and ROUNDING < abs(scaled) < 0.5 / 10**decimals:
        decimals += 1  # what is not nothing is not printed as 0.0
    text = f"{MINUS if part < 0 else '+'}{number_text(abs(scaled), decimals=decimals)}"
    noun = "points" if points else unit if unit in ("weeks", "days") else ""
    return f"{text} {noun}".strip()


def parts_text(parts: Mapping[str, float], *, unit: str) -> str:
    """Return the parts of a change: "new patients +3.1 points, code −0.2 points"."""
    return ", ".join(f"{step_word(step)} {signed_text(p, unit=unit)}" for step, p in parts.items())


def step_word(step: str) -> str:
    """Return a step in words: "late follow-up"; several that were taken together with "and"."""
    return step.replace("_", " ").replace("follow up", "follow-up").replace("+", " and ")


def comparison_text(made: Comparison, *, n_rows: int) -> str:
    """Return a comparison as text: verdicts that flipped first, then the biggest movers."""
    return "\n".join(_lines(made, n_rows))


def _lines(made: Comparison, n_rows: int) -> Iterator[str]:
    made_up = " (SYNTHETIC: these patients do not exist)" if made.synthetic else ""
    yield f"From {made.before} to {made.after}{made_up}"
    yield ""
    n = len(made.flips)
    yield f"{n} verdict{'s' if n != 1 else ''} changed" if n else "No verdict changed."
    for flip in made.flips:
        before, after = (word(VERDICTS, code).upper() for code in (flip.before, flip.after))
        yield f"  {flip.claim_id}  {before} to {after}: {plain_text(flip.wording, longest=200)}"
        yield f"        {plain_text(flip.reason, longest=600)}"
    yield ""
    yield "What differs"
    for step, extent in made.steps.items():
        yield f"  {step_word(step)}: {plain_text(extent, longest=400)}"
    if not made.steps:
        yield "  nothing that is known"
    yield ""
    movers = made.moved[made.moved["change"].abs().fillna(1.0) > ROUNDING]
    only = [
        f"; {count_text(len(names))} are only in {run}"
        for names, run in ((made.only_a, made.before), (made.only_b, made.after))
        if names
    ]
    yield (
        f"{count_text(len(movers))} results have another value, "
        f"{count_text(len(made.moved) - len(movers))} only another interval or number of patients, "
        f"{count_text(made.n_same)} are the same{''.join(only)}."
    )
    for result_id in movers.index[:n_rows]:
        yield from _mover(made, str(result_id))
    if len(movers) > n_rows:
        yield f"  ... and {count_text(len(movers) - n_rows)} more (--rows or --json lists them)"
    if len(made.parts):
        order = ", ".join(step_word(step) for step in STEPS)
        notes = [f"A part is what its step adds, in this order: {order}. No part is an effect of "
                 "treatment: it says which records moved a number, and no more."]  # fmt: skip
    else:
        notes = []
    inside = "Differences between two runs can point to single patients: for use inside the clinic."
    for note in [*made.notes, *notes, inside]:
        yield ""
        yield note


def _mover(made: Comparison, result_id: str) -> Iterator[str]:
    row = made.moved.loc[result_id]
    before, after = (
        rows_of(pd.DataFrame([{c[:-2]: row[c] for c in row.index if c.endswith(side)}]))[0]
        for side in ("_a", "_b")
    )
    names = [
        made.labels.get(after.condition, "All conditions"), group_word(after),
        word(MEASURES, after.measure), response_word(after), population_word(after),
        visit_word(after.visit),
    ]  # fmt: skip
    yield f"  {', '.join(name for name in names if name)}"
    by = "" if pd.isna(row["change"]) else f" ({signed_text(row['change'], unit=after.unit)})"
    yield f"      {estimate_text(before)} to {estimate_text(after)}{by}"
    if parts := parts_text(made.parts_of(result_id, "value"), unit=after.unit):
        yield f"      {parts}"


def comparison_record(made: Comparison) -> dict[str, Any]:
    """Return a comparison as plain values for JSON; numbers are not rounded."""
    keys = ["value", "low", "high", "n", "n_missing", "status"]
    columns = [f"{name}_{side}" for name in keys for side in "ab"]
    moved = made.moved[["unit_b", *columns, "change"]].reset_index()
    plain = {name: json.loads(frame.to_json(orient="records", double_precision=15))
             for name, frame in (("moved", moved), ("parts", made.parts))}  # fmt: skip
    return {
        "before": made.before,
        "after": made.after,
        "synthetic": made.synthetic,
        "order": list(STEPS),
        "steps": dict(made.steps),
        "flips": [asdict(flip) for flip in made.flips],
        **plain,
        "only_before": list(made.only_a),
        "only_after": list(made.only_b),
        "n_same": made.n_same,
        "notes": list(made.notes),
    }
