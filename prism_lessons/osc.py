"""Models that play on the sound card while other programs control them by OSC (Open Sound Control).

Each voice has a thread of its own, which keeps a little sound ready. Messages wait until that thread makes its next
block, so none takes effect in the middle of a block, and a thousand in a second do no harm.
"""

import inspect
import math
import os
import queue
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np
import soxr

from .audio import safe_file_name, to_dbfs
from .checks import checked, need, whole
from .errors import CourseError, as_given
from .generation import LiveVoice, Prime
from .live import LiveLine, some
from .settings import is_number

HOST, ANSWERS = "127.0.0.1", 9001  # only messages from this computer are received; the port for answers
BLOCK = 0.02  # seconds made at a time
AHEAD = 0.1  # seconds kept ready; half as much again after each gap, up to a second
MOST_AHEAD = 1.0
GAIN = -12.0  # dB at first: how loud the model plays is not known
GAINS = (-60.0, 12.0)
REPORT = 0.1  # seconds from one report to the next
MESSAGES = {
    "temperature": "a number from 0.05 to 5",
    "seed": "a whole number, 0 or more; the model begins again",
    "prime": "the path of a recording to go on from; then, if you like, the second to start at and how many to use",
    "label": "the name of a label, shares such as bells:0.5, breath:0.5, or nothing for any",
    "loudness": "decibels of full scale to head for, from -80 to 0, or nothing to leave it to the model",
    "brightness": "semitones as MIDI counts them to head for, from 36 to 120, or nothing to leave it to the model",
    "nudge": "nothing to nudge now, 1 to nudge automatically from now on, or 0 not to",
    "gain": "decibels, from -60 to 12",
    "play": "nothing",
    "stop": "nothing",
}


class SoundCard:
    """The sound card's output, by PortAudio.

    Parameters
    ----------
    sample_rate
        Hz, of the model; if the card does not support it, the card's own is used.

    Attributes
    ----------
    sample_rate : int
        Hz, at which it plays.

    Raises
    ------
    CourseError
        When PortAudio or a sound card is missing.
    """

    def __init__(self, sample_rate):
        need("Playing on the sound card", "sounddevice")
        try:
            import sounddevice
        except OSError as error:
            raise CourseError(
                "PortAudio, which plays on the sound card, is missing: install it (on Debian and Ubuntu: sudo apt "
                "install libportaudio2), and try again."
            ) from error
        self._sounddevice = sounddevice
        with self._sentence():
            self.sample_rate = self._accepted(sample_rate)

    def _accepted(self, sample_rate):
        with suppress(self._sounddevice.PortAudioError):
            self._sounddevice.check_output_settings(samplerate=sample_rate, channels=1)
            return sample_rate
        return round(self._sounddevice.query_devices(kind="output")["default_samplerate"])

    def start(self, fill):
        """Play what `fill(samples)` gives, float32, shape (samples,); returns the card's latency in seconds."""

        def callback(block, samples, _, __):
            block[:, 0] = fill(samples)

        with self._sentence():
            self._stream = self._sounddevice.OutputStream(
                self.sample_rate, channels=1, dtype="float32", callback=callback
            )
            self._stream.start()
        return self._stream.latency

    def stop(self):
        """Fall silent."""
        self._stream.close()

    @contextmanager
    def _sentence(self):
        try:
            yield
        except self._sounddevice.PortAudioError as error:
            raise CourseError(
                f"The sound card cannot be used ({error}): connect one, or close the program that has it, and try "
                "again."
            ) from error


class OscPlayer:
    """Models that sound together; a message goes to one of them, by its name, or to all. A context manager.

    Parameters
    ----------
    voices
        {name: `LiveVoice`}.
    output
        Where they sound: an object with `sample_rate`, `start` and `stop`, as `SoundCard` has them.

    Attributes
    ----------
    latency : float
        Seconds within which the effect of a message is heard, at first.
    """

    def __init__(self, voices, output):
        self._parts = {name: _Part(voice, output.sample_rate) for name, voice in voices.items()}
        self._output, self._errors = output, []
        self._threads = ThreadPoolExecutor(len(voices))

    def __enter__(self):
        self.latency = AHEAD + BLOCK + self._output.start(self.fill)  # first: where it fails, no thread is left over
        self._working = [self._threads.submit(part.work) for part in self._parts.values()]
        return self

    def __exit__(self, *_):
        self._output.stop()
        for part in self._parts.values():
            part.end()
        self._threads.shutdown()

    def __str__(self):
        return some(list(self._parts), 10)

    def fill(self, samples):
        """The next samples of all models together, float32, shape (samples,), clipped at full scale."""
        return np.clip(np.sum([part.take(samples) for part in self._parts.values()], axis=0), -1, 1)

    def receive(self, address, *values):
        """Receive a message, such as "/temperature" or "/bells/temperature" with 0.9; a wrong one is answered."""
        name, _, what = address.removeprefix("/").rpartition("/")
        if what not in MESSAGES:
            self._errors.append(f"There is no message {as_given(address)}: there are /{', /'.join(MESSAGES)}.")
        elif name and name not in self._parts:
            self._errors.append(f"No model is called {as_given(name)}: choose from {some(list(self._parts), 10)}.")
        else:
            for part in [self._parts[name]] if name else self._parts.values():
                part.receive(what, values)

    def answers(self):
        """What to answer: the level, state and events of each model since the last call, and the last error.

        Returns
        -------
        A list of (address, list of values).
        """
        for work in self._working:
            if work.done():
                work.result()  # raises what ended it
        told = []
        for name, part in self._parts.items():
            told += [(f"/{name}/event", [what]) for what in part.events()]
            told += [(f"/{name}/level", part.level()), (f"/{name}/state", part.state())]
            self._errors += part.errors()
        errors, self._errors = self._errors, []
        return told + [("/error", [error]) for error in errors[-1:]]


def open_player(capsules, temperature=0.95, seed=0, output=SoundCard):
    """An `OscPlayer` of some models.

    Parameters
    ----------
    capsules
        A list of capsules, runs, or paths of them. Each is named after its file or folder, or else after its run; the
        second of one name gets a number.
    temperature, seed
        Their first values, see `LiveVoice`.
    output
        Makes the output from a sample rate.
    """
    voices = {}
    for capsule in capsules:
        voice = LiveVoice(capsule, temperature, seed, nudge=True)
        name = base = _name_of(capsule, voice)
        while name in voices:
            name = f"{base}_{len(voices) + 1}"
        voices[name] = voice
    return OscPlayer(voices, output(max(voice.sample_rate for voice in voices.values())))


def _name_of(capsule, voice):
    """A model's name in messages, whose addresses cannot contain spaces or most signs."""
    if isinstance(capsule, (str, os.PathLike)):
        return safe_file_name(Path(capsule).absolute().name.removesuffix(".capsule"))
    return safe_file_name(str(voice.about.get("run", "model")))


@checked(port=whole(1, 65535), answers=whole(1, 65535))
def serve(player, port, answers=ANSWERS, live=None):
    """Play until Ctrl-C, and carry out the OSC messages that programs on this computer send.

    Parameters
    ----------
    player
        An `OscPlayer`, opened.
    port
        Where messages arrive, by UDP.
    answers
        Port to which answers go, ten times a second.
    live
        The `LiveLine` to print to.

    Raises
    ------
    CourseError
        When the port cannot be used, for example because another program has it.
    """
    need("Playing by messages", "pythonosc")
    from pythonosc.dispatcher import Dispatcher
    from pythonosc.osc_server import BlockingOSCUDPServer
    from pythonosc.udp_client import SimpleUDPClient

    live, dispatcher, client = live or LiveLine(), Dispatcher(), SimpleUDPClient(HOST, answers)
    dispatcher.set_default_handler(player.receive)
    try:
        server = BlockingOSCUDPServer((HOST, port), dispatcher, timeout=REPORT)
    except OSError as error:
        raise CourseError(f"Port {port} cannot be used ({error.strerror}): choose another with --osc.") from error
    live.end(
        f"Playing {player}. Send messages to port {port}: they are heard within about {player.latency:.2f} s; "
        f"answers go to port {answers}. Ctrl-C ends it."
    )
    with server:
        due = time.monotonic()
        while True:
            server.handle_request()
            if time.monotonic() < due:
                continue
            due = time.monotonic() + REPORT
            for address, values in player.answers():
                with suppress(OSError):  # on some systems, sending fails if nobody received the last message
                    client.send_message(address, values)


class _Part:
    """A voice, the work of its thread, the sound that is ready, and the messages that wait for the next block."""

    def __init__(self, voice, sample_rate):
        self._voice, self._rate = voice, sample_rate
        self._resampler = None
        if voice.sample_rate != sample_rate:
            self._resampler = soxr.ResampleStream(voice.sample_rate, sample_rate, 1, dtype="float32")
        self._messages, self._events, self._errors = (queue.SimpleQueue() for _ in range(3))
        self._sound, self._lock = np.zeros(0, np.float32), threading.Lock()  # what is ready
        self._playing, self._collecting, self._ahead, self._gaps = True, True, AHEAD, 0
        self._gain, self._asked_gain = 0.0, _amplitude(GAIN)
        self._squares, self._count, self._peak = 0.0, 0, 0.0
        self._over, self._taken = False, threading.Event()

    @property
    def ready(self):
        """Seconds of sound that are ready."""
        return len(self._sound) / self._rate

    def state(self):
        """ "playing" or "stopped", the seconds that are ready, and how many gaps there were."""
        return ["playing" if self._playing else "stopped", round(self.ready, 3), self._gaps]

    def level(self):
        """RMS and peak since the last call, in dBFS."""
        rms = math.sqrt(self._squares / max(1, self._count))
        levels, self._squares, self._count, self._peak = (rms, self._peak), 0.0, 0, 0.0
        return [round(float(to_dbfs(level)), 1) for level in levels]

    def events(self):
        """What happened to the voice since the last call, as words."""
        return _all_of(self._events)

    def errors(self):
        """What was wrong with messages since the last call, as sentences."""
        return _all_of(self._errors)

    def receive(self, what, values):
        """Have a message carried out before the next block."""
        self._messages.put((what, values))
        self._taken.set()

    def end(self):
        """End `work`."""
        self._over = True
        self._taken.set()

    def take(self, samples):
        """The next samples, float32, shape (samples,): what is ready, then silence if that is not enough."""
        gain = self._asked_gain if self._playing else 0.0
        with self._lock:
            if self.ready >= self._ahead:
                self._collecting = False
            silent = self._collecting or gain == self._gain == 0
            sound, self._sound = np.split(self._sound, [0 if silent else samples])
        if len(sound) < samples and not silent:
            self._gaps += 1
            self._collecting, self._ahead = True, min(MOST_AHEAD, 1.5 * self._ahead)
        self._taken.set()
        sound = np.pad(sound, (0, samples - len(sound))) * np.linspace(self._gain, gain, samples, dtype=np.float32)
        self._gain = gain
        self._squares, self._count = self._squares + float(sound @ sound), self._count + samples
        self._peak = max(self._peak, float(np.abs(sound).max(initial=0)))
        return sound

    def work(self):
        """Carry out messages, and keep some sound ready, until `end`."""
        while not self._over:
            self._taken.clear()
            for what, values in _all_of(self._messages):
                try:
                    self._carry_out(what, values)
                except CourseError as error:
                    self._errors.put(str(error))
            if self._playing and self.ready < self._ahead + BLOCK:
                self._make()
            else:
                self._taken.wait(REPORT)

    def _carry_out(self, what, values):
        method = getattr(self, f"_on_{what}")
        try:
            inspect.signature(method).bind(*values)
        except TypeError:
            raise CourseError(f"/{what} takes {MESSAGES[what]}.") from None
        method(*values)

    def _make(self):
        before = len(self._voice.events)
        sound = self._voice.play(BLOCK)
        for event in self._voice.events[before:]:
            self._events.put(event["what"])
        if self._resampler:
            sound = self._resampler.resample_chunk(sound)
        with self._lock:
            self._sound = np.concatenate([self._sound, sound])

    def _on_temperature(self, value):
        self._voice.temperature = value

    def _on_seed(self, value):
        self._voice.begin(_as_whole(value))

    def _on_prime(self, file, start=None, seconds=8.0):
        self._voice.begin(self._voice.seed, Prime(file, start, seconds))

    def _on_nudge(self, switch=None):
        if switch is None:
            self._voice.strike()
        else:
            self._voice.nudge = bool(_as_whole(switch))

    def _on_label(self, label=None):
        self._voice.label = label

    def _on_loudness(self, decibels=None):
        self._voice.loudness = decibels

    def _on_brightness(self, semitones=None):
        self._voice.brightness = semitones

    def _on_gain(self, decibels):
        low, high = GAINS
        if not is_number(decibels) or not low <= decibels <= high:
            raise CourseError(f"gain must be {low:g} to {high:g} dB, not {as_given(decibels)}.")
        self._asked_gain = _amplitude(decibels)

    def _on_play(self):
        self._playing = True

    def _on_stop(self):
        self._playing = False


def _all_of(waiting):
    """What waits in a queue, as a list; it is empty then."""
    return [waiting.get_nowait() for _ in range(waiting.qsize())]


def _amplitude(decibels):
    return 10 ** (decibels / 20)


def _as_whole(value):
    """Pure Data sends whole numbers as floats."""
    return int(value) if isinstance(value, float) and value.is_integer() else value
