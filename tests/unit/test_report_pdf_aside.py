"""report.pdf in a process of its own: there at the end, or told why not."""

from __future__ import annotations

import os
import signal
import threading

import pytest

from analysis.errors import RunError
from analysis.report import pdf_aside
from analysis.report.pdf_aside import report_pdf_aside


@pytest.fixture
def forks(monkeypatch):
    """Fork although the tests' own threads are about."""
    monkeypatch.setattr(threading, "active_count", lambda: 1)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1}, raising=False)


def by_whom(path, context):
    """Stand for the making of a PDF; tell which process did it."""
    path.write_text(f"{os.getpid()} {context['text']}")


def test_another_process_makes_it_while_this_one_goes_on(tmp_path, monkeypatch, forks):
    monkeypatch.setattr(pdf_aside, "write_report_pdf", by_whom)
    with report_pdf_aside(tmp_path / "r.pdf", {"text": "whole"}):
        other = (tmp_path / "other").write_text("done meanwhile")
    assert other
    who, text = (tmp_path / "r.pdf").read_text().split(" ")
    assert (text, int(who) == os.getpid()) == ("whole", False)


def test_beside_another_thread_this_process_makes_it(tmp_path, monkeypatch):
    monkeypatch.setattr(pdf_aside, "write_report_pdf", by_whom)
    monkeypatch.setattr(threading, "active_count", lambda: 2)
    with report_pdf_aside(tmp_path / "r.pdf", {"text": "x"}):
        assert not (tmp_path / "r.pdf").exists()
    assert (tmp_path / "r.pdf").read_text() == f"{os.getpid()} x"


def test_a_process_that_dies_is_made_good(tmp_path, monkeypatch, forks):
    here = os.getpid()

    def dies_elsewhere(path, context):
        if os.getpid() != here:
            os.kill(os.getpid(), signal.SIGKILL)
        by_whom(path, context)

    monkeypatch.setattr(pdf_aside, "write_report_pdf", dies_elsewhere)
    with report_pdf_aside(tmp_path / "r.pdf", {"text": "x"}):
        pass
    assert (tmp_path / "r.pdf").read_text() == f"{here} x"


def test_what_stands_in_the_way_is_told_as_ever(tmp_path, monkeypatch, forks, capfd):
    def fails(path, context):
        raise RunError("the disk is full.")

    monkeypatch.setattr(pdf_aside, "write_report_pdf", fails)
    with pytest.raises(RunError, match="disk is full"), report_pdf_aside(tmp_path / "r", {}):
        pass
    assert capfd.readouterr().err == ""


def test_an_error_meanwhile_ends_the_other_process(tmp_path, monkeypatch, forks):
    def never(path, context):
        path.write_text(str(os.getpid()))
        threading.Event().wait()

    monkeypatch.setattr(pdf_aside, "write_report_pdf", never)
    path = tmp_path / "r.pdf"
    with pytest.raises(KeyError), report_pdf_aside(path, {}):
        while not (path.exists() and path.read_text()):
            pass
        raise KeyError
    with pytest.raises(ProcessLookupError):
        os.kill(int(path.read_text()), 0)
