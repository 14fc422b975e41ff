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
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/prism-lessons/prism-lessons/blob/v0.1.0/notebooks/03_auditioning_epochs.ipynb)
#
# **You will hear:** what a model listened to, and the model itself at many ages. At the end you have chosen the one
# that you want to play.
#
# **Time:** less than a minute of computing, with or without a graphics card. The listening takes as long as you give
# it: half an hour is well spent.
#
# **Needed:** nothing, or the run that you trained in lesson 02.

# %% [markdown]
# ## Get ready

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
    # Without what they depend on, which Colab has: bringing other versions would break the running kernel.
    install = f"{sys.executable} -m pip install --quiet --no-deps ./prism-lessons pyloudnorm"
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
# This brings in the course's library and opens the folder with your files.

# %%
import prism_lessons as pl
from prism_lessons import notebook

course = notebook.Course()

# %% [markdown]
# A **run** is all that a training leaves behind. If you trained one in lesson 02, the newest is used here; for
# another, write its name between the brackets, as in `course.run("first")`. If you have none, you get a run that the
# course made from winds and whispers, in which the model passed through the recordings twenty times.

# %%
run = course.run()

# %% [markdown]
# ## What did you want?
#
# Before you listen, read what you wrote. Choosing means choosing for something.

# %%
course.journal

# %% [markdown]
# ## The source
#
# Remind your ear. These are clips from recordings that were kept aside: the model was tested on them and never
# learned from them. If you have changed your corpus since, there is nothing here to hear.

# %%
notebook.play(*course.kept_aside(run))

# %% [markdown]
# ## Where it came from
#
# An **epoch** is one pass through the recordings. After each, the model was tested on recordings that it never
# learned from, and the curve shows how unsure it was, in **bits** for each sample: the fewer, the better it foresaw
# them. The dotted lines are two guessers who do not listen: one guesses blindly, one only knows how often each value
# occurs.

# %%
notebook.learning_curve(run)

# %% [markdown]
# The curve says when the model stopped getting better at foreseeing. It does not say when it sounded best to you:
# those are often different epochs. So listen.

# %% [markdown]
# ## The grid
#
# The model played after every epoch, always from the same **seed**, the number from which chance is drawn. So from
# epoch to epoch only what it had learned differs. It played at two temperatures. **Temperature** is how freely it
# chooses each sample: at 1 as it has learned, below 1 closer to what it finds likely.

# %% tags=["check", "nbval-check-output"]
temperatures = sorted({temperature for clips in run.grid.values() for temperature in clips})
print("temperatures:", temperatures)

# %% [markdown]
# Twenty epochs at two temperatures are forty clips. After a while all of them sound different and all the same. It
# helps to hear fewer, further apart: with 4 in the first control you hear every fourth epoch. Come back later for
# those between.

# %%
listening = notebook.Panel(
    every=notebook.whole("Every how many epochs", 4, 1, 100),
    last=notebook.tick("The last one too", True),
)
listening

# %% [markdown]
# This cell shows those epochs, one in each row. Keep the volume low, and leave it there: a model may be silent after
# one epoch and loud after the next.

# %%
epochs = list(run.grid)
chosen = epochs[:: listening.every]
if listening.last:
    chosen = sorted({*chosen, epochs[-1]})
notebook.play_epochs(run, chosen)

# %% [markdown]
# How to listen: once from top to bottom, without stopping. Then ask one question at a time and listen for that only.
# Does it move, or stand? Is there pitch, and does it hold? Are there events, with a beginning and an end? Is there
# anything in it that is in no recording?
#
# The captions show what ears get used to: that a clip is mostly silence, or much louder than the rest.

# %% [markdown]
# ## Look for what changed
#
# A **spectrogram** shows which frequencies sound when: time runs to the right, pitch goes up, and the brighter, the
# louder. Here is the first epoch.

# %%
first, middle, last = epochs[0], epochs[len(epochs) // 2], epochs[-1]
notebook.spectrogram(run.grid[first][temperatures[-1]], name=f"epoch {first}")

# %% [markdown]
# One in the middle:

# %%
notebook.spectrogram(run.grid[middle][temperatures[-1]], name=f"epoch {middle}")

# %% [markdown]
# And the last:

# %%
notebook.spectrogram(run.grid[last][temperatures[-1]], name=f"epoch {last}")

# %% [markdown]
# ## The same epoch, other chances
#
# Two seconds from one seed are a thin slice of what a model can do. Before you judge an epoch, hear it play something
# else. It can do so as long as its model is still there. In a run of your own the models of all epochs are, unless
# there were so many that the oldest had to be deleted. In the run that came with the course, three are. This says
# which:

# %%
print(run.epochs)

# %% [markdown]
# Choose one of them here, a temperature, and a seed. An epoch that was silent in the grid may stay silent whatever
# you choose: that is what it had learned by then.

# %%
again = notebook.Panel(
    epoch=notebook.choice("Epoch", run.epochs, run.epochs[-1]),
    temperature=notebook.number("Temperature", 0.95, 0.05, 5),
    seed=notebook.whole("Seed", 3, 0, 9999),
)
again

# %% [markdown]
# It plays four seconds, three times. Run this again whenever you have changed a control.

# %%
capsule = run.capsule(again.epoch)
played = pl.generate(capsule, seconds=4, voices=3, temperature=again.temperature, seed=again.seed)
notebook.play(*played)

# %% [markdown]
# ## Choose
#
# Which one do you want to play? The control begins with the epoch that has the fewest bits, of those whose models are
# still there. Your choice may be another.

# %%
choice = notebook.Panel(epoch=notebook.choice("Epoch", run.epochs, run.best))
choice

# %% [markdown]
# This cell gives your choice a **star**, so that its model is never deleted, and saves the model as a **capsule**:
# one file that holds all that is needed to play it. Lesson 04 does.

# %%
capsule = course.choose(run, choice.epoch)

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
# ## A page to keep
#
# This cell puts all epochs with their players on one page, to open in any browser or to hand to somebody. The page
# lies in the folder of the run and plays the clips that lie there too, so the whole folder has to travel with it.

# %%
print(pl.audition(run))

# %% [markdown]
# ## What you did
#
# - You read what you had wanted before you listened.
# - You heard one model grow, at a distance and then close by.
# - You chose an epoch, said why, and have its capsule.

# %% [markdown]
# ## Check yourself
#
# Look at one row of the grid: two clips of one epoch, at temperatures 0.85 and 1. Say the first is much calmer. Has
# the model changed between them?
#
# <details><summary>Answer</summary>
#
# No. It is the same model, and at the lower temperature it keeps closer to what it finds likely. (The two are also
# two voices, each with chances of its own, so they do not play the same moments.) If you like an epoch's material but
# not how restless it is, do not look for another epoch: lower the temperature.
#
# </details>

# %% [markdown]
# ## Exercise
#
# Can you hear how old a model is? Hide the order from yourself and find out.
#
# <details><summary>Solution</summary>
#
# This plays four epochs in an order that you do not know; the run needs at least four. Write down your guess from
# youngest to oldest, then print the answer in a new cell.
#
# ```python
# import random
#
# hidden = random.sample(epochs, min(4, len(epochs)))
# clips = [run.grid[epoch][temperatures[-1]] for epoch in hidden]
# notebook.play(*clips, names=["first", "second", "third", "fourth"])
# ```
#
# ```python
# print(hidden)
# ```
#
# By pure chance you put all four in order once in 24 tries.
#
# </details>

# %% [markdown]
# ## Journal
#
# You have written the most important entry already, under "Choose". One more question, for when you have slept on it.

# %%
journal = course.journal_panel("03 Auditioning epochs, later", "Would you still choose the same epoch today?")
journal

# %% [markdown]
# And into the journal with it:

# %%
journal.keep()

# %% [markdown]
# ## Next
#
# [Lesson 04: Generating](04_generating.ipynb), [in Colab](https://colab.research.google.com/github/prism-lessons/prism-lessons/blob/v0.1.0/notebooks/04_generating.ipynb)
