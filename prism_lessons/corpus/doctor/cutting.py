"""The remedy that keeps some stretches of a sound and leaves out the rest."""

import numpy as np

FADE_SECONDS = 0.01


def cut(blocks, sample_rate, values):
    """Yield only the stretches `values["keep"]`, [[start, end], ...] in seconds and in order, one after the other.

    Each begins and ends with a fade of 10 ms, except where the sound itself begins; mono float32 blocks in and out.
    """
    fade = round(FADE_SECONDS * sample_rate)
    keep = [(round(start * sample_rate), round(end * sample_rate)) for start, end in values["keep"]]
    position = 0
    for block in blocks:
        for start, end in keep:
            first, last = max(start, position), min(end, position + len(block))
            if first < last:
                place = np.arange(first, last, dtype=np.float32)
                gain = np.minimum(1, (np.float32(end) - place) / fade)
                if start:
                    gain = np.minimum(gain, (place - np.float32(start)) / fade)
                yield block[first - position : last - position] * gain
        position += len(block)
