"""The fields that software reads: every take, capsule and page says what made it, and that a trained model did."""

import json
import re
import struct
import zipfile
from importlib.metadata import version
from xml.etree import ElementTree

import numpy as np
import pytest
import soundfile

from prism_lessons.audio import Clip
from prism_lessons.generation import Take
from prism_lessons.marks import COMPOSITE, GENERATED, software, xmp
from prism_lessons.pages import render

PROPERTY = "{http://iptc.org/std/Iptc4xmpExt/2008-02-29/}DigitalSourceType"
ABOUT = {"run": "bells", "epoch": 3, "seed": 1, "voice": 1, "temperature": "0.9"}


def packet_of(path):
    """The XMP packet of a WAV; None where there is none. Every chunk is read, so their sizes are right."""
    data = path.read_bytes()
    assert struct.unpack("<4sI4s", data[:12]) == (b"RIFF", len(data) - 8, b"WAVE")
    place, chunks = 12, {}
    while place < len(data):
        name, size = struct.unpack("<4sI", data[place : place + 8])
        chunks[name] = data[place + 8 : place + 8 + size]
        place += 8 + size + size % 2
    return chunks.get(b"_PMX")


def source_type_in(packet):
    (found,) = [node.get(PROPERTY) for node in ElementTree.fromstring(packet).iter() if node.get(PROPERTY)]
    return found


@pytest.mark.parametrize(("more", "mark"), [({}, GENERATED), ({"prime_seconds": 0.5}, COMPOSITE)])
def test_a_take_is_marked_as_made_by_a_model_in_wav_and_flac(more, mark, noise, tmp_path):
    samples = noise(0.1)[:1599]  # an odd number of bytes would move what follows
    take = Take(samples, 16000, "a take", ABOUT | more)
    assert source_type_in(packet_of(take.save(tmp_path / "a.WAV"))) == mark
    for path in (tmp_path / "a.WAV", take.save(tmp_path / "a.flac")):
        with soundfile.SoundFile(path) as file:
            assert json.loads(file.comment) == {"digital_source_type": mark} | take.about
            assert file.title == "a take" and file.software.startswith(f"PRiSM lessons {version('prism-lessons')}")
            np.testing.assert_array_equal(file.read(dtype="int16"), np.rint(32768 * samples).astype(np.int16))


def test_a_recording_is_not(noise, tmp_path):
    path = Clip(noise(0.1), 16000).save(tmp_path / "a.wav")
    with soundfile.SoundFile(path) as file:
        assert not file.comment and not file.software and packet_of(path) is None


def test_clips_of_a_training_and_its_capsules_say_where_they_come_from(straight):
    clip = straight.played[0]
    with soundfile.SoundFile(clip.path) as file:
        said = json.loads(file.comment)
    assert (said["run"], said["epoch"], said["temperature"]) == (straight.folder.name, 1, f"{clip.temperature:g}")
    assert source_type_in(packet_of(clip.path)) == GENERATED
    with zipfile.ZipFile(straight.capsule_path(2)) as file:
        about = json.loads(file.read("about.json"))["about"]
    assert about["software"] == software() and about["about"]["run"] == straight.folder.name


def test_a_page_names_its_program_and_one_with_sounds_of_a_model_says_so():
    values = {"name": "n", "about": "", "sound": "", "track": "", "chapters": [("a", "b")], "data": []}
    head = str(render("journey.html", title='"><b>', **values)).partition("<style>")[0]
    meta = dict(re.findall(r'<meta (?:name|property)="([\w:]+)" content="([^"]*)">', head))
    assert meta["generator"] == software() and meta["description"].startswith("What a trained model played")
    assert meta["schema:digitalSourceType"] == GENERATED and "<b>" not in head
    bare = {"lowest": 0, "highest": 1, "most_seed": 1, "most_kept": 1, "data": {"labels": [], "descriptors": []}}
    assert "digitalSourceType" not in render("instrument.html", title="t", **bare)


def test_a_packet_is_xml():
    assert source_type_in(xmp(GENERATED)) == GENERATED
