# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Curating a data set
#
# **You will hear:** what clipping, hum, hiss and other faults sound like; what your sound loses when a model takes it
# in; and the recordings that your model will learn from in the next lesson.
#
# **Time:** half an hour to an hour of listening and writing. All the computing together takes less than a minute,
# with or without a graphics card.
#
# **Needed:** headphones, turned low to begin with: one sound here is full of clicks. Recordings of your own if you
# have some, two minutes or more; without them you go on with sounds that came with the course.

# %% [markdown]
# ## Get ready
#
# A model knows nothing but the recordings you give it. Choosing them, which is called **curating**, is the first act of
# composition here, and no later setting can undo it. It means asking four questions about your sounds: where they come
# from and what they are for, whether they are clean, how they are organised, and how they relate to each other.

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
# Do you have recordings of your own? Then write `mine = True` below and run the cell. In Colab it asks for your files.
# On your own computer it says which folder to put them into; put them there, and run the cell again. It counts your
# files, and names those that cannot be used, with the reason. Your files are never changed.
#
# The formats that phones, recorders and the web use will do: WAV, AIFF, FLAC, MP3, M4A, AAC, WMA, OGG, Opus, and the
# sound of an MP4, MOV or WebM video. The files may have any length and sample rate, and may be in folders. The course
# needs at least ten seconds of sound. If there is less, it says so, and this lesson goes on with an example set.
#
# If you have no recordings yet and want real ones, `course.borrow("trumpet")` in a cell of your own fetches a recording
# from the collection of librosa, a library for sound, and prints whose it is. This needs a network connection.
#
# With `mine = False` your source is the example set "breath": wind and whispers. Why not the bells that you will hear
# so often in this lesson? A small model plays winds within minutes. A model of bells rings by then, but is often silent
# between its strikes.

# %%
from pathlib import Path

mine = False

if mine:
    course.bring()
source = course.source() if mine else Path("../datasets_examples/breath")

# %% [markdown]
# ## 1. Origin and intention
#
# Listen to your source before you measure it. Here are the first and the last of the files that can be used.

# %%
surveyed = pl.survey(source)
sounds = [surveyed.paths[file.name] for file in surveyed.usable]
notebook.play(*sounds[:1], *sounds[1:][-1:])

# %% [markdown]
# What do you want from it? Answer now, before there is a result to defend.
#
# *What do you want to hear?* A sound for one place in a piece, a partner to improvise with, a texture that could go
# on for ever?
#
# *What would success sound like?* "So like my source that I cannot tell them apart" and "something I could not have
# imagined" are both good answers. They lead to different choices: which recordings, when to stop training, which takes
# to keep. If somebody works with you, ask them too, and write their answer beside yours. In [a study of thirteen
# artists](../docs/study.md), artists and engineer meant different things by success, and nobody had written it down.

# %%
choices = course.choices_about(source)
intention = notebook.intention_form(choices)
intention

# %% [markdown]
# What you decide about your recordings is kept as a list of **choices**. Each is dated, each can be taken back, and
# none of them changes a file. Your recordings have a list of their own, and so does each example set. This cell adds
# the first choice.

# %%
choices.intend(**intention.values)

# %% [markdown]
# *Whose sounds are these?* Who played, spoke, built or recorded them, under what licence, and have they agreed to this
# use? Permission to play a recording is not permission to train a model on it. A voice belongs to a person even if
# nobody can make out the words. [Whose sound is it?](../docs/ethics.md) has cases, what can be taken back later and
# what cannot, and sheets to print for those whom you record.

# %%
origin = notebook.origin_form(choices)
origin

# %% [markdown]
# What you do not know stays "unknown", and the card of your corpus will say so. If a source is marked "no consent", the
# course will not make a file for others of a model that has learned from it. A recording that may not be shared is left
# out of every page and zip for others; here, you hear everything.

# %%
choices.origin("*", **origin.values)

# %% [markdown]
# The star means all recordings. If one of them is by somebody else, name it instead, in a cell of your own:
# `choices.origin("memo 4.wav", maker="Ada", consent="given by the maker")`.
#
# ## 2. Quality
#
# The folder `needs_work` came with the course. There is a folder like it on many disks: bells, as if recorded over
# several weeks by several people on several machines, under names that tell you nothing. A **survey** reads every file
# in a folder, measures it, and looks for faults. It changes nothing.

# %%
needs_work = Path("../datasets_examples/needs_work")
survey = pl.survey(needs_work)
print(survey)

# %% [markdown]
# Read the table column by column before you read the notes below each file.
#
# - `rate` is the number of samples a second, a sample being one value of the wave. A file holds no sound above half its
#   rate: at 8,000, nothing above 4,000 Hz.
# - `ch` is the number of channels. The model hears one, so two are averaged; the levels shown are those of this mix.
# - `peak` is the loudest moment, in **dBFS**. 0 is the most that a file can hold, and every 6 dB less halves the height
#   of the wave. One file touches the ceiling. Two are far below all the others.
# - `rms` is the average level, also in dBFS. `LUFS` is the **loudness**: the same, but weighted as the ear weights it,
#   and with the pauses left out.
# - `silence` is the share of the time below -60 dBFS. A bell dies away, so about ten per cent is what you would expect.
#
# Three files cannot be used at all. The summary names each one and says why. One of them is not a fault: `CARD.md` is
# the folder's own description.

# %% tags=["check", "nbval-check-output"]
print(survey.summary)

# %% [markdown]
# Below some files there is a **finding**: what the survey takes for a fault, how bad it is and what was measured.

# %% tags=["check", "nbval-check-output"]
for file in survey.usable:
    if file.findings:
        print(f"{file.name}: {', '.join(finding.title for finding in file.findings)}")

# %% [markdown]
# A finding is a place to listen, not a verdict. Your ears decide. Each finding says what a model would make of it and
# what can be done. Where there is a remedy, you can hear the same seconds before and after it. The players turn nothing
# up; a remedy may.
#
# ### Clipping
#
# **Clipping** happens when a wave is too loud for its file: its tops are cut off flat. Turn the volume down a little.

# %%
notebook.findings(survey, "Take 3.wav")

# %% [markdown]
# The sound buzzes at each strike. Here are 20 thousandths of a second of it. Look at the tops and the bottoms.

# %%
from dataclasses import replace

from prism_lessons import audio

loud = audio.load(needs_work / "Take 3.wav", start=0.002, seconds=0.02)
notebook.waveform(replace(loud, name="20 ms of Take 3"))

# %% [markdown]
# The remedy draws a curve over each flat place and turns the whole sound down so that it fits. The rebuilt tops are a
# guess: an earlier version of the file is better, if there is one.
#
# ### Hum
#
# **Hum** comes from the mains: a low tone with its overtones, always there. Listen to the end, when the bell has died
# away.

# %%
notebook.findings(survey, "kitchen.wav")

# %% [markdown]
# A **spectrogram** shows time from left to right, pitch from bottom to top, and loudness as brightness. The lines of
# the bell fade. The bright band at the bottom does not: it is the hum, at 50, 100, 150 and 250 Hz.

# %%
notebook.spectrogram(audio.load(needs_work / "kitchen.wav"))

# %% [markdown]
# ### Hiss
#
# The **noise floor** is what remains when nothing sounds. Here it is a hiss, and the bell dies away into it. The remedy
# turns down what is no louder than the hiss. Listen to what is left: it may twitter, and a model learns that too. A
# recording with less hiss is better.

# %%
notebook.findings(survey, "Zoom0012.wav")

# %% [markdown]
# ### Channels that cancel
#
# In this file the right channel is the left one upside down, as a wrongly wired cable makes it. Where one pushes, the
# other pulls, so their mix is next to nothing. In stereo you might never notice. Do not turn the volume up for the
# first player: the second is 40 dB louder.

# %%
notebook.findings(survey, "Glocke übung.wav")

# %% [markdown]
# ### DC offset
#
# This wave does not swing around zero but around 0.2. Such a **DC offset** has no sound of its own, but there is a
# click wherever it begins or ends.

# %%
notebook.waveform(audio.load(needs_work / "Cloche n° 2.aiff"))

# %% [markdown]
# With the offset removed, the wave is back where it belongs. Listen for the bump where the first player starts and
# stops: there the wave jumps from zero to 0.2 and back.

# %%
notebook.findings(survey, "Cloche n° 2.aiff")

# %% [markdown]
# ### Clicks, and holes
#
# This file has clicks of one or two samples, like those of a bad connection. Turn the volume down first.

# %%
notebook.findings(survey, "REC_0007.flac")

# %% [markdown]
# This file has holes of a few thousandths of a second, where a computer was late. You hear a tick or a stumble. You may
# also keep such files, if crackle is what you want: whether something is a fault depends on your intention.

# %%
notebook.findings(survey, "REC_0004.wav")

# %% [markdown]
# ### Silence, and fades
#
# A model that hears a lot of silence learns to be silent. In a long fade it hears mostly very soft sound.

# %%
notebook.findings(survey, kinds=["long silence", "long fade"])

# %% [markdown]
# ### What cannot be mended
#
# A file at 8,000 samples a second has nothing above 4,000 Hz, and no setting can bring that back. A file that breaks
# off has lost its end. Leave such files out, or take them as they are.

# %%
notebook.findings(survey, kinds=["low sample rate", "broken file"])

# %% [markdown]
# ### Level, and what 256 values can hold
#
# A model does not hear a smooth wave: each sample is rounded to one of 256 values, which is called **quantisation**.
# The values lie close together near silence and far apart where the sound is loud, since the ear forgives more there.
# This way of spacing them is called **mu-law**. Here are a bell, the same bell in 256 values, and what was lost on the
# way.

# %%
from prism_lessons.quantisation import Quantisation

codec = Quantisation("mu-law", 256)
bell = audio.load(needs_work / "Take 1.wav")
rounded = replace(bell, samples=codec.decode(codec.encode(bell.samples)))
lost = replace(bell, samples=bell.samples - rounded.samples)
notebook.play(bell, rounded, lost, names=["The bell", "In 256 values", "What was lost"])

# %% [markdown]
# What was lost is a hiss 38 dB below the bell. The hiss comes and goes with the bell, which hides most of it.
#
# Next is `Zoom0013.wav`, which is far too soft. Players turn nothing up, so this cell does: by 42 dB, to make the file
# audible. For the first player it does so after rounding, so you hear what a model would be given; for the second,
# before rounding.

# %%
soft = audio.load(needs_work / "Zoom0013.wav")
gain = 10 ** (42 / 20)
as_it_is, turned_up = codec.encode(soft.samples), codec.encode(gain * soft.samples)
print(f"values used: {len(set(as_it_is))} as it is, {len(set(turned_up))} when it is turned up first")
too_late = replace(soft, samples=gain * codec.decode(as_it_is))
in_time = replace(soft, samples=codec.decode(turned_up))
notebook.play(too_late, in_time, names=["Rounded, then turned up", "Turned up, then rounded"])

# %% [markdown]
# The first is rougher, and it stops too soon: where the bell sinks below the smallest value, there is nothing. The
# survey calls such a file too soft, and its remedy is to turn it up before it is rounded.
#
# ### Mend, and take back
#
# Remedies are choices too. They are carried out when the corpus is made, on a copy. This cell chooses every remedy that
# there is for the folder. Then it takes the last one back and chooses it again, to show that this is possible.

# %%
practice = pl.Choices(course.home / "practice" / "choices.jsonl")
practice.repair_all(survey)
print("taken back:", practice.undo())
practice.repair_all(survey)

# %% [markdown]
# Or decide file by file, by ear. Tick what you want: the second player under a recording follows the ticks, and plays
# the recording with those remedies. Then press the button. `names` says which files are shown; without it, those with
# findings come first.

# %%
table = notebook.RecordingsPanel(practice, survey, names=["Take 1.wav", "kitchen.wav", "REC_0007.flac"])
table

# %% [markdown]
# This cell keeps what is ticked, as the button does.

# %%
table.keep()

# %% [markdown]
# ## 3. Organisation
#
# One file can hold many sounds, or one sound and much else. Where should it be cut? Here is a suggestion, made by
# looking for silence: one strike in nearly ten seconds. Correct its start and its end, in seconds, and untick what you
# do not want.

# %%
segments = pl.suggest_segments(needs_work / "Audio 5.wav")
cuts = notebook.SegmentsPanel(practice, survey, "Audio 5.wav", segments)
cuts

# %% [markdown]
# Again, the next cell keeps what is ticked.

# %%
cuts.keep()

# %% [markdown]
# For strikes that follow each other without a pause, `by="onsets"` cuts where each strike begins. Here are the first
# four of a phrase.

# %%
strikes = pl.suggest_segments(needs_work / "bounce_final_v2.wav", by="onsets")
notebook.play(*pl.segment_clips(needs_work / "bounce_final_v2.wav", strikes[:4]))

# %% [markdown]
# Recordings can also be given more weight. A model hears a recording with weight 2 twice in every pass, as if it were
# there twice. For many recordings at once there are patterns: `"field *"` means all those whose names begin that way.

# %%
practice.weigh("field *", 2)

# %% [markdown]
# ### How much is enough?
#
# Two minutes can be enough for a texture. The artists of [the study](../docs/study.md) were asked for "at least one
# hour". For a sketch that is too much: on two cores, one pass through an hour takes it a quarter of an hour. However
# long it is, let it be consistent: an hour of twenty things is three minutes of each.
#
# ## 4. Relationships
#
# Which of these recordings belong together? This is the question that is asked least. A **sound map** shows each
# recording, or a piece of one, as a point, and puts those with a similar timbre near each other. Click on a point to
# hear it, or go to the map with the Tab key, move with the arrow keys and press Enter.

# %%
pieces = pl.sounds_of(needs_work)
relations = pieces.relate()
notebook.sound_map(relations, pieces.excerpt, "Sound map of needs_work")

# %% [markdown]
# Sounds that stand apart have a dashed ring, and the text under the map says why. Some stand apart because of a fault.
# Look for `memo 4.wav`, too: it is a whisper. It is clean, loud enough, and in the wrong place.
#
# Some recordings are there more than once. Their rings are joined by a line. This cell names them.

# %% tags=["check", "nbval-check-output"]
for twins in relations.twins:
    print(f"{twins.first} and {twins.second}: {twins.how}")

# %% [markdown]
# `Unbenannt.flac` is the same sound as `Take 1.wav` under another name and in another format. `mix 3.wav` is
# `Take 1.wav` too, one per cent faster and 3 dB softer.
#
# Such **near duplicates** do harm in a way that is hard to see later. Some of your sound is kept aside for
# **validation**: the model never learns from it. How well the model guesses there shows what it has understood, and
# what it has only learned by heart. If one of two twins were kept aside and the model learned from the other, it would
# be tested on something it has nearly heard, and would look better than it is. So the course keeps twins on the same
# side. Also, a sound that is there twice counts twice, so leave one out.

# %%
practice.leave_out("mix 3.wav", "twin of Take 1")
practice.leave_out("memo 4.wav", "a voice among bells")
practice.leave_out("Audio 3.wav", "too short")

# %% [markdown]
# ### The corpus, and its card
#
# A **corpus** is a set of recordings in the form in which a model learns from them: mono, at one **sample rate**, each
# with a note of where it came from. The rate is decided here, once: the model, and every sound that it makes, will have
# the same rate. 16,000 is a good start; lesson 05 lets you hear what a higher rate gives, and says what it costs.

# %%
mended = pl.curate(needs_work, course.home / "practice" / "corpus", sample_rate=16000, choices=practice)
print(mended)

# %% [markdown]
# Recordings are kept for validation as a whole, since two halves of one recording have so much in common that one half
# would give the other away.

# %% tags=["check", "nbval-check-output"]
print(len(mended.clips), "clips, of which kept for validation:")
print(", ".join(clip.recording for clip in mended.of("validation")))

# %% [markdown]
# Is the corpus better now? This cell surveys the clips of the corpus, as if they were a folder of recordings.

# %%
after = pl.survey(mended.folder / "clips")

# %% [markdown]
# For each kind of finding, here is how many recordings had it before and how many clips have it now:

# %% tags=["check", "nbval-check-output"]
for kind, count in survey.counts.items():
    print(f"{kind}: {count} before, {after.counts.get(kind, 0)} after")

# %% [markdown]
# Some faults remain: hiss that was turned down is still hiss. Others only seem to be gone: rebuilt tops are a guess,
# the file that broke off still breaks off, and the one with nothing above 4,000 Hz still has nothing there. What
# remains is for you to judge, or to leave out.
#
# ## Your corpus
#
# Now do the same with the sounds that you will go on with. First, the survey. If you use the wind and the whispers,
# read its findings with some doubt: these sounds were made clean.

# %%
mine_surveyed = pl.survey(source)
print(mine_surveyed)

# %% [markdown]
# Listen to what was found, if anything: each fault as a model would hear it and, where there is a remedy, the sound
# after the remedy.

# %%
notebook.findings(mine_surveyed)

# %% [markdown]
# Then decide. Tick a remedy, and a second player lets you hear the recording with every remedy that is ticked.

# %%
own = notebook.RecordingsPanel(choices, mine_surveyed)
own

# %% [markdown]
# This cell keeps your choices.

# %%
own.keep()

# %% [markdown]
# Next, the map. Which sounds stand apart, and do they belong? Below the map, you can read what a model will probably
# learn first, which is a rule of thumb that was never put to the test, and how much variety your sounds offer.

# %%
pieces = pl.sounds_of(source)
relations = pieces.relate()
notebook.sound_map(relations, pieces.excerpt, "Sound map of your recordings")

# %% [markdown]
# Now make the corpus: lesson 02 trains on it. A trained model belongs to its corpus, so if you change your choices and
# run this cell again, begin a new training there.

# %%
corpus = pl.curate(source, course.home / "corpus", sample_rate=16000, choices=choices)
print(corpus)

# %% [markdown]
# Here are up to three of the clips that the model will never learn from. Remember how they sound. In lesson 03, they
# help you to judge whether a model has understood what your sounds have in common.

# %%
unheard = corpus.of("validation")[:3]
notebook.play(*[corpus.folder / clip.file for clip in unheard], names=[clip.recording for clip in unheard])

# %% [markdown]
# A corpus has a card. It says what the corpus is for, whose the sounds are, what was done to them and what was left
# out. Every model that is trained on the corpus carries the card along.

# %%
notebook.card(corpus)

# %% [markdown]
# ## What you did
#
# - You said what you want to hear and whose sounds these are, before there was a result to defend.
# - You looked for faults with figures, by eye and by ear, heard what a remedy does, and chose.
# - You saw which sounds are alike, chose what belongs together, and made the corpus that you train on next.
#
# ## Check yourself
#
# Here are two recordings. The survey says nothing about either. Which of them would you leave out of a model of bells,
# and what would the model learn from it?

# %%
notebook.play(needs_work / "memo 4.wav", needs_work / "Take 6.wav", names=["A", "B"])

# %% [markdown]
# <details><summary>Answer</summary>
#
# A is the whisper. It has no fault: it is clean, loud enough and long enough. What is wrong is its company. Among
# twenty bells, a model would seldom hear it, and would learn little more from it than a hiss that comes from nowhere.
# No survey can tell you that, since a survey does not know what you want. Your ears can.
#
# </details>
#
# The [quiz](quiz.html#lesson-01) asks you more about this lesson and explains every answer. In Colab, open
# `notebooks/quiz.html` in your own copy of the course instead.
#
# ## Exercise
#
# Suppose you wanted a model of faults: hum, hiss, clicks and holes, as material for a piece. Which files would you
# keep, and which remedies would you take back? Write the choices for this model, and listen to what is left. Is there
# something in it that does not belong?
#
# <details><summary>Solution</summary>
#
# One of many:
#
# ```python
# faults = pl.Choices(course.home / "practice" / "faults.jsonl")
# for file in survey.usable:
#     if file.name not in ("kitchen.wav", "Zoom0012.wav", "REC_0004.wav", "REC_0007.flac"):
#         faults.leave_out(file.name, "no fault that I want")
# print(pl.curate(needs_work, course.home / "practice" / "faults", choices=faults))
# ```
#
# What does not belong now is the bells: they are in all four files, and a model would learn both the bells and the
# faults. For hum and hiss alone, take only the ends of the files, where the bells have died away:
# `faults.cut("kitchen.wav", [(2.5, 3.4)])`. For more than a few seconds of them, record a fridge, a bad cable, an empty
# room.
#
# </details>
#
# ## Journal
#
# What you left out, and why, is part of the piece. In a year you will not remember it.

# %%
journal = course.journal_panel(
    "01 Curating, after",
    "What did you leave out, and why?",
    "What do your recordings have in common?",
    "What do you expect a model to miss?",
)
journal

# %% [markdown]
# This cell keeps what you wrote, as the button does.

# %%
journal.keep()

# %% [markdown]
# ## Next
#
# [Lesson 02: Training](02_training.ipynb)
#
# There, a model listens to your corpus, and you hear what comes of it.
