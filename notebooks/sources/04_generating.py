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
# **You will hear:** one model played in many ways: live, freer and stricter, along a line that you draw, alone and in
# chorus, going on from a recording, following a gesture, and blended with another model. You leave with sound files for
# your piece.
#
# **Time:** about a minute of computing, with or without a graphics card; an hour, listening included.
#
# **Needed:** nothing, or the model that you chose in lesson 03, and a recording of your own to go on from.

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
# A **capsule** is a model in one file: its numbers, its settings and where it came from. If you chose a model in lesson
# 03, it is used here. If not, you get the last model of your newest run from lesson 02, or one that has listened to
# winds and whispers. The cell says which.

# %%
capsule = course.capsule()

# %% [markdown]
# Before you play an instrument, read its **card**: what it has listened to, and where that came from. Here is all of
# the card except the list of clips.

# %%
print("The model after epoch", capsule.about["epoch"])
notebook.card(capsule)

# %% [markdown]
# ## The instrument
#
# The model makes a sound one **sample** at a time. A sample is one value of the wave. The model looks at the samples so
# far, says how likely each value is to come next, and one is drawn at random. Then it looks again. That is all it ever
# does, and it has no plan beyond the next sample: if a swell lasts a second, this is because the model remembers that
# it is in one.

# %% tags=["check", "nbval-check-output"]
rate = capsule.sample_rate
for seconds in (1, 60):
    print(f"{seconds} s of sound: {seconds * rate:,} draws")

# %% [markdown]
# ## Files for your program
#
# A performance that you keep is called a **take**, and becomes a sound file. Choose the kind of file that your music
# program needs. Your choice applies to everything that you keep in this lesson. The sample rate may be higher than the
# model's: the pitch stays the same, but no brightness is added. Nothing is turned up. Only a file that would distort is
# turned down, as a whole.

# %%
files = course.files_panel()
files

# %% [markdown]
# ## Play it
#
# Run the cell, press Play, and turn the **temperature** while the model plays: it says how freely the model chooses.
# Your browser works out every sample, so the sound goes on while you run other cells. If the browser cannot do this,
# Python plays instead, and the instrument says so. You hear each change of temperature about half a second later. Lower
# it until the sound calms down; raise it until the sound boils. The volume begins at 30 %, since above a temperature of
# 1.3 the sound may be loud; what you keep is as loud as the model plays. When you hear something that you want, press
# Keep, and the last ten seconds are yours. If your notebook cannot play live, it says so, and you can make takes with
# the button below.
#
# A model may fall silent, or get stuck on a tone. The instrument then nudges it to get it going again, and says so.
# Untick the box to leave the model silent or stuck.

# %%
instrument = notebook.Instrument(capsule, temperature=0.95, seed=1)
instrument

# %% [markdown]
# This writes what you have kept into the folder of your takes. If you have kept nothing, it does nothing. If you keep
# more later, run the cell again.

# %%
course.keep(instrument.kept)

# %% [markdown]
# ## Chance: the seed
#
# A **seed** is the number from which all of the model's draws are made. Here are four seeds, with everything else the
# same: four performances on one instrument. Write down the seeds that you like. With the same model and temperature,
# the same performance comes back on the same computer.

# %%
seeds = [1, 2, 3, 4]
heard = pl.generate(capsule, seconds=3, voices=4, temperature=0.95, seed=seeds)
notebook.play(*heard, names=[f"seed {seed}" for seed in seeds])

# %% [markdown]
# ## Freedom: the temperature
#
# Temperature changes the odds of the draw. At 1 each value is drawn as often as the model finds it likely. Below 1 the
# likely ones are drawn even more often, and the sound calms down; above 1 the unlikely ones get their chance, and the
# sound grows rougher. Far from 1, a plain SampleRNN falls silent, sticks to a tone, or plays nothing but noise. A model
# with predictors changes less, and stays about as loud as its recordings.
#
# Here is the same seed seven times, each time with more freedom. The first may be almost silent. Do not turn the volume
# up: the last may be loud.

# %%
freedoms = [0.6, 0.7, 0.8, 0.9, 1.0, 1.1, 1.3]
steps = pl.generate(capsule, seconds=3, voices=7, temperature=freedoms, seed=[2] * 7)
notebook.play(*steps, names=[f"temperature {freedom:g}" for freedom in freedoms])

# %% [markdown]
# Where does the model fall asleep, where does it boil, and where would you like to stay? A small change near your
# favourite often matters more than a large one elsewhere.

# %% [markdown]
# ## Freedom as a line
#
# The temperature need not stay the same. Draw how it moves: drag the points, or click to add one. Or write the line
# into the field, with the seconds and the temperature of each point: `0:0.7, 10:1.1` rises from 0.7 to 1.1 in ten
# seconds, and stays there.

# %%
line = notebook.LinePanel(seconds=12, value="0:0.75, 5:1.15, 8:0.9, 12:0.7")
line

# %% [markdown]
# Two performances follow your line, each with random choices of its own.

# %%
shaped = pl.generate(capsule, seconds=12, voices=2, temperature=line.value, seed=6)
notebook.play(*shaped)

# %% [markdown]
# This keeps both.

# %%
course.keep(shaped)

# %% [markdown]
# ## When it gets stuck
#
# A model hears what it has just played. So once it has fallen silent, all it hears is silence, and it may stay there;
# the same can happen on a tone. The line above the players says when this happened. You can ask for a **nudge**:
# whenever a voice has been silent or stuck on a tone for a while, its temperature rises for half a second, more each
# time, until the voice is out of it. A sketch, the kind of model that lesson 02 trains, has another way out of silence:
# it keeps short moments of its recordings, and a silent voice hears one of them and goes on from there. Here is the
# same low temperature twice, first without nudges, then with them. The second may become loud after a silence. If
# neither gets stuck, the cell below the players prints nothing.

# %%
alone = pl.generate(capsule, seconds=10, voices=1, temperature=0.55, seed=9)
nudged = pl.generate(capsule, seconds=10, voices=1, temperature=0.55, seed=9, nudge=True)
notebook.play(*alone, *nudged, names=["left alone", "with nudges"])

# %% [markdown]
# Every nudge is noted, with its time in seconds:

# %%
for event in nudged[0].about["events"]:
    print(f"{event['seconds']:5.1f} s  {event['what']}")

# %% [markdown]
# ## Many at once: voices
#
# A **voice** is one performance. Several voices are made side by side, in far less time than one after the other. They
# do not hear each other: what sounds like a chorus is many soloists from the same school. Here are six voices together,
# each turned down to a sixth so that the sum cannot be too loud, and then the first two alone.

# %%
chorus = pl.generate(capsule, seconds=4, voices=6, temperature=0.95, seed=11)
together = pl.Clip(sum(voice.samples for voice in chorus) / 6, rate, "six voices together")
notebook.play(together, *chorus[:2])

# %% [markdown]
# ## Going on from a recording
#
# So far, nobody chose what the model heard before it began to play. Now it first hears a recording: this is called
# **priming**. The model takes the recording in sample by sample, as if it had played it itself, and goes on from there.
# If you have brought recordings, choose one of yours here, and where the model begins to listen. If the recording has
# fewer seconds than you ask for, the model hears all of it.

# %%
sounds = course.sounds()
before = notebook.Panel(
    recording=notebook.choice("Recording", sounds, next(iter(sounds.values()))),
    start=notebook.number("From, in seconds", 0, 0, 3600),
    seconds=notebook.number("How long, in seconds", 4, 0.5, 60),
)
before

# %% [markdown]
# If the recording sounds like what the model has learned from, you may not hear where the model takes over. If not,
# listen to how it finds its way home.

# %%
prime = pl.Prime(before.recording, start=before.start, seconds=before.seconds)
primed = pl.generate(capsule, seconds=5, voices=2, temperature=0.9, seed=3, prime=prime, keep_prime=True)
listened = f"{primed[0].about['prime_seconds']:.1f} s of the recording"
notebook.play(*primed, names=[f"{listened}, then voice 1", "the same, then voice 2"])

# %% [markdown]
# Each voice can go on from a place of its own. Here are four voices, from four places between the beginning of the
# recording and its end, without the recording itself.

# %%
places = pl.Prime.several(before.recording, voices=4, seconds=2)
spread = pl.generate(capsule, seconds=4, voices=4, temperature=0.9, seed=3, prime=places)
notebook.play(*spread, names=[f"goes on from {place.end:.1f} s" for place in places])

# %% [markdown]
# This keeps all six.

# %%
course.keep(primed + spread)

# %% [markdown]
# Now the other way round. Play one of these to a performer, or to yourself, and let it be answered or imitated, with a
# voice or an instrument. What is left out, and what is added without anybody noticing? If you record the answer,
# `course.bring()` in a cell of your own brings it here. Then you can choose it above, and the model answers you.
#
# ## Other instruments
#
# The course has other models. Here is the one that you have been playing, then one that has heard bells, and one that
# has heard a folder of faulty recordings, with hum, clicks and holes in them. All three get the same seed, so all that
# differs is the model and what it has heard.

# %%
others = {name: pl.Run(f"../datasets_examples/trained/{name}").capsule() for name in ("bells", "needs_work")}
three = {"yours": capsule, **others}
played = [pl.generate(model, seconds=4, voices=1, temperature=0.85, seed=4)[0] for model in three.values()]
notebook.play(*played, names=list(three))

# %% [markdown]
# ## One model, three sources
#
# A model can also learn from several groups of recordings, and be told, in nine tenths of its training, which group it
# is hearing. The name of a group is a **label**. This model has heard the bells, the winds and whispers, and surf, each
# in a folder of its own, and the names of the folders became its labels. So its instrument has a **fader** for each
# label, above the two that every model with predictors has: one for loudness and one for brightness.
#
# Press Play, and push one of the labels up while you take another down. The model goes on from what it has just played,
# so it needs a moment to get from one source to another. With all labels at 0, it plays whichever comes. Then move the
# brightness. This ticks the box under it, and the fader counts only while the box is ticked. If you have a MIDI
# controller and your browser allows it, press one of the buttons after "MIDI learn", then turn the knob that is to move
# that fader.

# %%
many = pl.Run("../datasets_examples/trained/three").capsule()
faders = notebook.Instrument(many, label="breath", seed=1)
faders

# %% [markdown]
# This writes what you have kept into the folder of your takes.

# %%
course.keep(faders.kept)

# %% [markdown]
# ### From one to the other
#
# Labels can change over time, like the temperature: this take begins with breath, and turns into bells between 2 and 6
# seconds. Compare it with the mixture of two models further below, which does the same in another way.

# %%
crossed = pl.generate(many, seconds=9, voices=2, label="0:breath, 2:breath, 6:bells", seed=5, nudge=True)
notebook.play(*crossed, names=["from breath to bells, voice 1", "voice 2"])

# %% [markdown]
# Half of one and half of another is not a sound in the middle. Each label pulls at every sample, and the sound leans to
# one side or the other, or becomes something that is in neither. **Guidance** says how strongly a label pulls: at 0 it
# does not count, at 1 it counts as in training, and above 1, the model moves further away from what it would play
# without a label, until the sound breaks up.

# %%
pulls = [0, 1, 3]
halves = [
    pl.generate(many, seconds=4, voices=1, label="breath:0.5, bells:0.5", guidance=pull, seed=4, nudge=True)[0]
    for pull in pulls
]
notebook.play(*halves, names=[f"half breath, half bells, guidance {pull}" for pull in pulls])

# %% [markdown]
# ### Follow a gesture
#
# A **gesture** is how a sound moves, apart from what it sounds like: how loud it is, a hundred times a second. Here a
# whisper is the gesture, and surf is the sound: first the whisper, then the model by itself, then the same seed again,
# following the loudness of the whisper. To use a recording of your own, put its path in place of the whisper's: your
# voice is enough.

# %%
whisper = "../datasets_examples/breath/whisper_aiu_oea.flac"
gesture = pl.Gesture.of(whisper)
by_itself = pl.generate(many, seconds=gesture.seconds, voices=1, label="waves", seed=2)
following = pl.generate(many, seconds=gesture.seconds, voices=1, label="waves", seed=2, follow=gesture)
notebook.play(whisper, *by_itself, *following, names=["the whisper", "surf by itself", "surf that follows it"])

# %% [markdown]
# The model follows roughly and late, like a player who reads a conductor from the last row. It does not learn this in
# training: each guess of its predictors is pushed a little in the direction that you ask for, and the model goes on
# from the result.
#
# Lines can be drawn, too: this one is the brightness of a take, in semitones as MIDI counts them (69 is 440 Hz, 93 is
# 1760 Hz). Every model with predictors can be asked for it, so here the model that you played at first follows the
# line.

# %%
bright = notebook.LinePanel(seconds=8, value="0:60, 4:93, 8:60", what="brightness")
bright

# %% [markdown]
# Two performances follow it.

# %%
drawn = pl.generate(capsule, seconds=8, voices=2, brightness=bright.value, seed=3)
notebook.play(*drawn)

# %% [markdown]
# And this is what happens outside what a model has heard. No surf among its recordings is as bright as this take is
# asked to be, and nothing in the model knows how such a surf would go on: it may squeal, or break into noise. Turn the
# volume down first.

# %%
far = pl.generate(many, seconds=5, voices=1, label="waves", brightness=100, loudness=-25, seed=3)
notebook.play(*far, names=["surf that is asked to be far too bright"])

# %% [markdown]
# Faders give you no melody, since there is none for pitch. A gesture has no words: you hear how the whisper moves, not
# what it says. A label is a wish. If the model has drifted into another of its sources, it may take seconds to come
# back, or it may stay.

# %% [markdown]
# This keeps them.

# %%
course.keep(crossed + halves + following + drawn)

# %% [markdown]
# To play your own recordings like this, put each group into a folder of its own before lesson 01, and give
# `labels=corpus.labels` to the training in lesson 02.

# %% [markdown]
# ## Between two models: an experiment
#
# Two models can decide together. Before each sample, both say how likely they find each value; the two opinions are
# mixed, and one value is drawn. `share` says how much the second model counts. Here the share moves from the winds and
# whispers to the bells in eight seconds. Both models hear the result, so each of them has to go on from what they
# decided together.

# %%
breath = pl.Run("../datasets_examples/trained/breath")
blend = pl.mix(breath.capsule(), others["bells"], share="0:0, 8:1")
blended = pl.generate(blend, seconds=10, voices=2, temperature=0.95, seed=5)
notebook.play(*blended, names=["from breath to bells, voice 1", "voice 2"])

# %% [markdown]
# This keeps both.

# %%
course.keep(blended)

# %% [markdown]
# ## Between two epochs: another experiment
#
# You can also average the numbers that one model had after two of its epochs. Here the model is the course's plain
# SampleRNN: it has no predictors, and lesson 03 uses it if you have no run of your own. Halfway between epochs 13 and
# 20 you do not get the model of epoch 16 or 17, but one that the training never reached: it may be calmer than both, or
# broken. Only listening can tell.

# %%
plain = pl.Run("../datasets_examples/trained/breath_plain")
earlier, later = plain.capsule(13), plain.capsule(20)
models = {"epoch 13": earlier, "halfway": pl.between(earlier, later, share=0.5), "epoch 20": later}
played = [pl.generate(model, seconds=4, voices=1, temperature=0.9, seed=7)[0] for model in models.values()]
notebook.play(*played, names=list(models))

# %% [markdown]
# ## Your takes
#
# Now for your piece. Set what you want, then run the cell under the controls. The temperature may be a number or a line
# as above. A voice that falls silent or gets stuck is nudged; untick the box if you want the silence.

# %%
controls = notebook.Panel(
    temperature=notebook.text("Temperature (a number, or a line)", "0.95"),
    seconds=notebook.number("Seconds", 8, 0.5, 600, step=0.5),
    voices=notebook.whole("Voices", 3, 1, 64),
    seed=notebook.whole("Seed", 21, 0, 9999),
    nudge=notebook.tick("Nudge voices that are silent or stuck", True),
)
controls

# %% [markdown]
# How long this takes depends above all on the seconds that you ask for; a line of text shows how far it has come.

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
# A **spectrogram** shows which frequencies sound when: time runs from left to right, pitch from bottom to top, and
# brighter means louder.

# %%
notebook.spectrogram(takes[0])

# %% [markdown]
# ## Keep them
#
# This writes the takes in the format that you chose above, under "Files for your program". A file's name gives the
# seed, voice and temperature of the take, its length, and the epoch of its model. The letters and digits at the end of
# the name tell it from all others, so no take replaces another, unless it is the same take again. All of that is also
# written into the file, and into the list `takes.csv` beside it. Where a voice fell silent, got stuck or was nudged,
# there is a marker: in the file itself if it is a WAV, and always in a text file beside it.

# %%
course.keep(takes)

# %% [markdown]
# ## A long take
#
# For an hour of sound, you need not wait for the end. This cell writes the sound to the disk as the model plays, and
# every few seconds the players show the newest part. Stop it whenever you like, with the stop button of the notebook:
# what was played is kept, and the same cell goes on from there. Here the take lasts twenty seconds; for an hour, write
# 3600.

# %%
watch = notebook.LiveFigure(notebook.newest, waiting="The newest seconds come here while it plays.")
long = course.perform(capsule, seconds=20, temperature=0.9, seed=8, nudge=True, listening=watch)
watch(long)

# %% [markdown]
# The take is in the folder `long` of your takes. With another model, temperature or seed it is another take, and gets a
# folder of its own, such as `long_2`. This cell keeps it as a file like all the others.

# %%
course.keep(long)

# %% [markdown]
# ## A page that plays
#
# Everything so far needed Python. This cell writes the model itself into a page, `instrument.html`, and shows it. There
# the model plays without Python: your browser works out every sample while you listen. The page needs nothing but a
# recent browser, not even a network. Send it to a friend, put it on your website, or let it play in an exhibition. But
# whoever has the page has the model. If you said in lesson 01 that a model of your recordings may not be shared, no
# page is written, and the cell says why.

# %%
course.page(capsule)

# %% [markdown]
# ## All in one file
#
# Change `False` to `True` here to pack everything that you have kept, with the list, into one file, `takes.zip`. In
# Colab you work on a computer that is lent to you, the **runtime**, so your browser saves this file on your own
# computer. When the runtime ends, your files vanish, unless you began with `notebook.Course(drive=True)`, which keeps
# them on your Google Drive.

# %%
take_them_home = False
if take_them_home:
    course.take_home(course.takes)

# %% [markdown]
# ## What you did
#
# - You played one model live, with many seeds and temperatures, along a line, alone and in chorus.
# - You let it go on from a recording, and listened to what lies between models.
# - You made takes for your piece, saved them as your program wants them, and put the model into a page that plays it.

# %% [markdown]
# ## Check yourself
#
# You asked for three voices with seed 21, and you like voice 2. You want it alone, but longer. If you ask for one voice
# with seed 21, do you get it?
#
# <details><summary>Answer</summary>
#
# No, you get voice 1. Every voice of a seed has its own random choices, which do not depend on how many voices there
# are. Ask for two voices and more seconds, and keep the second voice: it begins with the sound that you like and goes
# on from there.
#
# </details>
#
# The [quiz](quiz.html#lesson-04) asks you more about this lesson and explains every answer. In Colab, open
# `notebooks/quiz.html` in your own copy of the course instead.

# %% [markdown]
# ## Exercise
#
# Make a small study of twenty seconds from this model alone: one voice whose temperature climbs in four steps, each
# held for five seconds. In a line, two points at the same second make a step.
#
# <details><summary>Solution</summary>
#
# ```python
# steps = "0:0.75, 5:0.75, 5:0.9, 10:0.9, 10:1.05, 15:1.05, 15:1.2"
# study = pl.generate(capsule, seconds=20, voices=1, temperature=steps, seed=8)
# course.keep(study)
# notebook.play(*study)
# ```
#
# You hear no cut, since the model goes on from what it has just played. How long does the model take to notice?
#
# </details>

# %% [markdown]
# ## Journal
#
# Write while you still remember the takes.

# %%
journal = course.journal_panel(
    "04 Generating",
    "Which takes will you use, and for what?",
    "What can this model not do that your piece needs?",
    "Will you keep the takes as the model played them, or use them as raw footage? What will you change, and why?",
    "Tool, instrument or collaborator: which word fits now? And whose piece will it be?",
)
journal

# %% [markdown]
# This cell keeps what you wrote, as the button does.

# %%
journal.keep()

# %% [markdown]
# ## Next
#
# [Lesson 05: Going further](05_going_further.ipynb)
