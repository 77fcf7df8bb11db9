"""What stands beside a verdict comes out of another language's file, with its numbers."""

from __future__ import annotations

import re

import pytest
from studies import SETTINGS, claim, duration_claim, duration_row, mean_claim, patient, study
from test_texts import bracketed, quoted

from analysis.claims.checks import check_sentence
from analysis.claims.claimreview import make_review
from analysis.claims.frequency import FREQUENCIES
from analysis.claims.judge import judge_claim
from analysis.claims.judgement import VERDICT_MEANING
from analysis.claims.readings import ANSWERS
from analysis.claims.robustness import judge_readings, what_is_common
from analysis.claims.robustness.duration_readings import duration_readings_of
from analysis.claims.specifications import specifications_of
from analysis.claims.tipping import tip_mean, tip_share
from analysis.wording.texts import CHOICE, load_texts


@pytest.fixture
def own(tmp_path, monkeypatch):
    def write(content: str) -> None:
        path = tmp_path / "own.toml"
        path.write_text(content, encoding="utf-8")
        monkeypatch.setenv(CHOICE, str(path))

    return write


def test_a_tipping_point_in_another_order(own):
    own(
        """
        [tipping]
        between_parts = " | "
        [tipping.shares]
        not_rated_many = "von {n} fehlen {missing}"
        stop = "{needed}, um nicht mehr darunter zu bleiben"
        [tipping.means]
        mean_below = "{points} Punkte darunter ({value})"
        """
    )
    assert tip_share(60, 100, n_missing=20, floor=0.7).sentence.startswith(
        "von 100 fehlen 20 | 2 of 20 (10 %), um nicht mehr darunter zu bleiben | to meet it 19 of"
    )
    # Half are missing, so 20 points less of theirs take the whole interval down by 10.
    met = tip_mean(60.0, 60.0, 65.0, n=50, n_missing=50, floor=50.0)
    assert met.sentence.endswith(" | it is met until their mean is 20.0 Punkte darunter (40.0 %).")


def test_readings_are_told_in_the_language_and_compared_by_their_codes(own):
    """Two choices that a language tells in one word stay two."""
    own(
        """
        [robustness]
        all_of_them = "alle: {choices}"
        [robustness.choices]
        once = "verloren"
        confirmed = "verloren"
        [readings.choices]
        observed = "nur Bewertete"
        [readings.dimensions]
        missing = "Ohne Bewertung"
        """
    )
    lasting = duration_readings_of(duration_claim(), SETTINGS)
    both = [one for one in lasting if one.loss_rule != "near_baseline"]
    once = [one for one in both if one.loss_rule == "once"]
    assert what_is_common(once, both) == "alle: verloren"
    shares = specifications_of(claim(), SETTINGS, visits=["end"])
    seen = [one for one in shares if one.missing == "observed"]
    assert what_is_common(seen, shares) == "alle: nur Bewertete"
    assert shares[0].choice_names["missing"] == "Ohne Bewertung"


def test_readings_without_a_grid_in_another_language(own):
    own("[robustness]\nno_readings = 'Keine. {reason}'\nno_figure = 'Keine Zahl.'\n")
    word = claim(cited_low=None, cited_high=None, measure="", definition="", population="",
                 unit="", threshold_pct=None, reading="", answer="opinion", reason="x")  # fmt: skip
    people = study([patient("a", 8, 2)])
    assert judge_readings(word, people, SETTINGS).sentence == "Keine. Keine Zahl."
    people = study([patient("a", 8, 2, arm="x")])
    other = judge_readings(claim(), people, SETTINGS.model_copy(update={"claim_arm": "y"}))
    assert other.reason == "None of these patients is in the arm 'y'."


def test_a_duration_in_another_language(own):
    own(
        """
        [claim_durations]
        between = " / "
        not_same = "{verdicts}. Median: {medians}"
        [claim_durations.if]
        booster_as_loss = "Booster beendet: {answer}"
        [judge.verdicts]
        undecided = "offen"
        """
    )
    rows = [duration_row(3.0, 1.0, 5.0), duration_row(9.0, 7.0, 14.0, definition="booster_ignored")]
    said = judge_claim(duration_claim(), rows, analysis_visit="end").sentence
    assert (
        "Booster beendet: offen / meets if boosters are ignored. Median: Booster beendet: "
        "3 weeks (1 to 5 weeks) / 9 weeks (7 to 14 weeks) if boosters are ignored (range"
    ) in said


def test_a_claim_without_a_row_in_another_language(own):
    own("[judge]\ncondition = '{condition}'\n[judge.no_row]\nvisit = 'Fehlt: {visit}, {whom}.'\n")
    got = judge_claim(mean_claim(condition="crps"), [], analysis_visit="week_4")
    assert got.reason == "Fehlt: week_4, crps."


def test_tables_of_codes_in_another_language(own):
    own(
        """
        [frequency]
        often = "'often': mindestens die Hälfte"
        [readings.answers]
        opinion = "eine Meinung"
        [judge.meanings]
        meets = "darüber"
        [judge.review]
        body = "{no_clearance} {finding}"
        no_clearance = "Kein Freibrief."
        [claim_checks]
        board = "welche Kammer"
        """
    )
    often = FREQUENCIES["often"]
    assert (often.low, often.told) == (0.5, "'often': mindestens die Hälfte")
    assert (ANSWERS["opinion"], VERDICT_MEANING["meets"]) == ("eine Meinung", "darüber")
    review = make_review(claim_id="C1", words="x", verdict="meets", body="So ist es.",
                         appears_in="y", synthetic=False)  # fmt: skip
    assert review["reviewBody"] == "Kein Freibrief. So ist es."
    (lack,) = check_sentence("Our doctors are board-certified.", {"board": ("R1",)})
    assert (lack.check, lack.lacks) == ("board", "welche Kammer")


def outside(text: str) -> str:
    """Return what no pair of brackets holds."""
    while (left := re.sub(r"\[[^\[\]]*\]", "", text)) != text:
        text = left
    return text.strip()


def sentences():
    """Ways of telling a tipping point, the readings, and why there is no verdict."""
    for n, n_missing, n_cannot in ((100, 20, 0), (100, 20, 5), (100, 1, 1), (9, 1, 0), (9, 0, 0)):
        for marks in ({"floor": 0.7}, {"floor": 0.1}, {"floor": None, "ceiling": 0.3}):
            yield tip_share(6, n, n_missing=n_missing, n_cannot=n_cannot, **marks).sentence
    for n_missing, floor in ((0, 50.0), (1, 50.0), (50, 61.0), (50, 30.0), (1, 99.0)):
        yield tip_mean(45.0, 40.0, 50.0, n=50, n_missing=n_missing, floor=floor).sentence
    people = study([patient(str(i), 8, 2 if i % 3 else 7) for i in range(12)])
    for one in (claim(), mean_claim()):
        yield judge_readings(one, people, SETTINGS).sentence
        yield judge_claim(one, [], analysis_visit="end").reason
    yield judge_readings(duration_claim(), people, SETTINGS).sentence
    lasting = {"measure": "relieved_share", "visit": "week_2", "unit": "share"}
    rows = [
        duration_row(3.0, 1.0, 5.0),
        duration_row(9.0, 7.0, None, definition="booster_ignored"),
        duration_row(0.6, 0.5, 0.7, **lasting),
    ]
    yield judge_claim(duration_claim(), rows, analysis_visit="end").sentence


def test_no_word_stands_outside_the_file(own):
    plain = list(sentences())
    own("\n".join(f"{quoted(name)} = {bracketed(text)}" for name, text in load_texts().items()))
    told = list(sentences())
    assert len(told) == len(plain) > 20 and not any("[" in text for text in plain)
    assert [outside(text) for text in told] == [""] * len(told)
