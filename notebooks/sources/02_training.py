# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Training
#
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/prism-lessons/prism-lessons/blob/v0.1.0/notebooks/02_training.ipynb)
#
# **You will hear:** a model learning. It plays after every pass through your recordings, from crackle to something
# that begins to remember them.
#
# **Time:** about four minutes of computing on two processor cores, with or without a graphics card, since the
# training stops after two minutes; half an hour with listening. A model worth keeping takes from three quarters of an
# hour to a night.
#
# **Needed:** nothing, or the corpus that you made in lesson 01.

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
# How many minutes may the model practise? Two are enough to hear it learn.

# %%
minutes = 2

# %%
import prism_lessons as pl
from prism_lessons import notebook

course = notebook.Course()

# %% [markdown]
# ## What it will listen to
#
# A **corpus** is a set of recordings made ready for learning: mono, one sample rate, in pieces. If you have made one
# in lesson 01, it is used here. If not, you get winds and whispers.

# %%
corpus = course.corpus()

# %% [markdown]
# Two numbers matter. Most of the sound is for training. Some recordings are kept aside: the model never learns from
# them, so how well it foresees them shows what it has understood, and not only what it has learned by heart. Keeping
# them aside is called **validation**.

# %%
print(corpus)

# %% [markdown]
# Listen to three clips of it, one after the other. A **clip** is a piece of sound. Keep them in your ear: this is
# what the model has to go by.

# %%
clips = [corpus.folder / clip.file for clip in corpus.of("training")[:3]]
notebook.play(*clips)

# %% [markdown]
# ## What learning means here
#
# A sample is one value of the sound wave. The model hears samples up to some moment and says, for each of the values
# that the next one could take, how likely it is. There are 256 such values. They are called **codes**, and they lie
# close together around silence, where the ear is fine, and further apart where it is loud.
#
# How would it sound to know nothing at all? Then all codes are equally likely. Here are two seconds of that, turned
# down to a tenth for your ears.

# %%
import numpy as np

codec = pl.PRESETS["sketch"].model.codec
chance = np.random.default_rng(1)
blind = codec.decode(chance.integers(1, 256, 2 * corpus.sample_rate))
notebook.play(pl.Clip(0.1 * blind, corpus.sample_rate, "blind chance, turned down to a tenth"))

# %% [markdown]
# Now a listener who has counted how often each code occurs in your corpus, and knows nothing of what follows what. It
# picks codes as often as they occur, in any order.

# %%
from prism_lessons.corpus.codes import codes_of

codes = codes_of(corpus, "training", codec).array
counted = codec.decode(chance.choice(codes, 2 * corpus.sample_rate))
notebook.play(pl.Clip(counted, corpus.sample_rate, "the right codes in any order"))

# %% [markdown]
# Noise again, as loud as your recordings and nothing else of theirs. So what makes a wind a wind is the order. That
# is what the model has to find.
#
# How far it has come is counted in **bits**: how many yes-or-no questions the model would still have to ask, on
# average, to know the next sample. Blind chance among 256 codes needs 8, since eight questions tell 256 things apart.

# %% tags=["check", "nbval-check-output"]
print(f"Blind chance among {codec.levels} codes: {np.log2(codec.levels):.0f} bits per sample")
print(f"Among half as many: {np.log2(codec.levels / 2):.0f} bits")

# %% [markdown]
# Fewer bits mean that the model foresees more. They do not mean better music: noise cannot be foreseen by anyone, so
# a wind keeps its bits high, and a dull drone is very easy to foresee. Watch the bits, and trust your ears.

# %% [markdown]
# ## Before it begins: what do you want?
#
# Write it down now. In lesson 03, you will judge by it.

# %%
intention = course.journal_panel(
    "02 Training, before",
    "What do you hope to hear?",
    "What would success sound like: like the source, or like nothing you could have imagined?",
)
intention

# %%
intention.keep()

# %% [markdown]
# ## Set it up
#
# You may leave everything as it is.
#
# - **Name** is the folder of this training, which is called a **run**. A new name begins a new run.
# - **Minutes** is how long it may practise, all sittings together.
# - **Size** is how many numbers each part of the model works with. More can hold more sound in mind, and learn more
#   slowly.
# - **Memory** is how far back a mistake is traced, in samples. At 16,000 samples a second, 256 are 16 thousandths of
#   a second, a low tone's cycle or two; the model can carry things further than that, but is not taught to directly.
# - **Seed** decides all chance.

# %%
setup = notebook.Panel(
    name=notebook.text("Name", "first"),
    minutes=notebook.number("Minutes", notebook.budget(minutes), 0.02, 600, step=0.5),
    dim=notebook.choice("Size", [64, 128, 192, 256], 128),
    window=notebook.choice("Memory", [128, 256, 512, 1024], 256),
    seed=notebook.whole("Seed", 0, 0, 9999),
)
setup

# %% [markdown]
# ## Train
#
# **Training** is practice: the model guesses each next sample, is told the right one, and all its numbers are moved a
# little so that it would have guessed better. One pass through all the recordings is an **epoch**; when the minutes
# are over, the last one may be cut short. After each, the model is tested on the recordings kept aside and plays two
# clips, and the picture is drawn again.
#
# While it works, one line says how far it is. You may stop it with the square button at the top of the page (in
# Colab, the one beside the cell): what it has learned is saved, and running the cell again goes on from there.

# %%
settings = setup.values
folder = course.new_run(settings.pop("name"))
picture = notebook.LiveFigure(notebook.learning_curve)
run = pl.train(corpus, folder, preset="sketch", each_epoch=picture, **settings)

# %% [markdown]
# ## Read the curve
#
# Left to right is time, in epochs. The two dotted lines are the listeners you heard above: blind chance, and the one
# who has counted. A model below the second has understood something of the order.
#
# - Both curves fall: it is still learning, and more time would help.
# - Both lie flat: it has found what it can at this size.
# - Training falls while validation rises: it is learning the recordings by heart. That is no fault if you want them
#   to come back.

# %%
notebook.learning_curve(run)

# %% [markdown]
# ## Hear it learn
#
# Each row is an epoch. Both columns are played from the same seed every time, so what changes from row to row is what
# was learned. **Temperature** is how freely the model chooses: at 1 it follows what it has learned as it is, below 1
# it keeps more to what it finds likely. A model that has hardly begun can play loud noise: keep the volume low, and
# turn it down again after a quiet clip.

# %%
rows = {
    f"epoch {epoch}": {f"temperature {temperature:g}": clip for temperature, clip in clips.items()}
    for epoch, clips in run.grid.items()
}
notebook.play_grid(rows, caption="What the model played after each epoch")

# %% [markdown]
# What to listen for, in the order in which it often comes: the level; the colour of the noise; swells and strikes,
# and how they end; pitch. Two minutes will not bring all of it.

# %% [markdown]
# ## What is in the folder
#
# Everything stays: the clips of every epoch, the model after each, the settings, the bits. Nothing you heard is lost.

# %%
for path in sorted(folder.iterdir()):
    print(path.name)

# %% [markdown]
# ## Go on, or take it home
#
# To go on, raise Minutes in the controls above, run the cell under them, and the run grows by what you added. If you
# change Size, Memory or Seed, the course asks for a new name, since what was learned would not fit.
#
# In Colab, files vanish when the runtime ends, unless you began with `notebook.Course(drive=True)`. Change `False` to
# `True` here to pack the run and save it on your computer. In a later session `course.bring()` takes the zip back.

# %%
take_it_home = False
if take_it_home:
    course.take_home(run.folder)

# %% [markdown]
# ## What you did
#
# - You heard what it means to know nothing, and what bits count.
# - You trained a model, and read its curve.
# - You heard the same seed after every epoch, so that only learning made the difference.

# %% [markdown]
# ## Check yourself
#
# A friend trains on rain and reaches 5.5 bits. You train on a flute and reach 2. Is your model better?
#
# <details><summary>Answer</summary>
#
# You cannot tell from that. Much of rain is noise, which nobody can foresee, so even a perfect model of rain keeps
# many bits. A flute's tone repeats itself thousands of times and is easy to foresee. Compare bits only between models
# that were tested on the same recordings, and compare sounds with your ears.
#
# </details>

# %% [markdown]
# ## Exercise
#
# Train a second run of the same length with half the Size. Which of the two got further in the same time, by its bits
# and by your ears?
#
# <details><summary>Solution</summary>
#
# Set Name to `small` and Size to 64 in the controls, then run the cells from "Train" to "Hear it learn". The small
# model gets through more epochs in the same minutes. It often sounds more settled early, and stops getting better
# sooner. To hear the first run again:
#
# ```python
# notebook.learning_curve(pl.Run(course.new_run("first")))
# ```
#
# </details>

# %% [markdown]
# ## Journal

# %%
journal = course.journal_panel(
    "02 Training, after",
    "After which epoch did it first remind you of the source, and by what?",
    "What came out that you did not expect?",
)
journal

# %%
journal.keep()

# %% [markdown]
# ## Next
#
# [Lesson 03: Auditioning epochs](03_auditioning_epochs.ipynb), [in Colab](https://colab.research.google.com/github/prism-lessons/prism-lessons/blob/v0.1.0/notebooks/03_auditioning_epochs.ipynb)
