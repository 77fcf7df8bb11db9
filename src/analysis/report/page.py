"""The report of a run: one model of the page, from which HTML and PDF are made.

`build_page` formats every number and makes every sentence once. The Jinja template of index.html
and the typst template of the PDF only place them.
"""

from __future__ import annotations

import base64
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import BrokenExecutor, Executor, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, fields, is_dataclass, replace
from functools import lru_cache, partial
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pandas as pd
from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup

from analysis.claims.judgement import headlines_of
from analysis.claims.ledger import describe_ledger
from analysis.claims.records import claims_frame, write_claims
from analysis.errors import InputError, RunError
from analysis.files import replacing, write_file
from analysis.labels import POINTS, VERDICTS, condition_word, plain_text, verdicts_word, words_in
from analysis.numbers import count_text, estimate_text, interval_text
from analysis.report import drawings, theme
from analysis.report.front import Front, FrontRow, build_front, summary_lines
from analysis.report.inputs import NOTEBOOKS, RESULTS, Run, find_cells, read_run
from analysis.report.methods import (
    HOW_TO_READ,
    glossary_in_words,
    methods_in_words,
    references_of,
    value_text,
)
from analysis.report.notebooks import write_notebook_page
from analysis.report.office import write_csv, write_workbook
from analysis.report.pdf import PDFS, write_pdfs
from analysis.report.sections import Section, contraindication_flags, make_sections, quality_of
from analysis.report.signoff import hash_results, read_signoffs, signature_block
from analysis.report.tables import (
    Cell,
    Group,
    Heading,
    Table,
    anchor,
    group_rows,
    listed_rows,
    missing_text,
)
from analysis.report.verdicts import ClaimView, all_claims, own_rules, view_claim
from analysis.report.what_if import Explored, explore
from analysis.results import rows_of

PAGE = "index.html"
SYNTHETIC = "Synthetic data: these patients do not exist"

FORMS = words_in("forms")
"""Other forms of the report, in the order the page names them."""

DOCUMENTS = words_in("documents")
"""Forms that are made where they are asked for; run.json says which."""


@dataclass(frozen=True, kw_only=True)
class Page:
    """Everything the report prints, in the order of its fields."""

    synthetic: str
    export_name: str
    front: Front
    explored: tuple[Explored, ...]
    signatures: tuple[str, ...]
    tally: tuple[tuple[str, str, str], ...]
    headline: tuple[ClaimView, ...]
    how_to_read: tuple[str, ...]
    sections: tuple[Section, ...]
    claims: tuple[tuple[str, tuple[ClaimView, ...]], ...]
    n_claims: str
    statements: str  # how many, and where they were printed
    rules: tuple[tuple[str, str, str], ...]  # id, who says it, what it says
    say_note: str  # what stands beside each sentence that may be printed
    states: tuple[tuple[str, str, str], ...]
    quality: tuple[Table, ...]
    methods: tuple[str, ...]
    settings: Table
    files: Table
    versions: str
    references: tuple[str, ...]
    glossary: Mapping[str, tuple[str, str]]
    notebooks: tuple[dict[str, str], ...]
    results_sha256: str
    documents: tuple[str, ...]
    numbers: Mapping[str, Sequence[Group]]


# --- the model ----------------------------------------------------------------------------------


def build_page(run: Run) -> Page:
    """Return everything the report prints, from what a run left."""
    about, headline = run.about, headlines_of(run.claims)
    sections, cells = make_sections(run), find_cells(run)
    quality, states = quality_of(run)
    n_flags, flags = contraindication_flags(run)
    views = tuple(view_claim(run, each, drawn=True) for each in headline)
    places = {section.code: section.anchor for section, _ in sections}
    signed = ""  # what a signature would bind; there is none before the results are written
    with suppress(InputError):
        signed = hash_results(run.folder)
    page = Page(
        synthetic=SYNTHETIC if about.get("synthetic") else "",
        export_name=plain_text(str(about.get("export", "")), longest=120),
        front=build_front(run, views, places, flags, n_flags),
        explored=tuple(explore(run)),
        signatures=tuple(each.text for each in read_signoffs(run.folder)),
        tally=_tally(each.verdict for each in headline),
        headline=views,
        how_to_read=(*map(str, about.get("notices") or ()), *HOW_TO_READ),
        sections=tuple(section for section, _ in sections),
        claims=tuple(all_claims(run)),
        n_claims=count_text(len(run.claims)),
        statements=describe_ledger(run.claims),
        rules=tuple((one.rule_id, one.body, one.rule) for one in own_rules() if one.applies_to),
        say_note=next((each.say_note for each in run.claims if each.say_note), ""),
        states=states,
        quality=quality,
        methods=tuple(methods_in_words(run.settings, run.rows, scale=run.fact("scale") or POINTS)),
        settings=_pairs("Settings in force", "Setting", "Value", about.get("settings")),
        files=_pairs("Files read", "File", "SHA-256", about.get("inputs")),
        versions=_versions(about),
        references=references_of({row.method for row in run.rows}),
        glossary=glossary_in_words(run.settings),
        notebooks=tuple(_notebooks(run)),
        results_sha256=signed,
        documents=tuple(name for name in DOCUMENTS if name in (about.get("documents") or ())),
        numbers={},
    )
    printed = set(_printed(page))
    listed = {s.anchor: listed_rows(rows, printed) for s, rows in sections}
    return replace(page, numbers={key: group_rows(rows, cells) for key, rows in listed.items()})


def _printed(part: object) -> Iterator[str]:
    """Give the fragment of every row that a part of the page leads to."""
    if isinstance(part, (Cell, ClaimView, FrontRow)):
        yield part.row
    elif is_dataclass(part):
        for field in fields(part):
            yield from _printed(getattr(part, field.name))
    elif isinstance(part, (tuple, Mapping)):
        for each in part.values() if isinstance(part, Mapping) else part:
            yield from _printed(each)


def _tally(verdicts: Iterable[str]) -> tuple[tuple[str, str, str], ...]:
    counts = Counter(verdicts)
    return tuple(
        (code, verdicts_word(code, counts[code]), count_text(counts[code]))
        for code in VERDICTS
        if counts[code]
    )


def _pairs(caption: str, first: str, second: str, found: object) -> Table:
    """Return a mapping of run.json as a sorted table; of paths only the name is kept."""
    pairs = found if isinstance(found, Mapping) else {}
    lines = (
        (Cell(plain_text(Path(str(name)).name or str(name))), Cell(value_text(pairs[name])))
        for name in sorted(pairs, key=str)
    )
    return Table(caption, (Heading(first), Heading(second)), tuple(lines))


def _versions(about: Mapping[str, Any]) -> str:
    found = about.get("versions") or {}
    text = ", ".join(f"{plain_text(str(k))} {plain_text(str(found[k]))}" for k in sorted(found))
    commit = plain_text(str(about.get("git_commit") or ""))
    return "; ".join([*([text] if text else []), *([f"revision {commit}"] if commit else [])])


def _notebooks(run: Run) -> Iterable[dict[str, str]]:
    """Give each executed notebook with the page it can be read on."""
    for path in sorted((run.folder / NOTEBOOKS).glob("*.ipynb")):
        name, _, condition = path.stem.partition(".")
        of = "" if condition == "all" else f", {condition_word(condition, run.labels)}"
        yield {"name": plain_text(f"{name}{of}"), "href": quote(f"{NOTEBOOKS}/{path.stem}.html")}


# --- writing ------------------------------------------------------------------------------------


def write_report(folder: Path, *, other_core: Executor | None = None) -> None:
    """Write everything a reader gets into a run folder.

    It holds ``run.json``, ``results/`` and, where notebooks were run, ``notebooks/*.ipynb``.
    ``other_core`` writes the workbook, which takes as long as all else; a thread when not given.

    Raises
    ------
    RunError
        The PDFs could not be made; everything else is there.
    """
    run = read_run(folder)
    for ipynb in sorted((folder / NOTEBOOKS).glob("*.ipynb")):
        if not ipynb.with_suffix(".html").is_file():
            write_notebook_page(ipynb)
    page = build_page(run)
    with ThreadPoolExecutor(2) as threads:  # typst sets the PDFs while Python writes the rest
        pdfs = threads.submit(write_pdfs, page, folder)
        claims = claims_frame(run.claims)
        about = [("Data", page.export_name), ("About the data", page.synthetic),
                 ("Pain scores", plain_text(str(run.fact("scale") or ""), longest=200)),
                 *((line[0].text, line[1].text) for line in page.settings.lines)]  # fmt: skip
        write_book = partial(
            write_workbook, folder / "results.xlsx", summary=summary_lines(page.front), about=about,
            results=name_results(run.frame), claims=claims, quality=page.quality, labels=run.labels,
        )  # fmt: skip
        workbook = (other_core or threads).submit(write_book)
        write_results_files(run.frame, folder)
        write_csv(claims, folder / "claims.csv")
        write_claims(folder, run.claims)
        write_html(page, folder)
        try:
            workbook.result()
        except BrokenExecutor:  # its process was killed
            write_book()
    try:
        pdfs.result()
    except RunError:
        write_html(page, folder, without=PDFS)
        raise


def name_results(frame: pd.DataFrame) -> pd.DataFrame:
    """Return rows of results with ``result_id`` first."""
    named = frame.copy()
    named.insert(0, "result_id", [row.result_id for row in rows_of(frame)])
    return named


def write_results_files(frame: pd.DataFrame, folder: Path) -> None:
    """Write results.csv, results.json and results.parquet, each row with its ``result_id``."""
    named = name_results(frame)
    write_csv(named, folder / "results.csv")
    rows = zip(named["result_id"].tolist(), rows_of(frame), strict=True)
    records = [{"result_id": name, **row._asdict()} for name, row in rows]
    lines = [json.dumps(each, ensure_ascii=False, allow_nan=False) for each in records]
    write_file(folder / "results.json", "[\n" + ",\n".join(lines) + "\n]\n")
    with replacing(folder / "results.parquet") as part:
        named.to_parquet(part, index=False)


def write_html(page: Page, folder: Path, *, without: Sequence[str] = ()) -> Path:
    """Write index.html, one file that needs no network and no script, and return it."""
    figures = folder / RESULTS / "figures"
    text = page_template().render(
        page=page,
        sign_off=signature_block(read_signoffs(folder)),
        forms={
            name: text
            for name, text in (FORMS | DOCUMENTS).items()
            if name not in without and (name in FORMS or name in page.documents)
        },
        inline=lambda figure: Markup(
            drawings.inline_figure(figures / figure.file, alt=figure.title)
        ),
    )  # fmt: skip
    return write_file(folder / PAGE, drawings.share_styles(text))


@lru_cache(maxsize=1)
def page_template() -> Template:
    """Return the template of index.html."""
    made = Environment(
        loader=PackageLoader("analysis.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    script = Markup((Path(__file__).parent / "templates" / "page.js").read_text(encoding="utf-8"))
    made.globals.update(
        shape=lambda code: Markup(drawings.shape(code)),
        estimate_text=estimate_text,
        interval_text=interval_text,
        count_text=count_text,
        missing_text=missing_text,
        anchor=anchor,
        condition_color=theme.condition_color,
        dark_color=theme.dark_color,
        theme=theme,
        dark_figures=drawings.dark_colors(),
        fonts=_fonts(),
        script=script,
        script_hash=base64.b64encode(sha256(script.encode()).digest()).decode(),
    )
    return made.get_template("page.html.j2")


def _fonts() -> dict[str, str]:
    """Return the page's font by weight, as base64 of its files."""
    return {
        weight: base64.b64encode((theme.FONT_FOLDER / name).read_bytes()).decode()
        for weight, name in (("400", "ReliefcheckSans-Regular.woff2"),
                             ("700", "ReliefcheckSans-Bold.woff2"))
    }  # fmt: skip
