"""Sounds made with NumPy, files of them, and the misfortunes that files meet."""

import contextlib
import ctypes
import os
import shutil
import subprocess
import tempfile
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

# Two processes that compile one function for other types at once exchange the files of its code (Numba numbers them).
if worker := os.environ.get("PYTEST_XDIST_WORKER"):
    os.environ["NUMBA_CACHE_DIR"] = str(Path(__file__).parents[1] / ".pytest_cache" / "numba" / worker)

from prism_lessons.corpus import curate

# Files and tests that train, compile or run processes for more than some seconds: `make check` leaves them out.
SLOW = (
    "tests/audition/closeness/test_closeness.py",
    "tests/audition/test_audition.py",
    "tests/audition/test_journey.py",
    "tests/audition/test_damaged_runs.py",
    "tests/audition/test_listening.py",
    "tests/audition/test_page.py",
    "tests/browser/",
    "tests/classroom/test_turns.py::test_a_training_that_blows_up",
    "tests/corpus/test_curating.py",
    "tests/analysis/test_relations.py",
    "tests/analysis/test_near_duplicates.py",
    "tests/generation/test_engines.py",
    "tests/generation/test_long.py",
    "tests/generation/test_priming.py",
    "tests/generation/test_takes.py",
    "tests/notebook/test_computer.py",
    "tests/notebook/test_course.py",
    "tests/notebook/test_findings.py::test_a_cell_holds_no_more_than_it_may",
    "tests/notebook/test_stop_button.py",
    "tests/notebooks/",
    "tests/pages/test_strangers.py",
    "tests/test_benchmarks.py",
    "tests/test_caches.py",
    "tests/tuning/test_criteria.py",
    "tests/tuning/test_page.py",
    "tests/test_capsule_fuzz.py",
    "tests/test_cli.py",
    "tests/test_datasets_examples.py",
    "tests/test_mirror.py",
    "tests/test_model.py",
    "tests/test_prism.py",
    "tests/test_setup.py::test_the_wheel_works_without_the_repository",
    "tests/test_stress.py",
    "tests/training/",
)

# On Ray, which needs the machine to itself (Makefile).
CLUSTER = (
    "tests/cluster/",
    "tests/test_examples.py::test_examples_show_what_they_say[train_class]",
    "tests/test_examples.py::test_examples_show_what_they_say[tune]",
)

# Those that take longest, by far: first, so that no worker still has one of them when the others are done.
LONGEST = ("tests/notebooks/test_first_evening.py", "tests/training/")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Mark what is slow, and put the longest first, what is quick last."""
    items.sort(key=lambda item: (not item.nodeid.startswith(LONGEST), not item.nodeid.startswith(SLOW)))
    for item in items:
        if item.nodeid.startswith(SLOW + CLUSTER):
            item.add_marker(pytest.mark.slow)
        if item.nodeid.startswith(CLUSTER):
            item.add_marker(pytest.mark.cluster)


@pytest.fixture(autouse=True)
def empty_cache(tmp_path_factory, monkeypatch):
    """The user's cache, where surveys are remembered: a new one for each test."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))


@pytest.fixture(scope="session")
def noise():
    """A function that gives quiet noise, float32, shape (samples,); another seed is another sound."""

    def make(seconds, seed=0, sample_rate=16000):
        chance = np.random.default_rng(seed)
        return 0.1 * chance.standard_normal(round(seconds * sample_rate), dtype=np.float32)

    return make


@pytest.fixture(scope="session")
def write_sound():
    """A function that writes samples, shape (samples,) or (samples, channels), as the sound file `path`."""

    def write(path, samples, sample_rate=16000, subtype=None):
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(os.fsencode(path), samples, sample_rate, subtype=subtype)
        return path

    return write


@pytest.fixture(scope="session")
def write_noise(noise, write_sound):
    """A function that writes `seconds` of noise as the 16-bit sound file `path`."""

    def write(path, seconds, seed=0, sample_rate=16000):
        return write_sound(path, noise(seconds, seed, sample_rate), sample_rate)

    return write


@pytest.fixture
def public_folder():
    """An empty folder that every user can reach; pytest's own are for one."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def as_guest():
    """A context without the rights of root, which permissions do not bind; of any other user they do."""
    if not hasattr(os, "geteuid"):
        pytest.skip("Windows binds permissions in another way")
    return _without_override if os.geteuid() == 0 else contextlib.nullcontext


@contextlib.contextmanager
def _without_override():
    """Root of Linux without its right to pass over permissions, so that what it owns, the course too, stays its own."""
    library = ctypes.CDLL(None, use_errno=True)
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)  # the third version of the interface; this thread
    before = (ctypes.c_uint32 * 6)()  # effective, permitted, inheritable; then the same of higher numbers
    assert library.capget(header, before) == 0
    without = type(before)(*before)
    without[0] &= ~0b110  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH
    assert library.capset(header, without) == 0
    try:
        yield
    finally:
        assert library.capset(header, before) == 0


@pytest.fixture
def small_disk(tmp_path):
    """A context with a folder that takes `size` bytes: a disk of its own or, where none can be mounted, a limit on the
    size of any file, `largest_file`. What lies in the folder `holding` is put there as "run" before."""
    resource = pytest.importorskip("resource", reason="Windows has no limit on the size of files")

    @contextlib.contextmanager
    def context(size=2**18, largest_file=2**18, holding=None):
        folder = tmp_path / "small disk"
        folder.mkdir()
        mounting = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder]
        mounted = subprocess.run(mounting, capture_output=True).returncode == 0
        if holding:
            shutil.copytree(holding, folder / "run")
        limits = resource.getrlimit(resource.RLIMIT_FSIZE)
        if not mounted:
            resource.setrlimit(resource.RLIMIT_FSIZE, (largest_file, limits[1]))
        try:
            yield folder
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
            if mounted:
                subprocess.run(["umount", "-l", folder], check=True)

    return context


SMALL = {
    "frame_sizes": (4, 16), "dim": 16, "embedding": 8, "predictors": (), "book": 0, "streams": 4, "window": 64,
    "clip_seconds": 0.1,
}  # fmt: skip


@pytest.fixture(scope="session")
def compiled_once():
    """Trainings of one process share what was compiled for the same model: that takes most of a training of a second.

    A model begins with the values of a new one, all of them, and so gives the same weights as that.
    """
    from prism_lessons.training import trainer  # here, so that tests without a model need no TensorFlow

    models, build, steps, score = {}, trainer.build_model, {}, trainer.Scorer

    def build_or_reset(preset, precision, codes=None):
        new = build(preset, precision, codes)
        training = preset.training
        compiled = preset.model, training.streams, training.clip_norm, training.devices, precision
        model = models.setdefault(compiled, new)
        if model is not new:
            for variable, value in zip(model.named_variables().values(), new.named_variables().values(), strict=True):
                variable.assign(value)
            model.bits.reset_state()
        return model

    def scorer_with_step(samplernn):
        scorer = score(samplernn)
        scorer._step = steps.setdefault(samplernn, scorer._step)
        return scorer

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(trainer, "build_model", build_or_reset)
        patch.setattr(trainer, "Scorer", scorer_with_step)
        yield


@pytest.fixture(scope="session")
def small(compiled_once):
    """Settings that train in seconds."""
    return dict(SMALL)


@pytest.fixture(scope="session")
def hums():
    """A function that writes four recordings of noisy hums into a folder."""

    def write(folder, seed=0):
        rng = np.random.default_rng(seed)
        folder.mkdir(parents=True, exist_ok=True)
        for number in range(4):
            time = np.arange(24000)
            hum = 0.3 * np.sin(time * 0.03 * (number + 1)) + rng.normal(0, 0.02, len(time))
            soundfile.write(folder / f"hum {number}.wav", hum, 8000)
        return folder

    return write


@pytest.fixture(scope="session")
def hum_corpus(hums, tmp_path_factory):
    """A corpus small enough to train on in a test."""
    folder = tmp_path_factory.mktemp("corpus")
    return curate(hums(folder / "recordings"), folder / "corpus", sample_rate=8000)


@pytest.fixture(scope="session")
def mostly_silent(tmp_path_factory, noise, write_sound):
    """A corpus of four recordings of ten seconds, each of which sounds for half a second: 95 % of it is silence."""
    folder = tmp_path_factory.mktemp("mostly silent")
    for seed in range(4):
        samples = np.concatenate([noise(0.5, seed, 8000), np.zeros(76_000, np.float32)])
        write_sound(folder / "recordings" / f"take {seed}.wav", samples, 8000)
    return curate(folder / "recordings", folder / "corpus", sample_rate=8000)


@pytest.fixture(scope="session")
def go_on(hum_corpus, small):
    """A function that begins or resumes a run of two epochs; dropout and augmentation let chance take part."""

    def go_on(folder, epochs=2, corpus=hum_corpus, **changes):
        from prism_lessons.training import train  # here, so that tests without a model need no TensorFlow

        return train(corpus, folder, epochs=epochs, **{"versions": 2, **small, **changes})

    return go_on


@pytest.fixture(scope="session")
def straight(go_on, tmp_path_factory):
    """A run of two epochs without interruption; not to be changed."""
    return go_on(tmp_path_factory.mktemp("run") / "run")


@pytest.fixture(scope="session")
def made_search(straight, tmp_path_factory):
    """A search of six trials that needed no Ray, with made-up figures; not to be changed.

    All are copies of one run, but for the last, which failed. Trial 02 is the best, by 0.3 bits.
    """
    from prism_lessons.presets import PRESETS
    from prism_lessons.tuning import Search, results, search

    folder, found = tmp_path_factory.mktemp("search") / "search", []
    preset = replace(PRESETS["sketch"].changed(**SMALL), minutes=1.0)
    space = {"dim": (8, 16, 32), "predictors": ((), (8,)), "skip_connections": (False, True)}
    for number, (dim, seconds) in enumerate([(16, 60.0), (8, 60.0), (32, 15.0), (16, 15.0), (32, 15.0)]):
        changes = {"dim": dim, "predictors": (), "skip_connections": number == 1}
        scores = [[when, 5 - when / 60 - 0.3 * (dim == 8)] for when in (15.0, 60.0) if when <= seconds]
        state, name = results.FULL if seconds == 60 else results.STOPPED, results.name_of(number)
        found.append(results.Trial(name, changes, scores[-1][1], seconds, len(scores), state, scores=scores))
        shutil.copytree(straight.folder, folder / "trials" / name)
    failed = {"dim": 8, "predictors": (8,), "skip_connections": False}
    found.append(results.Trial("06", failed, None, 0.0, 0, results.FAILED, "It <b>blew</b> up."))
    asked = {"trials": len(found), "criterion": "bits", "space": space, "preset": asdict(preset)}
    search._keep(folder, asked, found, preset, space, "of a search")
    return Search(folder)
