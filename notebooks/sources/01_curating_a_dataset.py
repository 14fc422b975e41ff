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
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/prism-lessons/prism-lessons/blob/v0.1.0/notebooks/01_curating_a_dataset.ipynb)
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
# A model knows nothing but the recordings you give it. Choosing them, which is called **curating**, is the first act
# of composition here, and no setting further on can undo it. It means asking four things of your sounds: where they
# come from and what they are for, whether they are clean, how they are organised, and how they relate to each other.

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
# This cell brings in the course's library and says where your files are kept.

# %%
import prism_lessons as pl
from prism_lessons import notebook

course = notebook.Course()

# %% [markdown]
# Do you bring recordings? Then write `mine = True` below and run the cell. In Colab it asks for files. On your own
# computer it says which folder to put them into; do so, and run it again. WAV, FLAC, AIFF, OGG and MP3 will do. Nothing
# that you bring is ever changed.
#
# If you have none yet and want real ones, `course.borrow("trumpet")` in a cell of your own fetches a recording from the
# collection of librosa, a library for sound, and prints whose it is. It needs a network.
#
# With `mine = False` your source is the example set "breath": wind and whispers. Why not the bells that you will hear
# a good deal of in this lesson? A small model learns the colour of a noise within minutes. The pitches of a bell take
# it far longer.

# %%
from pathlib import Path

mine = False

if mine:
    course.bring()
source = course.recordings if mine else Path("../datasets_examples/breath")

# %% [markdown]
# ## 1. Origin and intention
#
# Listen to your source before you measure it. Here are its first and its last file.

# %%
sounds = pl.survey(source).usable
notebook.play(source / sounds[0].name, source / sounds[-1].name)

# %% [markdown]
# Now three questions. They are best answered before there is a result to defend.
#
# *What do you want to hear?* A sound for one place in a piece, a partner to improvise with, a texture that could go
# on for ever?
#
# *What would success sound like?* "So like my source that I mistake it" and "something I could not have imagined" are
# both good answers. They lead to different choices: which recordings, when to stop training, which takes to keep. If
# somebody works with you, ask them too. You may find that you meant different things.
#
# *Who made these sounds?* For each source: who played, spoke, built or recorded it, under what licence, and have they
# agreed to this use? Leave to play a recording is not leave to train a model on it. A voice belongs to a person even
# where nobody could make out the words.
#
# Write your answers below. You can change them whenever you like.

# %%
intention = course.journal_panel(
    "01 Curating, before",
    "What do you want to hear?",
    "What would success sound like?",
    "Who made the sources, and do they agree?",
)
intention

# %% [markdown]
# This cell keeps what you wrote, as the button does.

# %%
intention.keep()

# %% [markdown]
# ## 2. Quality
#
# The folder `needs_work` came with the course and is of a kind that many disks hold: bells, as if recorded over some
# weeks by several people on several machines, under names that tell you nothing. A **survey** reads every file in a
# folder and measures it.

# %%
needs_work = Path("../datasets_examples/needs_work")
survey = pl.survey(needs_work)
print(survey)

# %% [markdown]
# Read the table column by column, and guess from it which files you want to hear.
#
# - `rate` is the number of samples a second, a sample being one value of the wave. A file holds no sound above half of
#   it: at 8,000, nothing above 4,000 Hz.
# - `ch` is the number of channels. The model hears one, so two are averaged; all that follows is measured on this mix.
# - `seconds`: is one much longer or shorter than its neighbours?
# - `peak` is the loudest moment, in **dBFS**. 0 is the most that a file can hold, and every 6 dB less halves the height
#   of the wave. One file touches the ceiling. Two lie far below all others.
# - `rms` is the loudness on average, in dBFS too.
# - `silence` is the share of the time below -60 dBFS. A bell dies away, so about ten in a hundred is what you expect.
#   At 0% something never stops, or is cut off before it can. At 92% there is little but silence.
#
# Three files cannot be used at all. Each is named with its reason, rather than left out without a word. One of them is
# no fault: `CARD.md` is the folder's own description.

# %% tags=["check", "nbval-check-output"]
for file in survey.files:
    if not file.usable:
        print(f"{file.name}: {file.reason}")

# %% [markdown]
# Figures tell you where to listen; your ears tell you what is wrong. Six faults follow, each with what a model makes
# of it and what you can do. The course does not mend recordings: do that in your audio editor, or leave the file out.
#
# From here on you hear recordings as a model does: one channel, 16,000 samples a second. This cell teaches the notebook
# a word, `fetch`, that reads a file in that way.

# %%
from prism_lessons import audio


def fetch(name):
    return audio.load(needs_work / name, sample_rate=16000)


# %% [markdown]
# ### Clipping
#
# **Clipping** is a wave that was too loud for its file, so that its tops are cut off flat. `Take 2.wav` is as it
# should be. `Take 3.wav` peaks at 0 dBFS, and is 9 dB louder on average: turn down a little.

# %%
notebook.play(fetch("Take 2.wav"), fetch("Take 3.wav"))

# %% [markdown]
# The second buzzes at each strike. Here are 20 thousandths of a second of it. Look at the tops and the bottoms.

# %%
from dataclasses import replace

loud = fetch("Take 3.wav")
notebook.waveform(replace(loud, samples=loud.samples[32:352], name="20 ms of Take 3"))

# %% [markdown]
# What a model learns: that waves run into a wall. The buzz becomes part of what a bell is.
#
# What to do: what was cut off is gone. Record again, look for an earlier version, or leave it out.
#
# ### Hum
#
# **Hum** comes in from the mains: a low tone with its overtones, always there. Listen to the end of `kitchen.wav`,
# when the bell has gone.

# %%
notebook.play(fetch("kitchen.wav"))

# %% [markdown]
# A **spectrogram** shows time from left to right, pitch from bottom to top, and loudness as brightness. The lines of
# the bell fade. The hum is the bright band at the bottom, which does not: 50, 100, 150 and 250 Hz.

# %%
notebook.spectrogram(fetch("kitchen.wav"))

# %% [markdown]
# What a model learns: the hum together with the bell. The hum is in every instant of the file, and nothing can be
# foreseen so well as a tone that never changes.
#
# What to do: narrow notch filters at those frequencies, or a high-pass filter if nothing that you want lies as low.
# Then listen to what the filters did to the bell.
#
# ### Hiss
#
# The **noise floor** is what remains when nothing sounds. In `Zoom0012.wav` it is a hiss at -34 dBFS, and the bell
# dies away into it. The survey shows it as 0% silence, just as it does the hum: figures alone cannot tell them apart.

# %%
notebook.play(fetch("Zoom0012.wav"))

# %% [markdown]
# What a model learns: to hiss, under every bell and between the bells.
#
# What to do: prefer the quieter take. Noise reduction leaves traces of its own, a kind of twittering, and a model
# learns these too.
#
# ### Channels that cancel
#
# `Glocke übung.wav` has two channels, and their mix peaks at only -47 dBFS. First you hear this mix, and then the left
# channel alone, which is 40 dB louder. Do not turn up for the first.

# %%
import soundfile

both, rate = soundfile.read(needs_work / "Glocke übung.wav")
left = audio.Clip(both[:, 0], rate, "Glocke übung, left channel")
notebook.play(fetch("Glocke übung.wav"), left)

# %% [markdown]
# The right channel is the left one upside down, as a wrongly wired cable leaves it. Where one pushes, the other
# pulls, and their sum is next to nothing. In stereo you might never have noticed.
#
# What a model learns: near silence.
#
# What to do: keep one of the two channels, and nothing is lost. The cell above has done so; `left.save("left.wav")`
# would write it to a file.
#
# ### DC offset
#
# The wave of `Cloche n° 2.aiff` does not swing around zero but around 0.2. Such a **DC offset** has no sound of its
# own.

# %%
leaning = fetch("Cloche n° 2.aiff")
notebook.waveform(leaning)

# %% [markdown]
# Taking the average away puts the wave back where it belongs. Listen for the bump where the first player starts and
# stops: there the wave jumps from zero to 0.2 and back. In the captions the level on average falls by 11 dB, and the
# silence after the bell shows again.

# %%
centred = replace(leaning, samples=leaning.samples - leaning.samples.mean(), name="Cloche n° 2, centred")
notebook.play(leaning, centred)

# %% [markdown]
# What a model learns: that rest lies at 0.2. If the other recordings rest at zero, it learns two places of rest, and
# every jump between them is a click.
#
# What to do: most editors have a command for it, "remove DC offset" or the like. A high-pass filter at 20 Hz does it
# too.
#
# ### Clicks
#
# `REC_0007.flac` has 25 clicks of one or two samples, as a bad connection makes them. Its row in the table is that of
# a good file. Turn down first.

# %%
notebook.play(fetch("REC_0007.flac"))

# %% [markdown]
# What a model learns: that a click may come at any time.
#
# What to do: an editor's click removal, or its pencil for the few that matter. Or keep them, if crackle is what you
# came for. A fault is a fault only beside an intention.
#
# ### Five more
#
# Listen to each before you read on.

# %%
faults = ["Audio 5.wav", "REC_0004.wav", "Take 4.wav", "bounce_final_v2.wav", "field 08.flac"]
notebook.play_grid({name: {"sound": fetch(name)} for name in faults}, "Five more faults")

# %% [markdown]
# - `Audio 5.wav`: three quarters of it are silence. A model that hears much silence learns to keep silent. Trim the
#   file to its one strike.
# - `REC_0004.wav`: holes of a few thousandths of a second, where a computer was late. They tick, or stumble.
# - `Take 4.wav`: 8,000 samples a second. Nothing above 4,000 Hz is there, and no setting brings it back.
# - `bounce_final_v2.wav`: one fade over the whole file, so that most of it is a very soft sound. Keep its beginning.
# - `field 08.flac`: cut off, as when a card is pulled out too early. It breaks off while the bells ring, and a model
#   learns that bells may do so. Trim it and let a fade end it, or leave it out.
#
# The card of the folder, `datasets_examples/needs_work/CARD.md`, is the answer sheet: it names the fault of every file.
#
# Now survey your own source, read it with the same eyes, and listen to whatever looks odd. If you use the wind and the
# whispers, you will find no fault in them.

# %%
print(pl.survey(source))

# %% [markdown]
# ## 3. Organisation
#
# A **corpus** is a set of recordings in the form in which a model learns from them: mono, at one **sample rate**, each
# with a note of where it came from. The rate is decided here, once. The model, and every sound that it makes, will
# have it. 16,000 is a good beginning; lesson 05 lets you hear what a higher rate gives, and says what it costs.
#
# This is what somebody in a hurry would do: take the folder as it is.

# %%
hasty = pl.curate(needs_work, course.home / "practice" / "hasty", sample_rate=16000)
print(hasty)

# %% [markdown]
# The end of the list says what was not used, and why. `Unbenannt.flac` is the same sound as `Take 1.wav` under another
# name and in another format. It is left out, since what is there twice counts twice.
#
# Some of the sound is kept for **validation**. The model never learns from it, so how well it guesses there shows
# what it has understood, and what it has only learned by heart. Whole recordings are kept, because two halves of one
# have so much in common that the one would give the other away.

# %% tags=["check", "nbval-check-output"]
print(len(hasty.clips), "recordings")
print("kept for validation:", ", ".join(clip.recording for clip in hasty.of("validation")))

# %% [markdown]
# ### Level, and what 256 values can hold
#
# One more thing happens to your sound. A model does not hear a smooth wave: each sample is rounded to one of 256
# values, which is called **quantisation**. The values lie close together near silence and far apart where it is loud,
# since the ear forgives more there. This way of spacing them is called **mu-law**.
#
# Here is a bell, the same in 256 values, and what was lost on the way: the difference of the two.

# %%
from prism_lessons.quantisation import Quantisation

codec = Quantisation("mu-law", 256)
bell = fetch("Take 1.wav")
rounded = codec.decode(codec.encode(bell.samples))
lost = replace(bell, samples=bell.samples - rounded)
notebook.play(bell, replace(bell, samples=rounded), lost, names=["The bell", "In 256 values", "What was lost"])

# %% [markdown]
# What was lost is a hiss 38 dB below the bell. It comes and goes with the bell, which hides most of it.
#
# Now `Zoom0013.wav`, recorded far too softly: it peaks at -48 dBFS. To make it audible, both players turn it up by 42
# dB. The first does so after rounding, so you hear what a model would be given. The second does so before.

# %%
soft = fetch("Zoom0013.wav")
gain = 10 ** (42 / 20)
as_it_is, turned_up = codec.encode(soft.samples), codec.encode(gain * soft.samples)
print(f"values used: {len(set(as_it_is))} as it is, {len(set(turned_up))} when it is turned up first")
too_late, in_time = replace(soft, samples=gain * codec.decode(as_it_is)), replace(soft, samples=codec.decode(turned_up))
notebook.play(too_late, in_time, names=["Rounded, then turned up", "Turned up, then rounded"])

# %% [markdown]
# The first is rougher, and it stops too soon: where the bell sinks below the smallest value, there is nothing. From
# this file a model can learn no more than that.
#
# What to do: turn soft recordings up in your editor until their loudest moment lies near -3 dBFS. Turn recordings that
# belong together up by the same amount, so that a soft strike stays softer than a hard one.
#
# ### How much is enough?
#
# Two minutes can do for a texture. For a decent model, people who have trained many speak of an hour of clean,
# consistent sound. Consistent is the word that counts: an hour of twenty things is three minutes of each.
#
# ## 4. Relationships
#
# Which of these belong together? It is the question that is asked least, and no table answers it. Listen to one,
# then to another, and notice which makes you look up. One does not belong. Two are nearly the same.

# %%
grid = {
    "upper row": {"left": "Take 1.wav", "middle": "Take 2.wav", "right": "mix 3.wav"},
    "lower row": {"left": "field 02.flac", "middle": "memo 4.wav", "right": "field 07.flac"},
}
six = {row: {place: fetch(name) for place, name in names.items()} for row, names in grid.items()}
notebook.play_grid(six, "Six recordings")

# %% [markdown]
# In the middle of the lower row somebody whispers: `memo 4.wav`. It is clean, well recorded, and in the wrong place.
#
# Left and right in the upper row are the near twins. `mix 3.wav` is `Take 1.wav`, a hundredth faster and 3 dB softer.
# Exact copies are found for you; this one was not. Compare their pictures: the same lines, the same two strikes. The
# whisper has a cloud where the bells have lines.

# %%
from IPython.display import display

for name in ("Take 1.wav", "mix 3.wav", "memo 4.wav"):
    display(notebook.spectrogram(fetch(name)))

# %% [markdown]
# Near twins do harm in a way that is hard to see later. Look back at what was kept for validation: `Take 1.wav` is
# there, and the model would learn from `mix 3.wav`. It would be tested on what it has nearly heard, and look better
# than it is.
#
# So choose. `keep` names the files that stay. Change the list: take out what you would not want to hear again, put in
# what you miss. At least ten seconds of sound are needed.

# %%
import shutil

keep = ["Take 1.wav", "Take 2.wav", "Take 6.wav", "field 02.flac", "field 05.flac", "field 07.flac"]

chosen = course.home / "practice" / "chosen"
shutil.rmtree(chosen, ignore_errors=True)
chosen.mkdir(parents=True)
for name in keep:
    shutil.copy(needs_work / name, chosen)
print(pl.curate(chosen, course.home / "practice" / "corpus", sample_rate=16000))

# %% [markdown]
# Of nearly a minute and a half, twenty seconds are left. That is too little to train on, but it is one thing: bells,
# clean, nothing twice. If they were yours, you would now go out and record more like these.
#
# ## Your corpus
#
# Now the sounds that you go on with: what this cell makes is what lesson 02 trains on. To leave out a recording of
# yours, move it out of the folder `recordings` and run the cell again. A trained model belongs to its corpus, so after
# a change here, begin a new training there.

# %%
corpus = pl.curate(source, course.home / "corpus", sample_rate=16000)
print(corpus)

# %% [markdown]
# Here are those that it will never learn from, at most three of them. Keep them in your ear. In lesson 03, they help
# you to judge whether a model has understood what your sounds have in common.

# %%
unheard = corpus.of("validation")[:3]
notebook.play(*[corpus.folder / clip.file for clip in unheard], names=[clip.recording for clip in unheard])

# %% [markdown]
# A corpus has a card: what is in it, what was done to it, what was left out. Every model that is trained on it carries
# the card along. Who made the sounds, and what you want from them, only you can say; it is in your journal.

# %%
from IPython.display import Markdown

Markdown(corpus.card().replace("# Card", "### Card"))

# %% [markdown]
# ## What you did
#
# - You wrote down what you want to hear and whose sounds these are, before there was a result to defend.
# - You looked for faults by figure, by eye and by ear, and read what a model would make of them.
# - You chose what belongs together, and made the corpus that you train on next.
#
# ## Check yourself
#
# Here are two recordings whose figures are much alike. One is good. What is wrong with the other, and what would a
# model learn from it? Use headphones, and listen into the ringing after each strike.

# %%
notebook.play(fetch("REC_0004.wav"), fetch("Take 6.wav"), names=["A", "B"])

# %% [markdown]
# <details><summary>Answer</summary>
#
# A is `REC_0004.wav`, the one with holes: twelve, of 4 to 30 thousandths of a second. You hear ticks and stumbles in
# the ringing. The survey shows 14% silence against 9%, and a bell that dies sooner would show the same. A model learns
# that a sound may be gone for an instant and come back. So listen to every file to its end before you train for a
# night: some faults have no figure.
#
# </details>
#
# ## Exercise
#
# Suppose you wanted a model of faults: hum, hiss, clicks and holes, as material for a piece. Which files would you
# keep? Change the list `keep` above, run its cell, and listen to the files of your choice one after the other. Is
# there something in them that does not belong?
#
# <details><summary>Solution</summary>
#
# One of many:
#
# ```python
# keep = ["kitchen.wav", "Zoom0012.wav", "REC_0004.wav", "REC_0007.flac"]
# ```
#
# What does not belong now is the bells: they are in all four, and a model would learn both. For hum and hiss alone,
# keep only the ends of the files, where the bells have gone. For more than a few seconds of them, record a fridge, a
# bad cable, an empty room.
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
# And into the journal with it:

# %%
journal.keep()

# %% [markdown]
# ## Next
#
# [Lesson 02: Training](02_training.ipynb), [in Colab](https://colab.research.google.com/github/prism-lessons/prism-lessons/blob/v0.1.0/notebooks/02_training.ipynb)
#
# There a model listens to your corpus, and you hear what it makes of it.
