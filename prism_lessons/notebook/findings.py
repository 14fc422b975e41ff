"""The doctor's findings, to read and hear in a notebook: sections of the survey's page, or text."""

from ..corpus import KINDS, fault_key
from ..errors import CourseError
from ..pages import before_and_after, findings_section, html, worst_first
from .output import RichOutput
from .players import MOST_BYTES, play


def findings(survey, name=None, kinds=None):
    """Findings with players: each fault as a model would get it, and after its remedy.

    Parameters
    ----------
    survey
        A `Survey`.
    name
        The one file to show, as the survey names it; all files with findings if not given, the worst first, with
        players for as many as fit into one cell.
    kinds
        The kinds of fault to show, by title or key, such as ["mains hum", "clicks"]; all if not given.

    Returns
    -------
    RichOutput

    Raises
    ------
    CourseError
        When there is no file or kind of that name, or the folder is no longer there.
    """
    kinds = kinds and [fault_key(kind) for kind in kinds]
    for kind in kinds or ():
        if kind not in KINDS:
            titles = ", ".join(known.title for known in KINDS.values())
            raise CourseError(f'There is no kind of fault "{kind}": choose among {titles}.')
    if name is not None and not survey[name].usable:
        return _sentence(f'"{name}" cannot be used: {survey[name].reason}.')
    files = [file for file in worst_first(survey, kinds) if name in (None, file.name)]
    if not files:
        return _sentence(f'Nothing{" of this kind" if kinds else ""} was found in "{name or survey.source}".')
    return RichOutput(*findings_section(files, survey.paths, MOST_BYTES, brief=name is None))


def hear(path, finding, others=()):
    """Players of one `Finding` of the recording `path`: before, and after where there is a remedy.

    `others` are its other findings; they matter if a finding requires a single channel.

    Raises
    ------
    AudioError
        When the file cannot be read.
    """
    return play(*filter(None, before_and_after(path, finding, others=others)))


def _sentence(words):
    return RichOutput(html("<p>{{ words }}</p>", words=words), words)
