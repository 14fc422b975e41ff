"""The course's folder: what a student made in one lesson is what the next one goes on with, else an example, said."""

import shutil
import zipfile
from dataclasses import asdict, replace
from pathlib import Path
from types import SimpleNamespace

import librosa
import numpy as np
import pytest

import prism_lessons as pl
from prism_lessons import notebook
from prism_lessons.errors import CourseError
from prism_lessons.files import write_json
from prism_lessons.notebook import course as course_module
from prism_lessons.notebook.transfer import STAGING


@pytest.fixture
def course(tmp_path, monkeypatch, hums, straight):
    """A course beside example sets of its own."""
    examples = tmp_path / "datasets_examples"
    hums(examples / "breath")
    for name in ("breath", "breath_plain"):
        shutil.copytree(straight.folder, examples / "trained" / name)
    lessons = tmp_path / "notebooks"
    lessons.mkdir()
    monkeypatch.chdir(lessons)
    return notebook.Course()


def test_it_says_where_files_are_kept(course, capsys):
    notebook.Course()
    assert "Your files are kept in course_files" in capsys.readouterr().out


def test_before_lesson_01_there_is_an_example_corpus_and_it_is_said(course, capsys):
    corpus = course.corpus()
    assert "not made a corpus yet" in capsys.readouterr().out
    assert corpus.digest == course.corpus().digest


def test_after_lesson_01_its_corpus_is_used(course, hums, tmp_path, capsys):
    made = pl.curate(hums(tmp_path / "mine", seed=5), course.home / "corpus", sample_rate=8000)
    assert course.corpus().digest == made.digest
    assert "lesson 01" in capsys.readouterr().out


def test_before_lesson_02_there_is_a_copy_of_a_shipped_run(course, capsys):
    run = course.run()
    assert "not trained a run yet" in capsys.readouterr().out
    run.star(run.epochs[0])
    assert not (course_module.EXAMPLES / "trained" / "breath_plain" / "starred.json").exists()
    assert course.run().starred == [run.epochs[0]]


def test_after_lesson_02_the_newest_run_with_an_epoch_is_used(course, straight, capsys):
    shutil.copytree(straight.folder, course.new_run("older"))
    shutil.copytree(straight.folder, course.new_run("newer"))
    (course.new_run("newer") / "log.jsonl").touch()
    course.new_run("only begun").mkdir()
    assert course.run().folder == course.new_run("newer")
    assert '"newer"' in capsys.readouterr().out


def test_without_a_choice_lesson_04_plays_your_newest_run(course, straight, capsys):
    shutil.copytree(straight.folder, course.new_run("mine"))
    assert course.capsule().about["epoch"] == 2
    assert 'the last epoch of your run "mine"' in capsys.readouterr().out


def test_a_run_can_be_asked_for_by_its_name(course, straight):
    shutil.copytree(straight.folder, course.new_run("first"))
    shutil.copytree(straight.folder, course.new_run("second"))
    assert course.run("first").folder == course.new_run("first")
    with pytest.raises(CourseError, match="no run"):
        course.run("third")


def test_what_was_kept_aside_of_a_run_s_corpus_can_be_heard(course, straight, hum_corpus):
    paths = course.kept_aside(straight)
    assert [path.name for path in paths] == [Path(clip.file).name for clip in hum_corpus.of("validation")[:3]]
    assert all(path.is_file() for path in paths)


def test_of_a_corpus_that_is_gone_or_changed_nothing_is_kept_aside(course, straight, hums, tmp_path):
    run = pl.Run(shutil.copytree(straight.folder, tmp_path / "run"))
    run.settings["corpus"] |= {"folder": "gone", "from_run": "../gone"}
    assert course.kept_aside(run) == []
    other = pl.curate(hums(tmp_path / "other", seed=9), tmp_path / "other corpus", sample_rate=8000)
    run.settings["corpus"]["folder"] = str(other.folder)
    assert course.kept_aside(run) == []


def test_takes_of_other_models_and_lengths_do_not_replace_each_other(course, straight, noise, capsys):
    capsules = [straight.capsule(epoch) for epoch in (1, 2)]
    for capsule in [*capsules, capsules[0]]:
        for seconds in (0.05, 0.125):
            course.keep(pl.generate(capsule, seconds, voices=1, seed=1), bits=24)
    kept = sorted(path.name for path in course.takes.rglob("*.wav"))
    assert len(kept) == 4 and kept[0].startswith("take_seed1_voice1_t0.95_0.05s_epoch1_")
    assert len((course.takes / "takes.csv").read_text().splitlines()) == 5
    for clip in (noise(0.1), noise(0.2), noise(0.1)):
        course.keep([pl.Clip(clip, 16000, "live")])
    assert (course.takes / "live.wav").is_file()
    assert [path.name for path in sorted(course.takes.glob("live*"))] == ["live.wav", "live_2.wav"]


def test_recordings_to_go_on_from_are_your_own_that_can_be_used_or_else_an_example_s(course, noise, capsys):
    assert list(course.sounds()) == [f"hum {number}.wav" for number in range(4)]
    assert 'from the example set "breath"' in capsys.readouterr().out
    course.recordings.mkdir(parents=True)
    for name in ("a note.txt", "broken.wav"):
        (course.recordings / name).write_text("no sound")
    assert "hum 0.wav" in course.sounds()
    pl.Clip(noise(0.5), 16000).save(course.recordings / "more" / "mine.wav")
    (path,) = course.sounds().values()
    assert pl.Prime(path, 0, 4).clip(16000).seconds == 0.5


def test_takes_are_kept_as_the_panel_says_and_a_call_may_say_otherwise(course, straight):
    (take,) = pl.generate(straight, 0.1, voices=1)
    course.keep(take)  # its cell was skipped
    panel = course.files_panel()
    panel._inputs["form"].value, panel._inputs["sample_rate"].value = "flac", 44100
    course.keep([take])
    course.keep([take], bits=16)
    rows = (course.takes / "takes.csv").read_text().splitlines()[1:]
    assert ["48000,WAV 24 bit" in rows[0], "44100,FLAC 24 bit" in rows[1], "44100,FLAC 16 bit" in rows[2]] == [True] * 3


def test_takes_are_packed_into_one_zip_with_all_that_sounds_and_nothing_else(course, straight, noise):
    course.keep(pl.generate(straight, 0.1, voices=2), zipped=True)
    course.keep([pl.Clip(noise(0.1), 16000, "a chorus")])
    long = course.perform(straight, 0.2)
    packed = course.take_home(course.takes)
    with zipfile.ZipFile(packed) as archive:
        names = {Path(name).name for name in archive.namelist()}
    sounds = {path.name for path in course.takes.rglob("*.wav")}
    assert names == sounds | {"takes.csv"} and long[0].path.name in names and len(sounds) == 4
    assert [path for path in course.home.rglob("*.zip")] == [packed]
    with zipfile.ZipFile(course.take_home()) as archive:  # all of it: what goes on there goes on elsewhere
        names = {Path(name).name for name in archive.namelist()}
    assert {"performance.json", "player.state", "voice1.codes"} <= names and "performance.lock" not in names


def test_a_long_take_of_a_second_model_gets_a_folder_of_its_own_and_each_goes_on_in_its_own(course, straight, capsys):
    first, second = straight.capsule(1), straight.capsule(2)
    folders = [
        course.perform(capsule, seconds)[0].path.parent.name for capsule in (first, second) for seconds in (1, 2)
    ]
    assert folders == ["long", "long", "long_2", "long_2"]
    assert f'"{course.takes / "long"}" holds something else' in capsys.readouterr().out
    (course.takes / "long" / "voice1.codes").unlink()
    assert course.perform(first, 1)[0].path.parent.name == "long_3", "one that is damaged stops no lesson"
    (course.takes / "a").write_text("a file")
    assert course.perform(first, 1, name="a")[0].path.parent.name == "a_2"
    with pytest.raises(CourseError, match="cannot be the name of a long take"):
        course.perform(first, 1, name="../out")


def test_a_run_of_another_corpus_or_size_leaves_its_name_and_another_is_proposed(
    course, straight, hum_corpus, hums, small, tmp_path, capsys
):
    assert course.name_for(hum_corpus) == "first"
    # A sketch that is only begun, whose settings are the preset's, and one of another size.
    settings = straight.settings
    sketch = pl.PRESETS["sketch"]
    for name, part in (("first", sketch), ("other", sketch.changed(dim=96))):
        written = {**settings, "model": asdict(part.model), "training": asdict(part.training)}
        write_json(course.new_run(name) / "run.json", written)
    assert course.name_for(hum_corpus) == "first" and capsys.readouterr().out == ""
    assert course.name_for(hum_corpus, name="other") == "other 2"
    another = pl.curate(hums(tmp_path / "other", seed=9), tmp_path / "other corpus", sample_rate=8000)
    assert course.name_for(another) == "first 2"
    assert 'this one is called "first 2"' in capsys.readouterr().out


def damaged(path):
    path.write_bytes(path.read_bytes()[:100])


def test_a_damaged_choice_or_run_is_said_and_stops_no_lesson(course, straight, capsys):
    (course.home / "chosen.capsule").parent.mkdir(parents=True)
    (course.home / "chosen.capsule").write_bytes(b"half")
    assert course.capsule().about["epoch"] == 2
    said = capsys.readouterr().out
    assert "chosen.capsule" in said and "no model of your own" in said
    for name in ("older", "newer"):
        shutil.copytree(straight.folder, course.new_run(name))
    (course.new_run("newer") / "log.jsonl").touch()
    damaged(course.new_run("newer") / "epochs" / "0002.capsule")
    course.capsule()
    assert 'last epoch of your run "older"' in capsys.readouterr().out
    damaged(course.new_run("newer") / "run.json")
    assert course.run().folder.name == "older" and "run.json" in capsys.readouterr().out
    shutil.rmtree(course.runs)
    assert course.run().folder.name == "example_run_breath_plain"


def test_a_damaged_corpus_of_a_run_is_said_and_its_clips_can_be_heard(course, straight, hum_corpus, tmp_path, capsys):
    folder = shutil.copytree(hum_corpus.folder, tmp_path / "corpus")
    run = pl.Run(straight.folder)
    run.settings["corpus"] |= {"folder": str(folder), "from_run": str(folder)}
    assert course.corpus_of(run) is not None
    damaged(folder / "corpus.json")
    assert course.corpus_of(run) is None and "corpus.json" in capsys.readouterr().out


def test_the_model_chosen_in_lesson_03_is_the_one_that_lesson_04_plays(course, capsys):
    assert course.capsule().about["epoch"] == 2
    assert "no model of your own" in capsys.readouterr().out
    heard = course.audition(course.run())
    heard.log.star("0001_1_t0.85")
    heard.log.note("0001_1_t0.85", "like surf")
    course.choose(heard, 1)
    course.choose(heard, 1)
    assert course.capsule().about["epoch"] == 1 and "like surf" in course.capsule().card
    assert heard.run.starred == [1]
    assert [act.act for act in heard.log.acts] == ["star", "note", "choose"], "chosen twice is chosen once"


def test_an_audition_in_the_course_finds_the_corpus_and_brings_the_notes_of_others(course, capsys):
    heard = course.audition(course.run(), who="Eva")
    assert heard.corpus is not None and heard.log.who == "Eva"
    course.bring_notes(heard)
    assert "no notes yet" in capsys.readouterr().out
    heard.log.star("0001_1_t0.85")
    heard.log.path.rename(course.home / "notes_1234.jsonl")
    course.bring_notes(heard)
    assert "notes_1234.jsonl: 1 new" in capsys.readouterr().out
    assert heard.log.starred == ["0001_1_t0.85"]


def portfolio(course, run):
    return (course.portfolio(course.audition(run)) / "journal.md").read_text(encoding="utf-8")


def test_a_portfolio_holds_the_journal_and_the_choices_about_what_the_run_learned_from(course, straight, write_noise):
    write_noise(course.recordings / "mine.wav", 1)
    course.journal.write("03", {"What did you hear?": "surf"})
    course.choices.intend(hear="my rain")
    course.choices_about(course_module.EXAMPLES / "breath").intend(hear="the sea")
    run = course.run()
    assert Path(run.settings["corpus"]["source"]).is_dir()
    run.settings["corpus"]["source"] = "course_files/recordings"
    of_mine = portfolio(course, run)
    run.settings["corpus"] |= {"folder": "breath", "source": ""}  # as in the runs that ship
    of_example = portfolio(course, run)
    assert "surf" in of_example and "the sea" in of_example and "my rain" not in of_example
    assert "my rain" in of_mine and "the sea" not in of_mine


def test_a_model_becomes_a_page_that_the_cell_shows_unless_it_may_not_be_shared(course, straight, monkeypatch):
    shown = course.page(straight.capsule())
    page = (course.home / "instrument.html").read_text(encoding="utf-8")
    assert "const MODEL" in page and str(course.home / "instrument.html") in repr(shown)
    assert "<iframe" in shown.html and page.count("<h1>") == shown.html.count("&lt;h1>") + shown.html.count("<h1>")
    (course.home / "instrument.html").unlink()
    capsule = straight.capsule()
    kept = replace(capsule, about=capsule.about | {"not_to_share": ["no consent for a.wav"]})
    assert "may not be shared, because of no consent for a.wav" in repr(course.page(kept))
    assert not (course.home / "instrument.html").exists()
    saved = []
    monkeypatch.setattr(course_module.colab, "on_colab", lambda: True)
    monkeypatch.setattr(course_module.colab, "download", saved.append)
    course.page(capsule)
    assert saved == [course.home / "instrument.html"]


def test_a_run_of_before_tells_the_choices_that_there_were(course):
    course.choices.intend(hear="the sea")
    run = course.run()
    run.settings["corpus"] = {"folder": "course_files/corpus", "digest": run.settings["corpus"]["digest"]}
    assert "the sea" in portfolio(course, run)


@pytest.mark.parametrize("name", ["", "  ", ".", "..", "a/b", "../run", "a\\b", "a:b", "run\n"])
def test_a_run_s_name_stays_a_name(course, name):
    with pytest.raises(CourseError, match="cannot be the name"):
        course.new_run(name)


def test_a_run_s_name_may_have_spaces_and_accents(course):
    assert course.new_run(" Übung 2 ") == course.runs / "Übung 2"


def test_bringing_says_where_to_put_files_until_there_are_some(course, write_noise, capsys):
    course.bring()
    said = " ".join(capsys.readouterr().out.split())
    assert "brought no recordings yet" in said and str(course.recordings.resolve()) in said
    write_noise(course.recordings / "rain.wav", 1)
    course.bring()
    said = capsys.readouterr().out
    assert "1 file is in course_files/recordings, of which 1 can be used" in said and "put" not in said


def test_bringing_names_what_cannot_be_used_and_why(course, write_noise, capsys):
    write_noise(course.recordings / "été 🎻.wav", 1)
    (course.recordings / "empty.wav").touch()
    for name in ("notes.txt", "list.csv"):
        (course.recordings / name).write_text("no sound")
    course.bring()
    said = capsys.readouterr().out
    assert "4 files are in course_files/recordings, of which 1 can be used: 0:01 of sound." in said
    assert "3 cannot be used:" in said and "empty.wav: the file is empty" in said
    assert "list.csv, notes.txt: not a sound file by its name" in said


def test_bringing_unpacks_zips(course, write_noise, tmp_path):
    sound = write_noise(tmp_path / "rain.wav", 1)
    course.recordings.mkdir(parents=True)
    with zipfile.ZipFile(course.recordings / "Mine.ZIP", "w") as archive:
        archive.write(sound, "outside/rain.wav")
    course.bring()
    assert (course.recordings / "outside" / "rain.wav").read_bytes() == sound.read_bytes()
    assert not (course.recordings / "Mine.ZIP").exists()


@pytest.mark.parametrize("brought, said", [
    ([], "no recording that can be used"), ([0.0], "no recording that can be used"), ([4, 5], "9.0 s of sound"),
])  # fmt: skip
def test_lesson_01_goes_on_with_an_example_set_until_there_is_enough(course, write_noise, capsys, brought, said):
    for number, seconds in enumerate(brought):
        write_noise(course.recordings / f"{number}.wav", seconds, seed=number)
    assert course.source() == course_module.EXAMPLES / "breath"
    words = capsys.readouterr().out
    assert f"There is {said}" in words and 'goes on with the example set "breath"' in words


def test_lesson_01_goes_on_with_your_recordings_once_there_is_enough(course, write_noise):
    for number in range(2):
        write_noise(course.recordings / f"{number}.wav", 5, seed=number)
    (course.recordings / "notes.txt").write_text("no sound")
    assert course.source() == course.recordings


def test_choices_about_an_example_set_are_not_those_about_your_recordings(course, write_noise):
    example = course_module.EXAMPLES / "breath"
    write_noise(course.recordings / "mine.wav", 1)
    course.choices_about(course.recordings).intend(hear="rain")
    course.choices_about(example).intend(hear="wind")
    course = notebook.Course()
    assert course.choices.state.intention.hear == course.choices_about("elsewhere").state.intention.hear == "rain"
    assert course.choices_about(example).state.intention.hear == "wind"


def test_choices_of_before_that_can_only_be_about_an_example_set_are_kept_for_it(course, write_noise):
    example = course_module.EXAMPLES / "breath"
    course.choices.intend(hear="wind")
    assert course.choices_about(example).state.intention.hear == "wind"
    course.choices.intend(hear="rain")
    assert course.choices_about(example).state.intention.hear == "wind"
    assert course.choices.state.intention.hear == "rain"


def test_choices_of_before_stay_with_your_recordings_where_there_are_some(course, write_noise):
    write_noise(course.recordings / "mine.wav", 1)
    course.choices.intend(hear="rain")
    assert str(course.choices_about(course_module.EXAMPLES / "breath")) == "Nothing has been chosen yet."


def test_lesson_02_says_that_the_corpus_of_lesson_01_is_of_an_example_set(course, capsys):
    pl.curate(course_module.EXAMPLES / "breath", course.home / "corpus", sample_rate=8000)
    course.corpus()
    assert 'lesson 01 from the example set "breath"' in capsys.readouterr().out


def test_what_was_taken_home_goes_back_to_where_it_was(course, straight, capsys):
    shutil.copytree(straight.folder, course.new_run("mine"))
    packed = course.take_home(course.new_run("mine"))
    shutil.rmtree(course.runs)
    course.recordings.mkdir()
    shutil.move(packed, course.recordings)
    course.bring()
    assert course.run().folder == course.new_run("mine")
    assert course.run().log == straight.log


@pytest.mark.parametrize("name", ["../out.wav", "/tmp/out.wav", "a/../../out.wav"])
def test_a_zip_that_leads_outside_is_refused(course, name):
    course.recordings.mkdir(parents=True)
    with zipfile.ZipFile(course.recordings / "bad.zip", "w") as archive:
        archive.writestr(name, b"x")
    with pytest.raises(CourseError, match="outside"):
        course.bring()
    assert (course.recordings / "bad.zip").exists()
    assert [path.name for path in course.recordings.rglob("*")] == ["bad.zip"]


@pytest.mark.parametrize("content", [b"", b"no zip at all", b"PK\x03\x04half"])
def test_a_broken_zip_is_said_and_kept(course, content):
    course.recordings.mkdir(parents=True)
    (course.recordings / "bad.zip").write_bytes(content)
    with pytest.raises(CourseError, match="pack it again"):
        course.bring()
    assert (course.recordings / "bad.zip").exists()


@pytest.fixture
def packed(course, straight):
    """A run called "mine", and the bytes of the zip in which it was taken home."""
    shutil.copytree(straight.folder, course.new_run("mine"))
    path = course.take_home(course.new_run("mine"))
    content = path.read_bytes()
    path.unlink()
    return SimpleNamespace(folder=course.new_run("mine"), content=content)


def bring(course, content):
    course.recordings.mkdir(parents=True, exist_ok=True)
    (course.recordings / "mine.zip").write_bytes(content)
    course.bring()


def files_of(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_run_taken_home_has_all_that_is_needed_to_go_on_and_no_lock(course, packed, straight):
    put_beside = ["training.lock", "events.jsonl", "within.bin", "clips/0003_1_t1.wav.partial"]
    for name in put_beside:
        (packed.folder / name).write_bytes(b"")
    with zipfile.ZipFile(course.take_home(packed.folder)) as archive:
        names = {name.removeprefix("runs/mine/") for name in archive.namelist()}
    assert {"run.json", "card.md", "log.jsonl", "resume.bin", "events.jsonl", "within.bin"} <= names
    assert {f"epochs/{path.name}" for path in (straight.folder / "epochs").iterdir()} <= names
    assert not names & {"training.lock", "clips/0003_1_t1.wav.partial"}


def test_a_run_taken_home_within_an_epoch_and_brought_back_goes_on_to_the_last_bit(
    course, go_on, straight, monkeypatch
):
    """The cosine follows the budget, so the interruption comes from outside, not from a smaller budget."""
    from prism_lessons.training.callback import TrainingCallback  # here, so that the others need no TensorFlow

    end, count = TrainingCallback.on_train_batch_end, iter(range(1000))

    def end_or_stop(self, batch, logs=None):
        end(self, batch, logs)
        if next(count) == 100:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(TrainingCallback, "on_train_batch_end", end_or_stop)
        go_on(course.new_run("mine"))
    assert len(pl.Run(course.new_run("mine")).log) == 0
    content = course.take_home(course.new_run("mine")).read_bytes()
    shutil.rmtree(course.home)  # the runtime ends, with all that is on it
    bring(course, content)
    run = go_on(course.new_run("mine"))
    weights, expected = run.capsule(2).weights, straight.capsule(2).weights
    assert weights.keys() == expected.keys()
    assert all(np.array_equal(weights[name], expected[name]) for name in expected)
    assert [entry.validation_bits for entry in run.log] == [entry.validation_bits for entry in straight.log]


@pytest.mark.parametrize("share", [0.1, 0.5, 0.99])
@pytest.mark.parametrize("damage", ["cut off", "changed"])
def test_a_damaged_zip_of_a_run_is_refused_and_what_was_there_is_untouched(course, packed, share, damage):
    place = int(share * len(packed.content))
    if damage == "cut off":
        content = packed.content[:place]
    else:
        content = packed.content[:place] + bytes(byte ^ 255 for byte in packed.content[place:][:64])
        content += packed.content[len(content) :]
    (packed.folder / "resume.bin").write_bytes(b"what is there")
    before = files_of(packed.folder)
    with pytest.raises(CourseError, match="bring it again"):
        bring(course, content)
    assert files_of(packed.folder) == before
    assert not list(course.home.rglob(STAGING)) and not list(course.home.rglob("*.partial"))


def test_a_zip_of_an_older_state_does_not_set_a_run_back(course, packed):
    run = pl.Run(packed.folder)
    run.record(replace(run.log[-1], epoch=3, samples=2 * run.log[-1].samples))
    (packed.folder / "resume.bin").write_bytes(b"of epoch 3")
    before = files_of(packed.folder)
    bring(course, packed.content)
    assert files_of(packed.folder) == before


def test_a_zip_of_another_run_of_the_same_name_is_refused(course, packed):
    run = pl.Run(packed.folder)
    run.record(replace(run.log[0], bits=1.5))
    before = files_of(packed.folder)
    with pytest.raises(CourseError, match="holds another run"):
        bring(course, packed.content)
    assert files_of(packed.folder) == before


def test_on_a_computer_of_one_s_own_no_copy_is_kept_and_it_is_not_lent(course):
    assert course.copy_of(course.new_run("mine")) is None
    assert course.lent_hours is None


def test_a_real_recording_can_be_borrowed_by_name(course, write_noise, tmp_path, monkeypatch, capsys):
    sound = write_noise(tmp_path / "cache" / "sorohanro - solo-trumpet-06.ogg", 1)
    monkeypatch.setattr(librosa, "example", lambda name: str(sound))
    monkeypatch.setattr(librosa.util, "example_info", lambda name: print("Licence of", name))
    path = course.borrow("trumpet")
    assert path == course.recordings / "trumpet.ogg" == course.borrow("trumpet")
    assert path.read_bytes() == sound.read_bytes()
    path.write_text("mine")
    assert course.borrow("trumpet").name == "trumpet_2.ogg" and path.read_text() == "mine"
    assert "Licence of trumpet" in capsys.readouterr().out


def test_a_recording_that_does_not_exist_is_said(course):
    with pytest.raises(CourseError, match='no recording called "no such"'):
        course.borrow("no such")


def test_without_a_network_nothing_is_borrowed_and_it_is_said(course, monkeypatch):
    def unreachable(name):
        raise ConnectionError("no route to host")

    monkeypatch.setattr(librosa, "example", unreachable)
    with pytest.raises(CourseError, match="check that you are online"):
        course.borrow("trumpet")
    assert not course.recordings.exists()


def test_there_has_to_be_something_to_take_home(course):
    with pytest.raises(CourseError, match="nothing in"):
        course.take_home(course.takes)


def test_lessons_started_from_another_folder_say_so(course, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(CourseError, match='from the folder "notebooks"'):
        notebook.Course().capsule()
