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
# **You will hear:** a second of your own recordings, learned by heart in about a minute; then a model learning all of
# them. The model plays after every pass through them, so you can hear what changes.
#
# **Time:** about four minutes of computing on two processor cores, with or without a graphics card, since the training
# stops after two minutes; half an hour, listening included. A model worth keeping may take longer: a large one takes a
# night on a graphics card.
#
# **Needed:** nothing, or the corpus that you made in lesson 01.

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
# How many minutes may the model practise? Two are enough for a first model. A model of winds and whispers learns nearly
# all that it can in its first pass; with recordings that ring, it goes on changing for longer.

# %%
minutes = 2

# %% [markdown]
# This cell loads the course's library and says where your files are kept.

# %%
import prism_lessons as pl
from prism_lessons import notebook

course = notebook.Course()

# %% [markdown]
# ## What it will listen to
#
# A **corpus** is a set of recordings made ready for learning: mono, at one sample rate, each with a note of where it
# came from. If you made one in lesson 01, it is used here. If not, you get winds and whispers.

# %%
corpus = course.corpus()

# %% [markdown]
# The next cell says how much sound there is. Two numbers matter: the seconds to train on, and the seconds kept for
# **validation**. The model never learns from the latter, so how well it predicts them shows what it has understood, and
# not only learned by heart.

# %%
print(corpus)

# %% [markdown]
# A **clip** is a piece of sound. Listen to three clips that the model will learn from, one after the other. Remember
# how they sound: the model has only clips like these to go by.

# %%
clips = [corpus.folder / clip.file for clip in corpus.of("training")[:3]]
notebook.play(*clips)

# %% [markdown]
# ## What learning means here
#
# A sample is one value of the sound wave. The model hears the samples up to some point and says, for each value that
# the next sample could take, how likely that value is. There are 256 such values, called **codes**. They lie close
# together near silence, where the ear notices most, and further apart where the sound is loud.
#
# What does it sound like to know nothing at all? All codes are then equally likely. Here are two seconds of that,
# turned down to a tenth to spare your ears.

# %%
import numpy as np

codec = pl.PRESETS["sketch"].model.codec
chance = np.random.default_rng(1)
blind = codec.decode(chance.integers(1, 256, 2 * corpus.sample_rate))
notebook.play(pl.Clip(0.1 * blind, corpus.sample_rate, "blind chance, turned down to a tenth"))

# %% [markdown]
# Now imagine a listener who has counted how often each code occurs in your corpus, but does not know which code follows
# which. This listener picks each code as often as it occurs there, in any order.

# %%
from prism_lessons.corpus import codes_of

codes = codes_of(corpus, "training", codec).array
counted = codec.decode(chance.choice(codes, 2 * corpus.sample_rate))
notebook.play(pl.Clip(counted, corpus.sample_rate, "the right codes in any order"))

# %% [markdown]
# Noise again: as loud as your recordings, and otherwise nothing like them. So it is the order of the samples that makes
# a wind a wind. This order is what the model has to find.
#
# How far the model has come is counted in **bits**: how many yes-or-no questions it would still have to ask, on
# average, to know the next sample. Blind chance among 256 codes needs 8, since eight questions can tell 256 things
# apart.

# %% tags=["check", "nbval-check-output"]
print(f"Blind chance among {codec.levels} codes: {np.log2(codec.levels):.0f} bits per sample")
print(f"Among half as many: {np.log2(codec.levels / 2):.0f} bits")

# %% [markdown]
# There is a third listener to compare with, and it is a good one. It knows nothing about music and has never heard your
# corpus. It only follows how the wave has just moved, and expects it to go on in the same way. Engineers call this
# **linear prediction**; telephones used it for decades. A steady tone is easy for this listener; a strike takes it by
# surprise.
#
# Here are the first seconds of your corpus. Then comes what this listener expected: it guesses one sample, is told the
# right one, and guesses the next, so its mistakes do not add up. Last comes what it missed: the difference between the
# two.

# %%
from prism_lessons.linear_prediction import Predictors

listener, heard = Predictors((32,), codec), codes[: 4 * corpus.sample_rate]
features, _ = listener.follow(heard[None], listener.begin(heard[None, :0]))
expected, recorded = features[0, :, 0], codec.decode(heard)
sounds = {"the recording": recorded, "what was expected": expected, "what was missed": recorded - expected}
notebook.play(*(pl.Clip(samples, corpus.sample_rate, name) for name, samples in sounds.items()))

# %% [markdown]
# What was missed is softer, and often sounds like breath and clicks. It is what sets the sound going, without the
# ringing that follows. The model that you train has listeners of this kind inside. Three of them, called
# **predictors**, look back half a millisecond, two milliseconds and eight milliseconds, at 16,000 samples a second. The
# fourth is a **book** of 128 resonances taken from your recordings: at each moment, the resonance that has just fitted
# best makes a guess too. So from the beginning the model knows how a string or a bell rings on. It has to learn the
# rest: when a new sound begins, what follows it, and how far to trust each of its four listeners.
#
# Fewer bits mean that the model predicts more. They do not mean better music: nobody can predict noise, so a wind keeps
# its bits high, and a dull drone has very few. Watch the bits, and trust your ears.

# %% [markdown]
# ## Before it begins: what do you want?
#
# Write it down now. In lesson 03 you will read it again before you choose.

# %%
intention = course.journal_panel(
    "02 Training, before",
    "What do you hope to hear?",
    "What would success sound like: like the source, or like nothing you could have imagined?",
)
intention

# %% [markdown]
# This cell keeps what you wrote, as the button does.

# %%
intention.keep()

# %% [markdown]
# ## Set it up
#
# The next cell shows the controls of the training, with notes on what they do to the sound. You may leave them all as
# they are. Controls with an arrow are lists; the space bar opens them. At the end, a tick box shows all the other
# settings; lesson 05 explains them. If you run this cell again, every control goes back to where it was at first.
#
# - Name is what this training is called. Everything that it makes is kept in a folder of that name, its **run**. A new
#   name begins a new run. If a run has learned from other recordings or with other settings than these, the control
#   proposes a new name.
# - **Seed** is the number from which all random choices are made.
# - The notes mention epochs and frames. An **epoch** is one pass through all the recordings; a **frame** is a short row
#   of samples that a part of the model takes in at once.

# %%
setup = notebook.SettingsPanel(
    "sketch",
    notebook.budget(minutes),
    name=notebook.text("Name", course.name_for(corpus)),
    seed=notebook.whole("Seed", 0, 0, 9999),
)
setup

# %% [markdown]
# ## How long will it take?
#
# This cell lets the model practise for a few seconds on your corpus, on this computer. It works out when the training
# would end if it began now, and how far it would get. What was learned is then thrown away. The time is that of the
# computer's clock; where it says UTC, as in Colab, it is the time in London in winter.

# %%
settings = setup.values
folder = course.new_run(settings.pop("name"))
print(pl.plan(corpus, "sketch", most_hours=course.lent_hours, **settings))

# %% [markdown]
# Is that too long, or is there time for more? Change Minutes in the controls, and run this last cell again. Do not run
# the one that shows the controls, since that resets them. You can also ask the other way round. In a cell of your own,
# `print(pl.plan(corpus, "sketch", until="17:00"))` says how far a sketch with its usual settings would get by five
# o'clock.

# %% [markdown]
# ## Before a long training: the pre-flight
#
# A night of training is lost if something was wrong when it began. The **pre-flight** checks this beforehand, in a
# minute or two. It writes a **checkpoint** into the folder where the run will be, and goes on from there; a checkpoint
# is all that a training needs to go on after an interruption. The pre-flight also checks whether there is enough
# memory. And it lets a small model learn one second of your own recordings by heart; at high sample rates, less than
# that.

# %%
check = pl.preflight(corpus, folder, "sketch", copy_to=course.copy_of(folder), **settings)
settings |= check.advised
notebook.preflight_shown(check)

# %% [markdown]
# The table says how each trial went, and the line under it says what to do now. Where a trial failed, the sentence
# beside it says what to change. If that is a value such as `streams=8`, you need not do anything: this cell has put it
# among the settings. Put anything else right yourself; then run this last cell again. "Not finished" is not a failure:
# the computer was too slow, or had too little memory, to complete the trial. A failure does not stop the page. If you
# ran all cells in one go, the training begins anyway, and you may interrupt it. The cell that trains also works without
# a pre-flight.
#
# The first player has your recording. The second has what a model made, sample by sample, after hearing nothing but
# that recording for less than a minute. If you recognise the recording, then everything between it and the loudspeaker
# works. This is what learning by heart sounds like. In the training that follows, the model hears much more, too much
# to know all of it by heart so soon; it has to find out what your recordings have in common.

# %% [markdown]
# ## Train
#
# **Training** is practice: the model guesses the next sample, is told the right one, and all its numbers, which are
# called **weights**, are moved a little so that it would have guessed better. How far they move in one step is the
# **learning rate**. When the minutes are over, the last epoch may be cut short.
#
# After each epoch the model is tested on the recordings kept aside, and plays two clips, each at its own temperature.
# Before each clip it hears a **moment** of your recordings, shorter than the blink of an eye and chosen at random, and
# goes on from there. **Temperature** is how freely it chooses: at 1 exactly as it has learned, below 1 closer to what
# it finds likely. The picture is then drawn again, with a sentence on what the numbers do, another on what you can do,
# and players for the newest clips. A model that has hardly begun can play loud noise: keep the volume low.
#
# During the training, the last line says how far it is and, after a few seconds, when it will end. You may interrupt it
# with the square button at the top of the page (in Colab, the one beside the cell). What the model has learned is then
# saved, as it also is every five minutes without your doing anything. Run the cell again, and the training goes on from
# there. The cells below use the epochs that are finished by then; let it finish at least one.
#
# Sometimes a training blows up: the model's numbers grow without bounds, and it would play noise from then on. You need
# not watch for this. The course notices, goes back to the last complete epoch, and goes on with half the learning rate.
# If three such attempts have not helped, it stops and says what you can try.

# %%
picture = notebook.LiveFigure(notebook.training_view)
pl.train(corpus, folder, "sketch", each_epoch=picture, copy_to=course.copy_of(folder), **settings)

# %% [markdown]
# ## Read the curve
#
# Time runs to the right, in epochs; the lower a curve, the better the model predicts. The dashed curve is training; the
# solid one with dots is validation. A triangle on the axis marks where the training blew up or a setting was changed.
#
# The dotted lines are the three listeners: blind chance, the listener who has counted, and linear prediction. A model
# below the second line knows something about the order of the samples. Yours does from the start, since it has
# predictors inside: its curve begins near the third line, or below it if your sounds ring. How far the solid curve
# falls from its first dot shows what the model learns after the first pass. With winds and whispers that is next to
# nothing, since they are mostly noise.
#
# Now and then, while your model learns, a few milliseconds of noise are mixed into what it hears. When it plays, it
# will make mistakes and hear them; the noise teaches it to find its way back. At each step, nearly a third of the
# model's inner values, different ones each time, are also left out, so that it does not learn your recordings by heart
# so soon ("by heart" in the controls leaves out none, "free" more). The dashed curve is measured under these
# conditions, so it may lie above the solid one.
#
# - Both curves fall: the model is still learning, and more time would help.
# - Both lie flat: it has found what it can at this size and in this time.
# - Training falls while validation rises: it is learning the recordings by heart. That is not a fault if you want them
#   to come back; with very few recordings, though, it may lose its way between them.
#
# The sentence under the picture of the cell that trained says which of these it is, if the numbers are clear enough to
# tell. It is about numbers only. They do not say whether you like what you hear.

# %%
run = pl.Run(folder)
notebook.learning_curve(run)

# %% [markdown]
# ## Hear it learn
#
# Each row is an epoch, each column a temperature. Within a column, every clip is played with the same seed, so what
# changes from row to row is what the model has learned. Keep the volume low, and if you turn it up for a quiet clip,
# turn it down again before the next.

# %%
notebook.play_epochs(run)

# %% [markdown]
# Listen for what rings, and whether the same rings in your recordings; for the colour of the noise; for swells and
# strikes, and how they end. Two minutes of training will not bring all of this.
#
# ### If it is silent
#
# After two minutes, a model of your own recordings may play next to nothing in some clips, or die away and stay silent:
# the captions then show levels such as -60 dBFS. That is not your fault, and the run is not lost.
#
# - Listen to the other epochs first. One may be silent and the next loud. Lesson 03 marks the clips that are silent or
#   faint and, if there is one, proposes an epoch that can be heard.
# - In lesson 04, a **nudge** may wake the model: whenever a voice has fallen silent, it hears another moment of your
#   recordings and goes on from there. The model may also wake up if you let it go on from a recording.
# - If everything stays silent, give the model more minutes, as described below. And check your recordings in lesson 01:
#   leave out long silences, and mend levels that are very low.

# %% [markdown]
# ## What is in the folder
#
# What the training made is kept: the clips of every epoch (`clips`), the model after each epoch (`epochs`), the
# settings (`run.json`), the bits (`log.jsonl`), and what else happened, with its date (`events.jsonl`). What the
# pre-flight found is there too. Clips are never deleted; when the models fill more than 4 GB, the older ones are.
# Lesson 05 says what the other files are.

# %%
for path in sorted(folder.iterdir()):
    print(path.name)

# %% [markdown]
# ## Go on, or take it home
#
# To go on, raise Minutes in the controls above. Then run the cells from "How long will it take?" to the one that
# trains, but not the one that shows the controls: the run grows by the minutes that you added. You may also change
# Length of memory and Patience and, behind the tick box, the learning rate and a few others; the run notes when. With
# another Size, How literal or Seed it would be a different training, so choose a new name as well; if you forget, the
# course tells you.
#
# In Colab you work on a computer that is lent to you, the **runtime**. When it ends, your files vanish, unless you
# wrote `course = notebook.Course(drive=True)` in the cell under "Get ready". With `drive=True`, a copy of the run is
# saved to your Google Drive after every epoch and every five minutes. If the runtime ends, open this lesson again,
# write `drive=True` there again, and set the controls as they were before you run the cells below them: the training
# goes on from the copy. If Drive cannot be reached for a while, the training does not wait for it.
#
# Without Drive, change `False` to `True` here to pack the run into one file, a zip; in Colab, your browser saves it on
# your computer. In a later session, `course.bring()` takes the zip back, and the training goes on where it was. For
# that it needs the same corpus. If you made your corpus in lesson 01, write `course.take_home()` here instead, with
# nothing between the brackets: this packs everything.

# %%
take_it_home = False
if take_it_home:
    course.take_home(run.folder)

# %% [markdown]
# ## What you did
#
# - You heard what it means to know nothing, and what it means to know a second by heart.
# - You planned a training, watched it, and read its curve in bits.
# - You heard the same seed after every epoch, so that only learning made the difference.

# %% [markdown]
# ## Check yourself
#
# A friend trains on rain and reaches 5.5 bits. You train on a flute and reach 2. Is your model better?
#
# <details><summary>Answer</summary>
#
# You cannot tell from that. Much of rain is noise, which nobody can predict, so even a perfect model of rain keeps
# many bits. A flute's tone repeats itself thousands of times and is easy to predict. Compare bits only between models
# that were tested on the same recordings, and compare sounds with your ears.
#
# </details>
#
# The [quiz](quiz.html#lesson-02) asks you more about this lesson and explains every answer. In Colab, open
# `notebooks/quiz.html` in your own copy of the course instead.

# %% [markdown]
# ## Exercise
#
# Train a second run of the same length with twice the Size. Which of the two got further in the same time, judged by
# its bits and by your ears?
#
# <details><summary>Solution</summary>
#
# Set Name to `large` and Size to 128 in the controls. Then run the cells from "How long will it take?" to "Hear it
# learn", not the one that shows the controls. The large model gets through fewer epochs in the same minutes. It may
# need longer to overtake the small one; with little material it may never do so. To see the curve of the first run
# again:
#
# ```python
# notebook.learning_curve(pl.Run(course.new_run("first")))
# ```
#
# To hear its sounds, write `run = pl.Run(course.new_run("first"))` into a cell of your own, run it, and then run the
# cell under "Hear it learn".
#
# </details>

# %% [markdown]
# ## Journal
#
# Write while you still remember the sounds.

# %%
journal = course.journal_panel(
    "02 Training, after",
    "After which epoch did it first remind you of the source, and by what?",
    "What came out that you did not expect?",
)
journal

# %% [markdown]
# This cell keeps what you wrote, as the button does.

# %%
journal.keep()

# %% [markdown]
# ## Next
#
# [Lesson 03: Auditioning epochs](03_auditioning_epochs.ipynb)
