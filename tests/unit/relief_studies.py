"""Everything on the relief of a typed study, as notebook 40 makes it."""

from __future__ import annotations

import pandas as pd

from analysis.adam.adtte import derive_boosters, derive_followed_to, derive_series_relief
from analysis.adam.study import Study
from analysis.results import make_results
from analysis.stats.recurrent import booster_rows, series_rows
from analysis.stats.relief import Group, choose, make_group, relief_table
from analysis.stats.relief_models import log_rank_rows, shape_rows

Key = tuple[str, str, str]


def relief_groups(study: Study) -> dict[Key, tuple[Group, pd.DataFrame]]:
    """Every group with the rows of ADTTE of its responders."""
    ratings = study.ratings[study.ratings["PCHG"].notna()]
    if study.settings.relief_clock != "first_response":
        ratings = ratings[ratings["ROLE"] == "end"]
    keys = ["condition", "group_by", "group"]
    members = study.stack_groups(study.adsl).groupby(keys)
    responses = study.stack_groups(study.adtte).groupby(keys)
    made = {}
    for key in study.group_keys():
        people, own = (
            frames.get_group(key) if key in frames.indices else frames.head(0)
            for frames in (members, responses)
        )
        group = make_group(key, people, set(ratings["USUBJID"]), study.settings)
        made[key] = group, own
    return made


def responder_rows(study: Study, own: pd.DataFrame) -> pd.DataFrame:
    """Responders' rows of ADTTE under the settings, with their baseline."""
    rows = choose(own, study.settings)
    return rows.merge(study.adsl[["USUBJID", "BASE"]], on="USUBJID")


def booster_table(study: Study, group: Group) -> pd.DataFrame:
    """Boosters and relief series by series, of a condition."""
    people = study.adsl[study.adsl["FASFL"]]
    if group.condition != "all":
        people = people[people["COND"] == group.condition]
    infusions, ratings = (
        frame[frame["USUBJID"].isin(people["USUBJID"])]
        for frame in (study.infusions, study.ratings)
    )
    boosters = derive_boosters(infusions, people)
    followed = derive_followed_to(infusions, ratings, people)
    rows = [booster_rows(boosters, followed, group, has_infusions=not study.infusions.empty)]
    if len(boosters):
        threshold = study.settings.responder_threshold_pct
        spans = derive_series_relief(ratings, infusions, threshold_pct=threshold)
        last = spans["USUBJID"].map(infusions.groupby("USUBJID")["SERIES"].max())
        rows.append(series_rows(spans.assign(RETURNED=last > 1), group))
    return pd.concat(rows)


def relief_results(study: Study) -> pd.DataFrame:
    """Every number on the relief of a study's groups, checked as a notebook's."""
    frames = []
    for (_, group_by, _), (group, own) in relief_groups(study).items():
        frames.append(relief_table(own, group))
        if group_by == "all":
            people = responder_rows(study, own)
            frames += [log_rank_rows(people, group), shape_rows(people, group)]
            frames.append(booster_table(study, group))
    return make_results(pd.concat(frames))
