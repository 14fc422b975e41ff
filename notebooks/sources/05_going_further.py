# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Going further
#
# **You will hear:** what a higher sample rate gives and where it gives nothing; how one chime becomes four; and what
# two models find surprising, each with its own ears.
#
# **Time:** about two minutes of computing on two processor cores, with or without a graphics card; three quarters of an
# hour, listening and reading included. A search for settings, which you may leave out, takes some minutes more. The
# largest model that this page mentions takes a graphics card and a night.
#
# **Needed:** headphones, turned low to begin with. Your own corpus and model from the earlier lessons, or those that
# came with the course.

# %% [markdown]
# ## Get ready

# %% cellView="form" jupyter={"source_hidden": true} tags=["setup"]
# @title Set-up (run this first)
# In Google Colab this brings the course and installs it. On a computer of your own it does nothing.
import sys

if "google.colab" in sys.modules:
    import os
    import re
    import shutil
    import subprocess
    import zipfile
    from pathlib import Path

    from google.colab import drive, files

    version = "0.1.0"
    repository = None
    commit = None
    packed = f"prism-lessons-{version}.zip"

    class SetUpFailed(Exception):
        def _render_traceback_(self):  # what is shown of it: the sentence alone
            return [str(self)]

    def failed(*command):
        """Run a command; why it failed, or nothing."""
        done = subprocess.run(command, capture_output=True, text=True)
        return done.returncode and (done.stderr.strip().rpartition("\n")[2] or f"exit status {done.returncode}")

    def offered(folder):
        """Zips of the course in a folder, and what a browser or a student has unpacked."""
        unpacked = (found.parent for found in folder.glob("prism-lessons*/**/pyproject.toml"))
        return [*sorted(folder.glob("prism-lessons*.zip")), *unpacked]

    def places():
        """Where the course may be, and how it came from there; each is asked only if those before it have failed."""
        if repository:
            yield repository, f"was fetched from {repository}"
        for path in offered(Path()):
            yield path, f'was unpacked from "{path.name}" on this runtime'
        print(f"Is {packed} on your Google Drive? Google asks you now whether this lesson may look.")
        try:
            drive.mount(str(Path("drive").absolute()))
            on_drive = offered(Path("drive/MyDrive"))
        except Exception as error:  # whatever Google, the browser or a blocked window says
            on_drive = []
            print(f"Google Drive could not be opened ({error}).")
        for path in on_drive:
            yield path, f'was unpacked from "{path.name}" on your Google Drive'
        print(f"Choose {packed} to upload it. If your browser has made a folder of it, compress the folder first.")
        try:
            uploaded = files.upload()
        except Exception as error:
            uploaded = {}
            print(f"Nothing could be uploaded ({error}).")
        for name in uploaded:
            yield Path(name), f'was unpacked from "{name}", which you uploaded'
            Path(name).unlink()  # it was refused

    def fetch():
        """Fetch the one commit that this lesson was made with, whatever its tag leads to now."""
        if why := failed("git", "clone", "-q", "--depth=2", f"--branch=v{version}", repository, "brought"):
            raise SetUpFailed(f"{repository} could not be fetched ({why}).")
        if failed("git", "-C", "brought", "checkout", "-q", commit):
            raise SetUpFailed(f"{repository} is not used: its v{version} is no longer what this lesson was made with.")

    def unpack(path):
        """Unpack a zip, or copy what is unpacked already."""
        try:
            if path.is_dir():
                return shutil.copytree(path, "brought")
            with zipfile.ZipFile(path) as archive:
                if any(name.startswith("/") or ".." in Path(name).parts for name in archive.namelist()):
                    raise ValueError("a file in it would lie outside of it")
                archive.extractall("brought")
        except Exception as error:  # damaged in whatever way, or locked with a password
            raise SetUpFailed(f'"{path.name}" cannot be unpacked ({error}): bring {packed} anew.') from error

    def bring():
        """Bring the course into the folder "prism-lessons": the whole of it, in this version."""
        for place, how in places():
            name = os.path.basename(place)
            shutil.rmtree("brought", ignore_errors=True)  # from an attempt that was cut off
            try:
                fetch() if place == repository else unpack(place)
                # It may lie in a folder, or in two: each program that packs it again adds one.
                found = min(Path("brought").rglob("pyproject.toml"), key=lambda path: len(path.parts), default=None)
                named = r'^name = "prism-lessons"\nversion = "(.+)"$'
                is_course = found and re.search(named, found.read_text(errors="replace"), re.MULTILINE)
                parts = ("notebooks", "prism_lessons", "datasets_examples")
                if not is_course or not all((found.parent / part).is_dir() for part in parts):
                    raise SetUpFailed(f'"{name}" is not the whole course: bring {packed} as it was given to you.')
                if is_course[1] != version:
                    raise SetUpFailed(f'"{name}" is version {is_course[1]}: this lesson needs {packed}.')
            except SetUpFailed as refused:
                print(refused)
            else:
                shutil.move(found.parent, "prism-lessons")
                print(f"The course {how}.")
                return
            finally:
                shutil.rmtree("brought", ignore_errors=True)
        raise SetUpFailed(f"The course is not here yet: put {packed} on your Google Drive, then run this cell again.")

    if not os.path.isdir("../prism_lessons"):
        if not os.path.isdir("prism-lessons"):
            bring()
        if why := failed(sys.executable, "prism-lessons/prism_lessons/notebook/installing.py"):
            raise SetUpFailed(why)
        os.chdir("prism-lessons/notebooks")
    from prism_lessons.notebook import colab

    colab.check()

# %% [markdown]
# This cell loads the course's library and says where your files are kept.

# %%
import prism_lessons as pl
from prism_lessons import notebook

course = notebook.Course()

# %% [markdown]
# One small training further down shows how settings are changed. It lasts no longer than this, in minutes:

# %%
minutes = 0.5

# %% [markdown]
# ## A higher sample rate
#
# The **sample rate** is how many samples stand for a second of sound. Each swing of a wave needs at least two samples,
# one up and one down, so there can be nothing above half the rate. This half is named after Harry Nyquist.
#
# Hiss has every pitch in it, all equally strong, so the ear notices at once when some are missing. This cell makes a
# second of hiss that dies away, with 44,100 samples.

# %%
import numpy as np

from prism_lessons.audio import Clip, load

work = course.home / "going_further"
noise = np.random.default_rng(seed=1).standard_normal(44100)
hiss = Clip(0.2 * noise * np.exp(-6 * np.arange(44100) / 44100), 44100, "hiss").save(work / "hiss.wav")

# %% [markdown]
# Listen down the first column: each step takes the upper part of the hiss away, and the rest stays as it was. Then
# listen down the second column, to a chime that was made at 96,000 samples a second.

# %%
from pathlib import Path

needs_work = Path("../datasets_examples/needs_work")
sources = {"hiss": hiss, "chime": needs_work / "field 07.flac"}
rates = (44100, 16000, 8000, 4000)
rows = {f"{rate:,} a second": {name: load(path, rate) for name, path in sources.items()} for rate in rates}
notebook.play_grid(rows, "Two sounds at four sample rates")

# %% [markdown]
# The hiss loses its air, then its edge, and ends as a thud. The chime is the same at 44,100 and at 16,000, since it has
# next to nothing above 8,000 Hz. It loses its shimmer only at 4,000. Try your own recordings before you pay for a
# higher rate: play them at both rates, and listen for what you would miss. Breath, cymbals, bows and consonants live up
# there. The bells of this course do not.
#
# The cost is a matter of arithmetic. A model has several storeys, its **tiers**: the slower ones follow the outline of
# the sound, and the last decides each sample. A **frame** is the short row of samples that a tier takes in at one step.

# %% tags=["check", "nbval-check-output"]
for rate in (8000, 16000, 44100, 48000):
    frame = 64 * 1000 / rate
    print(f"{rate:6,}: up to {rate // 2:6,} Hz; a frame of 64 lasts {frame:.1f} ms; a minute is {60 * rate:9,} samples")

# %% [markdown]
# At 44,100 there are 2.76 times as many samples as at 16,000, so a second of sound takes 2.76 times as long to train on
# and to play. And a model that remembers as many samples as before remembers a shorter time: its frame of 64 has shrunk
# from 4 thousandths of a second to 1.5.
#
# The rate is chosen when you curate, with the same call as in lesson 01. Here is the call for the folder `needs_work`:

# %%
high = pl.curate(needs_work, work / "corpus_44100", sample_rate=44100)
print(high.sample_rate, "samples a second;", round(high.seconds()), "seconds of sound")

# %% [markdown]
# A higher rate cannot give back what a file never had. `Take 1.wav` was made at 16,000 samples a second. Converted to
# 44,100, it is just as dark above 8,000 Hz as before, and a model would spend most of its work on nothing.

# %%
notebook.spectrogram(load(needs_work / "Take 1.wav", sample_rate=44100))

# %% [markdown]
# ## Larger models
#
# A **preset** is a model, a way of training and a budget that go together. There are three.

# %% tags=["check", "nbval-check-output"]
for name, preset in pl.PRESETS.items():
    model, training = preset.model, preset.training
    print(f"{name}: {preset.purpose}")
    print(f"    frame_sizes {model.frame_sizes}, dim {model.dim}, layers {model.layers}, embedding {model.embedding}")
    print(f"    predictors {model.predictors}, book {model.book}, dropout {model.dropout:g}")
    print(f"    window {training.window}, learning_rate {training.learning_rate:g}, minutes {preset.minutes:g}")

# %% [markdown]
# `sketch` is what you trained in lesson 02. The models of breath and bells that came with the course are sketches too
# and were trained for longer; the model of breath was trained without `dropout`. `study` and `piece` are meant for a
# graphics card, and were tried for some minutes only, on a card faster than Colab's. `piece` has the usual sizes of
# PRiSM SampleRNN, and `study` half its `dim` and `layers`. A model this large soon learns a few minutes of sound by
# heart if it has no `dropout`. So take the minutes printed above as a starting point, and let your ears decide when to
# stop.
#
# ## What the settings do
#
# Every number in a preset can be changed. Change one at a time, and train with the old and the new value for the same
# time, or you will not know what makes the difference. What to change first depends on what you hear:
#
# - You want the model to find out by itself how sounds ring on, as the plain model that came with lesson 03 did:
#   `predictors=()` and `book=0`. It then takes much longer before anything rings.
# - It crackles, or is all noise: more `minutes`. If it falls into noise and stays there, half the `learning_rate`.
# - It has the right colour, but nothing holds for long: a longer memory. Double the `window`, or make the last of the
#   `frame_sizes` larger. A longer `window` makes each step slower, so give it more `minutes` too.
# - It has the right outline, but no fine detail, and more time no longer helps: a larger size, with more `dim` or
#   `layers`. Twice the `dim` is about four times the work.
# - It plays your recordings back and you want something else, or the solid curve rises again: `versions` of the
#   recordings, which you hear below. If you want your recordings back: `dropout=0`.
#
# Here are all the settings. Where the presets differ, each has its own default. The last column says where a setting
# comes from. The range is what the course accepts; not all of it makes sense.

# %%
notebook.settings_table()

# %% [markdown]
# You need not remember them all. `panel = notebook.SettingsPanel("sketch")`, with `panel` in the next line, shows
# controls for memory, size, minutes, patience and how literal the model is to be, and a tick box that shows all the
# others. Their values go into a training with `pl.train(corpus, folder, preset="sketch", **panel.values)`.
#
# A setting that cannot work is refused, with a sentence that says what would work. In a cell of your own, this sentence
# appears in place of a result. Here, `try` and `except` make sure that the page goes on.

# %% tags=["check", "nbval-check-output"]
for wrong in ({"window": 100}, {"dim": 0}, {"cell": "violin"}, {"frame_sizes": (8, 20)}):
    try:
        pl.PRESETS["sketch"].changed(**wrong)
    except pl.CourseError as error:
        print(error)

# %% [markdown]
# You write a change into the call of `train`. This training takes half the `dim` of a sketch and goes through your
# corpus once, or stops after `minutes` if that is less. `notebook.budget` is there so that the course can be tested
# quickly. The training says that no pre-flight was made: lesson 02 made one, but a training as short as this needs
# none. If you try another `dim`, the training gets a run of its own; with any other change, name another folder too.

# %%
corpus, dim = course.corpus(), 32
folder = work / f"run_{corpus.digest}_{dim}"
run = pl.train(corpus, folder, preset="sketch", dim=dim, epochs=1, minutes=notebook.budget(minutes))

# %% [markdown]
# Here is what the model plays after so little training, at two temperatures. Read the captions before you press play.
# You may hear near silence with a crackle in it: then leave the volume as it is. On a slow computer the model may not
# have come so far, and may play noise at full level: then turn the volume down, or do not play it.

# %%
clips = run.grid[run.log[-1].epoch]
notebook.play(*clips.values(), names=[f"temperature {temperature:g}" for temperature in clips])

# %% [markdown]
# ## More from the same recordings
#
# Training on slight variations of your recordings is called **augmentation**. With `versions=4`, each recording exists
# four times: as it is, and three times a little softer, a little faster or slower, and perhaps upside down. In each
# epoch, the model hears one of these versions.
#
# This cell makes versions of the bells, wider apart than usual so that you can tell them from each other: up to 6 dB
# softer, and up to 6% faster or slower, which is a semitone.

# %%
from prism_lessons.corpus import codes_of
from prism_lessons.quantisation import Quantisation
from prism_lessons.settings import Augmentation

bells = pl.curate("../datasets_examples/bells", work / "bells")
codec = Quantisation("mu-law", 256)
codes = codes_of(bells, "training", codec, Augmentation(versions=4, gain_db=6, stretch=0.06))

# %% [markdown]
# Here are a chime and the three versions made from it. Listen to the pitch: version 2 is lower by most of a semitone,
# version 4 higher by nearly a whole one. All three are softer. Nobody hears that a wave is upside down; to a model it
# is new.

# %%
chime, versions = 20, []
for start, length in zip(codes.starts[:, chime], codes.lengths[:, chime], strict=True):
    versions.append(Clip(codec.decode(codes.array[start : start + length]), bells.sample_rate))
notebook.play(*versions, names=["As it is", "Version 2", "Version 3", "Version 4"])

# %% [markdown]
# Ask yourself whether you want this. A model that has heard every bell at four pitches may play any pitch between
# them. For a texture that is a gift. For an instrument that you know by its tuning, write `stretch=0`.
#
# ## Overnight, and for an engineer
#
# A notebook needs a browser. A training that runs overnight is better off in a terminal, where you type a line and
# press Enter. The same words work there:
#
# ```
# prism-lessons curate recordings/ my_corpus/ --sample-rate 44100
# prism-lessons train my_corpus/ my_run/ --preset study --set "frame_sizes=[48,192]" --set window=3072
# prism-lessons audition my_run/
# prism-lessons generate my_run/ --seconds 10 --voices 8 --temperature 0.95
# prism-lessons score my_run/ something.wav
# prism-lessons export my_run/ mine.capsule
# ```
#
# The second line trains `study`. Its longer frame and its window last about as long at 44,100 as the preset's own do at
# 16,000: 4.4 and 70 thousandths of a second. Interrupt the training whenever you must; the same line goes on from where
# it stopped. Each verb has `--help`. In Colab, write such a line into a cell, with `!` before it. A session there ends
# after twelve hours at most, and sooner if it is left alone, so open the course with `notebook.Course(drive=True)` and
# train as lesson 02 does, or name a folder on your Drive with `--copy-to`: a copy of the run is kept there, and the
# same line goes on from it.
#
# Before a night of training, `prism-lessons plan my_corpus/ --preset study` says when the training will end on this
# machine and how far it will get, and `prism-lessons preflight my_corpus/ my_run/ --preset study` checks whether
# everything is in order, as in lesson 02. Give both the same `--set` as the training.
#
# A training leaves one folder behind, its **run**. It holds all that an engineer needs to know.

# %%
for path in sorted(run.folder.iterdir()):
    print(path.name)

# %% [markdown]
# - `run.json`: every setting, the corpus with a fingerprint of its sound, the versions of the libraries, and the bits
#   that the dotted lines of the curve show.
# - `log.jsonl`: a line for each epoch with bits in training and validation, seconds, samples, learning rate, and how
#   steep the slope was along which the model learned (its gradient).
# - `events.jsonl`: what else happened, with its date: where the training was interrupted and went on, which settings
#   changed, whether it blew up and went back.
# - `card.md`: the card of the corpus.
# - `preflight.json` and `preflight`, if there: what a pre-flight found, and what it played.
# - `starred.json`, if there: the epochs that you marked for keeping.
# - `clips`: what each epoch played. `epochs`: the model after each epoch, as a capsule.
# - `resume.bin`: what is needed to go on from the end of an epoch; `within.bin`, if there: the same from within an
#   epoch. You may delete both when you are done. `training.lock` keeps two trainings from working in one folder.
# - `tensorboard`: the same curves and clips for TensorBoard, with `tensorboard --logdir my_run/tensorboard`.
#
# Two people who hear a thing differently can both work from this folder: one from the clips, one from the log. Agree
# beforehand how. An engineer may give you sounds that they have chosen, or the whole run to choose from; or you train
# yourself, and ask when you are stuck. In each case, write down what success would be, in your words and in theirs
# ([more on this](../docs/study.md#three-ways-of-working-with-an-engineer)).
#
# Here is the line that makes this run again elsewhere. It is made from `run.json`, and gives all that differs from the
# preset.

# %%
import json
import shlex

sketch, command = pl.PRESETS["sketch"], "prism-lessons train my_corpus/ again/ --preset sketch"
for part in ("model", "training"):
    for name, value in run.settings[part].items():
        usual = json.loads(json.dumps(getattr(getattr(sketch, part), name)))
        if value != usual:
            command += f" --set {shlex.quote(f'{name}={json.dumps(value)}')}"
print(f"{command} --epochs {len(run.log)}")

# %% [markdown]
# If the budget is in epochs alone and no graphics card is used, the same corpus, machine and versions give exactly the
# same model again, which plays exactly the same. With a budget in minutes this is not certain, since a computer does
# not get equally far in every minute. This run had both, so a repetition may only resemble it.
#
# ## Surprise, as a way of listening
#
# A model can also be asked what it thinks of a sound. `pl.score` lets it follow a recording sample by sample and says
# how surprised it was on average, in **bits per sample**: 0 is "I knew it all along", 8 is blind chance among 256
# values. More than 8 is being wrong with conviction.
#
# Here are two models that came with the course, one that has heard only breath and one that has heard only bells, and
# four recordings that neither has heard.

# %%
models = {name: pl.Run(f"../datasets_examples/trained/{name}").capsule() for name in ("breath", "bells")}
names = ["Take 1.wav", "memo 4.wav", "Zoom0012.wav", "Zoom0013.wav"]
notebook.play(*(needs_work / name for name in names))

# %% [markdown]
# Clean bells, a whisper, bells in hiss, and bells so soft that you hardly hear them. Which will each model find
# surprising? Guess before you run this.

# %%
for name in names:
    scores = [f"{kind} {pl.score(capsule, needs_work / name):5.2f}" for kind, capsule in models.items()]
    print(f"{name:14}", "   ".join(scores))

# %% [markdown]
# Read the figures along the rows. The clean bells surprise the model of bells less than the model of breath, and with
# the whisper it is the other way round. Each model is at home in its own kind of sound. What is measured here is
# likeness: not of pitch or loudness, but of how one sample follows another. In the third row the model of breath is the
# less surprised, although the sound is bells again: there, the hiss outweighs them. In the last row there is so little
# sound that the two hardly differ.
#
# Do not read the figures down the columns. Both models predict the soft recording well, since almost nothing happens in
# it, and the hiss badly, since each sample of this hiss is pure chance, whatever came before it. Few bits do not mean
# "like what I know", and they do not mean "good".
#
# So use bits to compare models on one sound, never sounds on one model. Which of your epochs is least surprised by a
# recording that you love? Which of two models would understand your singer?
#
# ## One file
#
# A **capsule** is a model in one file. There are two ways to write one: `share` is for others, `save` for yourself. If
# you said in lesson 01 that there is no consent for a recording, or that a model of it may not be shared, `share`
# refuses and says why. Then this cell saves the capsule for yourself, so that you can see the rest.

# %%
try:
    path = run.capsule().share(work / "small.capsule")
    print("This model may be shared, as far as the corpus says.")
except pl.CourseError as refusal:
    print(refusal)
    path = run.capsule().save(work / "for_myself.capsule")

# %% [markdown]
# This opens the file again and shows where it comes from.

# %%
capsule = pl.load(path)
print(f"{path.name}: {path.stat().st_size / 1e6:.1f} MB, {capsule.sample_rate} samples a second")
for what in ("epoch", "bits", "validation_bits", "seconds"):
    print(f"{what}: {capsule.about[what]:g}")

# %% [markdown]
# A capsule that may be shared can be sent to somebody else. To play it, they need nothing more of yours:
# `pl.generate("small.capsule")` or lesson 04 will do. Opening a capsule runs no program that may be hidden in it. It
# holds no whole recording either. But a sketch keeps 128 moments of your recordings, a thirtieth of a second each, from
# which its takes begin (`share` removes them if one of the recordings may not be shared), and a model that has learned
# by heart can play a recording back. So what you agreed with the people on your recordings applies to the capsule too:
# [Whose sound is it?](../docs/ethics.md) says more. The card of the corpus travels inside the capsule. It begins like
# this:

# %%
print(capsule.card.splitlines()[2])

# %% [markdown]
# ## A PRiSM checkpoint brought along
#
# If you have worked with PRiSM SampleRNN, the program of 2021 that this course follows, you can go on playing what you
# trained there. You need two things: the folder that holds files such as `model.ckpt-100.index`, and the file with the
# settings, whose name ends with `.config.json`. The course makes a capsule from them.
#
# Neither of them says what the sample rate is. Give the rate of the recordings that the model was trained on, or it
# will play too high or too low. Write your folder and your file between the quotes; as long as there is no folder, this
# cell does nothing but say so.

# %%
folder_from_prism, config, sample_rate = "", "default.config.json", 16000
takes = []

if folder_from_prism:
    brought = pl.prism.capsule_of(folder_from_prism, config, sample_rate)
    print(brought.about["checkpoint"], "is now", brought.save(course.home / "from_prism.capsule"))
    takes = pl.generate(brought, seconds=3, voices=2, temperature=0.95, seed=1)
notebook.play(*takes) if takes else print("No model of PRiSM's was named.")

# %% [markdown]
# If there are several models in the folder, the course takes the last. If the settings are not those of the model, you
# are told which one differs. Once it is brought in, the model is a capsule like any other. It finds each next sample as
# likely as it did before. What changes is how its 256 steps become sound: with mu-law, each of them lies slightly off
# its old place. This adds the octave to a pure tone, 41 dB softer than the tone. The hiss that 256 steps make is louder
# than that.
#
# The course cannot know what such a model has heard, and its card says so. In a terminal, the same command is
# `prism-lessons import-prism my_folder/ --config default.config.json --sample-rate 16000`.
#
# ## A search for settings
#
# Instead of changing one setting at a time, you can let the course try several by itself, in many short trainings.
# Those that fall behind are stopped early. This is worth it when you know what you want, and have an evening or a
# cluster to spare. It is not worth it as long as other recordings would change more.
#
# As long as `trials` is 0, this cell does nothing. Write 4, and it searches for some minutes: each trial loads the
# course anew, and trains for 0.4 minutes at most. It needs two libraries that are not part of the course: run
# `%pip install "ray[tune]" optuna` in a cell of your own before.

# %%
trials = 0

if trials:
    corpus = course.corpus()
    settings = {"learning_rate": [0.001, 0.002, 0.004], "dropout": [0.0, 0.1, 0.3], "dim": [32, 64]}
    search = pl.tune(corpus, work / f"search_{corpus.digest}", trials, notebook.budget(0.4), space=settings)
notebook.search_shown(search) if trials else print("No search was asked for.")

# %% [markdown]
# Listen first, before you read: which trial would you go on with? Then look whether the figures agree. What leads
# after so short a training need not lead after a night. So read the sentences at the top: they say whether luck could
# have done the same. Four trials are too few to say which setting decided; a dozen say more. Each trial is a run of its
# own, and its settings are a preset. A longer training with those of trial 03:
# `pl.train(corpus, folder, preset=str(search.folder / "presets/03.json"), minutes=10)`.
#
# In a terminal, `prism-lessons tune my_corpus/ my_search/` does the same
# ([how](../docs/library.md#searching-settings)). If an engineer is to do it on a cluster, fill in the
# [hand-over sheet](../docs/teaching/handover.md): what success would sound like, what was tried, what to change, and
# the command.
#
# ## What you did
#
# - You heard what a sample rate lets through, and when a higher one is worth what it costs.
# - You learned which settings change what you hear, changed one, and heard a recording multiplied.
# - You let two models listen, and know what to give to somebody who is to go on with your run.
#
# ## Check yourself
#
# Here is the same recording twice, bells in hiss. One of the two has been reduced to 8,000 samples a second. Which one
# is it, and do you hear it in the bells or in the hiss?

# %%
bells_in_hiss = needs_work / "Zoom0012.wav"
notebook.play(load(bells_in_hiss, 8000), load(bells_in_hiss, 16000), names=["A", "B"])

# %% [markdown]
# <details><summary>Answer</summary>
#
# A. You hear it in the hiss, which has lost its upper half and sounds as if somebody had closed a door. These bells
# were struck softly and have hardly anything above 4,000 Hz, so they ring on as before. If you want the bells, half the
# rate would do, for half the work. If you want the hiss, it would not.
#
# </details>
#
# The [quiz](quiz.html#lesson-05) asks you more about this lesson and explains every answer. In Colab, open
# `notebooks/quiz.html` in your own copy of the course instead.
#
# ## Exercise
#
# Choose one recording that you love. Let the epochs of your run score it, one after the other, and listen to what each
# of them played. Does the one that is least surprised by your recording also sound most like it? Which would you keep?
#
# <details><summary>Solution</summary>
#
# ```python
# loved = "../datasets_examples/breath/whisper_aeiou_ai.flac"
# mine = course.run()
# for epoch in mine.epochs:
#     print(f"epoch {epoch}: {pl.score(mine.capsule(epoch), loved):.2f} bits")
# notebook.play(loved, *(mine.clips[epoch][0] for epoch in mine.epochs))
# ```
#
# As a rule, later epochs are less surprised. Whether they sound more like your recording is for you to say. Bits weigh
# every sample alike, the hiss between the words as much as the words. And they say nothing about what the model plays,
# only how well it follows. If you like an earlier epoch better, that is a reason to keep it, and one for your journal.
#
# </details>
#
# ## Journal
#
# What you would train overnight is a decision too.

# %%
journal = course.journal_panel(
    "05 Going further",
    "What would you miss at 16,000 samples a second?",
    "Which one setting will you change, and to hear what?",
    "If an engineer trained this for you: what would success be, in your words and in theirs?",
    "What should your next corpus hold?",
)
journal

# %% [markdown]
# This cell keeps what you wrote, as the button does.

# %%
journal.keep()

# %% [markdown]
# ## Next
#
# There is no lesson after this one. Make the piece; for the next piece, go back with other recordings to
#
# [Lesson 01: Curating a data set](01_curating_a_dataset.ipynb)
