"""What must hold of codes, whatever their kind and number."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from prism_lessons.errors import CourseError
from prism_lessons.quantisation import KINDS, Quantisation

LEVELS = [3, 4, 15, 16, 255, 256, 1024, 65536]
QUANTISATIONS = [Quantisation(kind, levels) for kind in KINDS for levels in LEVELS]
any_quantisation = st.builds(Quantisation, st.sampled_from(KINDS), st.integers(3, 65536))
every_quantisation = pytest.mark.parametrize("quantisation", QUANTISATIONS, ids=str)

# Half of float32's spacing at 1: the most that one operation can be off, relative to its result.
ROUNDING = 2.0**-24


def sweep():
    """Samples from -1 to 1, dense everywhere and denser near 0."""
    even = np.linspace(0, 1, 20001)
    positive = np.concatenate([even, np.geomspace(1e-9, 1, 2001)])
    return np.unique(np.concatenate([-positive, positive]).astype(np.float32))


@given(any_quantisation, st.lists(st.floats(width=64), min_size=1))
def test_no_float_at_all_gets_a_code_out_of_range(quantisation, samples):
    with np.errstate(over="ignore"):  # 1e300 is infinite as float32
        codes = quantisation.encode(np.array(samples))
    assert codes.min() >= quantisation.centre - quantisation.half >= 0
    assert codes.max() <= quantisation.centre + quantisation.half < quantisation.levels


@every_quantisation
def test_beyond_full_scale_is_full_scale_and_no_number_is_silence(quantisation):
    codes = quantisation.encode([-np.inf, -7, -1, np.nan, 1, 7, np.inf]).tolist()
    lowest, centre, highest = (quantisation.centre + step for step in (-quantisation.half, 0, quantisation.half))
    assert codes == [lowest, lowest, lowest, centre, highest, highest, highest]


@given(any_quantisation)
def test_silence_comes_back_as_silence(quantisation):
    codes = quantisation.encode(np.array([0.0, -0.0], np.float32))
    assert codes.tolist() == [quantisation.centre] * 2
    assert quantisation.decode(codes).tolist() == [0.0, 0.0]


@given(any_quantisation)
def test_codes_decode_symmetrically_about_silence(quantisation):
    step = np.arange(quantisation.half + 1)
    above, below = (quantisation.decode(quantisation.centre + sign * step) for sign in (1, -1))
    assert np.array_equal(above, -below)
    assert above[-1] == 1.0


@every_quantisation
def test_turning_the_sound_upside_down_turns_its_codes_upside_down(quantisation):
    samples = sweep()
    codes = quantisation.encode(samples).astype(int)
    assert np.array_equal(quantisation.encode(-samples), 2 * quantisation.centre - codes)


@given(any_quantisation, st.lists(st.floats(-1, 1, width=32), min_size=1))
def test_what_comes_back_is_within_the_error_bound(quantisation, samples):
    """The bound of the formula, widened by what float32 may add to it."""
    samples = np.array(samples, np.float32)
    error = np.abs(quantisation.decode(quantisation.encode(samples)).astype(np.float64) - samples)
    # Encoding: a product, two logarithms (to 2 units each), a quotient, another product: 7 roundings of a value that
    # is at most `half`, in codes. The code is then off by half a step and that, hence half a step made this much wider.
    wider = 1 + 2 * 7 * ROUNDING * quantisation.half
    if quantisation.kind == "linear":
        bound = quantisation.error_bound(samples) * wider
    else:
        mu = quantisation.levels - 1
        bound = (np.abs(samples).astype(np.float64) + 1 / mu) * np.expm1(wider * 0.5 / quantisation.half * np.log1p(mu))
        # With that allowance taken away, it is the bound that the library states.
        narrow = (np.abs(samples).astype(np.float64) + 1 / mu) * np.expm1(0.5 / quantisation.half * np.log1p(mu))
        np.testing.assert_allclose(quantisation.error_bound(samples), narrow, rtol=1e-12)
    assert np.all(error <= bound + ROUNDING)  # decoded samples are at most 1 and rounded once


@every_quantisation
def test_between_two_codes_the_nearer_is_taken(quantisation):
    """Just above and just below the middle between two codes, where a formula that is slightly off would err."""
    step = (np.arange(quantisation.half)[:, None] + [0.5 - 0.01, 0.5 + 0.01]) / quantisation.half
    mu = quantisation.levels - 1
    samples = np.expm1(step * np.log1p(mu)) / mu if quantisation.kind == "mu-law" else step
    # float32 may move a sample by 7 roundings of up to `half` codes (see below), at 32767 codes by 0.014 of one;
    # with few levels by nothing, so there the margin of 0.01 tells the codes apart and above it is widened by so much.
    codes = quantisation.encode(samples) - float(quantisation.centre)
    assert np.all(np.abs(codes - step * quantisation.half) <= 0.5 - 0.01 + 7 * ROUNDING * quantisation.half)


@every_quantisation
def test_the_error_bound_is_reached(quantisation):
    """A bound ten times too wide would hold as well."""
    samples = sweep()
    error = np.abs(quantisation.decode(quantisation.encode(samples)).astype(np.float64) - samples)
    # Somewhere in so dense a sweep a sample lies near the middle between two codes, where the error is half of their
    # distance. The bound is that half, seen from the far end; steps side by side differ by levels ** (1 / half).
    ratio = quantisation.levels ** (1 / quantisation.half) if quantisation.kind == "mu-law" else 1.0
    assert np.max(error / quantisation.error_bound(samples)) > 0.5 / ratio


@every_quantisation
def test_a_louder_sample_never_gets_a_lower_code(quantisation):
    assert np.all(np.diff(quantisation.encode(sweep()).astype(int)) >= 0)
    assert np.all(np.diff(quantisation.decode(np.arange(quantisation.levels))) >= 0)


@every_quantisation
def test_a_decoded_code_is_encoded_as_itself(quantisation):
    codes = np.arange(quantisation.centre - quantisation.half, quantisation.centre + quantisation.half + 1)
    assert np.array_equal(quantisation.encode(quantisation.decode(codes)), codes)


def test_mu_law_is_that_of_g711():
    # The formula at one half, computed by hand: ln(1 + 255 * 0.5) / ln(256) = 0.8756; times 127 is 111.2.
    assert Quantisation("mu-law", 256).encode(0.5) == 128 + 111


def test_quiet_sounds_get_finer_steps_in_mu_law_only():
    smallest = [Quantisation(kind, 256).decode(129) for kind in KINDS]
    assert smallest[0] < smallest[1] / 20  # mu-law's slope at 0 is mu / ln(1 + mu), 46 times that of linear
    assert smallest[1] == np.float32(1 / 127)


@pytest.mark.parametrize(("levels", "dtype"), [(3, np.uint8), (256, np.uint8), (257, np.uint16), (65536, np.uint16)])
def test_codes_are_of_the_smallest_type_that_holds_them(levels, dtype):
    quantisation = Quantisation("linear", levels)
    assert quantisation.dtype == quantisation.encode([0.5]).dtype == dtype
    assert quantisation.decode([1]).dtype == np.float32


def test_shapes_are_kept():
    quantisation = Quantisation()
    samples = np.zeros((3, 0, 5), np.float32)
    assert quantisation.encode(samples).shape == quantisation.decode(quantisation.encode(samples)).shape == (3, 0, 5)


@pytest.mark.parametrize("kind", ["a-law", "", None, "Mu-law"])
def test_a_kind_that_does_not_exist_is_refused(kind):
    with pytest.raises(CourseError, match='choose "mu-law" or "linear"'):
        Quantisation(kind)


@pytest.mark.parametrize("levels", [2, 0, -1, 65537, 256.0, "256", None, True])
def test_a_number_of_levels_that_does_not_exist_is_refused(levels):
    with pytest.raises(CourseError, match="needs 3 to 65536 levels"):
        Quantisation("linear", levels)
