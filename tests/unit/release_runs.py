"""A run folder of a demo export, with the rows a release is made of, and no notebook run."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from analysis.adam.adpain import responds
from analysis.adam.checks import count_flow
from analysis.adam.study import Study, derive_study, write_study
from analysis.claims.judge import judge_claims
from analysis.claims.ledger import load_ledger
from analysis.claims.records import write_claims
from analysis.intake.demo import write_demo
from analysis.intake.load import load_export
from analysis.report.release import ledger_hashes
from analysis.results import Results, read_results
from analysis.settings import AnalysisSettings
from analysis.stats.rates import count_groups, estimate_group_shares
from analysis.stats.reductions import estimate_mean

KEYS = ["condition", "group_by", "group", "AVISIT"]


def demo_study(
    folder: Path, *, n_patients: int, seed: int, conditions: Sequence[str] = ()
) -> Study:
    """Derive a demo export, or the part of it with these conditions."""
    export = write_demo(folder, n_patients=n_patients, seed=seed)
    if conditions:
        people = pd.read_csv(export / "patients.csv", dtype="str")
        kept = people.loc[people["condition"].isin(conditions), "patient_id"]
        for path in export.glob("*.csv"):
            table = pd.read_csv(path, dtype="str", keep_default_na=False)
            table[table["patient_id"].isin(kept)].to_csv(path, index=False)
    return derive_study(load_export(export), AnalysisSettings())


def write_run(study: Study, folder: Path, *, judged: bool = True) -> Path:
    """Write what `make_release` reads: run.json, data, results and claims."""
    write_study(study, folder / "data")
    about = {"export": "Dr. Maria Example", "synthetic": True, "ledger": ledger_hashes()}
    (folder / "run.json").write_text(json.dumps(about))
    _responders(study, folder / "results")
    _reductions(study, folder / "results")
    claims = load_ledger() if judged else ()
    write_claims(folder, judge_claims(claims, read_results(folder / "results")))
    return folder


def _responders(study: Study, folder: Path) -> None:
    results = Results(folder, "20_responders")
    flow = count_flow(study)
    steps = flow.melt(var_name="definition", ignore_index=False).reset_index()
    steps["n"] = steps.condition.map(flow.in_file)
    results.add(steps, measure="patients", unit="count", method="count")
    everyone = study.adpain.assign(ARM=study.adpain.ARM.fillna("not recorded"))
    seen = everyone.assign(boosted=False, boosted_unrated=False)
    members = study.place_groups(seen)
    every = study.group_keys().to_frame(index=False)
    every = every.merge(pd.Series(study.visits, name="AVISIT"), how="cross")
    flags = {
        ("responder_share", "percent_reduction", pct): responds(seen, pct)
        for pct in (20.0, 30.0, 50.0)
    }
    flags["responder_share", "two_points", None] = seen.CRIT2PFL
    flags["worsening_share", "percent_increase", -30.0] = seen.WORSEFL
    for (measure, definition, pct), flag in flags.items():
        counts = count_groups(seen.assign(FLAG=flag), members, every, "FLAG")
        for population, missing in (("all_starters", "nonresponse"), ("observed", "excluded")):
            results.add(
                estimate_group_shares(counts, missing=missing), measure=measure,
                definition=definition, threshold_pct=pct, population=population,
            )  # fmt: skip
    results.write()


def _reductions(study: Study, folder: Path) -> None:
    results = Results(folder, "30_pain_reduction")
    everyone = study.stack_groups(study.adpain)
    names = ["condition", "group_by", "group", "visit"]
    results.add([
        estimate_mean(-own.PCHG, level=0.95).row(
            **dict(zip(names, key, strict=True)), measure="percent_reduction",
            definition="mean_of_patients", population="observed", n_not_due=0,
        )
        for key, own in everyone[everyone.DUEFL].groupby(KEYS)
    ])  # fmt: skip
    results.sentence("Maria Example fell by 60%.", name="own")
    results.write()
