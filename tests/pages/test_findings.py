"""The page of a survey: each fault is named, placed, explained, and heard before and after its remedy."""

import base64
import io
import re
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise

import numpy as np
import pytest
import soundfile

from prism_lessons.audio import AudioError, Clip, Recording, measure_levels
from prism_lessons.corpus import Survey, SurveyedFile, survey
from prism_lessons.corpus.doctor import KINDS, FaultKind, Finding
from prism_lessons.errors import CourseError
from prism_lessons.live import LiveLine
from prism_lessons.pages import excerpts, levels_in_words, players
from prism_lessons.pages import findings as pages
from prism_lessons.pages.excerpts import before_and_after
from prism_lessons.pages.findings import findings_page
from prism_lessons.pages.sounds import BYTES_PER_SAMPLE, MP3, MP3_RATES, mp3

RATE = 16000


class Page(HTMLParser):
    """A page taken apart: its tags, its headings, what its players play."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.headings, self.text = [], [], ""
        self._open = []
        self.feed(text)
        self.text = " ".join(self.text.split())

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        self._open.append(tag)
        if re.fullmatch("h[1-6]", tag):
            self.headings.append([int(tag[1]), ""])

    def handle_endtag(self, tag):
        while self._open and self._open.pop() != tag:
            pass

    def handle_data(self, data):
        if "style" not in self._open:
            self.text += data
        if self._open and re.fullmatch("h[1-6]", self._open[-1]):
            self.headings[-1][1] += data

    @property
    def players(self):
        """{name: (float samples, sample rate)}"""
        found = [attributes for tag, attributes in self.tags if tag == "audio"]
        names = [attributes["aria-label"] for attributes in found]
        assert len(set(names)) == len(names)
        return {each["aria-label"]: heard(each["src"]) for each in found}


def heard(source):
    return soundfile.read(io.BytesIO(base64.b64decode(source.split("base64,")[1])), dtype="float32")


def halved(blocks, sample_rate, values):
    for block in blocks:
        yield block / 2


def cut(blocks, sample_rate, values):
    """A remedy that keeps what `values` say, as the contract of `silence` and `fade` has it."""
    samples = np.concatenate(list(blocks))
    for start, end in values["keep"]:
        yield samples[round(start * sample_rate) : round(end * sample_rate)]


def kind(key, repair=None, done=""):
    return FaultKind(
        key, f"fault {key}", f"It teaches {key}.", f"Mend {key}.", f"over {key}", f"book {key}", repair, done
    )


@pytest.fixture(autouse=True)
def kinds(monkeypatch):
    """Kinds of fault with remedies that are easily told."""
    for each in (
        kind("hum", halved, "halved"),
        kind("silence", cut, "cut out"),
        kind("low_rate"),
        kind("cancelling", None, "the left channel is read"),
    ):
        monkeypatch.setitem(KINDS, each.key, each)


@pytest.fixture
def surveyed(tmp_path):
    """A function that gives the survey of `tmp_path` with these findings, {name: findings}, and no others."""

    def make(found=None):
        seen = survey(tmp_path, LiveLine(io.StringIO()))
        return Survey(
            seen.source, tuple(replace(file, findings=(found or {}).get(file.name, ())) for file in seen.files)
        )

    return make


def page_of(seen, **limits):
    return Page(findings_page(seen, LiveLine(io.StringIO()), **limits))


def as_heard(samples):
    return np.clip(np.rint(samples * 32768), -32768, 32767) / np.float32(32768)


def test_the_worst_file_comes_first_and_each_finding_is_said_in_full(surveyed, write_noise, tmp_path):
    for name in "abc":
        write_noise(tmp_path / f"{name}.wav", 0.5)
    found = {
        "a.wav": (Finding("hum", 1, "50.0 Hz"),),
        "b.wav": (Finding("low_rate", 1, "8000 Hz"), Finding("hum", 3, "60.0 Hz", ((0.1, 0.1), (0.2, 0.4)))),
    }
    page = page_of(surveyed(found))
    assert [words for order, words in page.headings if order > 2] == [
        "b.wav", "Severe: fault hum", "Slight: fault low_rate", "a.wav", "Slight: fault hum",
    ]  # fmt: skip
    for words in ("60.0 Hz", "0:00.1, 0:00.2 to 0:00.4", "It teaches hum.", "Mend hum.", "16,000 Hz, mono, 0.5 s"):
        assert words in page.text
    assert "3 files of 3 can be used: 0.0 minutes of sound. Something was found in 2 of them." in page.text
    assert re.search(r"fault hum ?2 ?1 severe, 1 slight", page.text)
    assert re.search(r"fault hum ?over hum ?Source: book hum", page.text)


def test_before_is_the_mono_sum_and_after_is_the_remedy_at_the_same_gain(surveyed, noise, write_sound, tmp_path):
    frames = np.stack([noise(1.0), noise(1.0, seed=1)], axis=1)
    write_sound(tmp_path / "a.wav", frames, subtype="FLOAT")
    players = page_of(surveyed({"a.wav": (Finding("hum", 2, "50 Hz"),)})).players
    assert list(players) == ["a.wav, fault hum, before, from 0:00.0", "a.wav, fault hum, after: halved"]
    (before, rate), (after, _) = players.values()
    assert rate == RATE
    assert np.array_equal(before, as_heard(frames.mean(axis=1)))
    assert np.array_equal(after, as_heard(frames.mean(axis=1) / 2))


def test_the_captions_say_the_levels_and_what_has_changed(surveyed, write_noise, tmp_path):
    write_noise(tmp_path / "a.wav", 1.0)
    page = page_of(surveyed({"a.wav": (Finding("hum", 2, "50 Hz"),)}))
    for samples, rate in page.players.values():
        assert levels_in_words(measure_levels(samples, rate)) in page.text
    assert page.text.count("; 6.0 dB softer than before") == 1


def test_a_fault_without_a_remedy_has_one_player(surveyed, write_noise, tmp_path):
    write_noise(tmp_path / "a.wav", 1.0)
    assert list(page_of(surveyed({"a.wav": (Finding("low_rate", 1, "8000 Hz"),)})).players) == [
        "a.wav, fault low_rate, from 0:00.0"
    ]


def test_where_channels_cancel_the_one_that_is_kept_is_heard_after(noise, write_sound, tmp_path):
    left = as_heard(noise(1.0))
    path = write_sound(tmp_path / "a.wav", np.stack([left, -left], axis=1))
    before, after = before_and_after(path, Finding("cancelling", 3, "all of it", values={"channel": 0}))
    assert not before.samples.any() and np.array_equal(after.samples, left)
    assert after.name == "a.wav, fault cancelling, after: the left channel is read"


def test_beside_cancelling_channels_other_faults_are_heard_in_the_one_that_is_kept(
    surveyed, noise, write_sound, tmp_path
):
    left = as_heard(noise(6.0))
    write_sound(tmp_path / "a.wav", np.stack([left, -left], axis=1))
    cancelling = Finding("cancelling", 3, "all of it", values={"channel": 0})
    for places in ((), ((3.0, 3.1),)):
        hum = Finding("hum", 2, "50 Hz", places)
        seen = surveyed({"a.wav": (cancelling, hum)})
        seen = replace(seen, files=tuple(replace(file, reason="") for file in seen.files))
        players = page_of(seen).players
        (before, _), (after, _) = (sound for name, sound in players.items() if "hum" in name)
        assert any(
            np.array_equal(before, left[start : start + 4 * RATE]) for start in range(0, 2 * RATE + 1, RATE // 20)
        )
        assert np.array_equal(after, as_heard(before / 2))
        (only,) = pages.worst_first(seen, ["hum"])
        assert only.findings == (cancelling, hum)


def test_where_nothing_was_heard_before_no_difference_in_decibels_is_claimed(surveyed, noise, write_sound, tmp_path):
    left = noise(1.0)
    write_sound(tmp_path / "a.wav", np.stack([left, -left], axis=1), subtype="FLOAT")
    seen = surveyed({"a.wav": (Finding("cancelling", 3, "all of it", values={"channel": 0}),)})
    seen = Survey(seen.source, tuple(replace(file, reason="") for file in seen.files))
    assert "; before, there is nothing to hear" in page_of(seen).text


@pytest.fixture
def numbered(write_sound, tmp_path):
    """The path of 50 s at 2000 Hz, five blocks, in which every sample tells its place."""
    return write_sound(tmp_path / "long.wav", np.arange(50 * 2000, dtype=np.float32) / 2**18, 2000, "FLOAT")


def start_of(clip):
    return clip.samples[0] * 2**18 / clip.sample_rate


def test_the_excerpt_is_where_most_places_lie_together(numbered):
    places = tuple((start, start + 0.1) for start in (2.0, 30.0, 30.5, 31.0, 45.0))
    before, after = before_and_after(numbered, Finding("hum", 1, "", places), seconds=4)
    assert start_of(before) == 30.0 - excerpts.LEAD_SECONDS and len(before.samples) == len(after.samples) == 4 * 2000


@pytest.mark.parametrize("place", [49.9, 100.0])
def test_an_excerpt_at_the_end_or_beyond_it_is_as_long_as_any(numbered, place):
    before, _ = before_and_after(numbered, Finding("low_rate", 1, "", ((place, place),)), seconds=4)
    assert start_of(before) == 46.0 and len(before.samples) == 4 * 2000


def test_a_broken_file_is_heard_at_its_end(numbered):
    assert start_of(before_and_after(numbered, Finding("broken", 3, ""))[0]) == 46.0


def test_a_file_shorter_than_the_excerpt_is_heard_whole(noise, write_sound, tmp_path):
    samples = as_heard(noise(0.3))
    path = write_sound(tmp_path / "a.wav", samples)
    before, after = before_and_after(path, Finding("hum", 1, "", ((0.2, 0.25),)))
    assert np.array_equal(before.samples, samples) and np.array_equal(after.samples, samples / 2)


def test_no_more_is_read_than_is_heard(numbered, monkeypatch):
    read = []
    one_read = Recording._read
    monkeypatch.setattr(Recording, "_read", lambda self, size: read.append(size) or one_read(self, size))
    before_and_after(numbered, Finding("hum", 1, "", ((3.0, 3.1),)))
    assert len(read) == 2  # one block of 10 s before, one after


@pytest.mark.parametrize(
    ("keep", "start", "start_after"),
    [
        ([[3.0, 50.0]], 1.0, 0.0),  # silence before: its end in the middle, then what comes after it
        ([[0.0, 20.0], [23.0, 50.0]], 18.0, 18.0),  # silence between: how it begins; the parts joined
        ([[0.0, 30.0]], 28.0, 26.0),  # a fade: how it sinks; the end of what is kept
        ([[10.0, 20.0], [45.0, 50.0]], 18.0, 8.0),  # the longest of two cuts
    ],
)
def test_what_is_cut_out_is_heard_before_and_no_longer_after(numbered, keep, start, start_after):
    before, after = before_and_after(numbered, Finding("silence", 2, "", values={"keep": keep}), seconds=4)
    assert start_of(before) == start
    kept = np.concatenate([np.arange(2000 * first, 2000 * last) for first, last in keep])
    first = round(start_after * 2000)
    assert np.array_equal(np.rint(after.samples * 2**18), kept[first : first + 4 * 2000])


def test_of_what_is_cut_out_no_difference_of_level_is_claimed(surveyed, write_noise, tmp_path):
    write_noise(tmp_path / "a.wav", 2.0)
    page = page_of(surveyed({"a.wav": (Finding("silence", 2, "", values={"keep": [[0.0, 1.0]]}),)}))
    assert len(page.players) == 2 and "than before" not in page.text and "as loud as" not in page.text


def test_a_fault_of_the_whole_file_is_heard_where_loud_and_soft_meet(noise, write_sound, tmp_path):
    samples = np.repeat([0.1, 1.0, 0.001], 10 * RATE) * noise(30)  # they meet at 20 s, by far
    path = write_sound(tmp_path / "a.wav", samples, subtype="FLOAT")
    before, _ = before_and_after(path, Finding("hum", 1, "50 Hz"), seconds=4)
    levels = [measure_levels(half, RATE).rms_dbfs for half in np.split(before.samples, 2)]
    # The deviation is largest where half is loud and half is soft; noise moves that by a frame of 50 ms or two.
    assert abs(float(re.search(r"from 0:(\S+)", before.name)[1]) - 18) <= 0.1
    assert levels[0] - levels[1] > 25


def test_silence_throughout_is_an_excerpt_too(write_sound, tmp_path):
    path = write_sound(tmp_path / "a.wav", np.zeros(10 * RATE))
    before, after = before_and_after(path, Finding("hum", 1, ""), seconds=4)
    assert len(before.samples) == len(after.samples) == 4 * RATE


NAME = "<script>alert(1)</script>&amp;\"'>\U0001f600\n" + "é" * 20


def test_a_name_is_text_whatever_it_holds_and_its_file_is_heard(surveyed, write_noise, tmp_path):
    names = [NAME.replace("/", "") + end for end in ("1.wav", "2.wav", ".txt")]
    shown = [name.replace("\n", "\ufffd") for name in names]
    for name in names[:2]:
        write_noise(tmp_path / name, 0.2)
    (tmp_path / names[2]).write_text("text")
    found = Finding("hum", 2, "<i>50</i> & more")
    page = page_of(surveyed({shown[0]: (found,)}))
    assert not {"script", "i"} & {tag for tag, _ in page.tags}
    assert [3, shown[0]] in page.headings and "<i>50</i> & more" in page.text
    assert all(name in page.text for name in shown)
    assert [name.startswith(first) for name, first in zip(page.players, [shown[0]] * 2 + [shown[1]], strict=True)]
    assert len(page.players) == 3


def test_a_folder_is_named_as_it_is(write_noise, tmp_path):
    write_noise(tmp_path / "<b>&" / "a.wav", 0.2)
    page = page_of(survey(tmp_path / "<b>&", LiveLine(io.StringIO())))
    assert page.headings[0] == [1, "Recordings in <b>&"] and "b" not in {tag for tag, _ in page.tags}


def test_files_without_findings_can_be_heard_and_unusable_ones_have_their_reason(surveyed, write_noise, tmp_path):
    write_noise(tmp_path / "sub" / "good.flac", 6.0)
    (tmp_path / "notes.txt").write_text("text")
    page = page_of(surveyed())
    ((name, (samples, _)),) = page.players.items()
    assert name == "good.flac" and len(samples) == 4 * RATE
    assert "sub/good.flac" in page.text and re.search("notes.txt ?not a sound file by its name", page.text)


def test_a_survey_of_one_file_is_a_page(write_noise, tmp_path):
    path = write_noise(tmp_path / "a.wav", 0.2)
    page = page_of(survey(path, LiveLine(io.StringIO())))
    assert len(page.players) == 1


def test_a_file_that_has_gone_since_is_said_and_ends_nothing(surveyed, write_noise, tmp_path):
    for name in "ab":
        write_noise(tmp_path / f"{name}.wav", 0.2)
    seen = surveyed({"a.wav": (Finding("hum", 2, "50 Hz"),)})
    (tmp_path / "a.wav").unlink()
    page = page_of(seen)
    assert 'No player: "a.wav" cannot be heard here: the file is no longer there.' in page.text
    assert list(page.players) == ["b.wav"]
    with pytest.raises(AudioError, match=r'"a.wav" cannot be heard'):
        before_and_after(tmp_path / "a.wav", Finding("hum", 2, "50 Hz"))


def test_a_folder_that_has_gone_since_is_said(surveyed, write_noise, tmp_path):
    write_noise(tmp_path / "a.wav", 0.2)
    with pytest.raises(CourseError, match="no folder"):
        page_of(replace(surveyed(), source=str(tmp_path / "gone")))


@pytest.fixture
def ten(surveyed, write_noise, tmp_path):
    """The survey of ten noises of 6 s, in all of which the same is found; the higher the number, the worse."""
    for number in range(10):
        write_noise(tmp_path / f"{number}.wav", 6.0, seed=number)
    return surveyed({f"{number}.wav": (Finding("hum", 1 + number // 4, "50 Hz"),) for number in range(10)})


def text_bytes(seen):
    return len(re.sub(r'src="[^"]*"', "", findings_page(seen, LiveLine(io.StringIO()))).encode())


def test_where_there_is_room_the_samples_are_played_as_they_are(ten):
    text = findings_page(ten, LiveLine(io.StringIO()), most_bytes=20 * 4 * RATE * 8 // 3 + 40_000)
    assert text.count("data:audio/wav") == 20 and "each of at most 4.0 s, in 16-bit samples" in Page(text).text


def test_where_room_is_short_players_are_mp3_and_then_shorter(ten):
    most = text_bytes(ten) + pages.SPARE_BYTES + 20 * (players.PLAYER_BYTES + 2 * RATE * BYTES_PER_SAMPLE[MP3])
    text = findings_page(ten, LiveLine(io.StringIO()), most_bytes=most)
    page = Page(text)
    assert len(text.encode()) <= most and text.count("data:audio/mpeg") == 20
    said = float(re.search(r"each of at most (\S+) s, in MP3", page.text)[1])
    assert players.SHORTEST_SECONDS <= said < excerpts.EXCERPT_SECONDS
    for samples, rate in page.players.values():
        assert rate == RATE and abs(len(samples) / rate - said) <= 0.05


def test_mp3_is_as_loud_as_the_sound(noise):
    clip = Clip(0.1 * np.sin(2 * np.pi * 440 * np.arange(2 * 96000) / 96000).astype(np.float32), 96000)
    samples, rate = soundfile.read(io.BytesIO(mp3(clip)))
    assert rate == 48000 and abs(len(samples) / rate - 2) < 0.01
    assert abs(measure_levels(samples, rate).rms_dbfs - clip.levels.rms_dbfs) < 0.1  # at the rounded caption's tenth


@pytest.mark.parametrize("rate", [2000, 8000, 10000, 22050, 44100, 192000])
def test_any_rate_of_the_course_can_be_mp3(rate, noise):
    _, coded = soundfile.read(io.BytesIO(mp3(Clip(noise(0.2, sample_rate=rate), rate))))
    assert coded == min([one for one in MP3_RATES if one >= rate], default=48000)


def test_where_there_is_no_room_the_worst_are_heard_and_all_are_read(ten):
    most = text_bytes(ten) + pages.SPARE_BYTES + 3 * (players.PLAYER_BYTES + RATE * BYTES_PER_SAMPLE[MP3])
    text = findings_page(ten, LiveLine(io.StringIO()), most_bytes=most)
    page = Page(text)
    made = len(page.players)
    assert len(text.encode()) <= most and 0 < made < 20
    assert [name[0] for name in page.players] == [each for each in "8945670123" for _ in range(2)][:made]
    assert f"There was no room for {20 - made} more." in page.text
    assert sum(words == f"{number}.wav" for number in range(10) for _, words in page.headings) == 10


def test_of_many_files_the_worst_are_read_again_and_all_are_listed(ten, monkeypatch):
    read = set()
    opened = Recording.__init__
    monkeypatch.setattr(Recording, "__init__", lambda self, path: read.add(path.name) or opened(self, path))
    monkeypatch.setattr(pages, "MOST_FILES", 3)
    page = page_of(ten)
    assert read == {"8.wav", "9.wav", "4.wav"}
    assert [words for order, words in page.headings if order == 3] == ["8.wav", "9.wav", "4.wav"]
    assert "7 more have findings" in page.text
    for number in (0, 1, 2, 3, 5, 6, 7):
        assert re.search(rf"{number}\.wav ?(slight|clear) fault hum: 50 Hz", page.text)


def test_the_page_is_whole_without_scripts_or_a_network(ten):
    text = findings_page(ten, LiveLine(io.StringIO()))
    page = Page(text)
    tags = {tag for tag, _ in page.tags}
    assert "script" not in tags and "link" not in tags and "http" not in re.sub(r'src="data:[^"]*"', "", text)
    assert all("autoplay" not in attributes for _, attributes in page.tags)
    orders = [order for order, _ in page.headings]
    assert orders.count(1) == 1 and orders[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(orders))
    identities = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    links = [attributes["href"] for tag, attributes in page.tags if tag == "a"]
    assert len(set(identities)) == len(identities) and {f"#{one}" for one in identities} == set(links)


def test_a_survey_in_which_nothing_can_be_used_is_a_page(tmp_path):
    (tmp_path / "notes.txt").write_text("text")
    page = page_of(survey(tmp_path, LiveLine(io.StringIO())))
    assert "0 files of 1 can be used" in page.text and not page.players
    assert "0 files of 1 can be used" in page_of(survey(tmp_path, LiveLine(io.StringIO())), most_bytes=0).text


@pytest.mark.parametrize(
    ("seconds", "words"), [(0, "0:00.0"), (3.21, "0:03.2"), (59.97, "1:00.0"), (3723.4, "1:02:03.4"), (-1, "0:00.0")]
)
def test_a_place_is_written_in_minutes_seconds_and_tenths(seconds, words):
    assert excerpts.moment(seconds) == words


def test_places_that_read_alike_are_written_once():
    places = ((1.0, 1.01), (1.02, 1.02), (2.0, 3.0))
    assert pages.where_in_words(Finding("hum", 1, "", places)) == "0:01.0, 0:02.0 to 0:03.0"
    assert pages.where_in_words(Finding("hum", 1, "")) == "throughout"


def test_a_list_of_places_says_that_it_is_not_of_all():
    places = tuple((float(start), float(start)) for start in range(20))
    assert pages.where_in_words(Finding("hum", 1, "", places)).endswith("(no more than 20 places are listed)")


@pytest.mark.parametrize(
    ("seconds", "channels", "lufs", "words"),
    [(61.0, 1, None, "44,100 Hz, mono, 1:01; in"), (2.0, 6, -20.04, "6 channels, 2.0 s; in")],
)
def test_facts_are_said_and_what_is_not_known_is_not(seconds, channels, lufs, words):
    said = pages.facts_in_words(SurveyedFile("a", "", "WAV", 44100, channels, seconds, -1.0, -12.0, lufs, 0.25))
    assert words in said and ("LUFS" in said) == (lufs is not None) and said.endswith("25% silence")


def test_full_scale_is_not_said_to_be_below_zero():
    assert "peak 0.0 dBFS" in pages.facts_in_words(
        SurveyedFile("a", "", "WAV", 44100, 1, 2.0, -0.01, -12.0, None, 0.25)
    )
