"""What the machine can do, measured beside every benchmark: figures are compared as ratios to it."""

import json
import platform
import re
import time
from importlib.metadata import version
from pathlib import Path

import numpy as np


def matrix_product_gflops(size=2048, seconds=2.0):
    """Speed of float32 matrix products of `size`, in GFLOP/s: the median over some seconds, as Keras's backend does."""
    from prism_lessons.backend import ops

    a = ops.convert_to_tensor(np.random.default_rng(0).random((size, size), np.float32))
    float(ops.matmul(a, a)[0, 0])
    times, until = [], time.perf_counter() + seconds
    while time.perf_counter() < until:
        begun = time.perf_counter()
        float(ops.matmul(a, a)[0, 0])  # which waits for it
        times.append(time.perf_counter() - begun)
    return 2 * size**3 / float(np.median(times)) / 1e9


def peak_mb():
    """Largest resident size of this process so far, in MB, as Linux counts it.

    `getrusage` would say at least what the process had that started this one: a program begun by a large one inherits
    that one's peak.
    """
    return round(int(re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())[1]) * 1024 / 1e6)


def report(results, out=None):
    """Print `results` as JSON with the machine's figures, and write them to the file `out` if one is named."""
    results["machine"] = {
        "matrix_product_gflops": round(matrix_product_gflops(), 1),
        "processor": platform.processor() or platform.machine(),
        "python": platform.python_version(),
        **{name: version(name) for name in ("keras", "numpy")},
    }
    text = json.dumps(results, indent=1)
    print(text)
    if out:
        Path(out).write_text(text + "\n", encoding="utf-8")
