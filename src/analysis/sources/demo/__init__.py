"""The demo clinic: synthetic patients whose true outcomes are known, because they were planted.

`truth` states what is planted, `people` and `course` draw patients and what happens to them,
`records` turns that into tables of the contract, `complete` works out the true figures, `write`
streams an export of any size and `folder` says what its folder holds.
"""

from analysis.sources.demo.complete import SimulatedTruth, describe_truth, simulate_truth
from analysis.sources.demo.folder import DEMO_FILES
from analysis.sources.demo.truth import (
    CONDITIONS,
    DEMO_PATIENTS,
    DEMO_SEED,
    RULES,
    ConditionPlan,
    Rules,
)
from analysis.sources.demo.write import DemoTables, generate_demo, write_demo

__all__ = [
    "CONDITIONS",
    "DEMO_FILES",
    "DEMO_PATIENTS",
    "DEMO_SEED",
    "RULES",
    "ConditionPlan",
    "DemoTables",
    "Rules",
    "SimulatedTruth",
    "describe_truth",
    "generate_demo",
    "simulate_truth",
    "write_demo",
]
