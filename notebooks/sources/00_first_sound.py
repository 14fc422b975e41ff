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
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/prism-lessons/prism-lessons/blob/v0.1.0/notebooks/00_first_sound.ipynb)
#
# **You will hear:** short sounds that nobody recorded. A model that has listened to two minutes of wind and
# whispering plays them for you, and you decide how freely it plays.
#
# **Time:** the first sound comes within a minute, with or without a graphics card; the whole page takes about twenty
# minutes with listening.
#
# **Needed:** headphones or loudspeakers, turned low to begin with. No programming, no recordings of your own yet.

# %% [markdown]
# ## How this page works
#
# You are reading a **notebook**: text and grey boxes in turn. The grey boxes are cells, and a **cell** holds
# instructions for the computer. To run one, click on it, hold Shift and press Enter. Beside it stands `[*]` while it
# works and a number when it is done. What it has to show or play appears under it. Run the cells from top to bottom;
# nothing breaks if you run one again.
#
# The next cell gets the course ready in Google Colab. On your own computer it does nothing.

# %% cellView="form" tags=["setup"]
# @title Set-up (run this first)
# In Google Colab this fetches the course and installs it. On a computer of your own it does nothing.
import sys

if "google.colab" in sys.modules:
    import os
    import subprocess

    class SetUpFailed(Exception):
        def _render_traceback_(self):  # what is shown of it: the sentence alone
            return [str(self)]

    repository, version = "https://github.com/prism-lessons/prism-lessons", "v0.1.0"
    fetch = f"rm -rf fetched && git clone --quiet --depth 1 --branch {version} {repository} fetched"
    install = f"{sys.executable} -m pip install --quiet --no-deps ./prism-lessons"
    commands = f"[ -d prism-lessons ] || ({fetch} && mv fetched prism-lessons) && {install}"
    if not os.path.isdir("../prism_lessons"):
        done = subprocess.run(commands, shell=True, capture_output=True, text=True)
        if done.returncode:
            reason = done.stderr.strip().rpartition("\n")[2]
            raise SetUpFailed(f"Set-up failed ({reason}): check that you are online, then run this cell again.")
        os.chdir("prism-lessons/notebooks")
    from prism_lessons.notebook import colab

    colab.check()

# %% [markdown]
# This one brings in the course's library and says where your files will be kept.

# %%
import prism_lessons as pl
from prism_lessons import notebook

course = notebook.Course()

# %% [markdown]
# ## What the model listened to
#
# First the source. Here are one wind and one whisper of the twenty that the model has heard. Press play. Under each
# name stands how long the sound is and how loud: a **peak** of 0 dBFS is the loudest that a file can hold, and every
# 6 dB below that halves the wave. Players in this course never turn a sound up, and never start by themselves.

# %%
sources = "../datasets_examples/breath"
notebook.play(f"{sources}/wind_300_to_800Hz.flac", f"{sources}/whisper_aiu_oea.flac")

# %% [markdown]
# ## The model
#
# A **model** is a large set of numbers that has been adjusted, by listening, to guess how a sound goes on. This one
# is kept in the folder of its **run**, which is all that a training leaves behind. Lesson 02 makes one from
# recordings of yours. The cell loads it as a **capsule**: one thing that holds the numbers, the settings and where it
# came from.

# %%
run = pl.Run("../datasets_examples/trained/breath")
capsule = run.capsule()

# %% [markdown]
# How large is it, and at what speed does it write sound? A digital sound is a row of values, its **samples**, and the
# model invents them one after the other.

# %% tags=["check", "nbval-check-output"]
numbers = sum(weight.size for weight in capsule.weights.values())
print(f"{numbers:,} numbers")
print(f"{capsule.sample_rate:,} samples for each second of sound")

# %% [markdown]
# ## Let it play
#
# These are the controls. You may leave them as they are.
#
# - **Temperature** is how freely the model chooses each sample. At 1 it follows what it has learned as it is; below,
#   it keeps to what it finds likely; above, it takes more risks.
# - Seconds and voices say how long the sounds are and how many are made side by side. One **voice** is one
#   performance.
# - **Seed** is a number from which all chance is drawn. The same seed gives the same performance again.

# %%
controls = notebook.Panel(
    temperature=notebook.number("Temperature", 0.95, 0.05, 5),
    seconds=notebook.number("Seconds", 3, 0.5, 20, step=0.5),
    voices=notebook.whole("Voices", 2, 1, 8),
    seed=notebook.whole("Seed", 1, 0, 9999),
)
controls

# %% [markdown]
# The next cell lets it play with what the controls say when you run it. It takes a few seconds: every second of sound
# is 16,000 guesses for each voice. What you hear then has never been recorded.

# %%
takes = pl.generate(capsule, **controls.values)
notebook.play(*takes)

# %% [markdown]
# ## Look at what you heard
#
# A **spectrogram** shows which frequencies sound when: time runs to the right, pitch goes up, and the brighter, the
# louder. Above is a recorded wind, below the first performance of the model. What do they share, and what not?

# %%
notebook.spectrogram(f"{sources}/wind_300_to_800Hz.flac")

# %%
notebook.spectrogram(takes[0])

# %% [markdown]
# ## Turn the temperature
#
# Now the same seed at three temperatures. All chance falls the same way; only the freedom differs. Listen from left
# to right, more than once.

# %%
freedoms = [0.7, 0.95, 1.2]
compared = pl.generate(capsule, seconds=3, voices=3, temperature=freedoms, seed=5)
names = [f"temperature {freedom}" for freedom in freedoms]
notebook.play(*compared, names=names)

# %% [markdown]
# ## Keep one
#
# This saves the first performance as a WAV file, as loud as you heard it, for whatever program you compose in. A kept
# performance is called a **take**.

# %%
print("Saved:", takes[0].save(course.takes / f"{takes[0].name}.wav"))

# %% [markdown]
# ## What this computer has
#
# The course needs some libraries, in versions that fit each other. If something fails in a later lesson, look here
# first. Training is faster on a **GPU**, a graphics card that does many sums at once; playing, as you heard, does not
# need one.

# %%
notebook.machine()

# %% [markdown]
# ## What you did
#
# - You loaded a ready-made model and let it play sounds that nobody recorded.
# - You turned its temperature and heard what that does.
# - You kept a take for your own work.

# %% [markdown]
# ## Check yourself
#
# You set the temperature to 0.95 and the seed to 7, and like what you hear. Tomorrow you want the same sound again,
# twice as long. Which controls do you touch?
#
# <details><summary>Answer</summary>
#
# Only Seconds. The seed decides all chance, so with the same temperature and seed the first three seconds are the
# same and the model goes on from there. Another seed would give another performance.
#
# </details>

# %% [markdown]
# ## Exercise
#
# Find the lowest temperature at which this model still moves, to the nearest 0.1, and the highest at which you still
# hear breath in it. Change the controls above and run the cell under them again.
#
# <details><summary>Solution</summary>
#
# There is no right number; your ear decides. You can also hear several at once, with a list that has one temperature
# for each voice:
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
# Write while you remember. Your answers are kept beside your sounds, and come back in lesson 03.

# %%
journal = course.journal_panel(
    "00 A first sound",
    "What did you hear that is not in the recordings?",
    "Which temperature would you play in a piece, and why?",
)
journal

# %%
journal.keep()

# %% [markdown]
# ## Next
#
# [Lesson 01: Curating a data set](01_curating_a_dataset.ipynb), [in Colab](https://colab.research.google.com/github/prism-lessons/prism-lessons/blob/v0.1.0/notebooks/01_curating_a_dataset.ipynb)
