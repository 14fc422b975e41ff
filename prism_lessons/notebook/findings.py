"""What the doctor found, to be read and heard in a notebook: the sections of the survey's page, or words."""

from ..corpus.doctor import KINDS, in_words, key_of
from ..errors import CourseError
from ..pages.excerpts import before_and_after
from ..pages.findings import (
    MOST_FILES,
    STYLE,
    facts_in_words,
    file_section,
    where_in_words,
    with_players,
    worst_first,
)
from ..prose import escaped
from .players import MOST_BYTES, play
from .shown import Shown


def findings(survey, name=None, kinds=None):
    """What was found, with players: each fault as a model would hear it, and after its remedy.

    Parameters
    ----------
    survey
        A `Survey`.
    name
        Of the one file to be shown, as the survey writes it; all files with findings if not given, the worst first,
        with players for as many as one cell has room for.
    kinds
        The kinds of fault to be shown, by their titles or keys, such as ["mains hum", "clicks"]; all if not given.

    Returns
    -------
    Shown

    Raises
    ------
    CourseError
        When there is no file or kind of that name, or the folder is no longer there.
    """
    kinds = kinds and [key_of(kind) for kind in kinds]
    for kind in kinds or ():
        if kind not in KINDS:
            titles = ", ".join(known.title for known in KINDS.values())
            raise CourseError(f'There is no kind of fault "{kind}": choose among {titles}.')
    if name is not None and not survey[name].usable:
        return _sentence(f'"{name}" cannot be used: {survey[name].reason}.')
    files = [file for file in worst_first(survey, kinds) if name in (None, file.name)]
    if not files:
        return _sentence(f'Nothing{" of this kind" if kinds else ""} was found in "{name or survey.source}".')
    files, others = files[:MOST_FILES], len(files) - MOST_FILES
    more = [f"{others} more files have findings: print the survey for a list of all."] if others > 0 else []
    paths = survey.paths

    def html(players):
        sections = [file_section(file, paths[file.name], players, brief=name is None) for file in files]
        about = [f"Players turn nothing up or down. {players.in_words()}", *more]
        return "\n".join([*(f"<p>{escaped(words)}</p>" for words in about), *sections])

    words = [_words(file, brief=name is None) for file in files]
    style_and_html = (
        f'<style>{STYLE}</style>\n<div class="prism-findings">{with_players(html, files, MOST_BYTES)}</div>'
    )
    return Shown(style_and_html, "\n\n".join(words + more))


def hear(path, finding, others=()):
    """Players of one `Finding` of the recording `path`: before, and after where there is a remedy.

    `others` are the other findings of it; they matter where one channel has to be read alone.

    Raises
    ------
    AudioError
        When the file cannot be read.
    """
    return play(*filter(None, before_and_after(path, finding, others=others)))


def _sentence(words):
    return Shown(f"<p>{escaped(words)}</p>", words)


def _words(file, brief):
    lines = [f"{file.name}: {facts_in_words(file)}"]
    for finding in file.findings:
        kind = KINDS[finding.kind]
        details = [kind.advice] if brief else [f"Where: {where_in_words(finding)}.", kind.effect, kind.advice]
        lines += [f"  {in_words(finding)}", *(f"    {line}" for line in details)]
    return "\n".join(lines)
