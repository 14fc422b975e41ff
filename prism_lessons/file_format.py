"""The one file format of this project for weights: an uncompressed zip, with nothing in it that could be executed.

It holds `about.json` (the arrays' names, types and shapes, a checksum, and the writer's own values), the concatenated
arrays in `arrays.bin` (little-endian), and texts. Reading allocates no more than the file's own size.
"""

import hashlib
import json
import math
import struct
import zipfile
from pathlib import Path

import numpy as np

from .errors import CourseError, in_short
from .files import MOST_DEEP, atomic_write, depth, read_error

ABOUT, ARRAYS = "about.json", "arrays.bin"
DTYPES = ("float32", "float16", "float64", "int32", "int64", "uint32", "uint8", "bool")
YEAR_ONE = (1980, 1, 1, 0, 0, 0)  # zips need a date; a fixed one makes equal content an equal file
ABOUT_LIMIT = 2**22  # bytes
MOST_LETTERS = 200  # of an array's name
MOST_AXES = 8


def write(path, kind, about, arrays, texts=None):
    """Write a container.

    Parameters
    ----------
    kind
        Its kind: "capsule", "checkpoint" or "performance".
    about
        Plain values, JSON.
    arrays
        {name: array}.
    texts
        {file name: text}.
    """
    listed, blobs, texts = [], [], texts or {}
    for name, array in arrays.items():
        array = np.asarray(array)
        array = np.ascontiguousarray(array, array.dtype.newbyteorder("<")).reshape(array.shape)
        assert array.dtype.name in DTYPES, array.dtype
        listed.append([name, array.dtype.name, list(array.shape)])
        blobs.append(array.tobytes())
    header = json.loads(json.dumps({"kind": kind, "about": about, "arrays": listed}))  # as it will be read
    header["sha256"] = checksum(header, texts, blobs)
    with atomic_write(path) as partial, zipfile.ZipFile(partial, "w", zipfile.ZIP_STORED) as file:
        file.writestr(zipfile.ZipInfo(ABOUT, YEAR_ONE), json.dumps(header, indent=1, ensure_ascii=False))
        for name, text in texts.items():
            file.writestr(zipfile.ZipInfo(name, YEAR_ONE), text)
        with file.open(zipfile.ZipInfo(ARRAYS, YEAR_ONE), "w", force_zip64=True) as member:
            for blob in blobs:
                member.write(blob)


def read(path, kind, texts=()):
    """Read a container of some kind.

    Parameters
    ----------
    texts
        The exact names of its texts.

    Returns
    -------
    about, {name: array}, {file name: text}

    Raises
    ------
    CourseError
        When it is missing, damaged, of another kind, or has unexpected contents.
    """
    path = Path(path)
    try:
        if not path.is_file():  # reading a pipe would block
            raise CourseError(f'There is no {kind} "{path}": check the name.')
        with zipfile.ZipFile(path) as file:
            _check_members(file.infolist(), path.stat().st_size)
            header = json.loads(file.read(ABOUT).decode(), object_pairs_hook=_once)
            if depth(header) > MOST_DEEP:
                raise ValueError("its description is nested too deeply")
            if header["kind"] != kind:
                raise ValueError(f"it is a {in_short(header['kind'])}")
            if sorted(info.filename for info in file.infolist()) != sorted((ABOUT, ARRAYS, *texts)):
                raise ValueError("it has missing or unexpected parts")
            data = file.read(ARRAYS)
            texts = {name: file.read(name).decode() for name in texts}
        if header["sha256"] not in (checksum(header, texts, [data]), hashlib.sha256(data).hexdigest()):
            raise ValueError("its checksum does not match")  # the second is that of earlier versions
        return header["about"], _arrays(header["arrays"], data), texts
    except OSError as error:
        raise read_error(path, kind, error) from error
    except (zipfile.BadZipFile, struct.error, ValueError, LookupError, TypeError, AttributeError, ArithmeticError,
            EOFError, RuntimeError) as error:  # fmt: skip
        raise CourseError(
            f'"{path}" is damaged or not a {kind} of this course ({in_short(error)}): get or make it again.'
        ) from error


def _check_members(members, size):
    """Raise a `ValueError` for members of a zip that would take more memory than the file."""
    if any(info.compress_type != zipfile.ZIP_STORED for info in members):
        raise ValueError("it is compressed")
    # Reading takes as much memory as `compress_size` says.
    if any(info.file_size != info.compress_size for info in members) or sum(info.file_size for info in members) > size:
        raise ValueError("its parts are larger than it is")
    if any(info.file_size > ABOUT_LIMIT for info in members if info.filename == ABOUT):
        raise ValueError("its description is too long")


def _once(pairs):
    """A JSON object as a dictionary; a `ValueError` for duplicate keys."""
    if len(values := dict(pairs)) < len(pairs):
        raise ValueError("its description contains something twice")
    return values


def checksum(header, texts, blobs):
    """The SHA-256 of a container's contents, except its own field in the description."""
    described = {key: value for key, value in header.items() if key != "sha256"}
    sha = hashlib.sha256()
    for text in (json.dumps(described, ensure_ascii=False), *(part for each in sorted(texts.items()) for part in each)):
        sha.update(len(text.encode()).to_bytes(8, "little") + text.encode())
    for blob in blobs:
        sha.update(blob)
    return sha.hexdigest()


def _arrays(listed, data):
    arrays, place = {}, 0
    for name, dtype, shape in listed:
        if not isinstance(name, str) or not name.isprintable() or len(name) > MOST_LETTERS or name in arrays:
            raise ValueError(f"{in_short(name)} is not the name of an array, or appears twice")
        # A size beyond the file's is refused before it is used: a number in JSON may have 4,000 digits.
        sizes = len(shape) <= MOST_AXES and all(type(size) is int and 0 <= size <= len(data) for size in shape)
        if dtype not in DTYPES or not sizes:
            raise ValueError(f"{name} is not an array of numbers, or is larger than the file")
        count = math.prod(shape)
        stop = place + count * np.dtype(dtype).itemsize
        if stop > len(data):
            raise ValueError(f"{name} is cut short")
        arrays[name] = np.frombuffer(data, np.dtype(dtype).newbyteorder("<"), count, place).reshape(shape)
        if dtype == "bool" and arrays[name].view(np.uint8).max(initial=0) > 1:
            raise ValueError(f"{name} is neither true nor false")
        place = stop
    if place != len(data):
        raise ValueError("it holds more than it lists")
    return arrays
