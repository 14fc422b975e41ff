# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Auditioning epochs
#
# **You will hear:** what a model listened to, and the model itself at many ages. At the end you will have chosen the
# age that you want to play, and you will know why.
#
# **Time:** about a minute of computing, with or without a graphics card. The listening takes as long as you give it:
# an evening is well spent.
#
# **Needed:** nothing, or the run that you trained in lesson 02.

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
# This loads the course's library and opens the folder with your files.

# %%
import prism_lessons as pl
from prism_lessons import notebook

course = notebook.Course()

# %% [markdown]
# A **run** is everything that a training leaves behind. If you made one in lesson 02, the newest is used here; for
# another, write its name between the brackets, as in `course.run("first")`. If you have none, you get a run that the
# course made from winds and whispers, in which the model went through the recordings twenty times. That model is a
# plain SampleRNN: it knew nothing when it began, so you can hear it learn everything. A sketch, the kind of model that
# lesson 02 trains, has predictors, which know from the start how a sound rings on. So a sketch has come a long way
# after its first pass.

# %%
run = course.run()

# %% [markdown]
# ## What did you want?
#
# Before you listen, read what you wrote, so that you know what you are choosing for. These are your answers in the
# journal. What you said about your recordings in lesson 01 is shown above the table, further down.

# %%
course.journal

# %% [markdown]
# ## The source
#
# First, remember how the source sounds. Here are up to three clips of recordings that were kept aside: the model was
# tested on them and never learned from them. If you have changed your corpus since then, there is nothing to hear here.

# %%
notebook.play(*course.kept_aside(run))

# %% [markdown]
# ## Where it came from
#
# A picture tells the ear what to expect. If you would rather listen first, go on to "All clips at once", and come back
# here after you have listened.
#
# An **epoch** is one pass through the recordings. After each, the model was tested on the recordings that were kept
# aside. The solid curve shows how unsure the model was of them, in **bits** for each sample: the fewer bits, the better
# it predicted them. The dashed curve shows the same for the recordings that it learned from. The dotted lines show
# listeners to compare it with: one guesses blindly, one knows only how often each value occurs. A run of your own has a
# third listener, linear prediction, which expects the wave to go on as it has just moved.

# %%
notebook.learning_curve(run)

# %% [markdown]
# The curve can say when the model stopped getting better at predicting. It cannot say when it sounded best to you, and
# that may be another epoch. So listen.

# %% [markdown]
# ## All clips at once
#
# After every epoch the model played, always with the same **seed**, the number from which the random choices are made.
# So from epoch to epoch only what it had learned differs. It played at more than one temperature. **Temperature** is
# how freely it chooses each sample: at 1 exactly as it has learned, below 1 closer to what it finds likely.
#
# When an engineer had made a selection beforehand, an artist "always wanted to hear everything even if it's rubbish"
# (in [a study](../docs/study.md) by Ma, Sargen, De Roure and Howard, AIMC 2024). Here you can: every clip of the run is
# in the table below, the silent ones too. Nothing was filtered out for you.
#
# Before you see them, this cell measures every clip and compares it with the recordings. For forty clips that takes ten
# to twenty seconds, and longer with many recordings. The results are kept, so the next time it takes only a moment.

# %%
heard = course.audition(run)

# %% [markdown]
# These epochs have clips:

# %%
epochs = sorted({clip.played.epoch for clip in heard.clips})
print(*epochs)

# %% [markdown]
# And no clip of the run is missing from the table that follows:

# %% tags=["check", "nbval-check-output"]
print("Every clip is there:", len(heard.clips) == len(run.played))

# %% [markdown]
# ## The table
#
# The table has a row for each epoch, and a column for each temperature and **voice**: a voice is one performance, with
# random choices of its own. Keep the volume low, and leave it there: a model may be silent after one epoch and loud
# after the next. Nothing is turned up.
#
# Choose a clip to hear it. From then on N plays the next epoch. The arrow keys go to a clip without playing it; Enter
# plays it. S gives a star, and W lets you write a note. Stars and notes are kept in the folder of the run at once.
#
# A star does more than mark a clip: it keeps the model of that epoch for ever, if the model is still there. In a long
# run the oldest models are deleted to save space, so star early. The run that came with the course has only three of
# its twenty models. Clips are never deleted.
#
# "It's all different but it's all the same", said an artist in the same study about such listening. It helps to hear
# fewer epochs, further apart. In a run of ten epochs or more, press "Every fifth" above the table first; in a run of
# four to nine, the button says "Every second". To see all of them again, write 1 into the field beside the button.

# %%
notebook.AuditionTable(heard)

# %% [markdown]
# How to listen: once from top to bottom, without stopping, and without reading what is written beside the clips. Then
# ask one question at a time and listen only for that. Does the sound move, or stand still? Is there pitch, and does it
# hold? Are there events, with a beginning and an end? Is there anything that is not in any recording?
#
# Under the table there are three other ways to listen. "Compare two" puts two clips side by side and turns the louder
# one down, since the louder of two sounds often seems the better one. "The journey" plays one column from the first
# epoch to the last. "Listen blind" hides what it is that you hear.
#
# In **blind listening** a coin decides what is played, and you say what it was: a recording or the model, or a clip
# from the earlier or the later half of the run. Somebody who cannot tell is right in about half of the trials, but
# seldom in exactly half. So at the end you are told two figures. If you went on for ever, the share of your right
# answers would lie between them, with 95% certainty. After 14 right answers in 20 trials, the figures are 46% and 88%.
# Half lies between them, so you may have been lucky. After 15, they are 51% and 91%, so luck alone is unlikely. Do
# twenty trials or more, and decide how many before you begin.

# %% [markdown]
# ## What the words mean
#
# Beside each clip there is one of seven words: silence, faint, noise, tone, drone, loop, alive. Each is a
# **diagnosis**: it is measured, not heard, and it can be wrong. It is not a judgement: a drone may be just what you
# want. A "faint" clip is so soft that, when you play louder clips as loud as speech, the sounds of a quiet room cover
# it. These are the words for the clips of this run:

# %%
print(heard.summary)

# %% [markdown]
# If a word names what you did not want, it helps to know what usually causes it. The next cell says so for one of the
# words, and what to try; for another, write it between the brackets. In the table, the same is shown beside the clip
# that you have chosen. There, the advice for a clip that cannot be heard depends on the other clips of its run.

# %%
from prism_lessons.audition import DIAGNOSES

silence = DIAGNOSES["silence"]
print(silence.what, silence.causes, silence.advice, sep="\n")

# %% [markdown]
# ## Is this my recording?
#
# A model that has heard little may play its recordings back. So every clip was compared with the recordings, second by
# second. Here is the clip that comes nearest to them in timbre, and below it the place in a recording that it is
# nearest to. Do you hear the one in the other? If a run is silent throughout, it is not near anything: then its last
# clip is shown here alone.
#
# The figure in dB says how far apart the two spectra are on average, once both are equally loud. In the course's own
# sets, a moment of one recording is usually about 3 dB from the nearest moment of another.

# %%
notebook.beside_recordings(heard)

# %% [markdown]
# Near in timbre is not the same as copied: two gusts of wind are near each other, and neither is a copy. If a clip
# repeats the wave of a recording almost exactly, for a quarter of a second or more, the table says for how long, and
# from where. This cell lists all the clips that do so:

# %%
print(*[f"{clip.played.title}: {clip.verbatim}" for clip in heard.clips if clip.verbatim] or ["None does."], sep="\n")

# %% [markdown]
# And overall? The first figure says how far the clips as a whole are from the recordings in timbre; clips that cannot
# be heard and silent stretches are left out. After it comes the same figure for one half of your recordings against the
# other half, as a measure of how much they differ anyway. The brackets give the range in which each figure could lie,
# as there are only so many clips and recordings.

# %%
print(heard.gap or "The recordings are no longer there, so this cannot be told.")

# %% [markdown]
# Timbre is not everything: this figure does not show whether a whisper makes words, or what follows what. It is one
# figure for all clips: even if it says that they cannot be told apart from the recordings, some of them may be mere
# hiss. And nothing here says how far is good. If you wanted to hear your recordings again, you want a small figure. If
# you wanted something that you could not have imagined, a small figure is a warning.

# %% [markdown]
# ## The journey
#
# This is one column of the table, here that of the highest temperature: its clips from all epochs, joined into one
# sound. While it plays, the number of the epoch is shown above. The buttons go to the epoch before or after; with the
# list you can go to any.

# %%
notebook.journey_shown(heard.journey())

# %% [markdown]
# Here is the same sound as a **spectrogram**: time runs from left to right, pitch from bottom to top, and brighter
# means louder. What changes from epoch to epoch is what the model has learned.

# %%
notebook.spectrogram(heard.journey().clip, name="the journey")

# %% [markdown]
# ## Where the clips lie
#
# On this map, recordings and clips with a similar timbre lie near each other; choose a point to hear it. Look where the
# early clips are, and whether the late ones lie among the recordings or have found a place of their own.

# %%
sounds = heard.sounds
notebook.sound_map(sounds.relate(), sounds.excerpt, "Recordings and clips")

# %% [markdown]
# ## The same epoch, other chances
#
# A few seconds from one seed are a thin slice of what a model can do. Before you judge an epoch, hear it play something
# else. It can do so as long as its model is still there. In a run of your own the models of all epochs are there,
# unless there were so many that the oldest had to be deleted. This cell lists the epochs whose models are there:

# %%
print(run.epochs)

# %% [markdown]
# Choose one of them here, a temperature, and how many voices play, each with random choices of its own. An epoch that
# was silent in the table may stay silent at any temperature. In lesson 04 a nudge may wake it.

# %%
again = notebook.Panel(
    epoch=notebook.choice("Epoch", run.epochs, run.epochs[-1]),
    temperature=notebook.number("Temperature", 0.95, 0.05, 5),
    voices=notebook.whole("Voices", 3, 1, 16),
)
again

# %% [markdown]
# The new clips become part of the run, like those of the training: run the cell of the table again, and you will find
# them there. The same choice gives the same clips again; for others, raise the number of voices.

# %%
more = heard.play_more([again.epoch], [again.temperature], voices=again.voices)
notebook.play(*[clip.sound for clip in more], names=[clip.played.title for clip in more])

# %% [markdown]
# ## What you heard
#
# This is what you have starred, tagged, noted and guessed so far. If you guessed in blind listening, it says how often
# you were right in all trials together, between which two figures your true share may lie, and whether it could be
# luck.

# %%
print(heard.log)

# %% [markdown]
# Somebody else may listen too, on the page that you make further down, under "A page to keep". There they write their
# own name under "Your notes", listen, and save their notes as a file. Put that file into the folder with your files,
# write `theirs = True` and run this cell: it takes in what they heard. In Colab it asks for the file instead, and
# waits. Their stars appear beside yours once you run the cell of the table again.

# %%
theirs = False

if theirs:
    course.bring_notes(heard)

# %% [markdown]
# ## Choose
#
# Which epoch do you want to play? You can choose among the epochs whose models are still there. If you have given
# stars, the control begins with the epoch that has the most stars. Otherwise it begins with the epoch that has the
# fewest bits, among those in which at least half of the clips can be heard.

# %%
print(heard.proposed)
choice = notebook.Panel(epoch=notebook.choice("Epoch", run.epochs, heard.proposed.epoch))
choice

# %% [markdown]
# This cell keeps the model for ever, and saves it as a **capsule**: one file that holds all that is needed to play it,
# with the card of your recordings, what you wanted from them, and what was heard in this epoch. Lesson 04 plays it.

# %%
capsule = course.choose(heard, choice.epoch)

# %% [markdown]
# Why this one? In a month you will not remember. Write it down.

# %%
reason = course.journal_panel(
    "03 Auditioning epochs",
    "Which epoch did you choose, and what did you hear in it?",
    "What did you pass over that you may come back for?",
)
reason

# %% [markdown]
# This cell keeps what you wrote, as the button does.

# %%
reason.keep()

# %% [markdown]
# ## Or go on from there
#
# Perhaps the best epoch came early, and what you liked in it was lost later. Then go back to it: a new run begins with
# that model and goes on learning, while the old run stays as it is. If you tick the first control, the next cell does
# this.

# %%
onwards = notebook.Panel(
    go=notebook.tick("Train on from the epoch that you chose"),
    name=notebook.text("Name of the new run", "onwards"),
    minutes=notebook.number("Minutes", 3, 0.05, 600),
)
onwards

# %% [markdown]
# Without the tick, nothing happens. With it, this lesson begins with the new run the next time you open it.

# %%
if onwards.go:
    folder = course.new_run(onwards.name)
    minutes = notebook.budget(onwards.minutes)
    pl.train(heard.corpus, folder, start=capsule, minutes=minutes, copy_to=course.copy_of(folder))

# %% [markdown]
# ## A page to keep
#
# This puts the table on a page that needs nothing else: no notebook, no network. It prints where the page is; open the
# page in a browser. In Colab, the folder icon at the left edge leads to your files: download the page from there. Give
# it to somebody, and hear with other ears. The page also holds the sounds of your recordings that clips are compared
# with. If you said in lesson 01 that a recording may not be shared, it is not on the page, nor is a clip that nearly
# repeats it. If you left it at "unknown", it is there: ask before you give the page away.

# %%
print(heard.page())

# %% [markdown]
# This cell puts everything about the run into the folder `portfolio`, for a **portfolio** or a thesis: what you wanted,
# whose the recordings are, the settings, the curve, the clips that you starred or noted, what you guessed, what you
# chose, and your journal. There you find a page for a browser, the same as text for your own writing, and the clips as
# WAV files. Run the cell again whenever you have written more.

# %%
portfolio = course.portfolio(heard)

# %% [markdown]
# ## What you did
#
# - You read what you had wanted, and listened before you believed a figure.
# - You heard one model grow, at a distance and close by, and compared what it plays with your recordings.
# - You chose an epoch, said why, and have its capsule and a page that shows how you came to it.

# %% [markdown]
# ## Check yourself
#
# The table calls a clip "noise", and you love it. Has something gone wrong?
#
# <details><summary>Answer</summary>
#
# No. The word says that the spectrum stays much the same from beginning to end and that hardly any pitch lasts. It does
# not say that the clip is bad: surf is noise too. If you want more of it, star the clip, and keep to its temperature.
# The advice beside the clip is meant for you only if the clip is not what you want.
#
# </details>
#
# The [quiz](quiz.html#lesson-03) asks you more about this lesson and explains every answer. In Colab, open
# `notebooks/quiz.html` in your own copy of the course instead.

# %% [markdown]
# ## Exercise
#
# At which temperature are the clips of this run silent more often?
#
# <details><summary>Solution</summary>
#
# ```python
# for temperature in run.grid[epochs[0]]:
#     silent = heard.select(temperature=temperature, diagnosis="silence")
#     print(temperature, len(silent))
# ```
#
# In the run that came with the course it is the lower one, with five silent clips to three: there the model keeps
# closer to what it finds likely, and between two gusts of wind silence is likely. With so few clips, the difference
# could also be chance.
#
# </details>

# %% [markdown]
# ## Journal
#
# You have written the most important entry already, under "Choose". Here are two more questions, for when you have
# slept on it.

# %%
journal = course.journal_panel(
    "03 Auditioning epochs, later",
    "Would you still choose the same epoch today?",
    "What in all this was automatic, and what work did it leave to you?",
)
journal

# %% [markdown]
# This cell keeps what you wrote, as the button does.

# %%
journal.keep()

# %% [markdown]
# ## Next
#
# [Lesson 04: Generating](04_generating.ipynb)
