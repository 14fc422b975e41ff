import numpy as np
import pytest
from scipy.signal import butter, sosfilt

from prism_lessons.corpus.doctor.glitches import Glitches, interpolate

RATE = 44100


def tone(seconds=3):
    """A few partials and a soft hiss."""
    time = np.arange(int(seconds * RATE)) / RATE
    partials = sum(np.sin(2 * np.pi * 220 * n * time + n) / n for n in range(1, 6))
    return (0.15 * partials + 0.001 * np.random.default_rng(0).standard_normal(len(time))).astype(np.float32)


def strikes(seconds=3, every=0.25):
    """Drum strikes: an abrupt start, a burst of noise and a low tone, both dying away."""
    random, time = np.random.default_rng(0), np.arange(int(every * RATE)) / RATE
    hits = [
        0.4 * random.standard_normal(len(time)) * np.exp(-60 * time)
        + 0.5 * np.sin(2 * np.pi * random.uniform(80, 300) * time + 1) * np.exp(-12 * time)
        for _ in range(int(seconds / every))
    ]
    return (0.5 * np.concatenate(hits)).astype(np.float32)


def hiss(seconds=3):
    noise = np.random.default_rng(0).standard_normal(int(seconds * RATE))
    return (0.05 * sosfilt(butter(2, 0.3, output="sos"), noise)).astype(np.float32)


def findings(samples, cuts=(), rate=RATE):
    frames = samples if samples.ndim == 2 else samples[:, None]
    detector = Glitches(rate, frames.shape[1])
    for block in np.split(frames, cuts):
        detector.add(block, block.mean(axis=1))
    return {finding.kind: finding for finding in detector.findings()}


def repaired(kind, samples, values, cuts=()):
    (kind,) = (one for one in Glitches.kinds if one.key == kind)
    return np.concatenate(list(kind.repair(np.split(samples, cuts), RATE, values)))


def signal_to_error(clean, other):
    error = np.sum((clean.astype(float) - other) ** 2)
    return 10 * np.log10(np.sum(clean.astype(float) ** 2) / max(error, 1e-30))


def with_clicks(clean, height=0.4, places=(20050, 51234, 90000)):
    clicked = clean.copy()
    clicked[list(places)] += height
    return clicked


def with_holes(clean, seconds, held=False, places=(20050, 51234, 90000)):
    broken = clean.copy()
    for start in places:
        broken[start : start + int(seconds * RATE)] = broken[start - 1] if held else 0
    return broken


@pytest.mark.parametrize("sound", [tone, strikes, hiss])
def test_sounds_without_glitches_have_no_findings(sound):
    assert findings(sound()) == {}


@pytest.mark.parametrize("frequency", [50, 110.3, 440])
def test_waves_with_corners_have_no_findings(frequency):
    phase = np.arange(3 * RATE) * frequency / RATE % 1
    assert findings((0.5 * phase - 0.25).astype(np.float32)) == {}
    assert findings(np.where(phase < 0.5, 0.3, -0.3).astype(np.float32)) == {}


@pytest.mark.parametrize("sound", [tone, hiss])
def test_clicks_of_one_sample_are_found_in_their_places(sound):
    finding = findings(with_clicks(sound()))["clicks"]
    assert finding.measured.startswith("3 clicks")
    for (start, end), place in zip(finding.places, (20050, 51234, 90000), strict=True):
        assert start <= place / RATE <= end and end - start < 0.001


def test_a_click_between_drum_strikes_is_found():
    assert findings(with_clicks(strikes(), 0.6, [14000]))["clicks"].measured.startswith("1 click,")


def test_a_click_across_the_border_of_blocks_is_found_once():
    clicked = tone(12)
    clicked[441000 - 3 : 441000 + 3] += 0.4
    assert findings(clicked, [441000])["clicks"].measured.startswith("1 click,")


def test_of_many_clicks_the_twenty_tallest_are_placed():
    places = np.arange(4000, 3 * RATE - 4000, 3000)
    clicked = tone()
    clicked[places] += np.linspace(0.2, 0.4, len(places))
    finding = findings(clicked)["clicks"]
    assert len(finding.places) == 20 and list(finding.places) == sorted(finding.places)
    assert finding.places[0][0] > 0.5


@pytest.mark.parametrize("seconds", [0.002, 0.01, 0.05])
@pytest.mark.parametrize("held", [False, True])
def test_holes_are_found_in_their_places(seconds, held):
    finding = findings(with_holes(tone(), seconds, held))["dropouts"]
    assert finding.measured.startswith("3 places")
    for (start, end), place in zip(finding.places, (20050, 51234, 90000), strict=True):
        assert start == pytest.approx(place / RATE, abs=2 / RATE)
        assert end - start == pytest.approx(seconds, abs=3 / RATE)


def test_a_hole_in_one_channel_is_found():
    assert "dropouts" in findings(np.stack([tone(), with_holes(tone(), 0.005)], axis=1))


def test_silence_between_sounds_is_no_hole():
    samples = tone()
    fade = np.linspace(1, 0, 441, dtype=np.float32)
    samples[40000:40441] *= fade
    samples[40441:43000] = 0
    samples[43000:43441] *= fade[::-1]
    assert "dropouts" not in findings(samples)


def test_a_soft_sound_that_rests_on_one_value_has_no_hole():
    slow = np.rint(120 * np.sin(2 * np.pi * 20 * np.arange(3 * RATE) / RATE)) / 32768
    assert findings(slow.astype(np.float32)) == {}


def test_the_findings_do_not_depend_on_the_cuts():
    samples = np.stack([with_clicks(strikes(8), 0.9, [14000, 200000]), with_holes(tone(8), 0.004)], axis=1)
    whole = findings(samples)
    assert set(whole) == {"dropouts", "clicks"}
    for cuts in ([1, 14000, 51235], range(9999, len(samples), 9999)):
        assert findings(samples, cuts) == whole


@pytest.mark.parametrize("sound", [tone, strikes, hiss])
def test_the_remedy_for_clicks_leaves_a_clean_sound_as_it_is(sound):
    clean = sound()
    assert signal_to_error(clean, repaired("clicks", clean, {})) > 60


@pytest.mark.parametrize("sound", [tone, hiss])
def test_interpolating_clicks_at_least_halves_the_error(sound):
    clean, clicked = sound(), with_clicks(sound())
    mended = repaired("clicks", clicked, {})
    assert signal_to_error(clean, mended) > signal_to_error(clean, clicked) + 6
    assert "clicks" not in findings(mended)
    np.testing.assert_allclose(repaired("clicks", clicked, {}, [777, 51234, 51235]), mended, atol=1e-6)


def test_interpolating_short_holes_at_least_halves_the_error():
    clean, broken = tone(), with_holes(tone(), 0.004)
    mended = repaired("dropouts", broken, findings(broken)["dropouts"].values)
    assert signal_to_error(clean, mended) > signal_to_error(clean, broken) + 6
    assert "dropouts" not in findings(mended)


def test_long_holes_get_fades_and_nothing_else_changes():
    broken = with_holes(tone(), 0.03, held=True)
    mended = repaired("dropouts", broken, findings(broken)["dropouts"].values, [777, 51234])
    steps = np.abs(np.diff(mended))
    for start in (20050, 51234, 90000):
        assert np.abs(mended[start : start + 1000]).max() == 0
        assert steps[start - 2 : start + 1].max() < 0.005 > steps[start + 1320 : start + 1325].max()
    changed = np.flatnonzero(mended != broken)
    assert np.all(np.min([np.abs(changed - start - 661) for start in (20050, 51234, 90000)], axis=0) < 661 + 225)


def test_a_filled_gap_stays_within_full_scale():
    samples = 3 * tone()
    assert np.abs(interpolate(samples.copy(), 5000, 5200, RATE)[5000:5200]).max() <= 1


@pytest.mark.parametrize("rate", [2000, 8000, 192000])
def test_any_sample_rate_will_do(rate):
    time = np.arange(2 * rate) / rate
    samples = (0.3 * np.sin(2 * np.pi * 100 * time)).astype(np.float32)
    assert findings(samples, rate=rate) == {}
    samples[rate] += 0.6
    assert "clicks" in findings(samples, rate=rate)


def test_short_and_empty_sounds_have_no_findings():
    for samples in (np.zeros(0, np.float32), np.zeros(5, np.float32), tone()[:300], np.zeros(RATE, np.float32)):
        assert findings(samples) == {}


def test_a_hole_that_begins_at_a_zero_crossing_is_found():
    tone = (0.4 * np.sin(2 * np.pi * 1000 * np.arange(RATE) / RATE)).astype(np.float32)
    tone[22050 : 22050 + 441] = 0  # 500 and 510 whole periods from the start
    assert "dropouts" in findings(tone)
