# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # A first sound
#
# **You will hear:** short sounds that nobody recorded. A model that has listened to two minutes of wind and
# whispering plays them for you, and you decide how freely it plays.
#
# **Time:** the first sound comes within a minute, with or without a graphics card; the whole page takes about twenty
# minutes, listening included.
#
# **Needed:** headphones or loudspeakers, turned low to begin with. No programming, no recordings of your own yet.

# %% [markdown]
# ## How this page works
#
# You are reading a **notebook**, a page on which text and grey boxes alternate. The grey boxes are cells, and a
# **cell** holds instructions for the computer. To run one, click on it, hold Shift and press Enter. While it works you
# see `[*]` beside it (in Colab, a turning circle), and a number in brackets when it is done. What the cell shows or
# plays appears under it. Run the cells from top to bottom; nothing breaks if you run one again.
#
# Every lesson begins with a cell that gets the course ready in Google Colab. It is long and not part of the lesson, so
# it is folded away: you see only its first line, and a click on the three dots after that line unfolds the rest. On
# your own computer it does nothing, and you can skip it.
#
# If your teacher gave you the course as a zip and you work in Colab, put the zip on your Google Drive, as it is and
# outside any folder, before you run this cell. If you do not use Drive, the cell asks you for the zip.

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
# The next cell loads the course's library and says where your files will be kept.

# %%
import prism_lessons as pl
from prism_lessons import notebook

course = notebook.Course()

# %% [markdown]
# ## What the model listened to
#
# First, the source. The model learned from nineteen sounds. Here are two of them: a wind and a whisper. Both were
# synthesised for the course; nobody's voice was used. Press play.
#
# Beside each name you can read how long and how loud the sound is. A **peak** of 0 dBFS is the loudest that a file can
# hold, and every 6 dB less halves the height of the wave. **RMS** is the average level, and silence is the share of
# the sound in which there is next to nothing. Players in this course never turn a sound up, and never start by
# themselves.

# %%
sources = "../datasets_examples/breath"
notebook.play(f"{sources}/wind_300_to_800Hz.flac", f"{sources}/whisper_aiu_oea.flac")

# %% [markdown]
# ## The model
#
# A **model** is a large set of numbers that has been adjusted, by listening, to guess how a sound goes on. Adjusting
# them is called training. The model that you play here went through these sounds six times, which took a few minutes.
#
# Everything that a training leaves behind is kept in one folder, its **run**. In lesson 02 you will make a run from
# your own recordings. The next cell takes the model out of the run as a **capsule**, which holds the model's numbers,
# its settings and where it came from. The cell shows nothing: the number beside it tells you when it is done.

# %%
run = pl.Run("../datasets_examples/trained/breath")
capsule = run.capsule()

# %% [markdown]
# How large is the model, and how many values make up one second of its sound? A digital sound is a row of values, its
# **samples**, and the model invents them one after the other.

# %% tags=["check", "nbval-check-output"]
numbers = sum(weight.size for weight in capsule.weights.values())
print(f"{numbers:,} numbers")
print(f"{capsule.sample_rate:,} samples for each second of sound")

# %% [markdown]
# ## Let it play
#
# The next cell shows an instrument; the first time, this takes a moment. Press Play. Your browser works out one sample
# after another, and you hear them at once, until you press Stop. Turn **Temperature** while the model plays. Leave the
# other controls as they are: lesson 04 explains them.

# %%
instrument = notebook.Instrument(capsule)
instrument

# %% [markdown]
# ## Ask for sounds
#
# You can also ask for sounds of a certain length. The next cell shows the controls. You may leave them as they are.
#
# - **Temperature** is how freely the model chooses each sample. At 1 it chooses exactly as it has learned; below 1 it
#   keeps to what it finds likely; above 1 it takes more risks.
# - Seconds and Voices say how long the sounds are and how many are made side by side. One **voice** is one
#   performance.
# - **Seed** is the number from which all random choices are made. On the same computer, and if you leave the other
#   controls as they are, the same seed gives the same performance again.
#
# The line that begins "As Python" says the same in the language of the cells; you can ignore it for now.

# %%
controls = notebook.Panel(
    temperature=notebook.number("Temperature", 0.95, 0.05, 5),
    seconds=notebook.number("Seconds", 3, 0.5, 20, step=0.5),
    voices=notebook.whole("Voices", 2, 1, 8),
    seed=notebook.whole("Seed", 1, 0, 9999),
)
controls

# %% [markdown]
# The next cell lets the model play, with the controls as they are when you run it. If you change a control, run the
# cell again. It takes a few seconds: every second of sound is 16,000 guesses for each voice. What you then hear is made
# afresh, value by value. Whether it still repeats a recording is a question of its own, and lesson 03 looks for the
# answer.

# %%
takes = pl.generate(capsule, **controls.values)
notebook.play(*takes)

# %% [markdown]
# ## Look at what you heard
#
# A **spectrogram** shows which frequencies sound when: time runs from left to right, pitch from bottom to top, and
# brighter means louder. Here is the wind from which the model learned.

# %%
notebook.spectrogram(f"{sources}/wind_300_to_800Hz.flac")

# %% [markdown]
# And here is the model's first performance. What do the two have in common, and how do they differ?

# %%
notebook.spectrogram(takes[0])

# %% [markdown]
# ## Turn the temperature
#
# Now the same seed at three temperatures: the random numbers are the same, and only the freedom differs. Listen from
# top to bottom, more than once. With this seed, the model whistles at 0.7; at 1.2 it is rougher and somewhat louder.

# %%
freedoms = [0.7, 0.95, 1.2]
compared = pl.generate(capsule, seconds=3, voices=3, temperature=freedoms, seed=[5, 5, 5])
names = [f"temperature {freedom}" for freedom in freedoms]
notebook.play(*compared, names=names)

# %% [markdown]
# ## Keep one
#
# This saves the first performance as a WAV file, as loud as you heard it, for the program in which you compose. A
# performance that you keep is called a **take**. In Colab it is stored on a computer that is only lent to you; lesson
# 04 shows how to bring takes to your own.

# %%
course.keep(takes[:1])

# %% [markdown]
# ## What this computer has
#
# The course needs several libraries, in versions that work together. If something fails in a later lesson, look here
# first. Training is faster on a **GPU**, a graphics card that does many calculations at once; playing, as you heard,
# does not need one.

# %%
notebook.machine()

# %% [markdown]
# ## What you did
#
# - You loaded a ready-made model and let it play sounds that nobody recorded.
# - You changed its temperature and heard what that does.
# - You kept a take for your own work.

# %% [markdown]
# ## Check yourself
#
# You set the temperature to 0.95 and the seed to 7, and like what you hear. Tomorrow you want the same sound again, but
# twice as long. Which controls do you change?
#
# <details><summary>Answer</summary>
#
# Only Seconds, as long as the lesson is still open. If you open it again, its controls start from 0.95 and seed 1, so
# set the seed as well. The seed decides all random choices, so on the same computer, with the same temperature and
# seed, the sound begins as it did today, and the model goes on from where today's sound ended. Another seed would give
# another performance. In Colab you may get another computer tomorrow, and then another performance: keep a take of what
# you like.
#
# </details>
#
# The [quiz](quiz.html#lesson-00) asks you more about this lesson and explains every answer. In Colab, open
# `notebooks/quiz.html` in your own copy of the course instead.

# %% [markdown]
# ## Exercise
#
# Find the lowest temperature at which you hear breath and no whistling, to the nearest 0.1, and the highest at which
# you would still call the sound breath. Change the controls above and run the cell under them again.
#
# <details><summary>Solution</summary>
#
# There is no right number; your ear decides. You can also make several sounds at once, with a list that has one
# temperature for each voice. Write this into a cell of your own: the button with a plus (in Colab, "+ Code") makes a
# new cell.
#
# ```python
# freedoms = [0.3, 0.5, 0.7, 0.9, 1.1, 1.3]
# notebook.play(*pl.generate(capsule, seconds=3, voices=6, temperature=freedoms, seed=5))
# ```
#
# </details>

# %% [markdown]
# ## Journal
#
# Write while you still remember. The button under the questions keeps your answers in a file beside your sounds. In
# lesson 03 you will read them again.

# %%
journal = course.journal_panel(
    "00 A first sound",
    "What did you hear that is not in the recordings?",
    "Which temperature would you play in a piece, and why?",
    "Tool, instrument or collaborator: which word fits what you played, and why?",
)
journal

# %% [markdown]
# This cell keeps your answers too. If you have written nothing, it says so, and no harm is done.

# %%
journal.keep()

# %% [markdown]
# ## Next
#
# [Lesson 01: Curating a data set](01_curating_a_dataset.ipynb)
