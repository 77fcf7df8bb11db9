"""The exhibits on relief: what they are given, and that every odd clinic has them."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pytest
from relief_studies import WEEK, four, responder
from studies import SETTINGS, patient, study

from analysis.display.relief_pages import relief_exhibits
from analysis.outcomes.relief_picture import choose_spans, make_picture
from analysis.outcomes.relief_rows import tabulate_relief

NAMES = ["relief", "strategies", "incidence", "swimmer", "shapes", "boosters", "series"]
PLANNED = "The median named is read on a straight line between the planned visits, not where"


def exhibits(people, condition="crps", **how):
    datasets = study(people, **how)
    rows = tabulate_relief(datasets, SETTINGS, condition)
    made = relief_exhibits(
        make_picture(datasets, SETTINGS, condition), rows,
        condition=condition, definition="booster_as_loss", labels={"crps": "CRPS"},
    )  # fmt: skip
    plt.close("all")
    return made, rows


def many():
    """Thirty losses spread over the visits, and boosters in weeks 5 to 9."""
    people = []
    for i in range(36):
        good = {f"w{week}": 4 for week in (4, 8, 12, 26)[: i % 4]}
        lost = {f"w{(4, 8, 12, 26)[i % 4]}": 8}
        people.append(
            responder(f"p{i}", booster_on=WEEK[5 + i % 5] if i % 3 else None, **good, **lost)
        )
    return people


def test_all_exhibits_with_their_numbers():
    made, _ = exhibits(many())
    assert list(made) == NAMES
    # 27 of 36 at week 4 and 9 at week 8, boosters or not: half of them midway.
    assert "CRPS: 36 patients, median 6 weeks" in made["relief"].alt
    assert PLANNED in made["relief"].caption
    assert PLANNED in made["shapes"].caption
    assert "there is none" not in made["series"].alt.lower()
    assert made["swimmer"].caption.startswith("20 of 36 responders.")


def test_without_boosters_the_median_is_where_the_curve_crosses():
    made, _ = exhibits(four())
    assert PLANNED not in made["relief"].caption


def test_few_spans_are_not_shown():
    """A few out of few could be recognised."""
    made, _ = exhibits(four())
    assert "there are no patients to draw" in made["swimmer"].alt
    datasets = study(four())
    assert choose_spans(datasets.relief).empty
    shown = choose_spans(study(many()).relief)
    assert len(shown) == 20
    assert not isinstance(shown.index[0], str)  # no patient's id travels along
    assert shown["good_until_days"].is_monotonic_decreasing


def test_fitted_curves_end_with_the_last_look():
    people = [responder(f"a{i}", w4=8) for i in range(8)]
    people += [responder(f"b{i}", w4=4, w8=8) for i in range(8)]
    made, _ = exhibits(people)
    lines = [line for axes in made["shapes"].figure.axes for line in axes.get_lines()]
    black = [line for line in lines if len(line.get_xdata()) > 90]
    assert len(black) == 2
    assert all(np.max(line.get_xdata()) <= 8.0 + 1e-9 for line in black)


@pytest.mark.parametrize(
    "people",
    [
        [patient("a", 8, 8)],
        [patient("a", 8)],
        [responder("a")],
        [responder("a", w4=8)],
        [responder("a", w4=4)],
        [responder("a", booster_on=WEEK[0])],
        [responder(f"p{i}", w4=8) for i in range(12)],
        [responder(f"a{i}", w8=8, **({"w4": 4} if i % 2 else {})) for i in range(12)],
    ],
    ids=["nobody", "unrated", "not followed", "one", "one kept", "booster on day 0", "one visit",
         "two visits"],
)  # fmt: skip
@pytest.mark.parametrize("condition", ["crps", "all", "fbss"])
def test_every_clinic_has_every_exhibit(people, condition):
    made, _ = exhibits(people, condition)
    assert list(made) == NAMES
    assert all(exhibit.alt and exhibit.caption and exhibit.title for exhibit in made.values())


def test_an_export_without_infusions():
    people = [patient(f"p{i}", 8, later={3: 4, 28: 4 if i % 2 else 8}) for i in range(6)]
    made, _ = exhibits(people, with_infusions=False)
    assert "none" in made["boosters"].alt.lower() or "no " in made["boosters"].alt.lower()
