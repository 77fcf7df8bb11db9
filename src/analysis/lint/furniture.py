"""Whether a line states something of the treatment that could be checked, or is page furniture.

A claim speaks of an outcome, a harm, a mechanism, evidence or rank. Instructions, questions,
prices, hours, navigation, terms and definitions do not, whatever numbers stand in them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from analysis.lint.quantities import Cue, flat_text

_SAYS = re.compile(
    r"\b(?:relie[fv]\w*|improv\w+|better|effective(?:ly)?|works|worked|heal(?:s|ed|ing)?|cur(?:e|"
    r"es|ed|ative)|"
    r"reduc(?:e|es|ed|ing)(?! quality)|lower(?:s|ed)|less|fewer|calm(?:s|ed|er|ing)|"
    r"stop(?:s|ped) (?:the )?pain|eas(?:e|"
    r"es|ed|ing)|"
    r"allevia\w+|blocks?|restor\w+|regain\w*|reclaim|regrow\w*|repair\w*|revers\w+|prevents?|"
    r"eliminat\w+|lifts?|"
    r"resets?|rewir\w+|stimulat\w+|promot\w+|outperform\w*|outcomes?|succe\w+|respon[ds]\w*|"
    r"results?|"
    r"remission|recover(?:ed|s)?|benefit\w*|helps?|helped|treats?|treated|drops?|dropped|falls?|"
    r"fell|cuts?|halv\w+|"
    r"doubl\w+|tripl\w+|saved?|saves|comfort(?:able)?|proven|studies|research|clinical trials?|"
    r"evidence|backed|"
    r"side effects?|safe(?:r|st|ly|ty)?|well tolerated|toleran?ce|tolerate|gentle on|addict\w*|"
    r"dependen\w+|"
    r"withdrawal|hangover|brain fog|nausea|complications?|serious event|downtime|"
    r"breathing|breakthrough|"
    r"guarante\w+|risk-?free|life-changing|life back|hope(?:ful)?|goodbye|break the cycle|"
    r"pain-free|free from|"
    r"free of pain|without (?:constant )?pain|sleep (?:better|through|more)|enhanc\w+|mood|"
    r"mobility|flare-ups?|"
    r"return(?:ed)? to work|"
    r"leading|best|safest|highest|most (?:advanced|experienced)|gold standard|unlike|"
    r"alternative|superior|"
    r"trusted|rated|stars?|recommend\w*|satisf\w+|board-certified|fda|approved|"
    r"feel(?:ing)? (?:a |normal|lighter)|"
    r"pain (?:pill|medication|scores?)|my pain|opioid use|difference|inflamm\w+|respiratory|"
    r"organs?|lingering|lasts?|lasting|permanent|"
    r"do(?:es)? (?:very )?well|for the first time|gave me|not needed|away)\b"
)
"""Words by which copy says that something is gained, avoided, shown or ranked."""

_OF_CARE = re.compile(
    r"\b(?:infusions?|sessions?|series|doses?|boosters?|protocol|pain|patients? (?!portal|form)|"
    r"people with|"
    r"crps|fibromyalgia|neuropath\w+|migraines?|ketamine|effects?)\b"
)
"""The treatment and its patients, of which a number, frequency or absolute is a claim."""

_FURNITURE = re.compile(
    r"^(?:please|skip|call|book|schedule|contact|read|learn|click|follow|sign|enter|download|"
    r"bring|wear|arrive|"
    r"arrange|tell|ask|talk|drink|rest|keep|turn|do not|don't|see|rate|refer|share|submit|"
    r"search|leave|use|save|"
    r"meet|get directions|accept|page|image|photo|figure|map|logo|video|tags?|categories|hours|"
    r"posted|last |copyright|"
    r"website|source|medically|fax|step \d|we (?:use|accept|never|do not (?:bill|accept)|"
    r"will ask|send|measure|"
    r"look|moved|respond to|support)|your (?:next|first|privacy|portal)|if (?:you|this)|"
    r"by using|thank|no (?:walk|pets?|smoking|"
    r"referral|appointment)|only one|a responsible|frequently asked|appointments?|"
    r"a consultation|cancellations?|missed|"
    r"(?:ten|\d+) percent off|offer)\b"
    r"|\?$|\bcookies\b|\bmedical advice\b|\bnewsletter\b|\bconsent forms?\b|\bportal\b|"
    r"\bmust be\b|\bmust drive\b"
    r"|\b(?:results|outcomes) (?:may |can )?(?:vary|differ)\b|\bnot all patients\b|"
    r"\boff-label\b|\bnot approved\b"
    r"|\b(?:is|are) (?:a |an )?(?:disorder|pain that|anesthetic)\b|\bstands for\b|"
    r"\bshould not have\b|\bcontrol group\b"
    r"|\byou (?:may|can) (?:have|listen|feel (?:sleepy|tired|drows\w+)|bring|eat|drink)\b|"
    r"\blives? with chronic pain\b"
    r"|\binsurance (?:usually|often|does|may)\b|\breferr(?:al|ing)\b|\bweekday\b|"
    r"\bevery (?:year|weekday)\b|\bblood pressure\b"
)
"""What a page says to guide, inform or instruct its reader."""


def speaks_of_outcomes(text: str) -> bool:
    """Return whether a line says something of the treatment that could be right or wrong."""
    flat = flat_text(text).strip()
    return not _FURNITURE.search(flat) and _SAYS.search(flat) is not None


def is_furniture(text: str, cues: Sequence[Cue]) -> bool:
    """Return whether numbers and absolutes in a line are no claim: nothing in it is of the care.

    A share or multiple of an outcome is a claim, whatever else the line says.
    """
    flat = flat_text(text).strip()
    says = _SAYS.search(flat) is not None
    if says and any(cue.kind in ("percentage", "multiple") for cue in cues):
        return False
    return _FURNITURE.search(flat) is not None or not (says or _OF_CARE.search(flat))
