"""Build the core of a page that plays, for all browsers and for those with a multiply-add: `make core`."""

import subprocess
import sys
from pathlib import Path

from . import FOLDER

FEATURES = {"core.wasm": "simd128", "core_fused.wasm": "simd128+relaxed_simd"}
# No multiply-add but where core.c asks for one, as in Numba's loop.
FLAGS = (
    "-target", "wasm32-freestanding", "-O3", "-ffreestanding", "-fno-builtin", "-ffp-contract=off", "-nostdlib",
    "-Wall", "-Wextra", "-Werror", "-Wl,--no-entry", "-Wl,--export=__heap_base", "-s",
)  # fmt: skip


def build(folder):
    """Write the two cores into a folder. The same version of ziglang writes the same bytes."""
    for name, features in FEATURES.items():
        path, command = Path(folder) / name, [sys.executable, "-m", "ziglang", "cc", *FLAGS]
        subprocess.run([*command, f"-mcpu=generic+{features}", "-o", path, FOLDER / "core.c"], check=True)
        path.chmod(0o644)  # it is not a program


if __name__ == "__main__":
    build(FOLDER)
