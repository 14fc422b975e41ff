"""The results of a pre-flight, saved in the run's folder beside its clips."""

import shutil
from contextlib import suppress
from dataclasses import asdict, dataclass, field

from ...audio import Clip
from ...errors import CourseError
from ...files import digest, read_json, write_json
from ...run import PREFLIGHT, PREFLIGHT_SOUNDS

FORMAT = 1
PASSED, FAILED, NOT_FINISHED = "passed", "failed", "not finished"
HOWS = {True: PASSED, False: FAILED, None: NOT_FINISHED}


@dataclass(frozen=True)
class Check:
    """The result of one check.

    Attributes
    ----------
    name
        Its name, a word or two.
    passed
        True, False, or None if it could not be finished, which is not a failure.
    sentence
        The finding and, if necessary, what to do about it.
    advised
        {setting: value}: what to change so that it passes.
    """

    name: str
    passed: bool | None
    sentence: str
    advised: dict = field(default_factory=dict)

    @property
    def how(self):
        """How it went: "passed", "failed" or "not finished"."""
        return HOWS[self.passed]

    def __str__(self):
        return f"{self.name}: {self.how}. {self.sentence}"


@dataclass(frozen=True)
class Preflight:
    """The results of a pre-flight.

    Attributes
    ----------
    checks : tuple of Check
        In the order they were made.
    original : Clip or None
        The clip to memorise, or None.
    replay : Clip or None
        Its playback by the model, or None.
    """

    checks: tuple[Check, ...]
    original: Clip | None = None
    replay: Clip | None = None

    @property
    def passed(self):
        """Whether nothing failed."""
        return all(check.passed is not False for check in self.checks)

    @property
    def advised(self):
        """{setting: value}: what to change so that the training fits this machine; empty where it fits as it is."""
        return {name: value for check in self.checks for name, value in check.advised.items()}

    @property
    def end(self):
        """What to do now, one sentence."""
        if any(check.passed is False and not check.advised for check in self.checks):
            return "Fix what failed, and try again."
        if self.advised:
            return f"Train with {', '.join(f'{name}={value!r}' for name, value in self.advised.items())}."
        return "Everything is set up."

    def __str__(self):
        return "\n".join([*map(str, self.checks), self.end])

    def as_dict(self):
        """Plain values for JSON; for each clip, whether there is one."""
        return {
            "passed": self.passed,
            "checks": [{**asdict(check), "how": check.how} for check in self.checks],
            "advised": self.advised,
            "original": self.original is not None,
            "replay": self.replay is not None,
        }


def delete_results(folder):
    """Delete the results of an earlier pre-flight from a run's folder, as far as permissions allow."""
    with suppress(OSError):  # the checks report a folder that cannot be written
        (folder / PREFLIGHT).unlink(missing_ok=True)
        shutil.rmtree(folder / PREFLIGHT_SOUNDS, ignore_errors=True)


def save_results(result, folder, corpus, preset):
    """Write a `Preflight` into a run's folder; the list of checks is written last, after the clips it names.

    Raises
    ------
    CourseError
        When the disk is full or the folder cannot be written.
    """
    for name in ("original", "replay"):
        if clip := getattr(result, name):
            clip.save(folder / PREFLIGHT_SOUNDS / f"{name}.wav")
    write_json(folder / PREFLIGHT, {"format": FORMAT, "digest": _digest(corpus, preset), **result.as_dict()})


def preflight_done(folder, corpus, preset):
    """Whether a run's folder holds the results of a pre-flight for this corpus and this model.

    Parameters
    ----------
    folder
        The path of the run's folder.
    corpus
        The `Corpus`.
    preset
        The `Preset`; its training settings do not matter, since they may change within a run.
    """
    try:
        written = read_json(folder / PREFLIGHT, "pre-flight")
    except CourseError:
        return False
    return written.get("digest") == _digest(corpus, preset)


def _digest(corpus, preset):
    return digest(FORMAT, corpus.digest, asdict(preset.model))
