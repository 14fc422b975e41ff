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
# that you want to play, and you know why.
#
# **Time:** about a minute of computing, with or without a graphics card. The listening takes as long as you give it:
# an evening is well spent.
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
# them. The dotted lines are guessers that are no model: one guesses blindly, one only knows how often each value
# occurs. A run of your own has a third, which goes on with the wave as it moved in the last moments.

# %%
notebook.learning_curve(run)

# %% [markdown]
# The curve says when the model stopped getting better at foreseeing. It does not say when it sounded best to you:
# those are often different epochs. So listen.

# %% [markdown]
# ## All clips at once
#
# After every epoch the model played, always from the same **seed**, the number from which chance is drawn. So from
# epoch to epoch only what it had learned differs. It played at several temperatures. **Temperature** is how freely it
# chooses each sample: at 1 as it has learned, below 1 closer to what it finds likely.
#
# This cell measures every clip and holds it against your recordings. The first time it takes a while, about ten
# seconds for forty clips; what was found is remembered.

# %%
heard = course.audition(run)

# %% [markdown]
# These epochs can be heard:

# %% tags=["check", "nbval-check-output"]
epochs = sorted({clip.played.epoch for clip in heard.clips})
print(len(epochs), "epochs, from", epochs[0], "to", epochs[-1])

# %% [markdown]
# ## The table
#
# A row for each epoch, a column for each temperature. Keep the volume low, and leave it there: a model may be silent
# after one epoch and loud after the next. Nothing is turned up.
#
# Choose a clip to hear it. The arrow keys go from one to the next; N plays the next epoch, S gives a star, W
# lets you write a note. A star is worth more than it seems: it keeps the model of that epoch for ever. What you star
# and write is kept at once, beside the run.
#
# Forty clips sound all different and all the same after a while. It helps to hear fewer, further apart: press "Every
# fifth" first, and come back for those between.

# %%
notebook.AuditionTable(heard)

# %% [markdown]
# How to listen: once from top to bottom, without stopping. Then ask one question at a time and listen for that only.
# Does it move, or stand? Is there pitch, and does it hold? Are there events, with a beginning and an end? Is there
# anything in it that is in no recording?
#
# Under the table there are three other ways to listen. "Compare two" puts two clips side by side and turns the louder
# one down, since of two sounds the louder one seems the better. "Listen blind" hides what you hear. "The journey" plays
# one column from the first epoch to the last.

# %% [markdown]
# ## What the words mean
#
# Beside each clip stands one of six words: silence, noise, tone, drone, loop, alive. They are measured, not heard, and
# they hide nothing: a drone may be what you came for. For the clips of this run:

# %%
print(heard.summary)

# %% [markdown]
# Where something is stuck, it helps to know what usually causes it. This says so for one of the words; write another
# between the brackets.

# %%
from prism_lessons.audition import DIAGNOSES

silence = DIAGNOSES["silence"]
print(silence.what, silence.causes, silence.advice, sep="\n")

# %% [markdown]
# ## Is this my recording?
#
# A model that has heard little may play its recordings back. So every clip was sought in the recordings. Here is the
# one that comes nearest to them in timbre, and below it the moment of a recording that it is nearest to.

# %%
notebook.beside_recordings(heard)

# %% [markdown]
# Near in timbre is not the same as copied. If a clip repeats the very wave of a recording, for a third of a second or
# more, the table says for how long, and from where. This lists all that do:

# %%
print(*[f"{clip.played.title}: {clip.verbatim}" for clip in heard.clips if clip.verbatim] or ["None does."], sep="\n")

# %% [markdown]
# And all in all? This figure says how far the clips as a whole lie from the recordings in timbre. Beside it stands the
# same figure for your recordings among themselves, as a measure of how much they differ anyway.

# %%
print(heard.gap or "The recordings are no longer there, so this cannot be told.")

# %% [markdown]
# Nothing here says how far is good. If you wanted to hear your recordings again, you want it small. If you wanted what
# you could not have imagined, a small one is a warning.

# %% [markdown]
# ## The journey
#
# One temperature through all epochs, joined into one sound. While it plays, the number of the epoch stands above; the
# buttons go to a chapter.

# %%
notebook.journey_shown(heard.journey())

# %% [markdown]
# The same to look at, in a **spectrogram**: time runs to the right, pitch goes up, and the brighter, the louder. What
# changes from chapter to chapter is what was learned.

# %%
notebook.spectrogram(heard.journey().clip, name="the journey")

# %% [markdown]
# ## Where the clips lie
#
# On this map, recordings and clips of a like timbre lie near each other. Look for where the early clips are, and
# whether the late ones lie among the recordings or have found a place of their own.

# %%
sounds = heard.sounds
notebook.sound_map(sounds.relate(), sounds.excerpt, "Recordings and clips")

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
# Choose one of them here, a temperature, and how many **voices** play, each from another chance. An epoch that was
# silent in the table may stay silent whatever you choose: that is what it had learned by then.

# %%
again = notebook.Panel(
    epoch=notebook.choice("Epoch", run.epochs, run.epochs[-1]),
    temperature=notebook.number("Temperature", 0.95, 0.05, 5),
    voices=notebook.whole("Voices", 3, 1, 16),
)
again

# %% [markdown]
# They become clips of the run, as those of the training are: run the cell of the table again, and you find them there.

# %%
more = heard.play_more([again.epoch], [again.temperature], voices=again.voices)
notebook.play(*[clip.sound for clip in more], names=[clip.played.title for clip in more])

# %% [markdown]
# ## What you heard
#
# This is what you have starred, tagged, noted and guessed so far. If you guessed in blind listening, it says how often
# you were right, and whether that could be luck.

# %%
print(heard.log)

# %% [markdown]
# Somebody else may listen too, to the page that the last cell of this lesson makes. They save their notes as a file,
# you put it beside your files, and this takes it in; their stars stand beside yours.

# %%
course.bring_notes(heard)

# %% [markdown]
# ## Choose
#
# Which one do you want to play? The control begins with the epoch to which you gave most stars, or, without any, with
# the one that has the fewest bits, of those whose models are still there.

# %%
choice = notebook.Panel(epoch=notebook.choice("Epoch", run.epochs, heard.favourite))
choice

# %% [markdown]
# This cell keeps the model for ever, and saves it as a **capsule**: one file that holds all that is needed to play it,
# with the card of your recordings, what you wanted, and what you heard. Lesson 04 plays it.

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
# Perhaps the best epoch came early, and what followed lost it. Then go back to it: a new run begins with that model and
# learns on, while the old one stays as it is. With a tick in the first control, the next cell does so.

# %%
onwards = notebook.Panel(
    go=notebook.tick("Train on from the epoch that you chose"),
    name=notebook.text("Name of the new run", "onwards"),
    minutes=notebook.number("Minutes", 3, 0.05, 600),
)
onwards

# %% [markdown]
# Nothing happens without the tick. Afterwards, this lesson begins with the new run when you open it again.

# %%
if onwards.go:
    folder = course.new_run(onwards.name)
    minutes = notebook.budget(onwards.minutes)
    pl.train(heard.corpus, folder, start=capsule, minutes=minutes, copy_to=course.copy_of(folder))

# %% [markdown]
# ## A page to keep
#
# This puts the table on a page that needs nothing else: no notebook, no network. Hand it to somebody, and hear with
# other ears.

# %%
print(heard.page())

# %% [markdown]
# And this puts all that is known of the run into a folder, for a portfolio or a thesis: what you wanted, whose the
# recordings are, the settings, the curve, the clips that you starred with your notes, and your journal.

# %%
portfolio = course.portfolio(heard)

# %% [markdown]
# ## What you did
#
# - You read what you had wanted before you listened.
# - You heard one model grow, at a distance and close by, and you know what is yours in it and what is its own.
# - You chose an epoch, said why, and have its capsule.

# %% [markdown]
# ## Check yourself
#
# The table calls a clip "noise", and you love it. Has something gone wrong?
#
# <details><summary>Answer</summary>
#
# No. The word says that the spectrum stays the same from beginning to end and that no pitch lasts, and what usually
# causes that. It does not say that it is bad: surf is noise too. If you want more of it, star it, and keep its
# temperature. Only if it is not what you want, the advice beside it is meant for you.
#
# </details>

# %% [markdown]
# ## Exercise
#
# At which temperature does this run fall silent more often?
#
# <details><summary>Solution</summary>
#
# ```python
# for temperature in run.grid[epochs[0]]:
#     silent = heard.select(temperature=temperature, diagnosis="silence")
#     print(temperature, len(silent))
# ```
#
# In the run that came with the course it is the lower one: there the model keeps closer to what it finds likely, and
# between two gusts of wind silence is likely.
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
