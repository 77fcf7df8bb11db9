"""Exports as clinics hand them over, each invented here, in the forms of the systems they name."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import openpyxl


def write_text(folder: Path, files: dict[str, str], encoding: str = "utf-8") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name).write_bytes(text.encode(encoding))
    return folder


def write_book(path: Path, sheets: dict[str, list[list[Any]]], merge: tuple[str, ...] = ()) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    book = openpyxl.Workbook()
    book.remove(book.active)
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
        for cells in merge:
            sheet.merge_cells(cells)
    book.save(path)
    return path


def day(month: int, day: int) -> datetime:
    return datetime(2026, month, day)


def excel_list(folder: Path) -> Path:
    """A row a patient, with names and no id; typed dates."""
    return write_book(
        folder / "list.xlsx",
        {
            "Sheet1": [
                ["Name", "Diagnosis", "Pain before", "Date before", "Pain after", "Date after"],
                ["Anna Weber", "CRPS I", 8, day(3, 2), 4, day(3, 12)],
                ["Ben Ochs", "Fibromyalgia", 7, day(3, 4), 6, day(3, 13)],
                ["Cara Diaz", "G90.52", 9, day(3, 5), 3, day(3, 16)],
                ["Dan Eck", "Low back pain", 6, day(3, 6), 5, day(3, 17)],
            ]
        },
    )


def excel_list_with_infusions(folder: Path) -> Path:
    """A title above the header, initials, first and last infusion, a score without a date."""
    return write_book(
        folder / "clinic list.xlsx",
        {
            "2026": [
                ["Pain clinic, ketamine patients 2026"],
                [],
                ["Patient No", "Initials", "Sex", "Diagnosis", "First infusion", "Last infusion",
                 "NRS before", "NRS after", "Follow-up date", "NRS follow-up"],
                [1, "AW", "F", "CRPS type 2", day(3, 2), day(3, 6), 8, 4, day(4, 6), 5],
                [2, "BO", "M", "Fibromyalgia", day(3, 3), day(3, 7), 7, 6, day(4, 7), 6],
                [3, "CD", "F", "Migraine", day(3, 4), day(3, 8), 9, 3, day(4, 8), 4],
            ]
        },
    )  # fmt: skip


def two_headers(folder: Path) -> Path:
    """Names of visits merged over date and score; a mean at the foot; three sheets."""
    return write_book(
        folder / "two.xlsx",
        {
            "patients": [["patient_id", "condition"], ["P1", "crps"], ["P2", "fibromyalgia"]],
            "infusions": [
                ["patient_id", "infused_at"],
                ["P1", day(1, 6)], ["P1", day(1, 9)], ["P2", day(1, 7)],
            ],
            "follow up": [
                ["ID", "Baseline", None, "After series", None],
                [None, "Date", "NRS", "Date", "NRS"],
                ["P1", day(1, 6), 8, day(1, 12), 4],
                ["P2", day(1, 7), 7, day(1, 9), 6],
                ["Mean", None, 7.5, None, 5],
            ],
        },
    )  # fmt: skip


def wide_visits(folder: Path) -> Path:
    """A column per visit, no dates: weeks by their names; -9 for not asked; ages and sexes."""
    return write_text(
        folder,
        {
            "registry.csv": "subject_id,dx,gender,age,pain_bl,pain_w4,pain_w12\n"
            "S01,CRPS,F,44,8,4,5\nS02,PHN,M,71,7,-9,6\nS03,Fibro,F,39,6,3,-9\n"
        },
    )


def long_diary(folder: Path) -> Path:
    """A row a rating, 0 to 100, with worst and average; the list of patients beside it."""
    return write_text(
        folder,
        {
            "people.csv": "Patient ID,ICD-10,Year of birth\nA1,G90.511,1970\nA2,M79.7,1981\n",
            "diary.csv": "Patient ID,Date,Average pain (0-100),Worst pain (0-100)\n"
            "A1,2026-03-01,80,90\nA1,2026-03-14,40,60\nA2,2026-03-02,70,75\nA2,2026-03-15,60,70\n",
            "treatments.csv": "Patient ID,Infusion date,Dose mg/kg,Minutes\n"
            "A1,2026-03-02,0.5,40\nA1,2026-03-04,0.5,40\nA2,2026-03-03,0.5,45\n",
        },
    )


def semicolons(folder: Path) -> Path:
    """German, Windows' own encoding, decimal commas, dates with points."""
    return write_text(
        folder,
        {
            "liste.csv": "PatNr;Diagnose;Geschlecht;Schmerz vorher;Datum vorher;Schmerz nachher;"
            "Datum nachher;Behandlung 1;Behandlung 2\n"
            "001;CRPS Typ 1;w;8,5;01.03.2026;4,0;13.03.2026;02.03.2026;05.03.2026\n"
            "002;Migräne;m;7,0;02.03.2026;6,5;14.03.2026;03.03.2026;06.03.2026\n"
        },
        encoding="cp1252",
    )


PATIENTS = {
    "patients.csv": "patient_id,condition\nP1,crps\nP2,crps\n",
    "infusions.csv": "patient_id,infused_at\nP1,2026-01-06\nP2,2026-01-06\n",
}


def limesurvey(folder: Path) -> Path:
    """Question code and text in the header, a token, a placeholder for a date."""
    return write_text(
        folder,
        PATIENTS
        | {
            "results.csv": '\ufeff"id";"submitdate";"lastpage";"startlanguage";"token";'
            '"NRS. Pain now?"\n"1";"2026-01-06 07:00:00";"3";"en";"P1";"8"\n'
            '"2";"2026-01-12 07:00:00";"3";"en";"P1";"4"\n'
            '"3";"2026-01-06 07:00:00";"3";"en";"P2";"7"\n"4";"";"1";"en";"P2";"N/A"\n'
        },
    )


def qualtrics(folder: Path) -> Path:
    """Three header lines, the question's text over two lines, names of recipients."""
    return write_text(
        folder,
        PATIENTS
        | {
            "q.csv": "StartDate,IPAddress,RecordedDate,ResponseId,RecipientEmail,"
            "ExternalReference,Q1_1\n"
            "Start Date,IP Address,Recorded Date,Response ID,Recipient Email,"
            'External Data Reference,"Please rate your pain,\non average - 0 to 10"\n'
            + ",".join(
                f'"{{""ImportId"":""{name}""}}"'
                for name in ("startDate", "ip", "recordedDate", "_recordId", "mail", "ref", "Q")
            )
            + "\n2026-01-06 07:00:00,192.0.2.1,2026-01-06 07:05:03,R_1,,P1,8\n"
            "2026-01-12 07:00:00,192.0.2.1,2026-01-12 07:05:03,R_2,,P1,4\n"
            "2026-01-06 07:00:00,192.0.2.2,2026-01-06 07:05:03,R_3,,P2,7\n"
            "2026-01-12 07:00:00,192.0.2.2,2026-01-12 07:05:03,R_4,,P2,\n"
        },
    )


def google_forms(folder: Path) -> Path:
    """The question as header over two lines, month first, the treatments in a list."""
    return write_text(
        folder,
        PATIENTS
        | {
            "responses.csv": '"Timestamp","Study code","How bad was your pain on average in the '
            'last week?\n(0 = none, 10 = worst)"\n"1/6/2026 7:26:53","P1","8"\n'
            '"1/13/2026 17:02:11","P1","4"\n"1/6/2026 7:30:00","P2","7"\n'
            '"1/12/2026 16:26:53","P2","5"\n'
        },
    )


def redcap_raw(folder: Path) -> Path:
    """Events, repeats and boxes by their codes."""
    return write_text(
        folder,
        {
            "redcap.csv": "record_id,redcap_event_name,redcap_repeat_instrument,"
            "redcap_repeat_instance,pain_dx___1,pain_dx___2,sex,yob,nrs_avg,nrs_date,inf_date\n"
            "1,baseline_arm_1,,,1,0,2,1970,8,2026-01-06,\n"
            "1,treatment_arm_1,infusion,1,,,,,,,2026-01-06\n"
            "1,treatment_arm_1,infusion,2,,,,,,,2026-01-09\n"
            "1,week_4_arm_1,,,,,,,3,2026-02-05,\n"
            "2,baseline_arm_1,,,0,1,1,1981,7,2026-01-07,\n"
            "2,treatment_arm_1,infusion,1,,,,,,,2026-01-07\n"
            "2,week_4_arm_1,,,,,,,-99,2026-02-06,\n"
        },
    )


def redcap_labels(folder: Path) -> Path:
    """The same with labels: choices in the header, a survey that was not completed."""
    return write_text(
        folder,
        {
            "labels.csv": '\ufeff"Record ID","Event Name","Repeat Instrument","Repeat Instance",'
            '"Survey Timestamp","Pain diagnosis (choice=CRPS)",'
            '"Pain diagnosis (choice=Fibromyalgia)","Pain, average last week (0-10)","Complete?",'
            '"Complete?"\n'
            '"1","Baseline (Arm 1: KET)","","","2026-01-06 08:01:22","Checked","Unchecked","8",'
            '"Complete","Complete"\n'
            '"1","Treatment (Arm 1: KET)","Infusion","1","2026-01-06 10:01:22","","","",'
            '"Complete",""\n'
            '"1","Week 4 (Arm 1: KET)","","","[not completed]","","","3","Complete","Incomplete"\n'
            '"2","Baseline (Arm 1: KET)","","","2026-01-07 08:01:22","Unchecked","Checked","7",'
            '"Complete","Complete"\n'
            '"2","Treatment (Arm 1: KET)","Infusion","1","2026-01-07 10:01:22","","","",'
            '"Complete",""\n'
            '"2","Week 4 (Arm 1: KET)","","","2026-02-06 08:01:22","","","10 - Worst imaginable",'
            '"Complete","Complete"\n'
        },
    )


def two_files(folder: Path) -> Path:
    """Patients and infusions in one file, ratings in another, ids under different headers."""
    return write_text(
        folder,
        {
            "roster.csv": "Study ID,Surname,MRN,Diagnosis,Infusion 1,Infusion 2\n"
            "K01,Weber,99120034,CRPS II,13/03/2026,16/03/2026\n"
            "K02,Ochs,99120035,Diabetic neuropathy,17/03/2026,20/03/2026\n",
            "answers.csv": "Participant,Visit,Visit date,NRS\n"
            "K01,Baseline,12/03/2026,8\nK01,Week 4,14/04/2026,4\n"
            "K02,Baseline,16/03/2026,7\nK02,Week 4,18/04/2026,6\n",
        },
    )


def arms(folder: Path) -> Path:
    """A row a visit with everything in it, two groups, visits by name and no dates."""
    return write_text(
        folder,
        {
            "trial.csv": "SUBJID,Group,Diagnosis,Timepoint,VAS\n"
            "1,Ketamine,CRPS,Baseline,80\n1,Ketamine,CRPS,Week 4,40\n"
            "2,Saline,CRPS,Baseline,70\n2,Saline,CRPS,Week 4,65\n"
            "3,Ketamine,Fibromyalgia,Baseline,60\n3,Ketamine,Fibromyalgia,Week 4,30\n"
        },
    )


def ambiguous_dates(folder: Path) -> Path:
    """No date of the file settles whether the day or the month stands first."""
    return write_text(
        folder,
        {
            "list.csv": "ID,Diagnosis,Pain before,Date before,Pain after,Date after\n"
            "1,CRPS,8,03/04/2026,4,05/04/2026\n2,CRPS,7,03/05/2026,5,06/05/2026\n"
        },
    )


MAKERS: dict[str, Callable[[Path], Path]] = {
    make.__name__: make
    for make in (
        excel_list, excel_list_with_infusions, two_headers, wide_visits, long_diary, semicolons,
        limesurvey, qualtrics, google_forms, redcap_raw, redcap_labels, two_files, arms,
        ambiguous_dates,
    )
}  # fmt: skip
