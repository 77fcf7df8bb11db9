"""What the part on means of docs/simulations/verdict-errors.md says around its tables."""

from __future__ import annotations

PREFACE = """
## The verdict on a mean

"Fibromyalgia patients report 40-60% pain decrease on average" is judged by the mean of patients'
own percent reductions and its 95 % Student interval, against the cited floor of 40 %. The truth is
the mean of all who start, were all of them rated. Here clinics are drawn: {clinics} for every cell
(seed {seed}), so that one standard Monte-Carlo error is {error} points at 2.5 %.

Patients are of four kinds:

- **normal values** with a standard deviation of {spread} points: what Student's interval was made
  for, so that 2.5 / 2.5 is what the tables must show;
- **scores, baseline 4 or more**: whole scores from 0 to 10 before and after; where treatment helps,
  28 % of the pain is left on average, elsewhere 97 %, with 1.5 points of scatter. The share whom
  it helps is what makes the true mean. No reduction is above 100 %, while a rise from 4 to 8
  counts as −100 %;
- **scores, any baseline above 0**: the same with 8 % of patients at a baseline of 1 to 3, whose
  rise to 4 can be −300 %: what a clinic has that asks for no least baseline;
- **all or nothing**: 100 % or 0 %, the most that the upper end can bend a mean.

## Where the verdict on a mean breaks

Truth on the floor, so that every `meets` (in the limit) and every `falls short` is wrong.
"""

READING = """
What that means:

- **Nothing missing, usual scores.** Student's interval holds what it promises to within half a
  point, also with 20 patients.
- **Few patients and a long tail below.** Where no least baseline is asked for, a clinic that by
  chance has none of the few who got much worse has a mean that is too high *and* a spread that is
  too small: `meets` is said too often, `falls short` too seldom. Hundreds of patients are needed
  until it is gone. This is the reason for the least baseline of 4 (decision 0005) and for the
  median beside the mean.
- **All or nothing.** The mean is then a share in disguise and has its steps: with 20 patients a
  wrong `falls short` is about twice as frequent as promised, with 100 no longer.
- **Leaving at random, left out.** The promise holds; power is that of fewer patients.
- **Leaving at random, counted as unchanged.** The mean falls by the share that left: `meets` is
  hardly ever wrong, `falls short` is said of claims that are true.
- **Non-responders leave more often, left out.** The dangerous case, and the reading of the claim on
  fibromyalgia, whose words speak of those who "report": the mean of those who stay is too high, and
  `meets` is said of false claims, the more surely the more patients there are. The verdict must be
  read beside its tipping point and the row of all who started.
- **Non-responders leave more often, counted as unchanged.** Too low by less than at random.

## Means, the truth on the floor, nothing missing

Wrong `meets` (in the limit) / wrong `falls short`, percent of clinics.
"""

DISTORTION = """
## How far each rule distorts the mean

Mean of what the rule estimates minus the true mean, in percent points, by true mean; scores,
baseline 4 or more, n = 1000.
"""
