"""Processing a sound block by block, with the same result as for the whole sound in memory."""

import numpy as np


def power_spectrum(spectra):
    """The squared magnitudes of complex spectra, real, of the same shape; quicker than by way of `numpy.abs`."""
    return spectra.real**2 + spectra.imag**2


def true_runs(mask):
    """The runs of true values in a mask, shape (values,): (start, stop) of each, shape (runs, 2)."""
    return np.flatnonzero(np.diff(np.r_[False, mask, False].astype(np.int8))).reshape(-1, 2)


def map_with_context(blocks, change, context):
    """Yield `change(samples)` of a sound that comes in blocks, where `change` looks at most `context` samples away.

    Parameters
    ----------
    blocks
        Mono float32 blocks of any length.
    change
        float32, shape (samples,) -> the same shape. Each output sample may depend on up to `context` samples before and
        after it.
    context
        Samples.
    """
    buffer, before = np.zeros(0, np.float32), 0  # `before`: samples at the start of `buffer` that have been yielded
    for block in blocks:
        buffer = np.concatenate([buffer, block])
        ready = len(buffer) - context
        if ready > before + context:  # no work for a handful of samples
            yield change(buffer)[before:ready]
            start = max(0, ready - context)
            buffer, before = buffer[start:], ready - start
    if len(buffer) > before:
        yield change(buffer)[before:]


class Reblocker:
    """Float32 blocks regrouped into pieces of exactly `size` samples.

    Parameters
    ----------
    size
        Samples of a piece.
    overlap
        How many samples of a piece are repeated at the start of the next.

    Attributes
    ----------
    pending
        The samples that wait for the next piece.
    """

    def __init__(self, size, overlap=0):
        self._size, self._step = size, size - overlap
        self.pending = np.zeros(0, np.float32)

    def add(self, block):
        """Add a block; yield the pieces that are now complete."""
        buffer = np.concatenate([self.pending, block]) if len(self.pending) else block
        start = 0
        while len(buffer) - start >= self._size:
            yield buffer[start : start + self._size]
            start += self._step
        self.pending = buffer[start:].copy()

    def flush(self):
        """Return the pending samples, shape (fewer than a piece,), and clear them."""
        pending, self.pending = self.pending, np.zeros(0, np.float32)
        return pending


class Sections:
    """A sound in sections of one length, with context around each, whatever the size of its blocks.

    Results for each section thus do not depend on how the sound was cut into blocks.

    Parameters
    ----------
    length
        Samples in a section; the last one of a sound may be shorter.
    margin
        Samples of context before and after a section, fewer only where the sound begins or ends.

    Attributes
    ----------
    start
        Where the samples yielded last begin in the sound.
    """

    def __init__(self, length, margin):
        self.length, self.margin = length, margin
        self.start = 0
        self._buffer = None
        self._at, self._from = 0, 0  # where the next section begins in the sound, and where `_buffer` does

    def add(self, block):
        """Add a block, shape (samples,) or (samples, channels); yield the sections that are now complete.

        Yields
        ------
        samples, inner
            A section with its margins, and the slice of it that is the section itself.
        """
        self._buffer = block if self._buffer is None else np.concatenate([self._buffer, block])
        while self._from + len(self._buffer) >= self._at + self.length + self.margin:
            yield self._section(self.length)

    def flush(self):
        """Yield the sections that are left once the sound has ended."""
        while self._buffer is not None and (left := self._from + len(self._buffer) - self._at) > 0:
            yield self._section(min(left, self.length))

    def _section(self, length):
        start = self._at - self._from
        samples = self._buffer[: start + length + self.margin]
        self.start, self._at = self._from, self._at + length
        kept = max(0, self._at - self.margin)
        self._buffer, self._from = self._buffer[kept - self._from :], kept
        return samples, slice(start, start + length)


def map_sections(blocks, change, length, margin):
    """Yield a sound that comes in mono blocks, changed section by section.

    `change(samples, start)` takes a section with its margins, and where these begin in the sound; it returns the same
    shape.
    """
    sections = Sections(length, margin)
    for block in blocks:
        for samples, inner in sections.add(block):
            yield change(samples, sections.start)[inner]
    for samples, inner in sections.flush():
        yield change(samples, sections.start)[inner]
