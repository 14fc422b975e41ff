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
# At the end of this page you hear two takes of three seconds each. They are made by a small model that has listened to
# recordings of bells for one minute, here on your computer. A **model** is a large set of numbers that listens to a
# sound and guesses how it goes on.
#
# One minute is very little: expect short bursts of low noise and crackles, far quieter than the bells. They show that
# the whole way works; the last section says how to go on.
#
# **Time:** about two minutes on two processor cores, and the time you take to listen. **Needed:** headphones or
# loudspeakers, turned low to begin with. You need no graphics card and no programming.
#
# **How to run a cell:** the grey boxes are cells. Click on the first one, hold Shift and press Enter: the cell runs,
# and the next one is chosen. While it works, `[*]` stands beside it; when it is done, a number does. Run the cells from
# top to bottom.

# %% [markdown]
# ## Get ready
#
# This cell fetches the course's library and defines `hear`, which shows a player with the name of the sound, its length
# and its peak. A peak of 0 dBFS is the loudest that a file can hold; every 6 dB below that halves it. Sounds are played
# as loud as they are: nothing is turned up, and nothing plays until you press play.

# %%
from pathlib import Path

from IPython.display import Audio, display

import prism_lessons as pl
from prism_lessons import audio


def hear(clip, name):
    print(f"{name}: {clip.seconds:.1f} s, peak {clip.levels.peak_dbfs:.1f} dBFS")
    display(Audio(clip.samples, rate=clip.sample_rate, normalize=False))


# %% [markdown]
# ## Listen to the bells
#
# These are three of the 28 recordings in the folder. Remember how a strike begins and how it dies away.

# %%
bells = Path("../datasets_examples/bells")
for name in ("bell_D5_hard", "chime_A5_soft", "gong_103_soft"):
    hear(audio.load(bells / f"{name}.flac"), name)

# %% [markdown]
# ## Look at the whole folder
#
# A survey lists every file with its length and levels, and says of each that cannot be used why. It changes nothing.
# Here one file, the card that describes the bells, is text and no sound.

# %%
print(pl.survey(bells))

# %% [markdown]
# ## Prepare the recordings
#
# The recordings are copied into the folder `course_files` as clips of one kind: mono, with 16,000 samples a second. A
# sample is one value of the sound wave. Some recordings are kept for **validation**: the model never learns from them,
# so how well it guesses them shows what it has understood and what it has only learned by heart.

# %%
work = Path("course_files/first_sound")
corpus = pl.curate(bells, work / "corpus", sample_rate=16000)
print(corpus)

# %% [markdown]
# ## Let the model listen
#
# **Training** is practice: the model hears the recordings, guesses each next sample, is told the right one, and its
# numbers (its weights) are moved a little so that it would guess better. An **epoch** is one time through all the
# recordings; the last one here may be cut short when the minute is over. The **bits** say how unsure the guesses are: 8
# would be blind chance among the 256 values that it chooses from, the first guesses are worse than that, and fewer bits
# are better. You may stop this cell with the square button above and run it again: it goes on where it was.

# %%
minutes = 1
run = pl.train(corpus, work / "run", preset="sketch", minutes=minutes)

# %% [markdown]
# ## Hear it learn
#
# After each epoch the model played two clips of two seconds. Listen from the first epoch to the last. **Temperature**
# is how freely it chooses: at 1 it follows its guesses as they are, below 1 it keeps more to what it finds likely. If
# you turn the volume up to hear them, turn it down again before you play a bell.

# %%
for epoch, paths in run.clips.items():
    for path in paths:
        temperature = path.stem.split("_t")[1]
        hear(audio.load(path), f"after epoch {epoch}, at temperature {temperature}")

# %% [markdown]
# ## Let it play
#
# Two voices of three seconds: the model plays sample after sample, each drawn by lot from what it finds likely. The
# **seed** is a number that decides how all these lots fall, so the same seed gives the same takes again, and another
# seed other takes.

# %%
temperature = 0.9
seed = 1
clips = pl.generate(run, seconds=3, voices=2, temperature=temperature, seed=seed)
for clip in clips:
    hear(clip, clip.name)

# %% [markdown]
# ## Keep one
#
# This saves the first take as a WAV file, as loud as you heard it, for whatever program you compose in.

# %%
print("Saved:", clips[0].save(work / f"{clips[0].name}.wav"))

# %% [markdown]
# ## What you did
#
# - You listened to recordings, surveyed them and prepared them to learn from.
# - You trained a model for a minute and heard what it had learned after each epoch.
# - You let it play, and kept a take.
#
# ## Try this
#
# In the cell under "Let the model listen", change `minutes` to 3 and run it: the run goes on for two minutes more. Then
# run the cells below it again and compare the peaks with those of before, and with the bells. Copy the take you kept
# first if you want both: the new one gets the same name.
