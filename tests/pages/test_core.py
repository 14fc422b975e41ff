"""The core of a page that plays is built from its source."""

import pytest
import wasmtime

from prism_lessons.pages.core import CORES, FOLDER, build


def test_the_core_is_what_its_source_gives(tmp_path, monkeypatch):
    for cache in ("ZIG_GLOBAL_CACHE_DIR", "ZIG_LOCAL_CACHE_DIR"):
        monkeypatch.setenv(cache, str(tmp_path / "cache"))
    build.build(tmp_path)
    for name in CORES:
        assert (tmp_path / name).read_bytes() == (FOLDER / name).read_bytes(), "run `make core`, and commit it"


@pytest.mark.parametrize("name", CORES)
def test_the_core_imports_nothing(name):
    assert not wasmtime.Module.from_file(wasmtime.Engine(), str(FOLDER / name)).imports
