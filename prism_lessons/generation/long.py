"""Long takes: played to disk in constant memory, and resumed after an interruption.

The folder of a performance holds `performance.json` (what to play), for each voice its codes so far (`voice1.codes`,
and so on), `player.state` (everything that the next sample depends on, written every few seconds), and at the end one
WAV for each voice. Codes written after the last saved state are played again, identically.
"""

import json
import os
import re
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from .. import file_format
from ..audio import BLOCK_SECONDS, Clip, to_sample_format
from ..checks import a_function, a_live_line, a_path, checked, optional, switch
from ..errors import CourseError, Stopped
from ..files import atomic_write, check_there, exclusive_lock, read_error, read_json, write_error, write_json
from ..live import LiveLine, clock, counted
from ..quantisation import Quantisation
from .state import State
from .takes import GenerationRequest, degeneration_report, events_of, markers, samples_of, take_name, take_writer

WHAT, STATE, LOCK = "performance.json", "player.state", "performance.lock"
# Files left by a performance that was killed at the start: it has not begun.
LEFT = re.compile(rf"voice\d+\.codes|{re.escape(STATE)}|{re.escape(LOCK)}|.*\.partial")
WORK = re.compile(rf"{re.escape(WHAT)}|{LEFT.pattern}")  # everything that is not sound
KEEP_SECONDS = 5.0  # of work between two states on the disk
REMEMBERED_SECONDS = 4.0  # more than the traps look back
MOST_HOURS = 24
MOST_BYTES = 2**32 - 2**25  # of a WAV: its sizes are 32-bit numbers, and prime and markers need room too


class FolderOccupied(CourseError):
    """A folder holds something other than the requested performance, which needs another folder."""


@dataclass(frozen=True)
class LongTake:
    """A take stored on disk as codes. `about` is as in `Take`; `path` is its WAV."""

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
        """Yield the sound in blocks of a few seconds."""
        size = int(BLOCK_SECONDS * self.sample_rate)
        for start in range(0, self.samples, size):
            yield self._read(start, min(size, self.samples - start))

    def clip(self, start=0.0, seconds=8.0):
        """An excerpt of `seconds` from `start`, in memory, as a `Clip`; a negative `start` counts from the end."""
        first = round((start + self.seconds if start < 0 else start) * self.sample_rate)
        first = min(max(0, first), self.samples)
        count = max(0, min(round(seconds * self.sample_rate), self.samples - first))
        return Clip(self._read(first, count), self.sample_rate, f"{self.name} from {clock(first / self.sample_rate)}")

    def _read(self, first, count):
        size = self.codec.dtype.itemsize
        try:
            codes = np.fromfile(self.codes, self.codec.dtype, count, offset=first * size)
        except OSError as error:
            raise read_error(self.codes, "performance", error) from error
        if len(codes) < count:
            raise CourseError(f'"{self.codes}" is shorter than what was played: the performance there is another now.')
        return self.codec.decode(codes)


@checked(folder=a_path, keep_prime=switch, live=optional(a_live_line), listening=optional(a_function))
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
    label=None,
    loudness=None,
    brightness=None,
    follow=None,
    guidance=1.0,
    listening=None,
):
    """Play a long take to disk. Called again with the same values, it goes on where it stopped.

    Parameters
    ----------
    capsule, voices, temperature, seed, live, prime, keep_prime, nudge, engine, precision
        As for `generate`.
    label, loudness, brightness, follow, guidance
        As for `generate`.
    folder : str or Path
        The performance's own folder.
    seconds : float
        The total length, up to 24 hours, earlier calls included; with a larger value, it goes on from there.
    listening : callable, optional
        Called every few seconds with the list of `LongTake`s so far, for example to play the newest part.

    Returns
    -------
    list of LongTake
        One for each voice, each with a 16-bit WAV; `render` makes other files from it.

    Raises
    ------
    CourseError
        For a value out of range, when the folder holds another performance (`FolderOccupied`), and when the disk is
        full.
    Stopped
        When it is interrupted; what was played is kept, as WAVs too.

    See Also
    --------
    generate : Takes of some seconds, in memory.
    render : Writes takes as files for a piece.

    Examples
    --------
    >>> (take,) = pl.perform("bells.capsule", "a_performance", seconds=0.5)
    >>> take.seconds
    0.5
    >>> pl.perform("bells.capsule", "a_performance", seconds=1)[0].seconds  # goes on from there
    1.0
    """
    folder = Path(folder)
    request = GenerationRequest.of(
        capsule, voices, temperature, seed, prime, nudge, engine, precision, guidance, label=label,
        loudness=loudness, brightness=brightness, follow=follow,
    )  # fmt: skip
    rate = request.capsule.sample_rate
    samples = samples_of(seconds, rate)
    if seconds > MOST_HOURS * 3600 or 2 * samples > MOST_BYTES:
        most = min(MOST_HOURS, MOST_BYTES / 2 / rate / 3600)
        most = int(10 * most) / 10
        raise CourseError(f"A performance at {rate} Hz may last up to {most:g} hours, not {seconds / 3600:.10g}.")
    live = live or LiveLine()
    _refuse_other(folder)
    busy = f'Another performance is being played in "{folder}": wait for it or stop it, or name a new folder.'
    with exclusive_lock(folder / LOCK, busy):
        try:
            session = _Session(folder, request, keep_prime)
        except KeyboardInterrupt:
            raise Stopped("Nothing was lost: run the same again.") from None
        already_played = session.played
        stopped = False
        try:
            with session:
                last_saved = time.monotonic()
                while session.played < samples:
                    session.write(session.sampler.play())
                    played = min(session.played, samples)
                    part = (played - already_played) / max(1, samples - already_played)
                    live.share(f"Playing {counted(voices, 'voice')}", clock(played / rate), clock(samples / rate), part)
                    if time.monotonic() - last_saved > KEEP_SECONDS:
                        session.save()
                        last_saved = time.monotonic()
                        if listening:
                            listening(session.takes(samples))
        except KeyboardInterrupt:
            stopped = True
        takes = session.takes(samples)
        try:
            for take in takes:
                live.text(f"Writing {take.path.name}")
                with atomic_write(take.path) as partial, _writer(partial, take) as file:
                    for block in take.blocks():
                        file.write(to_sample_format(block, 16))
        except KeyboardInterrupt:
            stopped = True
    length = clock(min(session.played, samples) / rate)
    if stopped:
        live.end(f"Stopped after {length} of {clock(samples / rate)}. What was played is in {folder}.")
        raise Stopped("What was played is kept: run the same again to go on.") from None
    live.end(
        f"Played {counted(voices, 'voice')} of {length}, in {folder}."
        f"{degeneration_report(session.sampler.detector, samples / rate)}"
    )
    return takes


def _writer(path, take):
    # Without dates, so that a performance that was interrupted gives the same file as one that was not.
    about = {name: value for name, value in take.about.items() if name not in ("date", "engine")}
    return take_writer(path, take.sample_rate, ".wav", take.name, about)


def _refuse_other(folder):
    """Refuse a folder that holds something other than a performance."""
    try:
        started = (folder / WHAT).is_file() or not folder.exists()
        if not started and not (folder.is_dir() and all(LEFT.fullmatch(path.name) for path in folder.iterdir())):
            raise FolderOccupied(f'"{folder}" holds something else: name a folder of its own for this performance.')
    except OSError as error:
        raise write_error(folder, error) from error


class _Session:
    """Context manager for the files of a performance and its sampler, at the beginning or where it stopped."""

    def __init__(self, folder, request, keep_prime):
        self.folder, self.request, self.codec = folder, request, request.capsule.settings.codec
        self.abouts = list(request.abouts())
        self._files, self._open = ExitStack(), []
        if (folder / WHAT).is_file():
            self._resume(keep_prime)
        else:
            self._begin(keep_prime)

    def _begin(self, keep_prime):
        if (self.folder / STATE).is_file() and self._state()[0]["played"]:  # WHAT was deleted
            raise self._damaged()
        self.sampler, primes = self.request.sampler()
        primes = primes if keep_prime else [codes[:0] for codes in primes]
        self.before = [len(codes) for codes in primes]
        try:
            for voice, codes in enumerate(primes):
                self._path(voice).write_bytes(codes.astype(self.codec.dtype).tobytes())
        except OSError as error:
            raise write_error(self.folder, error) from error
        self._snapshot = self._take_snapshot()
        self._save_state()
        write_json(self.folder / WHAT, {"takes": self.abouts, "keep_prime": keep_prime})  # now it has begun

    def _resume(self, keep_prime):
        try:
            what = read_json(self.folder / WHAT, "performance")
        except CourseError as error:
            raise FolderOccupied(str(error)) from error
        try:
            self._compare(what["takes"], what["keep_prime"], keep_prime)
            for about, then in zip(self.abouts, what["takes"], strict=True):
                about |= {name: str(then[name]) for name in ("date", "engine", "prime") if name in then}
            about, arrays = self._state()
            self.before = about["before"]
            recurrent = [arrays[f"recurrent_{number}"] for number in range(len(arrays) - 2)]
            self.sampler, _ = self.request.sampler(State(arrays["past"], recurrent))
            self.sampler.played = about["played"]
            for rng, rng_state in zip(self.sampler.rngs, about["chances"], strict=True):
                rng.bit_generator.state = rng_state
            self.sampler.detector.restore(json.loads(arrays["traps"].tobytes()))
            self._snapshot = self._take_snapshot()
            self._check(len(arrays["past"]), recurrent)
            self._restore_history()
        except (KeyError, TypeError, ValueError, AttributeError, IndexError, OSError) as error:
            raise self._damaged() from error

    def _state(self):
        """The last saved state: values and arrays."""
        try:
            return file_format.read(self.folder / STATE, "performance")[:2]
        except CourseError as error:
            raise self._damaged() from error

    def _damaged(self):
        return FolderOccupied(
            f'The performance in "{self.folder}" is damaged, so it cannot go on: begin one in another folder.'
        )

    def _compare(self, takes, kept_prime, keep_prime):
        """Raise a `CourseError` if the performance here differs from the requested one."""
        if len(takes) != len(self.abouts):
            raise _other(self.folder, "number of voices", len(takes), len(self.abouts))
        for then, now in zip(takes, self.abouts, strict=True):
            for name in {**then, **now}:
                was, asked = then.get(name), now.get(name)
                # If a prime's file is gone, only its name is known.
                gone = name == "prime" and was and asked and was.startswith(f"{asked}, ")
                if was != asked and not gone and name not in ("date", "engine", "not_to_share"):
                    raise _other(self.folder, name, was, asked)
        if kept_prime != keep_prime:
            raise _other(self.folder, "keep_prime", kept_prime, keep_prime)

    def _restore_history(self):
        """Give the traps the last seconds that were played, which they had before the pause."""
        count = min(self.played, round(REMEMBERED_SECONDS * self.request.capsule.sample_rate))
        size, dtype = self.codec.dtype.itemsize, self.codec.dtype
        codes = [
            np.fromfile(self._path(voice), dtype, count, offset=self._bytes(voice) - count * size)
            for voice in range(len(self.abouts))
        ]
        self.sampler.detector.append(self.codec.decode(np.stack(codes)))

    def _check(self, voices, recurrent):
        """Raise a `ValueError` unless state, model and codes belong together."""
        if voices != len(self.abouts) or len(self.before) != voices:
            raise ValueError("voices are missing")
        ours = self.sampler.engine.initial_state(voices).recurrent
        if [part.shape for part in ours] != [part.shape for part in recurrent]:  # an earlier version kept less of it
            raise ValueError("the state is not of this model")
        for voice in range(voices):
            if self._path(voice).stat().st_size < self._bytes(voice):
                raise ValueError("codes are missing")

    def _path(self, voice):
        return self.folder / f"voice{voice + 1}.codes"

    def _bytes(self, voice):
        """The valid bytes of a voice's codes."""
        return (self.before[voice] + self.played) * self.codec.dtype.itemsize

    def __enter__(self):
        try:
            for voice in range(len(self.abouts)):
                # Unbuffered, so that a full disk shows at once and not only when the file is closed.
                file = self._files.enter_context(open(self._path(voice), "rb+", buffering=0))
                file.truncate(self._bytes(voice))
                file.seek(0, os.SEEK_END)
                self._open.append(file)
        except OSError as error:
            self._files.close()
            raise write_error(self.folder, error) from error
        return self

    def __exit__(self, kind, error, _):
        with self._files:
            if kind is None or issubclass(kind, KeyboardInterrupt):
                self.save()
        return False

    def write(self, codes):
        """Add codes, (voices, samples), to the files."""
        try:
            for file, made in zip(self._open, codes, strict=True):
                rest = memoryview(made.astype(self.codec.dtype).tobytes())
                while rest:  # a nearly full disk may accept only a part
                    rest = rest[file.write(rest) :]
        except OSError as error:
            raise write_error(self.folder, error) from error
        self._snapshot = self._take_snapshot()

    def _take_snapshot(self):
        """Everything the next sample depends on, now: (samples played, state, random states, detector).

        An interruption may come between a piece and its writing, so the last moment at which sampler and files agreed
        is kept.
        """
        sampler = self.sampler
        rngs = [rng.bit_generator.state for rng in sampler.rngs]
        return sampler.played, sampler.state, rngs, sampler.detector.state()

    @property
    def played(self):
        """Samples of each voice that have been written."""
        return self._snapshot[0]

    def save(self):
        """Flush the codes to disk, then save the state."""
        check_there(self.folder / WHAT)
        try:
            for voice, file in enumerate(self._open):
                file.truncate(self._bytes(voice))
                os.fsync(file.fileno())
        except OSError as error:
            raise write_error(self.folder, error) from error
        self._save_state()

    def _save_state(self):
        played, state, rngs, detector = self._snapshot
        arrays = {"past": state.past} | {f"recurrent_{at}": part for at, part in enumerate(state.recurrent)}
        # As an array, since there may be many events, and a container's description is limited in size.
        arrays["traps"] = np.frombuffer(json.dumps(detector).encode(), np.uint8)
        about = {"played": played, "before": self.before, "chances": rngs}
        file_format.write(self.folder / STATE, "performance", about, arrays)

    def takes(self, most):
        """The `LongTake`s so far, with at most `most` samples made by the model."""
        rate, takes = self.request.capsule.sample_rate, []
        made = min(self.played, most)
        names = [take_name(about) for about in self.abouts]
        for voice, about in enumerate(self.abouts):
            about = dict(about)
            if self.before[voice]:
                about["prime_seconds"] = self.before[voice] / rate
            about["events"] = events_of(self.sampler.detector, voice, made / rate)
            # Voices that differ only in their primes, or in the middle of their lines, have the same name.
            name = f"{names[voice]}_{voice + 1}" if names.count(names[voice]) > 1 else names[voice]
            path = self.folder / f"{name}.wav"
            takes.append(LongTake(path, self._path(voice), self.codec, rate, self.before[voice] + made, about))
        return takes


def _other(folder, name, then, now):
    return FolderOccupied(
        f'"{folder}" holds another performance: its {name} is {then}, and you ask for {now}. Name another folder, or '
        "ask for the same."
    )


def is_resume_file(name):
    """Whether a file of this name in a performance's folder is not sound, but needed to go on with it."""
    return bool(WORK.fullmatch(name))
