"""Findings in a notebook: the page's sections, as many players as a cell has room for, and the same in words."""

import io
import re
from dataclasses import replace

import numpy as np
import pytest

from prism_lessons.audio import AudioError
from prism_lessons.corpus import Survey, survey
from prism_lessons.corpus.doctor import KINDS, FaultKind, Finding
from prism_lessons.errors import CourseError
from prism_lessons.live import LiveLine
from prism_lessons.notebook.findings import findings, hear
from prism_lessons.notebook.players import MOST_BYTES

HUM, LOW = Finding("hum", 3, "50.0 Hz", ((0.1, 0.1),)), Finding("low_rate", 1, "8000 Hz")


def halved(blocks, sample_rate, values):
    for block in blocks:
        yield block / 2


@pytest.fixture(autouse=True)
def kinds(monkeypatch):
    """A kind with a remedy and one without."""
    for key, repair in (("hum", halved), ("low_rate", None)):
        kind = FaultKind(
            key, f"fault {key}", f"It teaches {key}.", f"Mend {key}.", "threshold", "source", repair, "halved"
        )
        monkeypatch.setitem(KINDS, key, kind)


@pytest.fixture
def seen(write_noise, tmp_path):
    """The survey of a file with two findings, one with one, one with none, and one that cannot be used."""
    for name in ("a <b>&.wav", "b.wav", "c.wav"):
        write_noise(tmp_path / name, 0.5)
    (tmp_path / "d.txt").write_text("text")
    found = {"a <b>&.wav": (LOW,), "b.wav": (LOW, HUM)}
    seen = survey(tmp_path, LiveLine(io.StringIO()))
    return Survey(seen.source, tuple(replace(file, findings=found.get(file.name, ())) for file in seen.files))


def names_of(shown):
    return re.findall(r'<audio[^>]* aria-label="([^"]+)"', shown.html)


def headings_of(shown):
    return re.findall(r"<h[1-6]>(.*?)</h", shown.html)


def test_one_file_is_shown_with_all_that_is_known(seen):
    shown = findings(seen, "b.wav")
    assert headings_of(shown) == ["b.wav", "Severe: fault hum", "Slight: fault low_rate"]
    assert names_of(shown) == [
        "b.wav, fault hum, before, from 0:00.0",
        "b.wav, fault hum, after: halved",
        "b.wav, fault low_rate, from 0:00.0",
    ]
    for words in ("50.0 Hz", "0:00.1", "It teaches hum.", "Mend hum.", "It teaches low_rate."):
        assert words in shown.html and words in repr(shown)


def test_without_a_name_all_files_stand_in_short_the_worst_first(seen):
    shown = findings(seen)
    assert [words for words in headings_of(shown) if "fault" not in words] == ["b.wav", "a &lt;b&gt;&amp;.wav"]
    assert len(names_of(shown)) == 4 and "<b>" not in shown.html
    assert "It teaches" not in shown.html + repr(shown) and "Mend hum." in shown.html
    lines = repr(shown).splitlines()
    assert lines.index("  severe fault hum: 50.0 Hz") < lines.index("  slight fault low_rate: 8000 Hz")
    assert lines[-1] == "    Mend low_rate."


@pytest.mark.parametrize("kind", ["hum", "fault hum"])
def test_kinds_by_key_or_title_choose_what_is_shown(seen, kind):
    shown = findings(seen, kinds=[kind])
    assert headings_of(shown) == ["b.wav", "Severe: fault hum"] and len(names_of(shown)) == 2
    assert "low_rate" not in repr(shown)
    assert repr(findings(seen, "a <b>&.wav", ["hum"])) == 'Nothing of this kind was found in "a <b>&.wav".'


def test_a_kind_or_a_name_that_is_not_known_is_said(seen):
    with pytest.raises(CourseError, match=r'no kind of fault "buzz": choose among .*, fault hum,'):
        findings(seen, kinds=["buzz"])
    with pytest.raises(CourseError, match=r'no "gone\.wav"'):
        findings(seen, "gone.wav")


def test_nothing_found_and_nothing_usable_are_sentences(seen):
    assert repr(findings(seen, "c.wav")) == 'Nothing was found in "c.wav".'
    assert findings(seen, "d.txt").html == "<p>&#34;d.txt&#34; cannot be used: not a sound file by its name.</p>"


def test_a_cell_holds_no_more_than_it_may(seen, write_noise, tmp_path):
    for number in range(30):
        write_noise(tmp_path / f"n{number}.wav", 4.0, seed=number, sample_rate=44100)
    many = survey(tmp_path, LiveLine(io.StringIO()))
    many = Survey(many.source, tuple(replace(file, findings=(HUM, LOW) if file.usable else ()) for file in many.files))
    shown = findings(many)
    assert len(shown.html.encode()) < MOST_BYTES + 3000  # the style sheet comes to the sections
    assert "data:audio/mpeg" in shown.html and all(f"n{number}.wav" in repr(shown) for number in range(30))
    assert len(names_of(shown)) == 33 * 3


def test_one_finding_is_heard_before_and_after(noise, write_sound, tmp_path):
    path = write_sound(tmp_path / "a.wav", noise(1.0))
    assert names_of(hear(path, HUM)) == ["a.wav, fault hum, before, from 0:00.0", "a.wav, fault hum, after: halved"]
    assert names_of(hear(str(path), LOW)) == ["a.wav, fault low_rate, from 0:00.0"]
    before, after = (float(level) for level in re.findall(r"RMS (\S+) dBFS", repr(hear(path, HUM))))
    assert abs(before - after - 20 * np.log10(2)) <= 0.11  # each is rounded to a tenth
    with pytest.raises(AudioError, match="no longer there"):
        hear(tmp_path / "gone.wav", HUM)
