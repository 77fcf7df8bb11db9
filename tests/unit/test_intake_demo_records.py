"""Side effects, opioids and questionnaires of the demo: what is planted is found again."""

import json
from math import sqrt
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tests.unit.studies import ALLOWED_Z

from analysis.adam.adae import asked_about
from analysis.adam.study import Study, open_study
from analysis.intake import demo

pytestmark = pytest.mark.slow

BUNDLED = Path(__file__).parents[2] / "data" / "demo"


@pytest.fixture(scope="module")
def study() -> Study:
    return open_study(export=str(BUNDLED))


@pytest.fixture(scope="module")
def planted() -> dict:
    return json.loads((BUNDLED / "truth.json").read_text(encoding="utf-8"))["records"]


@pytest.fixture(scope="module")
def many() -> dict[str, pd.DataFrame]:
    return demo.generate_demo(n_patients=8_000, seed=11)


def near(found: float, planted: float, n: float, sd: float | None = None) -> bool:
    """Whether a share (or mean, with its spread) lies within the error of n observations."""
    spread = sqrt(planted * (1 - planted)) if sd is None else sd
    return abs(found - planted) <= ALLOWED_Z * spread / sqrt(n)


def test_shares_of_infusions_asked_about(study: Study, planted: dict):
    infusions = study.infusions.set_index(["USUBJID", "INFNO"])
    high = infusions["PROTOCOL"].eq("high_dose")
    for term, effect in planted["effects"].items():
        events = study.adae[study.adae["AETERM"].eq(term) & study.adae["AEASKFL"]]
        assert len(events), term
        asked = asked_about(study.asked, events["AEDECOD"].iloc[0])
        asked = pd.MultiIndex.from_frame(asked.dropna()).intersection(infusions.index)
        own = pd.MultiIndex.from_frame(events[["USUBJID", "INFNO"]])
        for group, share in ((~high, "standard_share"), (high, "high_dose_share")):
            n = int(group.loc[asked].sum())
            assert near(group.loc[own].sum() / n, effect[share], n), (term, share)


def test_whoever_was_never_asked_is_not_assessed(study: Study, planted: dict):
    adsl = study.adsl
    old = adsl["SITEID"].eq("Lakeside Clinic") & (adsl["TRTSDT"] < "2023-01-01")
    assert old.sum() > 20
    asked = adsl["AEASKFL"].fillna(False)
    assert not asked[old].any() and asked[~old].mean() > 0.97
    own = study.infusions["USUBJID"].isin(adsl.loc[old, "USUBJID"])
    assert study.infusions.loc[own, "AEASKFL"].isna().all()
    # What was asked weeks later is about the time since, not about the infusion.
    late = asked_about(study.asked, "Fatigue", from_day=28)
    assert set(late["USUBJID"]) <= set(adsl.loc[adsl["SITEID"] == "Harbour Clinic", "USUBJID"])


def test_times_to_resolution_and_grades(many, planted: dict):
    """Those discharged late enough, so that nothing is cut off at 30 minutes."""
    events = many["adverse_events"].merge(many["infusions"], on=["patient_id", "infused_at"])
    seen = events[(events["discharge_minutes"] > 30) & events["solicited"].eq("yes")]
    for term, effect in planted["effects"].items():
        own = seen[seen["term"] == term]
        within = (own["minutes_to_resolution"] <= 30).mean()
        assert near(within, effect["resolved_share"]["30_minutes"], len(own)), term
        assert (own["resolved"].eq("no") == own["minutes_to_resolution"].isna()).all()
        for grade, share in enumerate(effect["grade_shares"], start=1):
            assert near(own["grade"].eq(grade).mean(), share, len(own)), (term, grade)


def test_tapering_from_week_4_on(many, planted: dict):
    doses = many["opioid_use"]
    first = doses.groupby("patient_id").first()
    users = first[first["daily_dose"] > 0]
    n = len(many["patients"])
    assert near(len(first) / n, planted["rules"]["opioid_recorded_share"], n)
    assert near(len(users) / len(first), planted["rules"]["opioid_user_share"], len(first))
    last_infusion = (
        many["infusions"].query("phase == 'initial'").groupby("patient_id")["infused_at"].max()
    )
    since = (doses["assessed_on"] - doses["patient_id"].map(last_infusion)).dt.days
    later = doses[since > 14].groupby("patient_id")["daily_dose"].first()
    later = later[later.index.isin(users.index)]
    share = later / users["daily_dose"].reindex(later.index)
    condition = many["patients"].set_index("patient_id")["condition"].reindex(later.index)
    expected = condition.map(planted["at_least_30_pct_less_share"]).mean()
    # Patients in relief are seen more often, so the share is a little above the one of all.
    assert expected - 0.03 < (share <= 0.7).mean() < expected + 0.06
    assert set(share.round(6)) <= {0.0, 0.4, 0.6, 1.0}


def test_scores_change_as_planted_by_relief_at_the_end(study: Study, planted: dict):
    at_end = study.adqs[(study.adqs["AVISIT"] == "end") & study.adqs["CHG"].notna()]
    pain = study.adpain[study.adpain["AVISIT"] == "end"]
    relief = pain.set_index("USUBJID")["CRIT30FL"].dropna().astype(bool)
    own = at_end[at_end["USUBJID"].isin(relief.index)]
    own = own.assign(relieved=relief.reindex(own["USUBJID"]).to_numpy())
    codes = {"promis_pi": "PROMPI", "promis_pf": "PROMPF", "promis_sd": "PROMSD", "phq9": "PHQ9"}
    for name, plan in planted["questionnaires"].items():
        for relieved, word in ((True, "relieved"), (False, "other")):
            group = own[own["PARAMCD"].eq(codes[name]) & own["relieved"].eq(relieved)]
            n = len(group)
            assert n > 100
            assert near(group["CHG"].mean(), plan[f"change_{word}"], n, plan["change_sd"])
            found = group["MICFL"].astype(float).mean()
            assert near(found, plan[f"important_share_{word}"], n), (name, word)
    assert not at_end.loc[at_end["SITEID"].eq("Lakeside Clinic"), "ASKFL"].any()


def test_the_other_tables_do_not_depend_on_these():
    """Patients, ratings and infusions are drawn before, from a stream of their own."""
    both = [np.random.default_rng(3) for _ in range(2)]
    blocks = [
        demo.draw_block(rng, np.random.default_rng(seed), 50, first_number=1)
        for rng, seed in zip(both, (1, 2), strict=True)
    ]
    for name in ("patients", "pain_scores", "infusions"):
        assert blocks[0][name].equals(blocks[1][name])
    assert not blocks[0]["adverse_events"].equals(blocks[1]["adverse_events"])
