"""Models played from other programs: what messages change, what is answered, what is said where nothing can sound."""

import re
import socket
import sys
import threading
import time
import types
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from pythonosc.osc_message import OscMessage
from pythonosc.udp_client import SimpleUDPClient

from prism_lessons import cli, osc
from prism_lessons.errors import CourseError

TRAINED = Path(__file__).parents[1] / "datasets_examples" / "trained"
BLOCK = 160


class Speaker:
    """An output that is asked for sound by the test, instead of by a sound card."""

    def __init__(self, sample_rate):
        self.sample_rate, self.playing = sample_rate, False

    def start(self, fill):
        self.fill, self.playing = fill, True
        return 0.01

    def stop(self):
        self.playing = False

    def hear(self, seconds):
        """Sound of some seconds, as fast as it is made, and so without gaps on a slow computer too."""
        parts, blocks = self.fill.__self__._parts.values(), []
        for _ in range(round(seconds * self.sample_rate / BLOCK)):
            while any(part.state()[0] == "playing" and part.ready < osc.AHEAD for part in parts):
                time.sleep(0.001)
            blocks.append(self.fill(BLOCK))
        return np.concatenate(blocks)


class Tone:
    """A voice whose samples are its temperature / 10, and which notes what it was told."""

    def __init__(self, capsule, temperature=0.95, seed=0, nudge=False):
        self.sample_rate = 8000 if capsule == "slow" else 16000
        self.about, self.temperature, self.seed, self.nudge = {"run": capsule}, temperature, seed, nudge
        self.events, self.told, self.label, self.loudness = [], [], None, None

    def play(self, seconds):
        if self.temperature == 4:
            self.events.append({"seconds": 1.0, "what": "fell silent"})
        return np.full(round(seconds * self.sample_rate), self.temperature / 10, np.float32)

    def begin(self, seed, prime=None):
        if not isinstance(seed, int) or seed < 0:
            raise CourseError(f"seed must be a whole number, 0 or more, not {seed}.")
        self.told.append((seed, prime and (prime.sound, prime.start, prime.seconds)))

    def strike(self):
        self.told.append("struck")


@pytest.fixture
def tones(monkeypatch):
    """Two models of made tones, "bells" and "wind", and the speaker they sound on."""
    monkeypatch.setattr(osc, "LiveVoice", Tone)
    speakers = []
    player = osc.open_player(["bells", "wind"], output=lambda rate: speakers.append(Speaker(rate)) or speakers[0])
    with player:
        yield player, speakers[0]
    assert not speakers[0].playing


def loudness(speaker):
    """What is heard at the end of half a second: by then, each message has been carried out."""
    return float(speaker.hear(0.5)[-1])


def voice(player, name):
    return player._parts[name]._voice


QUIET = 10 ** (osc.GAIN / 20)


def test_all_models_sound_together_and_begin_softly(tones):
    _, speaker = tones
    assert loudness(speaker) == pytest.approx(2 * 0.095 * QUIET, rel=1e-4)


def test_a_message_goes_to_all_models_or_to_the_one_it_names(tones):
    player, speaker = tones
    player.receive("/temperature", 0.5)
    player.receive("/wind/temperature", 1.5)
    assert loudness(speaker) == pytest.approx((0.05 + 0.15) * QUIET, rel=1e-4)
    player.receive("/bells/stop")
    player.receive("/wind/gain", 0)
    assert loudness(speaker) == pytest.approx(0.15, rel=1e-4)
    player.receive("/play")
    player.receive("/gain", 12.0)
    assert loudness(speaker) == pytest.approx(0.2 * 10**0.6, rel=1e-4)


def test_together_they_stay_within_full_scale(tones):
    player, speaker = tones
    player.receive("/gain", 12)
    player.receive("/temperature", 5)
    assert loudness(speaker) == 1


def test_a_change_of_gain_and_a_stop_are_no_clicks(tones):
    player, speaker = tones
    speaker.hear(0.3)
    player.receive("/gain", 0)
    heard = speaker.hear(0.3)
    player.receive("/stop")
    heard = np.concatenate([heard, speaker.hear(0.3)])
    assert np.abs(np.diff(heard)).max() < 0.2 / BLOCK * 1.01 and heard[-1] == 0


def test_seed_prime_and_nudge_are_carried_out_in_their_order(tones):
    player, speaker = tones
    for message in (("seed", 5.0), ("prime", "gong.wav"), ("prime", "gong.wav", 1.0, 2.0), ("nudge",)):
        player.receive(f"/bells/{message[0]}", *message[1:])
    player.receive("/bells/nudge", 0)
    loudness(speaker)
    bells = voice(player, "bells")
    assert bells.told == [(5, None), (0, ("gong.wav", None, 8.0)), (0, ("gong.wav", 1.0, 2.0)), "struck"]
    assert bells.nudge is False and voice(player, "wind").told == []


def test_label_loudness_and_brightness_are_asked_and_no_longer(tones):
    player, speaker = tones
    player.receive("/bells/label", "bells:0.5, breath:0.5")
    player.receive("/loudness", -20)
    loudness(speaker)
    assert [(voice(player, name).label, voice(player, name).loudness) for name in ("bells", "wind")] == [
        ("bells:0.5, breath:0.5", -20), (None, -20),
    ]  # fmt: skip
    player.receive("/bells/brightness", 80)
    loudness(speaker)
    assert voice(player, "bells").brightness == 80
    player.receive("/label")
    player.receive("/bells/loudness")
    player.receive("/bells/brightness")
    loudness(speaker)
    assert voice(player, "bells").label is voice(player, "bells").loudness is voice(player, "bells").brightness is None


@pytest.mark.parametrize(
    ("message", "said"),
    [
        (("/volume", 1), 'There is no message "/volume"'),
        (("/loudness", -20, -30), "/loudness takes decibels"),
        (("/gong/seed", 1), 'No model is called "gong": choose from bells, wind'),
        (("/gain", 13), "gain must be -60 to 12 dB, not 13"),
        (("/gain", "loud"), 'gain must be -60 to 12 dB, not "loud"'),
        (("/gain", float("nan")), "gain must be -60 to 12 dB"),
        (("/gain",), "/gain takes decibels"),
        (("/temperature", 1, 2), "/temperature takes a number"),
        (("/bells/seed", -1), "seed must be"),
        (("/bells/prime", 3), "A prime is a clip or the path of a sound file"),
    ],
)
def test_a_wrong_message_is_answered_by_a_sentence_and_changes_nothing(tones, message, said):
    player, speaker = tones
    player.receive(*message)
    assert loudness(speaker) == pytest.approx(2 * 0.095 * QUIET, rel=1e-4)
    errors = [values for address, values in player.answers() if address == "/error"]
    assert len(errors) == 1 and errors[0][0].startswith(said)
    assert not [address for address, _ in player.answers() if address == "/error"]


def test_level_state_and_events_are_answered(tones):
    player, speaker = tones
    player.receive("/bells/temperature", 4)
    player.receive("/bells/gain", 0)
    player.receive("/wind/stop")
    speaker.hear(0.5)
    player.answers()
    speaker.hear(0.1)
    told = player.answers()
    assert ("/bells/event", ["fell silent"]) in told
    told = dict(told)
    assert told["/bells/level"] == [pytest.approx(-8, abs=0.1)] * 2 and told["/wind/level"][0] < -99
    state, ready, gaps = told["/bells/state"]
    assert state == "playing" and 0 < ready < 0.2 and gaps == 0
    assert told["/wind/state"][0] == "stopped"


def test_what_is_asked_for_faster_than_it_is_made_is_a_gap_that_is_counted_and_more_is_kept_ready(tones):
    player, speaker = tones
    speaker.hear(0.3)
    player.receive("/wind/stop")
    speaker.hear(0.1)
    heard = speaker.fill(16000)
    assert heard[-1] == 0 and heard[0] != 0
    speaker.hear(0.5)
    state = dict(player.answers())["/bells/state"]
    assert state[2] == 1 and state[1] >= osc.AHEAD


def test_a_model_of_another_rate_sounds_at_that_of_the_output(monkeypatch):
    monkeypatch.setattr(osc, "LiveVoice", Tone)
    with osc.open_player(["slow", "slow", "wind"], output=Speaker) as player:
        speaker = player._output
        assert speaker.sample_rate == 16000 and str(player) == "slow, slow_2, wind"
        assert loudness(speaker) == pytest.approx(3 * 0.095 * QUIET, rel=1e-3)


def test_a_model_that_fails_ends_it_instead_of_falling_silent(tones, monkeypatch):
    player, speaker = tones
    monkeypatch.setattr(voice(player, "wind"), "play", lambda seconds: 1 / 0)
    speaker.fill(BLOCK)
    deadline = time.monotonic() + 10
    with pytest.raises(ZeroDivisionError):
        while time.monotonic() < deadline:
            speaker.fill(BLOCK)
            player.answers()


def free_port():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind((osc.HOST, 0))
        return free.getsockname()[1]


class Ended(Exception):
    """Raised by the player's answers, as Ctrl-C is in the thread that serves."""


@pytest.fixture
def served(monkeypatch):
    """A trained model, served: its name, its speaker, the port of its messages, and a socket for its answers."""
    over, answers = threading.Event(), osc.OscPlayer.answers

    def told(player):
        if over.is_set():
            raise Ended
        return answers(player)

    def serve(player, *ports):
        with suppress(Ended):
            osc.serve(player, *ports)

    monkeypatch.setattr(osc.OscPlayer, "answers", told)
    player, port = osc.open_player([TRAINED / "breath"], output=Speaker), free_port()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ear, player:
        ear.bind((osc.HOST, 0))
        ear.settimeout(5)
        serving = threading.Thread(target=serve, args=(player, port, ear.getsockname()[1]))
        serving.start()
        yield player, player._output, port, ear
        over.set()
        serving.join()


def test_a_thousand_messages_a_second_arrive_and_a_trained_model_plays_on(served):
    """The last temperature is the one that counts; what is no message is passed over."""
    player, speaker, port, ear = served
    client = SimpleUDPClient(osc.HOST, port)
    loud = speaker.hear(0.5)
    for number in range(1000):
        client.send_message("/breath/temperature", 0.5 + number / 2000)
        if number % 10 == 0:
            time.sleep(0.01)
    client._sock.sendto(b"not OSC at all", (osc.HOST, port))
    client.send_message("/nonsense", [])
    speaker.hear(0.5)
    heard = {}
    while "/error" not in heard:
        message = OscMessage(ear.recv(4096))
        heard[message.address] = message.params
    assert np.abs(loud).max() > 0.001
    assert voice(player, "breath").temperature == pytest.approx(0.9995)
    assert "/nonsense" in heard["/error"][0] and heard["/breath/state"][0] == "playing"


def test_a_port_that_another_program_has_is_told_in_a_sentence(tones):
    player, _ = tones
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind((osc.HOST, 0))
        with pytest.raises(CourseError, match=r"Port \d+ cannot be used .*: choose another with --osc"):
            osc.serve(player, taken.getsockname()[1])
    with pytest.raises(CourseError, match="port must be a whole number from 1 to 65535"):
        osc.serve(player, 70000)


def test_what_the_page_and_the_patch_send_are_messages():
    """In the patch, an object makes each address; a message box cannot hold a path."""
    docs = Path(__file__).parents[1] / "docs"
    page, patch = (docs / "osc.md").read_text(), (docs / "patches" / "prism-lessons.pd").read_text()
    assert set(re.findall(r"^\| .*?`/(\w+)`(?:, `/(\w+)`)? \|", page.partition("Answers go")[0], re.MULTILINE)) == {
        (name, "play" if name == "stop" else "") for name in osc.MESSAGES if name != "play"
    }
    assert set(re.findall(r'sendMsg\("/(\w+)"', page)) < set(osc.MESSAGES)
    assert set(re.findall(r"oscformat (\w+);", patch)) == set(osc.MESSAGES) - {"prime"}


def no_card(*_, **__):
    raise FakeError("Error querying device -1")


class FakeError(Exception):
    pass


def portaudio_is_missing():
    raise OSError("PortAudio library not found")  # as sounddevice does on Linux


def card_of(rates, default=48000):
    """A stand-in for sounddevice, with a card that takes some rates."""

    def check(samplerate, channels):
        if samplerate not in rates:
            raise FakeError("Invalid sample rate")

    return types.SimpleNamespace(
        PortAudioError=FakeError,
        check_output_settings=check,
        query_devices=lambda kind: {"default_samplerate": float(default)},
    )


def test_where_there_is_no_sound_card_or_no_portaudio_a_sentence_says_what_to_do(monkeypatch, capsys):
    monkeypatch.setitem(
        sys.modules,
        "sounddevice",
        types.SimpleNamespace(PortAudioError=FakeError, check_output_settings=no_card, query_devices=no_card),
    )
    monkeypatch.setattr(osc, "need", lambda *_: None)
    assert cli.main(["play", str(TRAINED / "breath")]) == 2
    assert "The sound card cannot be used (Error querying device -1)" in capsys.readouterr().err
    finder = types.SimpleNamespace(find_spec=lambda name, *_: portaudio_is_missing() if name == "sounddevice" else None)
    monkeypatch.delitem(sys.modules, "sounddevice")
    monkeypatch.setattr(sys, "meta_path", [finder, *sys.meta_path])
    assert cli.main(["play", str(TRAINED / "breath")]) == 2
    assert "PortAudio, which plays on the sound card, is missing" in capsys.readouterr().err


def test_a_card_that_another_program_has_is_told_and_nothing_is_left_running(monkeypatch, capsys):
    card = card_of({16000})
    card.OutputStream = lambda *_, **__: no_card()
    monkeypatch.setattr(osc, "need", lambda *_: None)
    monkeypatch.setitem(sys.modules, "sounddevice", card)
    before = threading.active_count()
    assert cli.main(["play", str(TRAINED / "breath")]) == 2
    assert "The sound card cannot be used" in capsys.readouterr().err and threading.active_count() == before


def test_the_card_plays_at_the_model_s_rate_or_at_its_own(monkeypatch):
    monkeypatch.setattr(osc, "need", lambda *_: None)
    monkeypatch.setitem(sys.modules, "sounddevice", card_of({16000}))
    assert osc.SoundCard(16000).sample_rate == 16000
    assert osc.SoundCard(44100).sample_rate == 48000
