"""The bytes of a sound file, for libraries that hide the system's errors."""

import errno
import io
import os

from ..errors import CourseError


class AudioError(CourseError):
    """A sound file that cannot be used, with the reason in one sentence."""


class TransientError(AudioError):
    """A sound file that cannot be used now: the disk, the network or a permission is to blame, not the file."""


def reading_error(error):
    """The `AudioError` for an `OSError` that was raised while reading a file."""
    if isinstance(error, FileNotFoundError):
        return TransientError("the file is no longer there")
    if isinstance(error, PermissionError):
        return TransientError("the file may not be read: you lack the permission")
    if error.errno is None or error.errno == errno.EISDIR:
        return AudioError("the file cannot be read (it is not a file)")
    said = (error.strerror or str(error)).lower()
    return TransientError(
        f"the disk or the network failed while the file was read ({said}): try again; if it lies in a cloud, download "
        "it first"
    )


class ByteSource(io.RawIOBase):
    """A file, or a stretch of it, opened for reading.

    Libraries call it from C, where an exception would be lost: they get the end of the file instead, and `check` raises
    it afterwards.

    Parameters
    ----------
    path
        Of the file.
    start, stop
        The first byte, and the one after the last; the whole file if not given.

    Raises
    ------
    AudioError
        When it cannot be opened.
    """

    def __init__(self, path, start=0, stop=None):
        self._error = self._file = None
        try:
            if not os.path.isfile(path):  # a folder or a pipe may be called take.wav too
                raise FileNotFoundError if not os.path.exists(path) else IsADirectoryError
            self._file = open(path, "rb")  # noqa: SIM115 - it is closed by `close`
            self.size = (os.fstat(self._file.fileno()).st_size if stop is None else stop) - start
            self._bounded = stop is not None
            self._start = self._file.seek(start)
        except OSError as error:
            raise reading_error(error) from None

    def readable(self):
        return True

    def seekable(self):
        return True

    def tell(self):
        return self._file.tell() - self._start

    def seek(self, offset, whence=os.SEEK_SET):
        origin = {os.SEEK_SET: 0, os.SEEK_CUR: self.tell(), os.SEEK_END: self.size}[whence]
        return self._file.seek(self._start + max(0, origin + offset)) - self._start

    def readinto(self, buffer):
        content = self.read(len(buffer))
        buffer[: len(content)] = content
        return len(content)

    def read(self, size=-1):
        if self._bounded:
            left = max(0, self.size - self.tell())
            size = left if size is None or size < 0 else min(size, left)
        try:
            return self._file.read(size)
        except OSError as error:
            self._error = error
            return b""

    def at(self, offset, size):
        """`size` bytes from `offset` on; fewer at the end. Raises as `check` does."""
        self.seek(offset)
        content = self.read(size)
        self.check()
        return content

    def check(self):
        """Raise a `TransientError` if the system failed while something was read."""
        if self._error is not None:
            raise reading_error(self._error)

    def close(self):
        if self._file is not None:
            self._file.close()
        super().close()
