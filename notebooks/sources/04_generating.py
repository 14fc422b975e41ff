# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Generating
#
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/prism-lessons/prism-lessons/blob/v0.1.0/notebooks/04_generating.ipynb)
#
# **You will hear:** one model played in many ways: freer and stricter, alone and in chorus, short and long. You leave
# with sound files for your piece.
#
# **Time:** about a minute of computing, with or without a graphics card; half an hour with listening.
#
# **Needed:** nothing, or the model that you chose in lesson 03.

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
# A **capsule** is one file that is a model: its numbers, its settings and where it came from. If you chose one in
# lesson 03, it is used here. If not, you get the last of your newest run from lesson 02, or one that has listened to
# winds and whispers. The cell says which.

# %%
capsule = course.capsule()

# %% [markdown]
# Before you play an instrument that you did not make, read its **card**: what it has listened to. Here is its first
# part; the rest lists every recording.

# %%
print("The model after epoch", capsule.about["epoch"])
print(capsule.card.partition("\n|")[0])

# %% [markdown]
# ## The instrument
#
# The model makes a sound one **sample** at a time. A sample is one value of the wave. The model looks at the samples so
# far, says how likely each value is to be the next, and one is drawn by lot. Then it looks again. That is all it ever
# does, and it has no plan beyond the next sample: a swell that lasts a second comes about because the model remembers
# that it is in one.

# %% tags=["check", "nbval-check-output"]
rate = capsule.sample_rate
for seconds in (1, 60):
    print(f"{seconds} s of sound: {seconds * rate:,} draws")

# %% [markdown]
# ## Chance: the seed
#
# A **seed** is a number from which all these draws are made. Here are four seeds, and everything else the same: four
# performances on one instrument. Write down the seeds that you like. With the same model and temperature, the same
# performance comes back.

# %%
seeds = [1, 2, 3, 4]
heard = pl.generate(capsule, seconds=3, voices=4, temperature=0.95, seed=seeds)
notebook.play(*heard, names=[f"seed {seed}" for seed in seeds])

# %% [markdown]
# ## Freedom: the temperature
#
# **Temperature** bends the lot. At 1 the values are drawn as likely as the model finds them. Below 1 the likely ones
# are drawn even more often: the sound calms down, and far below, it falls silent or sticks to a tone. Above 1 the
# unlikely ones get their chance, until only noise is left.
#
# Here is the same chance taken seven times, each time more freely. The first may be next to silent. Do not turn it up:
# the last is loud.

# %%
freedoms = [0.6, 0.7, 0.8, 0.9, 1.0, 1.1, 1.3]
line = pl.generate(capsule, seconds=3, voices=7, temperature=freedoms, seed=[2] * 7)
notebook.play(*line, names=[f"temperature {freedom:g}" for freedom in freedoms])

# %% [markdown]
# Where does it fall asleep, where does it boil, and where would you live? A small change near your favourite often
# matters more than a large one elsewhere.

# %% [markdown]
# ## Many at once: voices
#
# A **voice** is one performance. Several are made side by side, in far less time than one after the other. They do not
# hear each other: what sounds like a chorus is many soloists from the same school. Here are six of them together, each
# turned down to a sixth so that the sum cannot be too loud, and then the first two alone.

# %%
chorus = pl.generate(capsule, seconds=4, voices=6, temperature=0.95, seed=11)
together = pl.Clip(sum(voice.samples for voice in chorus) / 6, rate, "six voices together")
notebook.play(together, *chorus[:2])

# %% [markdown]
# ## Your takes
#
# Now for your piece. Set what you want, then run the cell under the controls.

# %%
controls = notebook.Panel(
    temperature=notebook.number("Temperature", 0.95, 0.05, 5),
    seconds=notebook.number("Seconds", 8, 0.5, 600, step=0.5),
    voices=notebook.whole("Voices", 3, 1, 64),
    seed=notebook.whole("Seed", 21, 0, 9999),
)
controls

# %% [markdown]
# How long this takes depends above all on the seconds that you ask for; a line says how far it is.

# %%
takes = pl.generate(capsule, **controls.values)
notebook.play(*takes)

# %% [markdown]
# ## Look before you choose
#
# Pictures tell you where to listen in a long take. A **waveform** shows how loud the sound is at each moment.

# %%
notebook.waveform(takes[0])

# %% [markdown]
# A **spectrogram** shows which frequencies sound when: time runs to the right, pitch goes up, and the brighter, the
# louder.

# %%
notebook.spectrogram(takes[0])

# %% [markdown]
# ## Save them
#
# The files are WAV, mono, 16 bit, at the model's sample rate, exactly as loud as you heard them. A performance that you
# keep is called a **take**. Its name says with which seed, voice and temperature it was made and how long it is, and
# each model has a folder of its own. So no take replaces another, unless it is the same again.

# %%
course.keep(takes, capsule)

# %% [markdown]
# In Colab you work on a computer that is lent to you, the **runtime**. When it ends, your files vanish, unless you
# began with `notebook.Course(drive=True)`, which keeps them on your Google Drive. Change `False` to `True` here to pack
# the takes into one file, a zip, and save it on your computer.

# %%
take_them_home = False
if take_them_home:
    course.take_home(course.takes)

# %% [markdown]
# ## Other instruments
#
# The course has other models. Here is the one that you have been playing, then one that has heard bells, and one that
# has heard a folder of faulty recordings, with hum, clicks and holes in it. All three get the same seed, so what
# differs is the models and what they have heard.

# %%
others = {name: pl.Run(f"../datasets_examples/trained/{name}").capsule() for name in ("bells", "needs_work")}
three = {"yours": capsule, **others}
played = [pl.generate(model, seconds=4, voices=1, temperature=0.85, seed=4)[0] for model in three.values()]
notebook.play(*played, names=list(three))

# %% [markdown]
# ## What you did
#
# - You played one model with many seeds and temperatures, alone and in chorus.
# - You made takes for your piece, looked at them and saved them.
# - You heard what other models make of the same chance.

# %% [markdown]
# ## Check yourself
#
# You asked for three voices with seed 21, and you like voice 2. You want it alone, but longer. If you ask for one voice
# with seed 21, do you get it?
#
# <details><summary>Answer</summary>
#
# No, you get voice 1. Every voice of a seed has its own chances, which do not depend on how many voices there are.
# Ask for two voices, more seconds, and keep the second: it begins with the sound that you like and goes on from
# there.
#
# </details>

# %% [markdown]
# ## Exercise
#
# Make a small study of fifteen seconds from this model alone: five takes of three seconds, one after the other, each a
# little freer than the one before.
#
# <details><summary>Solution</summary>
#
# ```python
# import numpy as np
#
# freedoms = [0.75, 0.85, 0.95, 1.05, 1.15]
# steps = pl.generate(capsule, seconds=3, voices=5, temperature=freedoms, seed=8)
# study = pl.Clip(np.concatenate([step.samples for step in steps]), rate, "study")
# study.save(course.takes / "study.wav")
# notebook.play(study)
# ```
#
# You may hear the cuts. In your own program you would overlap the takes and fade.
#
# </details>

# %% [markdown]
# ## Journal
#
# Write while the takes are still in your ear.

# %%
journal = course.journal_panel(
    "04 Generating",
    "Which takes will you use, and for what?",
    "What can this model not do that your piece needs?",
)
journal

# %% [markdown]
# And into the journal with it:

# %%
journal.keep()

# %% [markdown]
# ## Next
#
# [Lesson 05: Going further](05_going_further.ipynb), [in Colab](https://colab.research.google.com/github/prism-lessons/prism-lessons/blob/v0.1.0/notebooks/05_going_further.ipynb)
