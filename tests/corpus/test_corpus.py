"""Opening a corpus that something has happened to."""

import json
import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from prism_lessons.corpus import Corpus, curate
from prism_lessons.corpus.codes import codes_of
from prism_lessons.errors import CourseError
from prism_lessons.quantisation import Quantisation
from prism_lessons.settings import ModelSettings


@pytest.fixture(scope="module")
def made(tmp_path_factory, write_noise):
    folder = tmp_path_factory.mktemp("made")
    for seed in range(4):
        write_noise(folder / "recordings" / f"take {seed}.wav", 4, seed)
    return curate(folder / "recordings", folder / "corpus", 8000)


@pytest.fixture
def folder(tmp_path, made):
    """A copy of a sound corpus, to be damaged."""
    return shutil.copytree(made.folder, tmp_path / "corpus")


def change(folder, path, value):
    """Set one value, named by its keys, in the folder's corpus.json."""
    settings = json.loads((folder / "corpus.json").read_text())
    *keys, last = path
    within = settings
    for key in keys:
        within = within[key]
    within[last] = value
    (folder / "corpus.json").write_text(json.dumps(settings))


@pytest.mark.parametrize("folder", ["bells, small: old", 39 * "a" + " b", " breath ", "ein, zwei;drei"])
def test_a_folder_s_name_becomes_a_label_that_a_model_takes(made, folder):
    group = replace(made.clips[0], recording=f"{folder}/one.wav").group
    assert ModelSettings(labels=(group,)).labels == (group,)


def test_an_opened_corpus_is_the_one_that_was_made(made):
    opened = Corpus.open(made.folder)
    assert opened == made
    assert Corpus.open(str(made.folder)) == made
    assert Corpus.open(made) is made


def test_a_corpus_says_where_its_recordings_were_and_one_of_before_does_not(folder, made):
    assert Path(made.source).is_dir() and Corpus.open(folder).source == made.source
    settings = json.loads((folder / "corpus.json").read_text())
    del settings["source"]
    (folder / "corpus.json").write_text(json.dumps(settings))
    assert Corpus.open(folder).source == ""


def test_a_corpus_can_be_moved(folder, made):
    assert Corpus.open(folder).digest == made.digest


def test_its_parts_are_the_whole(made):
    assert made.seconds() == made.seconds("training") + made.seconds("validation") == 16.0
    assert sorted(clip.file for split in ("training", "validation") for clip in made.of(split)) == sorted(
        clip.file for clip in made.clips
    )


def test_the_card_names_every_recording(made):
    card = (made.folder / "card.md").read_text(encoding="utf-8")
    assert card == made.card()
    assert all(f"| take {seed}.wav | 0.00 | 4.00 |" in card for seed in range(4))


def test_a_folder_without_a_corpus_is_said(tmp_path):
    with pytest.raises(CourseError, match=r"There is no corpus in .*: corpus\.json is missing"):
        Corpus.open(tmp_path / "nowhere")


@pytest.mark.parametrize("length", [0, 1, 200, -2])
def test_settings_cut_short_are_refused(folder, length):
    text = (folder / "corpus.json").read_bytes()
    (folder / "corpus.json").write_bytes(text[:length])
    with pytest.raises(CourseError, match="cannot be read as the corpus"):
        Corpus.open(folder)


def test_another_format_is_refused(folder):
    change(folder, ["format"], 99)
    with pytest.raises(CourseError, match="another version of this course"):
        Corpus.open(folder)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (["clips"], []),
        (["clips"], "none"),
        (["clips"], [[]]),
        (["clips", 0, "samples"], "many"),
        (["clips", 0, "samples"], 0),
        (["clips", 0, "start"], -1),
        (["clips", 0, "split"], "test"),
        (["clips", 0, "split"], "validation" * 2),
        (["clips", 0, "file"], 7),
        (["clips", 0, "notes"], None),
        (["clips", 0, "notes"], [{}]),
        (["clips", 0, "peak_dbfs"], "loud"),
        (["clips", 0, "digest"], "0" * 16),
        (["clips", 0, "surprise"], 1),
        (["sample_rate"], 8001),
        (["sample_rate"], "8000"),
        (["seed"], None),
        (["unused"], [{"name": 1}]),
        (["unused"], 5),
        (["digest"], None),
    ],
)
def test_settings_that_do_not_fit_are_refused(folder, path, value):
    change(folder, path, value)
    with pytest.raises(CourseError, match="has been changed or damaged: curate the recordings again"):
        Corpus.open(folder)


def test_a_clip_moved_to_the_other_side_is_noticed(folder, made):
    first = made.clips[0].split
    change(folder, ["clips", 0, "split"], {"training": "validation", "validation": "training"}[first])
    with pytest.raises(CourseError, match="changed or damaged"):
        Corpus.open(folder)


@pytest.mark.parametrize("name", ["../outside.flac", "/etc/passwd", "clips/../../x", "link/x", "a\0b", ""])
def test_a_clip_outside_the_folder_is_not_opened(folder, name):
    (folder.parent / "outside.flac").write_bytes((folder / "corpus.json").read_bytes())
    (folder / "link").symlink_to(folder.parent)
    change(folder, ["clips", 0, "file"], name)
    with pytest.raises(CourseError, match="names a file outside itself"):
        Corpus.open(folder)


def test_a_clip_that_was_exchanged_is_named_before_anything_is_made_of_it(folder, made, write_noise):
    clip = made.clips[0]
    write_noise(folder / clip.file, clip.samples / made.sample_rate, seed=99, sample_rate=made.sample_rate)
    with pytest.raises(CourseError, match=f'The clip "{clip.file}" in .* is not the one that the corpus was made with'):
        Corpus.open(folder)
    change(folder, ["clips", 0, "md5"], "")  # a corpus of an earlier version: whoever reads the whole clip says so
    with pytest.raises(CourseError, match=f'The clip "{clip.file}" in .* was exchanged'):
        codes_of(Corpus.open(folder), clip.split, Quantisation())


@pytest.mark.parametrize("name", ["clips/none.flac", "x" * 5000, "clips"])
def test_a_clip_that_is_no_file_is_said_to_be_missing(folder, name):
    change(folder, ["clips", 0, "file"], name)
    with pytest.raises(CourseError, match="is missing from"):
        Corpus.open(folder)


def test_a_missing_clip_is_named(folder, made):
    os.unlink(folder / made.clips[2].file)
    with pytest.raises(CourseError, match=made.clips[2].file):
        Corpus.open(folder)
