import numpy as np

from prism_lessons.analysis.blocks import Sections, map_sections, map_with_context

SOUND = np.arange(1000, dtype=np.float32)


def in_blocks(sound, *cuts):
    return np.split(sound, cuts)


def smoothed(samples):
    """Looks 2 samples either way."""
    return np.convolve(samples, np.ones(5))[2:-2].astype(np.float32)


def test_a_change_with_context_is_the_same_however_the_sound_is_cut():
    for cuts in ([], [1, 2, 3, 500], [999], list(range(10, 1000, 10))):
        changed = np.concatenate(list(map_with_context(in_blocks(SOUND, *cuts), smoothed, 2)))
        np.testing.assert_array_equal(changed, smoothed(SOUND))


def sections_of(sound, cuts, length, margin):
    sections = Sections(length, margin)
    given = []
    for block in in_blocks(sound, *cuts):
        given += [(sections.start, samples, inner) for samples, inner in sections.add(block)]
    return given + [(sections.start, samples, inner) for samples, inner in sections.flush()]


def test_sections_are_the_same_however_the_sound_is_cut():
    whole = sections_of(SOUND, [], 128, 20)
    for cuts in ([1, 2, 3, 500], list(range(7, 1000, 7))):
        for one, other in zip(whole, sections_of(SOUND, cuts, 128, 20), strict=True):
            assert one[0] == other[0] and one[2] == other[2]
            np.testing.assert_array_equal(one[1], other[1])


def test_sections_cover_a_sound_once_with_margins_around():
    given = sections_of(SOUND, [300], 128, 20)
    np.testing.assert_array_equal(np.concatenate([samples[inner] for _, samples, inner in given]), SOUND)
    for start, samples, inner in given:
        assert samples[0] == start
        assert inner.start == min(20, start + inner.start)
        assert len(samples) - inner.stop == min(20, 1000 - start - inner.stop)


def test_sections_keep_channels():
    given = sections_of(np.stack([SOUND, -SOUND], axis=1), [300], 128, 20)
    assert all(samples.shape[1] == 2 for _, samples, _ in given)


def test_no_sound_has_no_sections():
    assert list(Sections(128, 20).flush()) == []
    assert sections_of(SOUND[:0], [], 128, 20) == []


def test_by_section_tells_where_its_samples_lie():
    def change(samples, start):
        np.testing.assert_array_equal(samples, SOUND[start : start + len(samples)])
        return -samples

    np.testing.assert_array_equal(np.concatenate(list(map_sections(in_blocks(SOUND, 300), change, 128, 20))), -SOUND)
