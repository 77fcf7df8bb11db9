"""Match a statement to listed claims: by exact words, by the same words, by what it says.

Nothing is matched by likeness. A statement is read into parts (condition, figures, measure, what is
said of them), each word being a part of the claim, one that changes nothing, or unknown; a listed
claim matches where every part is the same and no word is left over. What is left over stands in the
match, and whoever reads it can see why a claim was not found.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Literal, NamedTuple, get_args

from analysis.claims.judgement import Judgement
from analysis.claims.ledger import ALL, Claim
from analysis.intake.tables import load_conditions
from analysis.lint.quantities import PATTERNS, Cue, find_cues, flat_text, listed_words
from analysis.lint.text import Statement

# What a statement speaks of, read from its words: conditions, people, measure

Measure = Literal["share", "mean", "duration", ""]
MEASURE_OF_LEDGER: dict[str, Measure] = {
    "responder_share": "share",
    "percent_reduction": "mean",
    "relief_duration": "duration",
}

_SAME_EXTENT = listed_words("condition")
"""Names of all of a condition."""

_WITHIN = listed_words("within")
"""Names of a part of it, or of what belongs to it: they say which condition, not that it is all."""

PEOPLE = PATTERNS["people"]
NARROWED = PATTERNS["narrowed"]
"""Words by which copy says that its number is made of fewer than all who started."""


@lru_cache(maxsize=1)
def _condition_patterns() -> tuple[tuple[str, re.Pattern[str], re.Pattern[str]], ...]:
    """Code, names of all of it and any name, of the synonyms and every label of the table."""
    labels = {c: flat_text(t) for c, t in load_conditions().labels.items() if c != "other"}
    found = []
    for code in [*_SAME_EXTENT, *(code for code in labels if code not in _SAME_EXTENT)]:
        words = [_SAME_EXTENT.get(code, ""), re.escape(labels.get(code, ""))]
        same = "|".join(filter(None, words))
        any_name = "|".join(filter(None, (same, _WITHIN.get(code, ""))))
        whole, any_part = (re.compile(rf"\b(?:{names})(?![a-z])") for names in (same, any_name))
        found.append((code, whole, any_part))
    return tuple(found)


def conditions_in(text: str) -> frozenset[str]:
    """Return the codes of the conditions a text names."""
    flat = flat_text(text)
    return frozenset(code for code, _, any_name in _condition_patterns() if any_name.search(flat))


def measure_in(text: str, cues: Sequence[Cue]) -> Measure:
    """Return what kind of number a statement gives, empty for none of the ledger's.

    A share of patients and a mean reduction are never taken for one another (Dworkin 2009, PAIN
    146:238): "70% of patients" and "70% less pain" both have a sign and differ.
    """
    flat = flat_text(text)
    percents = [cue for cue in cues if cue.kind == "percentage"]
    if percents:
        share, near = False, PATTERNS["share near"].search(flat) is not None
        for cue in percents:
            found = PATTERNS["share after"].search(flat[cue.end : cue.end + 60])
            # "Responds by 60%" is no share, "told by 60% of us" is one.
            by = flat[max(0, cue.start - 3) : cue.start] == "by "
            if found and not PATTERNS["change"].search(found[0]):
                share |= not by or PEOPLE.search(found[0]) is not None
            share |= not by and near
        if share:
            return "share"
        return "mean" if any(cue.direction for cue in percents) else ""
    lasts = any(cue.kind == "duration" for cue in cues) and PATTERNS["lasting"].search(flat)
    return "duration" if lasts else ""


# Words: each is a part of the claim, changes nothing, or is unknown and stands for itself

_MEANS = {word: part for part, words in listed_words("means").items() for word in words.split()}
"""Words by what they mean here; those that change nothing mean "". All others are themselves."""

_GAINS = ("down", "better", "relief", "respond")
_TOKEN = re.compile(r"[^\W_]+(?:'[^\W_]+)*")


class Item(NamedTuple):
    """A word, number or name of a condition, with its place and what it means."""

    token: str  # equal however it is written: a number in words or digits, another dash
    means: str  # "" where it changes nothing; "#..." a figure, "@..." a condition
    start: int
    end: int


def items_of(text: str, cues: Sequence[Cue]) -> list[Item]:
    """Return words, numbers and names of conditions in order."""
    flat = flat_text(text)
    whole: list[tuple[int, int, str]] = []
    for cue in cues:
        if cue.quantity is not None:  # of "137 CRPS patients" only the number is one
            people = cue.kind == "count" and PEOPLE.search(flat, cue.start, cue.end)
            end = cue.start + len(cue.text.split()[0]) if people else cue.end
            whole.append((cue.start, end, cue.quantity.token))
    for code, same, _ in _condition_patterns():
        whole += [(*match.span(), f"@{code}") for match in same.finditer(flat)]
    found = [(m.start(), m.end(), "") for m in PATTERNS["neutral phrase"].finditer(flat)]
    neutral = bytearray(len(flat))
    for start, end, _ in found:
        neutral[start:end] = b"\x01" * (end - start)

    def words(start: int, end: int) -> Iterator[Item]:
        for match in _TOKEN.finditer(flat, start, end):
            token = match[0].replace("'", "")
            means = "" if neutral[match.start()] else _MEANS.get(token, token)
            yield Item(token, means, *match.span())

    items: list[Item] = []
    at = 0
    for start, end, means in sorted(whole):
        if start >= at:
            items += words(at, start)
            tokens = [item.token for item in words(start, end)]
            items.append(Item(means if means[0] == "#" else " ".join(tokens), means, start, end))
            at = end
    return [*items, *words(at, len(flat))]


@dataclass(frozen=True)
class Parts:
    """What a clause says: its figures, their measure, and the words beside them."""

    figures: frozenset[str]
    measure: Measure
    words: tuple[str, ...]  # in order, without those that change nothing
    pain_named: bool  # in the name of a condition

    def said(self, *, assume_pain: bool = False) -> Counter[str]:
        """Return the words, with response and relief of pain as one where they are one.

        A share of patients "with significantly less pain", "with pain relief" and "who respond"
        is one outcome. Two such words ("less relief") turn each other and stay apart.
        """
        words = Counter(self.words)
        gains = [word for word in self.words if word in _GAINS]
        if len(gains) != 1 or (gains[0] == "respond" and self.measure != "share"):
            return words
        at = self.words.index(gains[0])
        if gains[0] == "respond":  # "patients with significant pain respond" are not all patients
            before = self.words[at - 1 : at]
            foldable = set(before) & {"pain", "significant"}
        else:
            foldable = {"pain"} | ({"significant"} if self.measure == "share" else set())
            named = "pain" in self.words or self.pain_named or assume_pain
            if gains[0] in ("down", "better") and not named:
                return words
        del words[gains[0]]
        for word in foldable:
            del words[word]
        words["response"] = 1
        return words


def parts_of(items: Sequence[Item], measure: Measure) -> Parts:
    """Return what items say."""
    return Parts(
        figures=frozenset(item.means for item in items if item.means.startswith("#")),
        measure=measure,
        words=tuple(item.means for item in items if item.means and item.means[0] not in "#@"),
        pain_named=any(item.means[:1] == "@" and "pain" in item.token for item in items),
    )


# Matching

How = Literal[
    "exact words", "same words", "same meaning", "condition left out", "number differs",
    "more is said", "words differ",
]  # fmt: skip
_ORDER: tuple[How, ...] = get_args(How)
LISTED = _ORDER[:3]
"""Ways by which a statement counts as listed; the others only name the nearest claim."""

LEAST_WORDS = 4  # a claim of fewer and no number ("Diabetic neuropathy") must be all of it
LEAST_ALIKE = 0.5  # share of parts in common (Dice) from which on a row is named as the nearest
MOST_COMPARED = 12  # rows, of which the nearest is named
MOST_TIMES = 8  # as many words as the row's that a clause may have and still be looked at
MOST_PIECES = 8  # of a sentence in one claim


@dataclass(frozen=True, kw_only=True)
class Match:
    """How a statement and a listed claim belong together."""

    listed: Claim
    how: How
    score: float  # in [0, 1]; docs/linter.md says what gives how much
    why: str  # what was equal, in words
    start: int  # part of the statement it covers
    end: int
    numbers: tuple[Cue, ...] = ()  # of a nearest claim: those that do not repeat its reading
    beyond: tuple[str, ...] = ()  # words of the sentence that no row covers and that may change it


class _Row:
    def __init__(self, listed: Claim) -> None:
        wording = listed.wording
        cues = find_cues(wording)
        self.listed = listed
        self.items = items_of(wording, cues)
        self.text = f" {' '.join(item.token for item in self.items)} "
        parts = parts_of(self.items, measure_in(wording, cues))
        self.figures = parts.figures
        self.conditions = conditions_in(wording) | ({listed.condition} - {ALL})
        self.measure = MEASURE_OF_LEDGER.get(listed.measure) or parts.measure
        self.said = replace(parts, measure=self.measure).said()
        self.own = {item.means for item in self.items} - {""} | {f"@{c}" for c in self.conditions}
        of_time = (*find_cues(listed.section), *cues)
        self.times = frozenset(cue.quantity for cue in of_time if cue.quantity)


_row = lru_cache(maxsize=4096)(_Row)


class _Read:
    """A statement read into items once, with what is asked of it again and again."""

    def __init__(self, statement: Statement) -> None:
        self.text, self.cues = statement.text, statement.cues
        self.flat = flat_text(statement.text)
        self.items = items_of(statement.text, statement.cues)
        self.starts = [item.start for item in self.items]
        self.cue_starts = [cue.start for cue in statement.cues]
        self.cuts = [
            0,
            *(match.end() for match in PATTERNS["piece"].finditer(self.flat)),
            len(self.text),
        ]
        self.named_above = conditions_in(statement.heading)
        self.repeats: dict[int, tuple[bytearray, bool]] = {}

    @cached_property
    def named_ends(self) -> list[tuple[int, int]]:
        """Places of the first and the last name of each condition: is one outside of a part?"""
        found = [
            [match.span() for match in any_name.finditer(self.flat)]
            for _, _, any_name in _condition_patterns()
        ]
        return [span for spans in found if spans for span in (spans[0], spans[-1])]

    def items_between(self, start: int, end: int) -> list[Item]:
        return self.items[bisect_left(self.starts, start) : bisect_left(self.starts, end)]

    def parts_of(self, items: Sequence[Item]) -> Parts:
        """Return what consecutive items say."""
        start, end = items[0].start, items[-1].end
        first, last = (bisect_left(self.cue_starts, at) for at in (start, end))
        inside = [
            replace(cue, start=cue.start - start, end=cue.end - start)
            for cue in self.cues[first:last]
        ]
        return parts_of(items, measure_in(self.text[start:end], inside))

    def groups(self) -> Iterator[list[Item]]:
        """Yield one to several clauses that follow one another, the longest first."""
        pieces = len(self.cuts) - 1
        sizes = [pieces] if pieces > MOST_PIECES else []
        for size in [*sizes, *range(min(pieces, MOST_PIECES), 0, -1)]:
            for at in range(pieces - size + 1):
                if items := self.items_between(self.cuts[at], self.cuts[at + size]):
                    yield items


class Matcher:
    """Matches statements to a fixed list of claims, with the verdicts of a run where there is one.

    Verdicts say which further words only repeat the reading (of how many, at which visit).
    """

    def __init__(
        self, claims: Sequence[Claim], verdicts: Mapping[str, Judgement] | None = None
    ) -> None:
        self._verdicts = verdicts or {}
        self._rows = [_row(claim) for claim in claims if claim.wording.strip()]
        self._by_words: dict[tuple[str, ...], list[_Row]] = {}
        self._by_part: dict[str, list[_Row]] = {}
        for row in self._rows:
            if not row.figures:
                self._by_words.setdefault(_sequence(row.items), []).append(row)
            for part in row.own:
                self._by_part.setdefault(part, []).append(row)

    def match(self, statement: Statement) -> tuple[Match, ...]:
        """Return the claims a statement makes, and those it says more than; else the nearest one.

        Two rows with the same wording both match: one sentence may make two claims.
        """
        read = _Read(statement)
        taken = bytearray(len(read.text) + 1)  # 1 where a claim stands
        found = [*self._worded(read, taken)]
        found += self._meant(read, taken)
        if not found:
            return self._nearest(read)
        for row in {id(row): row for row, _ in found}.values():  # each once: time stays linear
            for at in re.finditer(b"\x01+", self._repeats(row, read)[0]):
                taken[at.start() : at.end()] = at[0]
        full, more = [match for _, match in found], []
        while True:  # what stands in the clause of a claim makes it another, left over as a whole
            left = [item for item in read.items if item.means and not taken[item.start]]
            starts = [item.start for item in left]
            changed = [match for match in full if _in_its_clause(read, match, starts)]
            if not changed:
                break
            more += changed
            gone = {id(match) for match in changed}
            full = [match for match in full if id(match) not in gone]
            for match in changed:
                taken[match.start : match.end] = bytes(match.end - match.start)
        beyond = [(item.start, read.text[item.start : item.end]) for item in left]
        rows = {match.listed.claim_id: row for row, match in found}
        of_claim: dict[tuple[str, str], tuple[str, ...]] = {}  # a claim said again lacks the same

        def made(match: Match) -> Match:
            key = match.listed.claim_id, match.how
            if key in of_claim:
                return replace(match, beyond=of_claim[key])
            moved = [
                cue.text for cue in statement.heading_cues
                if cue.kind == "duration" and cue.quantity
                and cue.quantity not in rows[match.listed.claim_id].times
            ]  # fmt: skip
            own = (word for at, word in beyond if not match.start <= at < match.end)
            of_claim[key] = (*own, *moved)
            return replace(match, beyond=of_claim[key])

        return (
            *map(made, full),
            *(
                replace(made(match), how="more is said", score=round(0.9 * match.score, 3),
                        why=f"{match.why}, but more is said there")
                for match in more
            ),
        )  # fmt: skip

    def _worded(self, read: _Read, taken: bytearray) -> list[tuple[_Row, Match]]:
        names = [item.token for item in read.items]
        text = f" {' '.join(names)} "
        found = []
        for row in self._rows:
            if not row.items or row.text not in text:
                continue
            size, complete = len(row.items), len(names) == len(row.items)
            if not complete and size < LEAST_WORDS and not row.figures:
                continue
            tokens = [item.token for item in row.items]
            at = next(i for i in range(len(names) - size + 1) if names[i : i + size] == tokens)
            exact = row.listed.wording in read.text
            words = "exactly the words" if exact else "the words"
            match = Match(
                listed=row.listed,
                how="exact words" if exact else "same words",
                score=1.0 if exact else 0.95,
                why=f"{'the statement' if complete else 'part of it'} has {words} of "
                f"{row.listed.claim_id}",
                start=read.items[at].start,
                end=read.items[at + size - 1].end,
            )
            if not _beside_a_condition(row, read, match.start, match.end):
                found.append((row, match))
        found = [one for one in found if not _inside_another(one[1], [each for _, each in found])]
        for _, match in found:
            taken[match.start : match.end] = b"\x01" * (match.end - match.start)
        return found

    def _meant(self, read: _Read, taken: bytearray) -> Iterator[tuple[_Row, Match]]:
        for items in read.groups():
            start, end = items[0].start, items[-1].end
            if any(taken[start:end]):
                continue
            for row in self._candidates(items, whole=len(items) == len(read.items)):
                if _beside_a_condition(row, read, start, end):
                    continue
                if self._compare(row, items, read) == "same meaning":
                    yield row, Match(
                        listed=row.listed, how="same meaning", score=0.9, start=start, end=end,
                        why=f"every part of {row.listed.claim_id} in other words, and no other",
                    )  # fmt: skip
                    taken[start:end] = b"\x01" * (end - start)

    def _candidates(self, items: list[Item], *, whole: bool) -> list[_Row]:
        figures = {item.means for item in items if item.means.startswith("#")}
        rows = {
            id(row): row for one in figures for row in self._by_part.get(one, ())
            if row.figures <= figures and len(items) <= MOST_TIMES * len(row.items)
        }  # fmt: skip
        if not figures:
            rows = {id(row): row for row in self._by_words.get(_sequence(items), ())}
            if not whole:
                rows = {key: row for key, row in rows.items() if len(row.items) >= LEAST_WORDS}
        return list(rows.values())

    def _compare(
        self, row: _Row, items: Sequence[Item], read: _Read, *, any_pain: bool = False
    ) -> How | None:
        """Return how items and a row belong together, None where a part differs.

        ``any_pain`` takes "feel better" for less pain: enough to contradict, not to bear out.
        """
        if not row.figures:
            return "same meaning" if _sequence(items) == _sequence(row.items) else None
        mask, responds = self._repeats(row, read)
        kept = [item for item in items if not mask[item.start]]
        if not kept:
            return None
        parts = read.parts_of(kept)
        conditions = conditions_in(read.text[items[0].start : items[-1].end])
        if parts.measure != row.measure:
            return None
        said, of_row = parts.said(assume_pain=any_pain), row.said
        if responds:
            said["response"] = 1
        said["patient"] = of_row["patient"] = 0
        if +said != +of_row:
            return None
        named = conditions or read.named_above
        # A condition that is named only by a part of it ("migraine") is a word that is left over.
        if named and named != row.conditions:
            return None
        if parts.figures != row.figures:
            return "number differs" if named == row.conditions else None
        return "same meaning" if named == row.conditions else "condition left out"

    def _repeats(self, row: _Row, read: _Read) -> tuple[bytearray, bool]:
        """Return what of a statement only repeats the reading of a row (`_repeated`), kept."""
        if id(row) not in read.repeats:
            judged = self._verdicts.get(row.listed.claim_id)
            read.repeats[id(row)] = _repeated(row.listed, judged, read.flat)
        return read.repeats[id(row)]

    def _nearest(self, read: _Read) -> tuple[Match, ...]:
        named = conditions_in(read.text)
        own = {item.means for item in read.items} - {""} | {f"@{code}" for code in named}
        shared: Counter[int] = Counter()
        rows: dict[int, _Row] = {}
        for part in sorted(own):
            for row in self._by_part.get(part, ()):
                shared[id(row)] += 3 if part[0] == "#" else 1
                rows[id(row)] = row
        best: Match | None = None
        measure = measure_in(read.text, read.cues)
        # A few with most in common are looked at: the row that is asked for is among them.
        for key, _ in shared.most_common(MOST_COMPARED):
            row = rows[key]
            how = self._compare(row, read.items, read, any_pain=True) if row.figures else None
            alike = len(own & row.own) * 2 / (len(own) + len(row.own))
            same_figures = bool(row.figures) and row.figures <= own
            same_place = bool(row.figures) and measure == row.measure and (
                named == row.conditions)  # fmt: skip
            if how in (None, "same meaning"):
                if not (same_figures or same_place or alike >= LEAST_ALIKE):
                    continue
                how = "words differ"
            why = {
                "condition left out": "the same number and measure, and no condition is named",
                "number differs": "the same condition, measure and words, and another number",
            }.get(how, "some words are the same" if not same_figures else "the same number")
            bonus = {"condition left out": 0.6, "number differs": 0.4}.get(how, 0.2 * same_figures)
            mask, _ = self._repeats(row, read)
            match = Match(
                listed=row.listed, how=how,
                numbers=tuple(cue for cue in read.cues if cue.quantity and not mask[cue.start]),
                score=round(min(0.8, bonus + 0.4 * alike), 3),
                why=f"{why} as {row.listed.claim_id}", start=0, end=len(read.text),
                beyond=tuple(read.text[i.start : i.end] for i in read.items
                             if i.means and i.means not in row.own
                             and not (i.means in _GAINS and row.own & set(_GAINS))),
            )  # fmt: skip
            if best is None or match.score > best.score:
                best = match
        return (best,) if best else ()


def _repeated(claim: Claim, judged: Judgement | None, flat: str) -> tuple[bytearray, bool]:
    """Return a mask of what only repeats the reading of a row, and whether its response is said.

    Of how many, who started, at which visit, with which interval: where it is what the run
    found, or there is no run to hold it against.
    """
    mask, responds = bytearray(len(flat)), False

    def hide(pattern: str) -> bool:
        spans = [match.span() for match in re.finditer(pattern, flat)]
        for start, end in spans:
            mask[start:end] = b"\x01" * (end - start)
        return bool(spans)

    count = rf"{judged.n:,}|{judged.n}" if judged else r"\d[\d,]*"
    hide(rf"\(?\bn ?= ?(?:{count})\b\)?|\b(?:{count})(?= (?:[a-z]+ ){{0,4}}patients?\b)")
    if claim.population == "all_starters":
        hide(r"\b(?:all )?(?:of those )?who (?:started|began)(?: treatment| the series)?\b")
        hide(r"\ball(?= (?:[a-z]+ ){0,5}who (?:started|began))")
    if claim.population == "observed":
        hide(r"\b(?:(?:of|among) (?:those|patients) |who were )(?:rated|assessed)\b")
    visit = (judged.result_id if judged else "").rpartition(".")[2] or claim.visit or "end"
    week = re.fullmatch(r"week_(\d+)", visit)
    if visit == "end":
        hide(
            r"\b(?:at|by) (?:the )?end of (?:(?:the|their|a) )?(?:(?:treatment|infusion) )?series\b"
        )
    elif week:
        hide(rf"\b(?:at|by|after) (?:week {week[1]}|{week[1]} weeks)\b")
    if claim.threshold_pct and claim.measure == "responder_share":
        pct = rf"\b(?:at least )?{claim.threshold_pct:g} ?%(?: or more)? "
        responds = hide(rf"{pct}(?:less pain|pain (?:relief|reduction)|reduction (?:of|in) pain)\b")
    figure = r"(\d+(?:\.\d+)?)"
    for match in re.finditer(
        rf"\(?(?:95 ?% )?(?:confidence )?(?:interval|ci):? {figure} ?%? ?(?:to|-) ?{figure} ?%\)?",
        flat,
    ):
        if judged is None or _is_interval(match[1], match[2], judged):
            mask[match.start() : match.end()] = b"\x01" * len(match[0])
    return mask, responds


def _is_interval(low: str, high: str, judged: Judgement) -> bool:
    """Return whether printed limits are those of a judgement, to the digits printed."""
    scale = 100.0 if judged.unit == "share" else 1.0
    return all(
        of is not None and f"{scale * of:.{len(text.partition('.')[2])}f}" == text
        for text, of in ((low, judged.low), (high, judged.high))
    )


def _sequence(items: Sequence[Item]) -> tuple[str, ...]:
    """Return what changes something, in order: "side effects are minimal" is not turned round."""
    return tuple(item.means for item in items if item.means)


def _beside_a_condition(row: _Row, read: _Read, start: int, end: int) -> bool:
    """Return whether a general figure stands beside the name of a condition, of which it may be."""
    if not row.figures or row.conditions:
        return False
    return any(to <= start or at >= end for at, to in read.named_ends)


def _inside_another(match: Match, others: Sequence[Match]) -> bool:
    return any(
        other.start <= match.start
        and match.end <= other.end
        and (other.start, other.end) != (match.start, match.end)
        for other in others
    )


def _in_its_clause(read: _Read, match: Match, left: Sequence[int]) -> bool:
    """Return whether words that are left over, by their starts, stand in the clause of a match."""
    start = read.cuts[bisect_right(read.cuts, match.start) - 1]
    end = read.cuts[bisect_left(read.cuts, match.end)]
    return bisect_left(left, start) < bisect_left(left, end)
