"""Long takes: played onto the disk in constant memory, and gone on with after an interruption.

The folder of a performance holds `performance.json` (what shall be played), for each voice its codes so far
(`voice1.codes`, and so on), `player.state` (everything that the next sample depends on, written every few seconds), and
in the end one WAV for each voice. What was written to the codes after the last state is played again, the same.
"""

import os
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from .. import container
from ..audio import BLOCK_SECONDS, Clip, coded, writing
from ..errors import CourseError, Stopped
from ..files import read_json, replacing, unwritable, write_json
from ..live import LiveLine, clock, counted
from ..quantisation import Quantisation
from .state import State
from .takes import Performance, events_of, markers, samples_of, take_name, trapped

WHAT, STATE = "performance.json", "player.state"
KEEP_SECONDS = 5.0  # of work between two states on the disk
MOST_HOURS = 24


@dataclass(frozen=True)
class LongTake:
    """A take that lies on the disk as codes. `about` is that of a `Take`; `path` is its WAV."""

    path: Path
    codes: Path = field(repr=False)
    codec: Quantisation = field(repr=False)
    sample_rate: int
    samples: int
    about: dict = field(default_factory=dict, repr=False)

    @property
    def name(self):
        return self.path.stem

    @property
    def seconds(self):
        return self.samples / self.sample_rate

    @property
    def markers(self):
        """(seconds, words), see `Take.markers`."""
        return markers(self.about)

    def blocks(self):
        """Yield the sound in blocks of some seconds."""
        size = int(BLOCK_SECONDS * self.sample_rate)
        for start in range(0, self.samples, size):
            yield self._read(start, min(size, self.samples - start))

    def clip(self, start=0.0, seconds=8.0):
        """`seconds` of it from `start` on, in memory, as a `Clip`; a `start` below 0 counts from the end."""
        first = round((start + self.seconds if start < 0 else start) * self.sample_rate)
        first = min(max(0, first), self.samples)
        count = min(round(seconds * self.sample_rate), self.samples - first)
        return Clip(self._read(first, count), self.sample_rate, f"{self.name} from {clock(first / self.sample_rate)}")

    def _read(self, first, count):
        size = self.codec.dtype.itemsize
        return self.codec.decode(np.fromfile(self.codes, self.codec.dtype, count, offset=first * size))


def perform(
    capsule,
    folder,
    seconds,
    voices=1,
    temperature=0.95,
    seed=0,
    live=None,
    *,
    prime=None,
    keep_prime=False,
    nudge=False,
    engine=None,
    precision="single",
    listening=None,
):
    """Let a model play for long, onto the disk. Called again with the same values, it goes on where it stopped.

    Parameters
    ----------
    capsule, voices, temperature, seed, live, prime, keep_prime, nudge, engine, precision
        As for `generate`.
    folder
        Where the performance lies; one for each.
    seconds
        How long it shall be, up to 24 hours. What was played before counts; asked for more, it goes on from there.
    listening
        Called every few seconds with the list of `LongTake`s so far, to play the newest of it, say.

    Returns
    -------
    list of LongTake
        One for each voice; each has a 16-bit WAV, and `render` makes other files of it.

    Raises
    ------
    CourseError
        For a value out of its range, when the folder holds another performance, and when the disk is full.
    Stopped
        When it is interrupted; what was played is kept, as WAVs too.
    """
    performance = Performance.of(capsule, voices, temperature, seed, prime, nudge, engine, precision)
    rate = performance.capsule.sample_rate
    samples = samples_of(seconds, rate)
    if seconds > MOST_HOURS * 3600:
        raise CourseError(f"A performance may last up to {MOST_HOURS} hours, not {seconds / 3600:g}.")
    stage = _Stage(Path(folder), performance, keep_prime)
    live = live or LiveLine()
    begun = stage.played
    stopped = False
    try:
        with stage:
            kept = time.monotonic()
            while stage.played < samples:
                stage.write(stage.player.play())
                played = min(stage.played, samples)
                part = (played - begun) / max(1, samples - begun)
                live.share(f"Playing {counted(voices, 'voice')}", clock(played / rate), clock(samples / rate), part)
                if time.monotonic() - kept > KEEP_SECONDS:
                    stage.keep()
                    kept = time.monotonic()
                    if listening:
                        listening(stage.takes(samples))
    except KeyboardInterrupt:
        stopped = True
    takes = stage.takes(samples)
    for take in takes:
        live.text(f"Writing {take.path.name}")
        with replacing(take.path) as partial, writing(partial, rate, ".wav") as file:
            for block in take.blocks():
                file.write(coded(block, 16))
    length, where = clock(min(stage.played, samples) / rate), stage.folder
    if stopped:
        live.end(f"Stopped after {length} of {clock(samples / rate)}. What was played is in {where}.")
        raise Stopped("What was played is kept: run the same again to go on.") from None
    live.end(f"Played {counted(voices, 'voice')} of {length}, in {where}.{trapped(stage.player.traps)}")
    return takes


class _Stage:
    """The files of a performance, and its player, at the beginning or where it stopped; open as a context."""

    def __init__(self, folder, performance, keep_prime):
        self.folder, self.performance, self.codec = folder, performance, performance.capsule.settings.codec
        self.abouts = list(performance.abouts())
        self._files, self._open = ExitStack(), []
        if (folder / WHAT).is_file():
            self._go_on(keep_prime)
        else:
            self._begin(keep_prime)

    def _begin(self, keep_prime):
        if self.folder.exists() and (not self.folder.is_dir() or any(self.folder.iterdir())):
            raise CourseError(f'"{self.folder}" holds something else: name a folder of its own for this performance.')
        self.player, heard = self.performance.player()
        self.before = [len(codes) if keep_prime else 0 for codes in heard]
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            for voice, codes in enumerate(heard):
                before = codes[: self.before[voice]].astype(self.codec.dtype)
                self._path(voice).write_bytes(before.tobytes())
        except OSError as error:
            raise unwritable(self.folder, error) from error
        self._whole = self._moment()
        self._keep_state()
        write_json(self.folder / WHAT, {"takes": self.abouts, "before": self.before, "keep_prime": keep_prime})

    def _go_on(self, keep_prime):
        what = read_json(self.folder / WHAT, "performance")
        try:
            before, asked = what["takes"], [_asked(about) for about in self.abouts]
            was = [_asked(about) for about in before]
            if len(was) != len(asked):
                raise _other(self.folder, "voices", len(was), len(asked))
            for now, then in zip(asked, was, strict=True):
                for name in {**then, **now}:
                    if now.get(name) != then.get(name):
                        raise _other(self.folder, name, then.get(name), now.get(name))
            if what["keep_prime"] != keep_prime:
                raise _other(self.folder, "keep_prime", what["keep_prime"], keep_prime)
            self.abouts, self.before = before, [int(count) for count in what["before"]]
            about, arrays, _ = container.read(self.folder / STATE, "performance")
            recurrent = [arrays[f"recurrent_{number}"] for number in range(len(arrays) - 1)]
            self.player, _ = self.performance.player(State(arrays["past"], recurrent))
            self.player.played = int(about["played"])
            for chance, held in zip(self.player.chances, about["chances"], strict=True):
                chance.bit_generator.state = held
            self.player.traps.restore(about["traps"])
            self._whole = self._moment()
            self._check(len(arrays["past"]))
        except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
            raise CourseError(
                f'The performance in "{self.folder}" is damaged, so it cannot go on: begin one in another folder.'
            ) from error
        sound = [take.clip(-4, 4).samples for take in self.takes(self.played)]
        if min(map(len, sound)):
            shortest = min(map(len, sound))
            self.player.traps.remember(np.stack([samples[-shortest:] for samples in sound]))

    def _check(self, voices):
        """Whether state and codes belong together."""
        if voices != len(self.abouts) or len(self.before) != voices:
            raise ValueError("voices are missing")
        for voice in range(voices):
            if self._path(voice).stat().st_size < self._bytes(voice):
                raise ValueError("codes are missing")

    def _path(self, voice):
        return self.folder / f"voice{voice + 1}.codes"

    def _bytes(self, voice):
        """How many bytes of a voice's codes count."""
        return (self.before[voice] + self.played) * self.codec.dtype.itemsize

    def __enter__(self):
        try:
            for voice in range(len(self.abouts)):
                file = self._files.enter_context(open(self._path(voice), "rb+"))
                file.truncate(self._bytes(voice))
                file.seek(0, os.SEEK_END)
                self._open.append(file)
        except OSError as error:
            self._files.close()
            raise unwritable(self.folder, error) from error
        return self

    def __exit__(self, kind, error, _):
        with self._files:
            if kind is None or issubclass(kind, KeyboardInterrupt):
                self.keep()
        return False

    def write(self, codes):
        """Add codes, (voices, samples), to the files."""
        try:
            for file, made in zip(self._open, codes, strict=True):
                file.write(made.astype(self.codec.dtype).tobytes())
        except OSError as error:
            raise unwritable(self.folder, error) from error
        self._whole = self._moment()

    def _moment(self):
        """All that the next sample depends on, now: (samples played, state, chances, traps).

        An interruption may come between a piece and its writing, so what is kept is the last moment at which player and
        files agreed.
        """
        player = self.player
        chances = [chance.bit_generator.state for chance in player.chances]
        return player.played, player.state, chances, player.traps.kept()

    @property
    def played(self):
        """Samples of each voice that are written."""
        return self._whole[0]

    def keep(self):
        """Put codes, and then the state, safely on the disk."""
        try:
            for voice, file in enumerate(self._open):
                file.flush()
                file.truncate(self._bytes(voice))
                os.fsync(file.fileno())
        except OSError as error:
            raise unwritable(self.folder, error) from error
        self._keep_state()

    def _keep_state(self):
        played, state, chances, traps = self._whole
        arrays = {"past": state.past} | {f"recurrent_{at}": part for at, part in enumerate(state.recurrent)}
        about = {"played": played, "chances": chances, "traps": traps}
        container.write(self.folder / STATE, "performance", about, arrays)

    def takes(self, most):
        """The `LongTake`s so far, with at most so many samples made by the model."""
        rate, takes = self.performance.capsule.sample_rate, []
        made = min(self.played, most)
        for voice, about in enumerate(self.abouts):
            about = dict(about)
            if self.before[voice]:
                about["prime_seconds"] = self.before[voice] / rate
            about["events"] = events_of(self.player.traps, voice, made / rate)
            path = self.folder / f"{take_name(about)}.wav"
            takes.append(LongTake(path, self._path(voice), self.codec, rate, self.before[voice] + made, about))
        return takes


def _asked(about):
    """Of a take's `about`, what decides how it sounds."""
    return {name: value for name, value in about.items() if name not in ("date", "engine")}


def _other(folder, name, then, now):
    return CourseError(
        f'"{folder}" holds another performance: its {name} is {then}, and you ask for {now}. Name another folder, or '
        "ask for the same."
    )
