"""Faults of the machine, by the hundred: kills at random moments, full disks, little memory.

Run by `make fuzz`; the figures of docs/reliability.md come from here. The notebooks are small, the
report and the command are the suite's own.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.run.exports import write_export
from tests.run.small import make_notebooks

pytestmark = [
    pytest.mark.fuzz,
    pytest.mark.skipif(sys.platform != "linux", reason="kills and limits as Linux has them"),
]

N_KILLS = int(os.environ.get("RELIEFCHECK_KILLS", "100"))
LEFT = (".latest-", ".part-")


@pytest.fixture
def place(tmp_path) -> Path:
    """A folder to run in, with a scratch folder and a home of its own."""
    make_notebooks(tmp_path / "notebooks")
    write_export(tmp_path / "export")
    for name in ("scratch", "home"):
        (tmp_path / name).mkdir()
    return tmp_path


def begin(
    place: Path, *words: str, before: Any = None, prefix: tuple[str, ...] = (), **env: str
) -> subprocess.Popen[str]:
    own = {"TMPDIR": str(place / "scratch"), "HOME": str(place / "home")}
    kept = {name: text for name, text in os.environ.items() if name != "XDG_STATE_HOME"}
    return subprocess.Popen(
        [*prefix, sys.executable, "-m", "analysis", *words], cwd=place, env={**kept, **own, **env},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=before,
        start_new_session=True,
    )  # fmt: skip


def run(place: Path, out: str, *more: str, **options: Any) -> subprocess.Popen[str]:
    words = ("run", "export", "--notebooks", "notebooks", "--cache", "cache", "--out", out)
    return begin(place, *words, *more, **options)


def ended(process: subprocess.Popen[str]) -> tuple[int, str]:
    out, err = process.communicate()
    return process.returncode, out + err


def check_sound(place: Path, folder: str) -> None:
    """The report is whole, but for a signature that had not reached its page."""
    code, said = ended(begin(place, "verify", folder))
    bad = [line for line in said.splitlines() if line.startswith("NO")]
    assert code == 0 or bad == [f"NO    {'signoff.json'} was not written by the run."], said


def leftovers(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir() if any(word in path.name for word in LEFT)]


def test_kills_at_random_moments_lose_nothing(place):
    draw = random.Random(13)
    begun = time.monotonic()
    code, said = ended(run(place, "first"))
    seconds = time.monotonic() - begun
    assert code == 0, said
    found: Counter[str] = Counter()
    for number in range(N_KILLS):
        out, what = f"r{number}", ("run", "release", "run", "sign")[number % 4]
        if number % 3 == 0:  # from nothing, else from what earlier runs have kept
            with (place / "notebooks" / "20_responders.ipynb").open("a") as notebook:
                notebook.write(" ")
        words = ("sign", "first", "--as", f"A{number % 5}", "--role", "director")
        released = ("release", "first", "--out", out)
        if what == "run":
            process = run(place, out)
        else:
            process = begin(place, *(words if what == "sign" else released))
        share = {"run": 1.0, "release": 0.5, "sign": 0.125}[what]
        begun = time.monotonic()
        try:
            process.wait(draw.uniform(0.0, share * seconds))
            if what == "run":  # the machine is idler now
                seconds = time.monotonic() - begun
        except subprocess.TimeoutExpired:
            # Alone, where its children must end by themselves, or with them.
            (os.kill if number % 2 else os.killpg)(process.pid, signal.SIGKILL)
        code, said = ended(process)
        assert "Traceback" not in said
        found[f"{what} {'killed' if code < 0 else 'ended'}"] += 1
        check_sound(place, "first")
        if (place / out).exists() and what == "release":
            code, said = ended(begin(place, "release-check", out, "--run", "first"))
            assert code == 0, said
            found["release whole"] += 1
        elif (place / out).exists():
            check_sound(place, out)
            found["run whole"] += 1
    code, said = ended(run(place, "last"))
    assert code == 0, said
    check_sound(place, "last")
    assert ended(begin(place, "sign", "first", "--as", "B", "--role", "director"))[0] == 0
    assert ended(begin(place, "release", "first", "--out", "released"))[0] == 0
    assert leftovers(place) == leftovers(place / "scratch") == []
    print(json.dumps({"kills": N_KILLS, **found}))


def limit(what: str, amount: int) -> Any:
    import resource

    def apply() -> None:
        resource.setrlimit(getattr(resource, what), (amount, amount))

    return apply


def check_end(place: Path, code: int, said: str, out: str) -> str:
    """A report that is right, or a sentence and nothing left."""
    assert code in (0, 1, 2), said
    assert "Traceback" not in said, said
    if code == 0:
        check_sound(place, out)
        return "a right result"
    assert "reliefcheck: " in said, said
    assert not (place / out).exists() or code == 1, said
    assert leftovers(place) == leftovers(place / "scratch") == [], said
    return "a sentence"


LIMITS = {
    "500 MB of memory": ("RLIMIT_AS", 500 << 20),
    "2 GB of memory": ("RLIMIT_AS", 2 << 30),
    "40 files": ("RLIMIT_NOFILE", 40),
}


@pytest.mark.parametrize("name", LIMITS)
def test_a_small_machine_is_a_sentence_or_a_right_result(place, name):
    before = limit(*LIMITS[name])
    end = check_end(place, *ended(run(place, "r", "--workers", "2", before=before)), "r")
    print(json.dumps({name: end}))


@pytest.mark.parametrize("largest", [0, 1, 7, 100, 900, 5_000, 20_000, 60_000, 100_000, 300_000])
def test_a_disk_that_takes_no_more_is_a_sentence(place, largest):
    """No file may grow beyond so many bytes, whoever writes it: all fail as on a full disk."""
    end = check_end(place, *ended(run(place, "r", before=limit("RLIMIT_FSIZE", largest))), "r")
    print(json.dumps({f"files of {largest} bytes": end}))


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting needs root")
@pytest.mark.parametrize("kilobytes", [16, 64, 200, 400, 700, 1000, 1500, 2500])
@pytest.mark.parametrize("what", ["reports", "scratch"])
def test_a_full_disk_is_a_sentence(place, what, kilobytes):
    disk = place / what
    disk.mkdir(exist_ok=True)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs", str(disk)]
    if subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("cannot mount")
    try:
        end = check_end(place, *ended(run(place, "reports/r")), "reports/r")
        assert leftovers(disk) == []
    finally:
        subprocess.run(["umount", str(disk)], check=True)
    print(json.dumps({f"{what} of {kilobytes} kB": end}))


PLACES: dict[str, dict[str, str]] = {
    "no HOME": {"HOME": ""},
    "a HOME that is not there": {"HOME": "/nonexistent"},
    "no TMPDIR": {"TMPDIR": "/nonexistent"},
    "another clock": {"SOURCE_DATE_EPOCH": "0"},
    "an encoding of 128 letters": {"PYTHONIOENCODING": "ascii", "LC_ALL": "C"},
}


@pytest.mark.parametrize("name", PLACES)
def test_a_machine_that_lacks_something(place, name):
    end = check_end(place, *ended(run(place, "r", **PLACES[name])), "r")
    print(json.dumps({name: end}))


def test_two_runs_on_one_out(place):
    both = [run(place, "r"), run(place, "r")]
    ends = sorted(ended(each) for each in both)
    assert [code for code, _ in ends] in ([0, 0], [0, 1], [0, 2]), ends
    check_sound(place, "r")
    assert leftovers(place) == []


@pytest.mark.skipif(not shutil.which("setpriv"), reason="needs setpriv")
@pytest.mark.skipif(os.geteuid() != 0, reason="giving folders away needs root")
@pytest.mark.parametrize("theirs", ["", "cache", "reports", "scratch"])
def test_folders_of_another_user(place, theirs):
    """Without root's right to pass over permissions, one folder belongs to nobody and is shut."""
    for name in ("cache", "reports", "scratch"):
        (place / name).mkdir(mode=0o700, exist_ok=True)
        (place / name).chmod(0o700)
    if theirs:
        os.chown(place / theirs, 65534, 65534)
    powerless = ("setpriv", "--bounding-set", "-all", "--inh-caps", "-all")
    code, said = ended(run(place, "reports/r", prefix=powerless))
    assert "Traceback" not in said, said
    assert code == (2 if theirs in ("cache", "reports") else 0), said
    assert (place / "reports" / "r").exists() is (code == 0)
    print(json.dumps({f"{theirs or 'no'} folder is another's": f"exit code {code}"}))
