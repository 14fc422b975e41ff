"""Every fault that the doctor knows can be put into a clean sound, is found there, and stands on its page."""

from pathlib import Path

import doctor
import pytest

from prism_lessons.corpus import KINDS

PAGE = Path(__file__).parents[3] / "docs" / "doctor.md"


@pytest.mark.parametrize("key", KINDS)
def test_every_fault_is_found_where_it_is_injected_and_only_there(key, tmp_path):
    fault = next(fault for fault in doctor.FAULTS if fault.kind == key and fault.stated)
    for path in doctor.of_the_course():
        if (faulty := doctor.inject(fault, path, tmp_path)) is not None:
            assert key in doctor.found_in(faulty) and key not in doctor.found_in(path)
            return
    pytest.fail(f"No recording of the course can bear {fault.strength}.")


def test_only_faults_that_the_doctor_knows_are_injected():
    assert {fault.kind for fault in doctor.FAULTS} == KINDS.keys()


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_every_fault_stands_on_the_page_with_its_advice_and_how_often_it_is_found(kind):
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    assert doctor.row_of(kind) in lines
    rows = [line for line in lines if line.startswith(f"| {kind.title} | ")]
    strengths = {fault.strength for fault in doctor.FAULTS if fault.kind == kind.key}
    assert {row.split(" | ")[1].removesuffix(" (weaker than promised)") for row in rows[:-1]} == strengths
    assert len(rows[-1].split(" | ")) == 4, "the last row counts false alarms"
