"""A release: the report again, from rounded counts, so that it tells of no single patient.

What a release prints follows from its rows and a few words beside them (`Release`); `write_folder`
makes every file from these, with the templates of the report. So whoever has the rows can make the
folder again, and `analysis.report.release_check` does.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import matplotlib.pyplot as plt
import pandas as pd

from analysis.adam.study import load_study
from analysis.claims.judge import judge_claims
from analysis.claims.judgement import Judgement
from analysis.claims.ledger import absent_conditions, headline_claims, load_ledger
from analysis.claims.records import read_claims, write_claims
from analysis.claims.verdict import judgement_of
from analysis.errors import InputError, RunError
from analysis.files import sha256_of, write_file
from analysis.labels import condition_word, plain_text
from analysis.numbers import count_text, number_text
from analysis.report import figures
from analysis.report.inputs import RESULTS
from analysis.report.page import FORMS, PAGE, write_report
from analysis.report.plausible import safe_rows
from analysis.report.relief_figures import plot_strategies
from analysis.report.rounding import (
    FROM_PATIENTS,
    LARGEST_ERROR,
    LEAST_PATIENTS,
    largest_error,
    round_rows,
    select_rows,
    shift,
)
from analysis.report.tables import BY_TIME
from analysis.report.theme import use_theme
from analysis.results import Results, find, make_results, read_results
from analysis.settings import AnalysisSettings, data_folder, make_settings

ABOUT = "release.json"
FILES = (ABOUT, PAGE, "claims.schema.json", *FORMS)
"""Everything a release holds."""

WITHHELD = "The figures given here, which are rounded, carry no verdict on this claim."
"""Said of every withheld verdict alike, so that the words tell nothing."""

NAME = "Outcome export"
"""What the data are called where no name is given: that of the export may be a person's."""

MAKERS = ("reliefcheck", "pandas", "pyarrow", "matplotlib", "typst", "xlsxwriter")
"""Packages that write the files; others of these may write other bytes."""


@dataclass(frozen=True, kw_only=True)
class Release:
    """What a release says beside its rows."""

    name: str  # what the data are called
    synthetic: bool
    conditions: Mapping[str, str]  # labels by code of the conditions in the data
    settings: Mapping[str, Any]  # of the run
    from_patients: int | None  # fewest patients of a share; None for the rule of 5 points
    n_left_out: int  # rows of the run that are not in it, or have no number
    # Claims without a verdict: the rounded rows leave more than one possible, or lack a row that
    # the verdict of the run rests on.
    withheld: tuple[str, ...]
    ledger: Mapping[str, str]  # SHA-256 of the files of the ledger by name
    made_with: Mapping[str, str]  # versions of what wrote the files

    @property
    def weeks(self) -> float:
        """Weeks up to the last planned visit: the scale of times."""
        return AnalysisSettings(**self.settings).horizon.week

    @property
    def text(self) -> str:
        """The content of release.json."""
        return json.dumps(asdict(self), indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def read_release(folder: Path) -> tuple[Release, pd.DataFrame]:
    """Return what a release folder says, and its rows.

    Raises
    ------
    InputError
        It is no release, or says something that no release says.
    """
    path = folder / ABOUT
    if not path.is_file():
        raise InputError(
            f"{folder} is no release: it holds no {ABOUT}. Make one with `reliefcheck release RUN`."
        )
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        about = Release(**found | {"withheld": tuple(found["withheld"])})
        make_settings(dict(about.settings), where=ABOUT)
        frame = pd.read_parquet(folder / "results.parquet").drop(columns="result_id")
        return about, make_results(frame)
    except (OSError, ValueError, TypeError, KeyError, AttributeError, InputError) as error:
        raise InputError(
            f"{folder} holds no release that can be read ({type(error).__name__}: {error}). "
            "Make it again with `reliefcheck release RUN`."
        ) from None


def make_release(
    run: Path, *, name: str = "", from_patients: int | None = None
) -> tuple[Release, pd.DataFrame]:
    """Return what may be handed on of a run: its rows, rounded, and what is said beside them.

    The run keeps its data, which are called ``name`` in the release; ``from_patients`` is as in
    `analysis.report.rounding.round_rows`.

    Raises
    ------
    InputError
        No finished run, a run without its data, another ledger than that of the run, or fewer than
        30 patients asked for.
    """
    if from_patients is not None and from_patients < LEAST_PATIENTS:
        raise InputError(
            f"--from-patients {from_patients}: with fewer than {LEAST_PATIENTS} patients rounding "
            f"moves a share by more than it says. Give {LEAST_PATIENTS} or more."
        )
    try:
        about = json.loads((run / "run.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise InputError(f"{run} is no run: name the folder that `reliefcheck run` made.") from None
    if not (run / "data" / "study.json").is_file():
        raise InputError(
            f"{run} keeps no data, and a release looks at the patients behind each count. Make the "
            "run again from its export, without leaving out the data."
        )
    if not about.get("claims", {}).get("own", True):
        raise InputError(
            f"{run} was judged on a ledger of its own ({about['claims']['ledger']}); a release is "
            "made of a run on the suite's ledger. Run without --ledger; then release that."
        )
    if about.get("ledger") not in (None, ledger_hashes()):
        raise InputError(
            f"{run} was judged with another ledger of claims than that of this version. Make the "
            "run again; then release it."
        )
    study, results = load_study(run / "data"), read_results(run / RESULTS)
    weeks = study.settings.horizon.week
    exact = select_rows(results).reset_index(drop=True)
    rounded = round_rows(exact, weeks=weeks, from_patients=from_patients)
    # Of a subgroup that is too small not even its size is told.
    told = (rounded["status"] != "withheld") | (rounded["group_by"] == "all")
    exact, rounded = (frame[told].reset_index(drop=True) for frame in (exact, rounded))
    safe = safe_rows(study, exact, rounded)
    frame = rounded[safe].reset_index(drop=True)
    given = int((frame["status"] == "estimated").sum())
    made = Release(
        name=plain_text(name) or NAME,
        synthetic=study.synthetic,
        conditions=study.conditions,
        settings=study.settings.model_dump(),
        from_patients=from_patients,
        n_left_out=len(results) - given,
        withheld=(),
        ledger=ledger_hashes(),
        made_with={package: version(package) for package in MAKERS},
    )
    true = {each.claim_id: each.verdict for each in read_claims(run)}
    withheld = [
        each.claim_id
        for each in judge_release(made, frame)
        if each.verdict == "withheld" or true.get(each.claim_id, each.verdict) != each.verdict
    ]
    return replace(made, withheld=tuple(withheld)), frame


def ledger_hashes() -> dict[str, str]:
    """Return the SHA-256 of the files of the ledger by name."""
    return {path.name: sha256_of(path) for path in sorted((data_folder() / "claims").glob("*"))}


def judge_release(release: Release, frame: pd.DataFrame) -> list[Judgement]:
    """Return every claim judged on released rows; withheld where another verdict is possible.

    A verdict is given where the released numbers, the lowest and the highest that they may stand
    for all give it. So it is that of the true counts, and tells no more than the numbers do.
    Whether it is withheld follows from the released rows as well.
    """
    claims = load_ledger(more_conditions=release.conditions)
    settings = AnalysisSettings(**release.settings)
    given = frame[frame["status"] != "withheld"]
    absent = absent_conditions(claims, release.conditions)

    def judge(rows: pd.DataFrame) -> Sequence[Judgement]:
        return judge_claims(claims, rows, arm=settings.claim_arm, settings=settings, absent=absent)

    middle = judge(given)
    low, high = (judge(shift(given, side, weeks=release.weeks)) for side in (-1, 1))
    made = []
    for claim, one, lower, upper in zip(claims, middle, low, high, strict=True):
        answers = {(each.verdict, *(limit.verdict for limit in each.limits))
                   for each in (one, lower, upper)}  # fmt: skip
        if len(answers) > 1 or claim.claim_id in release.withheld:
            said = {"status": "withheld", "sentence": WITHHELD, "reason": WITHHELD}
            made.append(judgement_of(claim, None, "withheld", **said))
        else:
            made.append(replace(one, further_patients=None, further_patients_if_cited=None))
    return made


def notices(release: Release, frame: pd.DataFrame) -> list[str]:
    """Return what stands at the top of a release."""
    given = frame[frame["status"] == "estimated"]
    error = number_text(100 * largest_error(frame), decimals=1)
    rule = (
        f"from {FROM_PATIENTS} patients on and where rounding moves them by at most "
        f"{number_text(100 * LARGEST_ERROR)} percentage points"
        if release.from_patients is None
        else f"from {release.from_patients} patients on"
    )
    return [
        "This is a release: it is made to be handed on. Counts are rounded to the middle of six (0 "
        "stays 0, 1 to 6 become 3, 7 to 12 become 9), and shares and their intervals are made from "
        f"rounded counts. Shares are given {rule}; rounding moves those given by at most {error} "
        f"points. Means and times are given from {LEAST_PATIENTS} patients on, in steps that six "
        "patients could make.",
        f"{count_text(len(given))} numbers are given; {count_text(release.n_left_out)} of the "
        "internal report are not, or read “withheld”. A verdict is given where every count that "
        "the rounding leaves possible gives it.",
        "Figures of single patients, of single losses of relief and of fitted shapes need more "
        "than rounded counts and are left out, as are notebooks and what an analyst has added.",
    ]


# --- the folder ---------------------------------------------------------------------------------


def write_folder(release: Release, frame: pd.DataFrame, folder: Path) -> None:
    """Write every file of a release into an empty folder; the same rows give the same bytes."""
    with TemporaryDirectory(prefix="reliefcheck-release-") as name:
        stage = Path(name)
        about = {
            "export": release.name,
            "synthetic": release.synthetic,
            "conditions": dict(release.conditions),
            "settings": dict(release.settings),
            "versions": {"reliefcheck": release.made_with.get("reliefcheck", "")},
            "notices": notices(release, frame),
        }
        write_file(stage / "run.json", json.dumps(about))
        _keep_results(release, frame, stage / RESULTS)
        write_claims(stage / RESULTS, judge_release(release, frame))
        write_claims(stage, read_claims(stage / RESULTS))
        write_report(stage)
        for file in FILES[1:]:
            shutil.copyfile(stage / file, folder / file)
    write_file(folder / ABOUT, release.text)


def _keep_results(release: Release, frame: pd.DataFrame, folder: Path) -> None:
    """Write rows and figures as the notebooks do, each notebook's by itself."""
    use_theme()
    labels, settings = release.conditions, AnalysisSettings(**release.settings)
    visit = settings.analysis_visit
    cited = {
        claim.condition: (claim.cited_low, claim.cited_high)
        for claim in headline_claims(load_ledger(more_conditions=release.conditions))
        if claim.measure == "responder_share"
    }
    for notebook, own in frame.groupby("notebook", sort=True):
        results = Results(folder, str(notebook))
        results.add(own.drop(columns="notebook"))
        given = own[own["status"] == "estimated"]
        whole = find(given, group_by="all")
        shares = find(
            given, measure="responder_share", definition="percent_reduction", visit=visit,
            threshold_pct=[30.0, 50.0], population=["all_starters", "imputed"],
        )  # fmt: skip
        bound = find(shares, population="all_starters")
        bound = bound[~bound["group_by"].isin(BY_TIME)]
        split = bound[bound["condition"].isin(bound["condition"][bound["group_by"] != "all"])]
        # Patients with a booster before a visit are drawn apart, as in the notebook.
        scores = find(whole, measure="score_mean")
        apart = scores["condition"][scores["definition"] != ""]
        drawn = [
            (find(shares, group_by="all"), figures.plot_rates, "rates", "Responders",
             {"cited": cited}),
            (find(given, measure="cumulative_responder_share"), figures.plot_cumulative,
             "cumulative", "Share reaching each reduction", {}),
            (split, figures.plot_forest, "subgroups", "Responders by subgroup", {}),
            (find(whole, measure="percent_reduction", visit=visit, population="observed",
                  definition=["mean_of_patients", "median_of_patients", "ratio_of_means"]),
             figures.plot_reductions, "reductions", "Pain reduction", {}),
            (scores[(scores["definition"] != "") | ~scores["condition"].isin(apart)],
             figures.plot_trajectories, "trajectory", "Mean pain by visit", {}),
        ]  # fmt: skip
        for rows, plot, name, title, how in drawn:
            figures.keep_each(
                results, rows, plot, name, title=title, labels=labels,
                caption="From the rounded counts of the release.", **how,
            )  # fmt: skip
        relief = find(whole, measure=["relief_duration", "relieved_share"], population="responders",
                      threshold_pct=settings.responder_threshold_pct)  # fmt: skip
        for code, rows in relief.groupby("condition", sort=False):
            results.figure(
                plot_strategies(rows, clock=settings.relief_clock), "strategies",
                title="Relief by what a booster is taken for: "
                f"{condition_word(str(code), labels)}",
                alt="The medians and shares of the table below.",
                caption="From the rounded counts of the release.", condition=str(code),
            )  # fmt: skip
        results.write()
        plt.close("all")


def write_release(
    run: Path, out: Path, *, name: str = "", from_patients: int | None = None
) -> tuple[Release, pd.DataFrame]:
    """Make a release of a run in a new folder, which appears when everything is in it.

    Raises
    ------
    InputError
        As `make_release`, or the folder exists.
    """
    if out.exists():
        raise InputError(f"{out} exists already. Name a new folder with --out, or remove it.")
    made, frame = make_release(run, name=name, from_patients=from_patients)
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(prefix=f".{out.name}.", dir=out.parent) as part:
            folder = Path(part) / "release"
            folder.mkdir()
            write_folder(made, frame, folder)
            folder.rename(out)
    except OSError as error:
        raise RunError(f"{out} could not be written: {error.strerror or error}.") from None
    return made, frame
