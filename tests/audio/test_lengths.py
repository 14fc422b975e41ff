"""Nothing is lost in silence: what a header leaves out is read, and what it promises too much is no broken file."""

import io
import json
import os
import struct
from pathlib import Path

import numpy as np
import pytest
import soundfile
from encoded import chirp, encode

from prism_lessons.audio import Recording
from prism_lessons.corpus import curate, survey
from prism_lessons.generation import Prime

CASES = Path(__file__).parents[3] / "shared" / "cases"
RATE = 16000
SOUND = chirp(8.0, RATE)[:, 0]
PCM = np.rint(SOUND * 32767).astype("<i2").tobytes()


def read(path):
    with Recording(path) as recording:
        return recording, np.concatenate([np.zeros((0, recording.channels), np.float32), *recording.frames()])


def wav(length, riff=b"RIFF", before=b"", behind=b""):
    """A WAV of 16-bit samples with any length in its header, and chunks before and behind them."""
    fmt = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, RATE, 2 * RATE, 2, 16)
    return (
        riff
        + struct.pack("<I", 2**32 - 1)
        + b"WAVE"
        + before
        + fmt
        + b"data"
        + struct.pack("<I", length)
        + PCM
        + behind
    )


def aiff(length):
    common = struct.pack(">4sIhIh", b"COMM", 18, 1, length // 2, 16) + struct.pack(">HQ", 16383 + 13, RATE << 50)
    samples = np.frombuffer(PCM, "<i2").astype(">i2").tobytes()
    return b"FORM" + bytes(4) + b"AIFF" + common + struct.pack(">4sIII", b"SSND", length + 8, 0, 0) + samples


def caf(length):
    desc = struct.pack(">4sqd4sIIIII", b"desc", 32, RATE, b"lpcm", 2, 2, 1, 1, 16)
    return b"caff\0\1\0\0" + desc + struct.pack(">4sqI", b"data", length, 0) + PCM


def au(length):
    return struct.pack(">4s5I", b".snd", 24, length, 3, RATE, 1) + np.frombuffer(PCM, "<i2").astype(">i2").tobytes()


def w64(length):
    tail = bytes.fromhex("f3acd3118cd100c04f8edb8a")
    fmt = b"fmt " + tail + struct.pack("<QHHIIHH", 40, 1, 1, RATE, 2 * RATE, 2, 16)
    head = b"riff" + bytes.fromhex("2e91cf11a5d628db04c10000") + bytes(8) + b"wave" + tail
    return head + fmt + b"data" + tail + struct.pack("<Q", length) + PCM


DS64 = struct.pack("<4sIQQQI", b"ds64", 28, 0, 0, 0, 0)
LIST = b"LIST\x0e\0\0\0INFOISFT\2\0\0\0ab"
# What the header says, and whether it says plainly that it does not know, as its format allows.
TOO_LITTLE = {
    "WAV, 0": (wav(0), ".wav", False),
    "WAV, begun again at 0": (wav(20000), ".wav", False),
    "WAV, written to a pipe": (wav(2**32 - 1), ".wav", True),
    "WAV, 2 GB": (wav(2**31 - 1), ".wav", True),
    "RF64, 0": (wav(2**32 - 1, b"RF64", DS64), ".wav", False),
    "BW64, 0": (wav(0, b"BW64", DS64), ".wav", False),
    "AIFF, 0": (aiff(0), ".aiff", False),
    "AIFF, begun again at 0": (aiff(20000), ".aif", False),
    "AU, written to a pipe": (au(2**32 - 1), ".au", True),
    "AU, 0": (au(0), ".snd", False),
    "W64, 0": (w64(24), ".w64", False),
    "CAF, -1": (caf(-1), ".caf", True),
    "CAF, 0": (caf(4), ".caf", False),
}


@pytest.mark.parametrize("case", TOO_LITTLE)
def test_samples_behind_the_length_of_the_header_are_read(tmp_path, case):
    content, ending, known = TOO_LITTLE[case]
    path = tmp_path / f"take{ending}"
    path.write_bytes(content)
    recording, there = read(path)
    assert recording.sample_rate == RATE and recording.seconds == 8.0
    assert there[:, 0].tolist() == (np.frombuffer(PCM, "<i2") / np.float32(2**15)).tolist()
    with Recording(path) as again:
        again.seek(5.0)
        assert np.array_equal(np.concatenate(list(again.frames())), there[5 * RATE :])
    (file,) = survey(path).files
    assert file.seconds == 8.0 and ("header" in {finding.kind for finding in file.findings}) != known


def test_a_length_that_began_again_at_zero_leaves_out_what_lies_behind_the_sound(tmp_path):
    """A WAV of more than 4 GB, which has holes on this disk: its length is known but for a multiple of 2**32."""
    path, bytes_ = tmp_path / "take.wav", 2**32 + 2000
    with open(path, "wb") as file:
        file.write(wav(2000)[:44])
        file.seek(44 + bytes_ - 4)
        file.write(b"\1\0\1\0" + LIST)
    with Recording(path) as recording:
        assert recording.seconds == bytes_ / 2 / RATE
        recording.seek(recording.seconds - 2 / RATE)
        assert np.concatenate(list(recording.frames())).ravel().tolist() == [2**-15, 2**-15]


@pytest.mark.parametrize("behind", [b"", b"\0", LIST, LIST + bytes(100), bytes(5000), b"bext\4\0\0\0abcd" + LIST])
def test_chunks_and_filling_behind_the_sound_are_no_sound(tmp_path, behind):
    path = tmp_path / "take.wav"
    path.write_bytes(wav(len(PCM), behind=behind))
    recording, there = read(path)
    assert len(there) == len(SOUND) and recording.declared_seconds == 8.0
    assert "header" not in {finding.kind for finding in survey(path).files[0].findings}


def without_count(mp3):
    """An MP3 as a stream has it: without the first frame, which counts the others."""
    frame = mp3.index(b"\xff\xfb") if b"\xff\xfb" in mp3 else mp3.index(b"\xff\xf3")
    at = mp3.find(b"Xing", frame) if b"Xing" in mp3 else mp3.find(b"Info", frame)
    assert at > 0
    return mp3[mp3.index(mp3[frame : frame + 2], at) :]


def mp3(sound, rate=44100):
    file = io.BytesIO()
    soundfile.write(file, sound, rate, format="MP3", bitrate_mode="VARIABLE", compression_level=0.3)
    return file.getvalue()


@pytest.mark.parametrize("begins", ["soft", "loud"])
def test_a_streamed_mp3_of_changing_bit_rate_is_read_to_its_end(tmp_path, begins, noise):
    """Its length would be guessed from the bit rate at its beginning: too long after silence, too short after noise."""
    loud, soft = noise(4, sample_rate=44100), np.zeros(4 * 44100, np.float32) + 1e-4
    sound = np.concatenate([soft, loud] if begins == "soft" else [loud, soft])
    path = tmp_path / "take.mp3"
    path.write_bytes(without_count(mp3(sound)))
    recording, there = read(path)
    assert recording.declared_seconds is None and recording.notes == []
    assert abs(len(there) - len(sound)) <= 3 * 1152 + 1105  # packets of the encoder, and its delay
    assert recording.seconds == pytest.approx(8, abs=0.12)
    assert not {"broken", "header"} & {finding.kind for finding in survey(path).files[0].findings}


@pytest.mark.parametrize("tag", [b"", b"ID3\4\0\0\0\0\0\4abcd"])
def test_joined_mp3s_are_read_one_after_the_other(tmp_path, tag):
    first, second = chirp(3.0, 44100)[:, 0], chirp(2.5, 44100)[::-1, 0]
    path = tmp_path / "take.mp3"
    path.write_bytes(tag + mp3(first) + tag + mp3(second))
    recording, there = read(path)
    whole = np.concatenate([first, second])
    assert len(there) == len(whole) and recording.seconds == 5.5
    assert np.corrcoef(there[:, 0], whole)[0, 1] > 0.99
    with Recording(path) as again:
        again.seek(4.0)
        assert np.array_equal(np.concatenate(list(again.frames())), there[4 * 44100 :])


def ogg(sound, rate, subtype="VORBIS"):
    file = io.BytesIO()
    soundfile.write(file, sound, rate, format="OGG", subtype=subtype)
    return file.getvalue()


@pytest.mark.parametrize("subtype", ["VORBIS", "OPUS"])
def test_the_links_of_a_chained_ogg_are_read_one_after_the_other(tmp_path, subtype):
    first, second = chirp(3.0, 48000), chirp(2.5, 48000)[::-1]
    path = tmp_path / "radio.ogg"
    path.write_bytes(ogg(first, 48000, subtype) + ogg(second, 48000, subtype))
    recording, there = read(path)
    whole = np.concatenate([first, second])[:, 0]
    assert len(there) == len(whole) and recording.notes == []
    assert np.corrcoef(there[:, 0], whole)[0, 1] > 0.99


def test_links_of_other_rates_and_channels_become_as_the_first(tmp_path):
    first, second = chirp(3.0, 44100), chirp(2.5, 22050, channels=2)
    path = tmp_path / "radio.ogg"
    path.write_bytes(ogg(first, 44100) + ogg(second, 22050))
    recording, there = read(path)
    assert (recording.sample_rate, recording.channels) == (44100, 1)
    assert len(there) == round(5.5 * 44100)
    wanted = chirp(2.5, 44100)[:, 0] * 0.75  # the mean of a channel and of one half as loud
    assert np.corrcoef(there[3 * 44100 :, 0], wanted)[0, 1] > 0.99
    assert np.std(there[3 * 44100 :]) == pytest.approx(np.std(wanted), rel=0.02)


def test_channels_may_change_within_a_stream(tmp_path):
    parts = [encode(tmp_path / f"{n}.aac", "aac", chirp(2.0, 44100, n), 44100).read_bytes() for n in (1, 2)]
    path = tmp_path / "take.aac"
    path.write_bytes(b"".join(parts))
    recording, there = read(path)
    assert recording.channels == 1 and abs(len(there) - 4 * 44100) <= 4 * 1024


def test_a_flac_that_was_written_to_a_pipe_is_read(tmp_path):
    path = tmp_path / "take.flac"
    soundfile.write(path, SOUND, RATE)
    content = bytearray(path.read_bytes())
    content[21] &= 0xF0  # the last 36 bits of what it says of itself
    content[22:26] = bytes(4)
    path.write_bytes(content)
    recording, there = read(path)
    assert recording.declared_seconds is None and recording.seconds == 8.0
    assert np.abs(there[:, 0] - SOUND).max() <= 2**-15 and survey(path).files[0].usable


def test_a_stretch_within_that_cannot_be_decoded_is_found(tmp_path):
    path = encode(tmp_path / "take.m4a", "aac", chirp(8.0, 44100), 44100)
    content = bytearray(path.read_bytes())
    middle = content.index(b"mdat") + 30000
    content[middle : middle + 3000] = b"\xff" * 3000
    path.write_bytes(content)
    recording, there = read(path)
    assert recording.gaps >= 1 and len(there) > 4 * 44100
    assert "gaps" in {finding.kind for finding in survey(path).files[0].findings}


def test_an_m4a_without_its_table_of_contents_says_what_happened(tmp_path):
    path = encode(tmp_path / "take.m4a", "aac", chirp(8.0, 44100), 44100)
    os.truncate(path, path.stat().st_size // 2)
    (file,) = survey(path).files
    assert "table of contents" in file.reason and not file.passing


def test_the_end_of_a_recording_is_the_end_for_priming_and_curating_too(tmp_path, noise):
    path = tmp_path / "recordings" / "take.wav"
    path.parent.mkdir()
    sound = noise(12)
    head = wav(20000)[:44]
    path.write_bytes(head + np.rint(np.clip(sound, -1, 1) * 32767).astype("<i2").tobytes())
    assert str(Prime(str(path))) == "take.wav, 4 to 12 s"
    assert np.abs(Prime(str(path), seconds=1.0).clip(RATE).samples - sound[11 * RATE :]).max() < 2**-14
    corpus = curate(path.parent, tmp_path / "corpus", RATE)
    assert sum(clip.samples for clip in corpus.clips) == 12 * RATE


@pytest.mark.skipif(not CASES.is_dir(), reason="the shared cases do not lie beside this clone")
def test_every_shared_case_is_read_to_its_end():
    for name, seconds in json.loads((CASES / "expected.json").read_text()).items():
        (file,) = survey(CASES / name).files
        assert file.usable and file.seconds == pytest.approx(seconds, abs=0.01), name
        assert not {"broken", "gaps"} & {finding.kind for finding in file.findings}, name
