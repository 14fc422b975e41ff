"""Takes: sound of a given length, played by a capsule."""

import json
import re
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np

from ..audio import BLOCK_SECONDS, Clip, safe_file_name, sound_writer, write_xmp
from ..checks import a_live_line, checked, optional, switch, whole
from ..errors import CourseError, as_given
from ..live import LiveLine, counted
from ..marks import software, source_type, xmp
from ..run import as_capsule
from ..settings import is_number
from . import engines
from .asking import GUIDANCE, LABEL, Asking, asked_of, guidance_of
from .degeneration import SILENT, TONE, DegenerationDetector
from .envelopes import Envelope, envelopes_of
from .morphing import Mixture
from .priming import primed, primes_of
from .sampler import MOST_VOICES, Sampler, random_keys

MOST_SAMPLES = 2**30  # of all voices together: 4 GB
LONGEST_COMMENT = 2000  # bytes; libsndfile's readers skip a WAV comment of 2,047 and more
# The metadata of its model in a take.
MODEL = ("run", "epoch", "from", "checkpoint", "between", "mix", "share")


@dataclass(frozen=True)
class Take(Clip):
    """A `Clip` made by a model, with its metadata.

    `about` holds plain values: capsule (a name for its weights), model, epoch, seed, voice, temperature, sample_rate,
    engine, date, and where they apply prime, prime_seconds (how much of the take is the prime), share, live (True if it
    was kept while playing live), not_to_share (why it may not be passed on, as phrases), and events (see
    `DegenerationDetector`).
    """

    about: dict = field(default_factory=dict, repr=False)

    def _writer(self, path, suffix):
        return take_writer(path, self.sample_rate, suffix, self.name, self.about)

    @property
    def markers(self):
        """(seconds, words) for a DAW: where the model takes over from the prime, and where something happened."""
        return markers(self.about)

    def blocks(self):
        """Yield the sound in blocks of a few seconds."""
        size = int(BLOCK_SECONDS * self.sample_rate)
        for start in range(0, len(self.samples), size):
            yield self.samples[start : start + size]


@contextmanager
def take_writer(path, sample_rate, suffix, name, about, bits=16):
    """A `sound_writer` for a take, which marks the file as made by a model and embeds its `about`.

    A FLAC has the mark in its comment, a WAV also in XMP.
    """
    mark = source_type(about)
    tags = {"title": name, "software": software()} | ({"date": about["date"]} if "date" in about else {})
    tags["comment"] = _comment({"digital_source_type": mark} | about, suffix)  # a reader may skip what follows
    with sound_writer(path, sample_rate, suffix, bits, tags) as file:
        yield file
    if suffix.lower() == ".wav":
        write_xmp(path, xmp(mark))


def _comment(about, suffix):
    """A take's metadata as JSON; without its events if a WAV's readers would skip so long a comment.

    The events are its cue points anyway.
    """
    text = json.dumps(about, ensure_ascii=False)
    if suffix.lower() == ".wav" and len(text.encode()) > LONGEST_COMMENT:
        text = json.dumps({name: value for name, value in about.items() if name != "events"}, ensure_ascii=False)
    return text


def markers(about):
    """The markers of a take, from its `about`."""
    begins = about.get("prime_seconds", 0.0)
    joins = [(begins, "the model takes over")] if begins else []
    return joins + [(begins + event["seconds"], event["what"]) for event in about.get("events", [])]


@dataclass(frozen=True)
class GenerationRequest:
    """The checked arguments of `generate`, with the values of each voice."""

    capsule: object
    voices: int
    envelopes: list
    keys: list
    primes: list
    nudge: bool
    engine: str
    precision: str
    asked: list
    guidance: float

    @classmethod
    @checked(nudge=switch)
    def of(
        cls, capsule, voices=4, temperature=0.95, seed=0, prime=None, nudge=False, engine=None, precision="single",
        guidance=1.0, **asked,
    ):  # fmt: skip
        """Check the arguments of `generate`, and complete them; for `asked` see `asking.asked_of`."""
        engines.check_precision(precision)
        if not isinstance(capsule, Mixture):
            capsule = as_capsule(capsule)
        voices, several = whole(1, MOST_VOICES)("voices", voices), isinstance(seed, (list, tuple))
        if several and len(seed) != voices:
            raise CourseError(
                f"seed must be a whole number, 0 or more, or a list of {voices} of them, not {len(seed)}."
            )
        seed = [whole(0)("seed", one) for one in seed] if several else whole(0)("seed", seed)
        envelopes, played = envelopes_of(temperature, voices), getattr(capsule, "capsules", [capsule])
        engine = engines.choose(engine, [one.settings for one in played])
        asked, guidance = asked_of(played, voices, **asked), guidance_of(guidance)
        if guidance != 1 and (len(played) > 1 or not all(one.labels for one in asked)):
            raise CourseError("guidance says how strongly a label counts: ask a single model for a label.")
        if engine != "numba" and (steered := [name for one in asked for name in one.lines]):
            raise CourseError(f'A {steered[0]} can be asked of the engine "numba" only: ask for that one.')
        return cls(
            capsule, voices, envelopes, random_keys(seed, voices), primes_of(prime, voices), nudge, engine, precision,
            asked, guidance,
        )  # fmt: skip

    @property
    def models(self):
        """The capsules that the engine plays together: with guidance, the model and itself, asked for any label."""
        return self.capsule.capsules if isinstance(self.capsule, Mixture) else [self.capsule] * (1 + self.guided)

    @property
    def guided(self):
        """Whether the label counts more or less than in training."""
        return self.guidance != 1

    @property
    def asking(self):
        """The `Asking`, or None if nothing is asked."""
        if not any(one.about for one in self.asked):
            return None
        return Asking(self.asked, [one.settings for one in self.models], self.guided, self.capsule.sample_rate)

    def sampler(self, state=None):
        """A `Sampler` in some `State`, or at its beginning, and the codes of each voice's prime."""
        share = self.capsule.share if isinstance(self.capsule, Mixture) else None
        if self.guided:
            share = Envelope(((0, 1 - self.guidance),))
        engine = engines.of_capsules(self.models, self.engine, self.precision)
        rate, asking, prime_codes = self.capsule.sample_rate, self.asking, []
        if state is None:
            first = asking and asking.at(0, 1, engine.largest, steered=False)[0]
            state, prime_codes = primed(engine, self.primes, self.keys, rate, first)
        detector = DegenerationDetector(rate, self.voices, self.nudge, len(engine.moments) > 0)
        return Sampler(engine, rate, self.envelopes, self.keys, state, share, detector, asking), prime_codes

    def abouts(self):
        """Yield each voice's metadata, as far as it is known before playing."""
        about = self.capsule.about
        made = {"capsule": self.capsule.digest, **{name: about[name] for name in MODEL if name in about}}
        withheld = about.get("withheld") or {}
        voices = zip(self.envelopes, self.keys, self.primes, self.asked, strict=True)
        for envelope, (seed, voice), prime, asked in voices:
            yield {
                **made,
                "seed": seed,
                "voice": voice + 1,
                "temperature": str(envelope),
                **asked.about,
                **({GUIDANCE: self.guidance} if self.guidance != 1 else {}),
                **({"prime": str(prime)} if prime else {}),
                **_not_to_share(prime, withheld),
                "nudge": self.nudge,
                "sample_rate": self.capsule.sample_rate,
                "engine": self.engine if self.precision == "single" else f"{self.engine}, {self.precision}",
                "date": datetime.now().astimezone().isoformat(timespec="seconds"),
            }


def _not_to_share(prime, withheld):
    """The entry of a take's `about` on a prime that is of one of the recordings `withheld`, {name: why}."""
    reasons = [f"continues {name}, which {why}" for name, why in withheld.items() if prime and prime.is_of(name)]
    return {"not_to_share": reasons} if reasons else {}


@checked(keep_prime=switch, live=optional(a_live_line))
def generate(
    capsule,
    seconds=4.0,
    voices=4,
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
):
    """Generate takes from a model.

    Parameters
    ----------
    capsule : Capsule, Mixture, Run, str or Path
        A `Capsule`, a `Mixture`, a `Run`, or the path of a capsule or run.
    seconds : float
        Length of each take; 3 s at 16 kHz are 48,000 samples, exactly. Takes are held in memory; for an hour, use
        `perform`.
    voices : int
        Number of takes, generated in parallel, 1 .. 256.
    temperature : float, str, Envelope or list
        Sampling temperature, 0.05 .. 5: a number, an `Envelope` or its text such as "0:0.7, 10:1.1", for all voices, or
        a list with one for each. At 1 the model samples from the learned distribution; below, it favours likely codes
        (too low falls silent or gets stuck); above, it takes more risks (too high is noise).
    seed : int or list of int
        The same seed gives the same takes on the same engine. Voice v of a seed does not depend on the number of
        voices. A list has a seed for each voice, which is then the first voice of its seed: the same seed at several
        temperatures draws the same random numbers at each.
    live : LiveLine, optional
        Where progress is reported; on standard output if not given.
    prime : Prime, Clip, str, Path or list, optional
        What the model continues: a `Prime`, a `Clip` or a sound file (its last 8 s), or a list with one for each voice
        (`Prime.several`). If not given, it begins from a moment of its recordings if it keeps any, or else from
        silence.
    keep_prime : bool
        Whether the take begins with the prime, as encoded for the model; `seconds` count from its end.
    nudge : bool
        Whether to raise the temperature of a voice that falls silent or gets stuck on a tone, until it is out. If the
        model keeps moments of its recordings, a voice that falls silent restarts from another of them instead.
    engine : str, optional
        "numba" or "tensorflow"; if not given, TensorFlow's on a GPU for models without predictors, otherwise Numba's.
    precision : str
        "single" or "half", which keeps the weights of Numba's engine in half precision: faster for large models, with
        slightly different results.
    label : str, dict or list, optional
        What to play, for a model that was trained with labels: one label; shares of several, "breath:0.5, bells:0.5";
        labels over time, "0:breath, 10:bells", which are crossfaded; {label: share or line}; or a list with one of
        these for each voice. If not given, any label.
    loudness : float, str, Envelope, array or list, optional
        The RMS level that a model with predictors heads for, -80 .. 0 dBFS, by Numba's engine only: given as the
        temperature is, or as an array of values every 10 ms, such as `Gesture.line` returns. Takes follow it roughly.
        If not given, it is left to the model.
    brightness : float, str, Envelope, array or list, optional
        The brightness that a model with predictors heads for, 36 .. 120 semitones as MIDI counts them (69 is 440 Hz,
        81 is 880 Hz), given like `loudness`: about where the middle of the spectrum lies.
    follow : Gesture, str, Path or list, optional
        A recording or a MIDI file whose loudness the take follows, instead of `loudness`. All of it is raised or
        lowered so that its loudest moment is 6 dB below the highest level of the model's recordings over 2 ms. For
        another amount or offset, or its brightness too, give `loudness` and `brightness` the lines of a `Gesture`.
    guidance : float
        How strongly the label counts, 0 .. 10: at 0 it does not; at 1 it counts as in training; above, the model moves
        further away from what it would play without a label. Values other than 1 take about twice as long.

    Returns
    -------
    list of Take
        One for each voice, at the capsule's sample rate.

    Raises
    ------
    CourseError
        For a value out of range, a prime or a gesture that cannot be read, or a request that the model cannot meet.

    See Also
    --------
    perform : Takes of up to a day, on disk.
    render : Writes takes as files for a piece.
    Envelope : A temperature that changes over time.
    Prime : A recording to continue.

    Examples
    --------
    >>> takes = pl.generate("bells.capsule", seconds=0.5, voices=2, temperature="0:0.8, 0.5:1", seed=1)
    >>> [take.name for take in takes]
    ['take_seed1_voice1_t0.8to1', 'take_seed1_voice2_t0.8to1']
    >>> takes[0].samples.shape, takes[0].sample_rate
    ((8000,), 16000)
    """
    request = GenerationRequest.of(
        capsule, voices, temperature, seed, prime, nudge, engine, precision, guidance, label=label,
        loudness=loudness, brightness=brightness, follow=follow,
    )  # fmt: skip
    rate, codec = request.capsule.sample_rate, request.capsule.settings.codec
    samples = samples_of(seconds, rate)
    if voices * samples > MOST_SAMPLES:
        raise CourseError(
            f"{counted(voices, 'take')} of {seconds:g} s would not fit into memory: ask for less at a time, or let "
            "perform() play onto the disk."
        )
    live = live or LiveLine()
    sampler, prime_codes = request.sampler()
    pieces, done, what = [], 0, counted(voices, "voice")
    for piece in sampler.pieces(samples):
        pieces.append(piece.astype(codec.dtype))
        done += piece.shape[1]
        live.share(f"Generating {what}, seconds", round(done / rate, 1), round(samples / rate, 1), done / samples)
    codes = np.concatenate(pieces, axis=1)
    takes = []
    for voice, about in enumerate(request.abouts()):
        made = codes[voice]
        if keep_prime and len(prime_codes[voice]):
            about["prime_seconds"] = len(prime_codes[voice]) / rate
            made = np.concatenate([prime_codes[voice].astype(codec.dtype), made])
        about["events"] = events_of(sampler.detector, voice, samples / rate)
        takes.append(Take(codec.decode(made), rate, take_name(about), about))
    live.end(f"Generated {what} of {seconds:g} s.{degeneration_report(sampler.detector, samples / rate)}")
    return takes


def take_name(about):
    """A take's name, from its seed, voice, temperature and label; it also says if the take was played live."""
    temperature = about["temperature"].partition(", ")[0].rpartition(":")[2]
    moves = "to" + about["temperature"].rpartition(":")[2] if ":" in about["temperature"] else ""
    primed = "_primed" if "prime" in about else ""
    kind = "live" if about.get("live") else "take"
    label = re.sub(r" [\d.]+:[^;]*", "", about.get(LABEL, "")).replace(":", "")  # of labels over time, their names
    labelled = f"_{safe_file_name(label)}" if label else ""
    return f"{kind}_seed{about['seed']}_voice{about['voice']}_t{temperature}{moves}{labelled}{primed}"


def events_of(detector, voice, seconds):
    """The events of a voice, counted from 0, up to `seconds`."""
    found = (event for event in detector.events if event["voice"] == voice + 1 and event["seconds"] <= seconds)
    return [{name: value for name, value in event.items() if name != "voice"} for event in found]


def degeneration_report(detector, seconds):
    """The traps of all voices up to `seconds`, as a sentence with a space before it, or ""."""
    fell = [event for event in detector.events if event["what"] in (SILENT, TONE) and event["seconds"] <= seconds]
    if not fell:
        return ""
    first, more = fell[0], len(fell) - 1
    others = f" ({counted(more, 'more such event')})" if more else ""
    return f" Voice {first['voice']} {first['what']} at {first['seconds']:.1f} s{others}."


def samples_of(seconds, sample_rate):
    """`seconds` in samples, at least one."""
    if not is_number(seconds) or not seconds > 0:
        raise CourseError(f"seconds must be a number above 0, not {as_given(seconds)}.")
    if seconds >= 1e12:
        raise CourseError(f"No take lasts {as_given(seconds)} seconds: ask for fewer.")
    if round(seconds * sample_rate) < 1:
        raise CourseError(f"At {sample_rate} Hz, {seconds} seconds are less than one sample: ask for more.")
    return round(seconds * sample_rate)
