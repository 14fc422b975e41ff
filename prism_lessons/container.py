"""The one file format of this project for weights: a zip without compression, with nothing in it that could run.

Inside lie `about.json` (what the arrays are called, their shapes, a checksum, and whatever the writer adds), the
arrays end to end in `arrays.bin` (little-endian), and texts. Reading allocates no more than the file's own size.
"""

import hashlib
import json
import math
import zipfile
from pathlib import Path

import numpy as np

from .errors import CourseError
from .files import replacing

ABOUT, ARRAYS = "about.json", "arrays.bin"
DTYPES = ("float32", "float16", "int32", "int64", "uint32", "uint8", "bool")
YEAR_ONE = (1980, 1, 1, 0, 0, 0)  # zips want a date; without today's, the same content is the same file
ABOUT_LIMIT = 2**22  # bytes


def write(path, kind, about, arrays, texts=None):
    """Write a container.

    Parameters
    ----------
    kind
        What it is: "capsule" or "checkpoint".
    about
        Plain values, JSON.
    arrays
        {name: array}.
    texts
        {file name: text}.
    """
    listed, sha, blobs = [], hashlib.sha256(), []
    for name, array in arrays.items():
        array = np.asarray(array)
        array = np.ascontiguousarray(array, array.dtype.newbyteorder("<")).reshape(array.shape)
        assert array.dtype.name in DTYPES, array.dtype
        listed.append([name, array.dtype.name, list(array.shape)])
        blobs.append(array.tobytes())
        sha.update(blobs[-1])
    header = {"kind": kind, "about": about, "arrays": listed, "sha256": sha.hexdigest()}
    with replacing(path) as partial, zipfile.ZipFile(partial, "w", zipfile.ZIP_STORED) as file:
        file.writestr(zipfile.ZipInfo(ABOUT, YEAR_ONE), json.dumps(header, indent=1, ensure_ascii=False))
        for name, text in (texts or {}).items():
            file.writestr(zipfile.ZipInfo(name, YEAR_ONE), text)
        with file.open(zipfile.ZipInfo(ARRAYS, YEAR_ONE), "w", force_zip64=True) as member:
            for blob in blobs:
                member.write(blob)


def read(path, kind):
    """Read a container of some kind.

    Returns
    -------
    about, {name: array}, {file name: text}

    Raises
    ------
    CourseError
        When it is missing, damaged, of another kind, or holds what a container never does.
    """
    path = Path(path)
    if path.is_dir() or not path.exists():
        raise CourseError(f'There is no {kind} "{path}": check the name.')
    try:
        with zipfile.ZipFile(path) as file:
            members = {info.filename: info for info in file.infolist()}
            if any(info.compress_type != zipfile.ZIP_STORED for info in members.values()):
                raise ValueError("it is compressed")
            if sum(info.file_size for info in members.values()) > path.stat().st_size:
                raise ValueError("its parts are larger than it is")
            if members[ABOUT].file_size > ABOUT_LIMIT:
                raise ValueError("its description is too long")
            header = json.loads(file.read(ABOUT))
            if header["kind"] != kind:
                raise ValueError(f"it is a {header['kind']}")
            data = file.read(ARRAYS)
            texts = {name: file.read(name).decode() for name in members if name not in (ABOUT, ARRAYS)}
        if hashlib.sha256(data).hexdigest() != header["sha256"]:
            raise ValueError("its checksum does not fit")
        return header["about"], _arrays(header["arrays"], data), texts
    except OSError as error:
        raise CourseError(f'The {kind} "{path}" cannot be read: {error.strerror}.') from error
    except (zipfile.BadZipFile, ValueError, KeyError, TypeError, AttributeError, NotImplementedError, EOFError,
            RuntimeError, OverflowError, RecursionError) as error:  # fmt: skip
        raise CourseError(
            f'"{path}" is damaged or no {kind} of this course ({error}): get or make it again.'
        ) from error


def _arrays(listed, data):
    arrays, place = {}, 0
    for name, dtype, shape in listed:
        if dtype not in DTYPES or not all(isinstance(size, int) and size >= 0 for size in shape):
            raise ValueError(f"{name} is no array of numbers")
        count = math.prod(shape)
        stop = place + count * np.dtype(dtype).itemsize
        if stop > len(data):
            raise ValueError(f"{name} is cut short")
        arrays[name] = np.frombuffer(data, np.dtype(dtype).newbyteorder("<"), count, place).reshape(shape)
        place = stop
    if place != len(data):
        raise ValueError("it holds more than it lists")
    return arrays
