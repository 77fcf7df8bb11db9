"""What ``reliefcheck lint`` does, apart from the words of its options."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from analysis.errors import InputError
from analysis.lint.linter import LintResult, lint_files
from analysis.lint.page import render_html
from analysis.lint.sarif import render_sarif
from analysis.lint.told import render_claimreview, render_json, render_text
from analysis.places import home

RENDERERS: dict[str, Callable[[LintResult], str]] = {
    "text": render_text,
    "json": render_json,
    "sarif": render_sarif,
    "html": render_html,
    "claimreview": render_claimreview,
}
FORMATS = ("text", "json", "sarif", "html", "claimreview")


def run_lint(
    files: Sequence[Path],
    *,
    ledger: Path | None = None,
    run_folder: Path | None = None,
    judge: bool = True,
    export: Path | None = None,
    form: str = "text",
    out: Path | None = None,
    encoding: str = "",
) -> tuple[str, int]:
    """Lint files and return what to print and the exit code.

    Parameters
    ----------
    files : sequence of Path
        At least one.
    ledger, run_folder, export : Path, optional
        As in `analysis.lint.linter.lint_files`; the newest run when no folder is given.
    judge : bool
        False looks at no run: every listed statement is "not judged".
    form : {"text", "json", "sarif", "html", "claimreview"}
    out : Path, optional
        File to write instead of returning the text.
    encoding : str
        Encoding of text files, where it cannot be found out.

    Returns
    -------
    tuple of (str, int)
        0: nothing to mend. 1: something is. (2 is that of the errors.)

    Raises
    ------
    InputError, LedgerError
        As `lint_files`; or ``out`` cannot be written, or the export is given without a run.
    """
    if not files:
        raise InputError("name at least one file of copy.")
    if export is not None and not judge:
        raise InputError("an export is compared with a run; leave out --no-run or --export.")
    folder = (run_folder or home() / "reports" / "latest") if judge else None
    result = lint_files(files, ledger=ledger, run_folder=folder, export=export, encoding=encoding)
    # Lone surrogates of a broken file cannot be written; they become question marks.
    text = RENDERERS[form](result).encode("utf-8", "replace").decode("utf-8")
    if out is None:
        return text, result.exit_code
    try:
        out.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InputError(f"{out} cannot be written ({error.strerror}).") from None
    return f"{len(result.to_mend)} to mend: {out}\n", result.exit_code
