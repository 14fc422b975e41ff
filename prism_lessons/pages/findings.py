"""The doctor's findings as one page to read and hear: an HTML document of a `Survey`.

The page embeds its sounds and needs no network. Its players leave levels unchanged: a fault and its remedy are played
at the level that a model would get. The notebook uses the same sections.
"""

from collections import Counter
from dataclasses import replace

from ..audio import SILENCE_DBFS
from ..corpus import KINDS, MOST_PLACES, SEVERITY_WORDS, Sharing, finding_in_words, left_out, shown_name
from ..live import LiveLine, clock, moment
from .excerpts import of_the_mix
from .players import Players
from .templating import render

MOST_FILES = 200  # with a section and players; each of them is read again
SPARE_BYTES = 1000  # for the page's sentences about its players


def findings_page(survey, live=None, most_bytes=40_000_000, choices=None):
    """A survey as a page: what was found, file by file, with players for each fault and its remedy.

    Parameters
    ----------
    survey
        A `Survey`. Its files are read again for the players, the worst first, at most 200 of them.
    live
        The `LiveLine` to report progress on; one on standard output if not given.
    most_bytes
        The page's maximum size. If the sounds exceed it, players are coded as MP3, then shortened, then left out, and
        the page says so. Text is never left out.
    choices
        The `Choices` about these files, to leave out the sound of those that may not be shared.

    Returns
    -------
    str
        A whole HTML document.

    Raises
    ------
    CourseError
        When the folder is no longer there.
    """
    live = live or LiveLine()
    paths, files = survey.paths, sorted(survey.usable, key=_badness)[:MOST_FILES]
    sharing = Sharing.chosen([file.name for file in survey.usable], choices)
    withheld = {paths[name]: left_out(name, why) for name, why in sharing.withheld.items()}
    page = with_players(lambda players: _page(survey, paths, players, sharing, live), files, most_bytes, withheld)
    live.end(f"Read {len(files)} of {len(survey.files)} files again, to be heard on the page.")
    return page


def worst_first(survey, kinds=None):
    """The usable files that have findings, and the findings of each, the worst first.

    With `kinds`, keys of kinds of fault, only those findings are included, and the finding that one channel has to be
    read alone, since it determines which channel the others are measured in.
    """

    def found(file):
        wanted = [finding for finding in file.findings if kinds is None or finding.kind in kinds]
        wanted += [finding for finding in file.findings if of_the_mix(finding) and wanted and finding not in wanted]
        return tuple(sorted(wanted, key=lambda finding: -finding.severity))

    files = [replace(file, findings=found(file)) for file in survey.usable]
    return sorted((file for file in files if file.findings), key=_badness)


def _badness(file):
    return [*sorted(-finding.severity for finding in file.findings), 0], file.name


def where_in_words(finding):
    """The places of a finding: "0:03.2, 0:05.0 to 0:07.5"."""
    if not finding.places:
        return "throughout"
    ends = (tuple(map(moment, place)) for place in finding.places)
    words = dict.fromkeys(start if start == end else f"{start} to {end}" for start, end in ends)
    more = f" (no more than {MOST_PLACES} places are listed)" if len(finding.places) == MOST_PLACES else ""
    return ", ".join(words) + more


def facts_in_words(file):
    """What a `SurveyedFile` sound is: format, rate, channels, length, levels."""
    channels = {1: "mono", 2: "stereo"}.get(file.channels, f"{file.channels} channels")
    length = f"{file.seconds:.1f} s" if file.seconds < 60 else clock(file.seconds)
    lufs = "" if file.lufs is None else f", {file.lufs:.1f} LUFS"
    return (
        f"{file.format}, {file.sample_rate:,} Hz, {channels}, {length}; in mono: peak {file.peak_dbfs:z.1f} dBFS, "
        f"RMS {file.rms_dbfs:z.1f} dBFS{lufs}, {file.silence:.0%} silence"
    )


def with_players(write, files, most_bytes, withheld=None):
    """The HTML of `write(players)`, with as many players of some files as fit into `most_bytes`.

    Files that are `withheld`, {path: sentence}, get the sentence in place of players.
    """
    text = write(Players(files, 0, withheld))
    return str(write(Players(files, most_bytes - SPARE_BYTES - len(text.encode()), withheld)))


def findings_section(files, paths, most_bytes, brief=False):
    """Files with their findings, at most 200 of them, as a section of another page and in words.

    Parameters
    ----------
    files
        `SurveyedFile` sounds, the worst first.
    paths
        Their paths, {name: path}.
    most_bytes
        The room for text and sounds.
    brief
        Leave out the places of faults and their effects on a model.

    Returns
    -------
    (str, str)
        HTML with its own style, and plain text.
    """
    files, others = files[:MOST_FILES], len(files) - MOST_FILES
    more = [f"{others} more files have findings: print the survey for a list of all."] if others > 0 else []

    def html(players):
        sections = [_section(file, paths[file.name], players, brief) for file in files]
        about = [f"Players leave levels unchanged. {players.in_words()}", *more]
        return render("findings.html", about=about, sections=sections)

    words = [_words(file, brief) for file in files]
    return with_players(html, files, most_bytes), "\n\n".join(words + more)


def _words(file, brief):
    lines = [f"{file.name}: {facts_in_words(file)}"]
    for finding in file.findings:
        kind = KINDS[finding.kind]
        details = [kind.advice] if brief else [f"Where: {where_in_words(finding)}.", kind.effect, kind.advice]
        lines += [f"  {finding_in_words(finding)}", *(f"    {line}" for line in details)]
    return "\n".join(lines)


def _section(file, path, players, brief=False):
    """The values that the templates show for a file: name, facts and findings, with players from the page's `Players`.

    With `brief`, the places of faults and their effects on a model are left out.
    """
    findings = []
    for finding in file.findings:
        kind = KINDS[finding.kind]
        rows = {"Measured": finding.measured, "Where": where_in_words(finding)}
        rows |= {"What it teaches": kind.effect, "What you can do": kind.advice}
        if brief:
            del rows["Where"], rows["What it teaches"]
        title = f"{SEVERITY_WORDS[finding.severity].capitalize()}: {kind.title}"
        findings.append((title, rows, players.beside(path, finding, file.findings)))
    return file.name, facts_in_words(file), findings


def _page(survey, paths, players, sharing, live):
    ill, well = worst_first(survey), [file for file in survey.usable if not file.findings]
    sections, clean = [], []
    for number, file in enumerate(ill[:MOST_FILES]):
        live.share("Reading files with findings", number, min(MOST_FILES, len(ill)))
        sections.append(_section(file, paths[file.name], players))
    for number, file in enumerate(well, len(ill)):
        clean.append((file.name, facts_in_words(file), players.of(paths[file.name]) if number < MOST_FILES else ""))
    root = survey.root.resolve()
    found = {finding.kind for file in ill for finding in file.findings}
    kinds = [kind for key, kind in KINDS.items() if key in found]
    return render(
        "findings_page.html",
        title=f"Recordings in {shown_name(root, root.parent)}",
        survey=survey,
        silence=f"{SILENCE_DBFS:.0f}",
        players=f"{players.in_words()} {sharing.unasked}".strip(),
        ill=len(ill),
        counts=[(kind.title, *_counts(kind, ill)) for kind in kinds],
        sections=sections,
        more=[(file.name, [finding_in_words(finding) for finding in file.findings]) for file in ill[MOST_FILES:]],
        clean=clean,
        unusable=[(file.name, file.reason) for file in survey.files if not file.usable],
        thresholds=[(kind.title, kind.threshold, kind.source) for kind in kinds],
    )


def _counts(kind, files):
    """How many of some files have a kind of fault, and how badly, in words."""
    found = Counter(finding.severity for file in files for finding in file.findings if finding.kind == kind.key)
    return found.total(), ", ".join(f"{found[severity]} {SEVERITY_WORDS[severity]}" for severity in sorted(found)[::-1])
