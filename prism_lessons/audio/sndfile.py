"""Reading with libsndfile: files with uncompressed samples, and FLAC that declares its length."""

import numpy as np
import soundfile

from .source import AudioError, ByteSource

SALVAGE_FRAMES = 1024


class LibsndfileReader:
    """The sound of a file, read by libsndfile; attributes as in `FFmpegReader`.

    Parameters
    ----------
    path
        Of the file.
    pcm
        Its `PcmLayout`, if it has one; it replaces a header that promises less than the file holds.

    Raises
    ------
    AudioError
        When libsndfile finds no sound in it.
    """

    tracks, gaps = 1, 0

    def __init__(self, path, pcm=None):
        self.truncated, self._place = False, 0
        if pcm is None or pcm.complete:
            source, raw = ByteSource(path), {}
        else:
            source = ByteSource(path, pcm.start, pcm.stop)
            raw = {"format": "RAW", "samplerate": pcm.sample_rate, "channels": pcm.channels}
            raw |= {"subtype": pcm.subtype, "endian": pcm.endian}
        self._source = source
        try:
            self._file = soundfile.SoundFile(source, **raw)
        except soundfile.LibsndfileError:
            source.close()
            source.check()
            raise AudioError("the file is damaged") from None
        self.sample_rate, self.channels = self._file.samplerate, self._file.channels
        form = pcm.form if raw else self._file.format_info.split(" (")[0]
        self.format = f"{form}, {self._file.subtype_info}"
        self.declared_frames = pcm.declared_frames if pcm else self._file.frames
        self.length = self._file.frames

    @property
    def share(self):
        return min(1.0, self._place / max(1, self.length))

    def close(self):
        self._file.close()
        self._source.close()

    def seek(self, frame):
        try:
            self._place = self._file.seek(min(frame, self.length))
        except soundfile.LibsndfileError:
            self._source.check()
            raise AudioError(f"the file is damaged before {frame / self.sample_rate:.1f} s") from None

    def read(self, size):
        frames = self._read(size)
        self._source.check()
        self._place += len(frames)
        return frames

    def _read(self, size):
        try:
            return self._file.read(size, dtype="float32", always_2d=True)
        except soundfile.LibsndfileError:
            self._source.check()
            self.truncated = True
        # The failed call returns nothing, so what comes before the damage is read again in small steps.
        frames = [np.zeros((0, self.channels), np.float32)]
        try:
            self._file.seek(self._place)
            while len(frames[-1]) or len(frames) == 1:
                frames.append(self._file.read(SALVAGE_FRAMES, dtype="float32", always_2d=True))
        except soundfile.LibsndfileError:
            pass
        return np.concatenate(frames)[: size - 1]  # shorter than asked for: the end
