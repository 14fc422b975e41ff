"""The doctor's findings in a folder as one page to read and hear: an HTML document of a `Survey`.

The page embeds its sounds and needs no network. Its players turn nothing up or down: a fault and its remedy are played
at the level that a model would get. The notebook uses the same sections.
"""

from collections import Counter
from dataclasses import replace

from ..audio import SILENCE_DBFS
from ..corpus import KINDS, MOST_PLACES, SEVERITY_WORDS, finding_in_words, shown_name
from ..live import LiveLine, clock, counted, moment
from ..prose import escaped
from .excerpts import of_the_mix
from .players import Players

MOST_FILES = 200  # that get players and a section of their own; each of them is read again
SPARE_BYTES = 1000  # for the page's sentences about its players
# Colours are those of the surrounding page or notebook.
STYLE = """
.prism-findings :is(h1, h3, p, dd, td, th[scope=row], figcaption) { overflow-wrap: anywhere }
.prism-findings .file { margin: 2.5rem 0; padding-top: .5rem; border-top: 2px solid currentColor }
.prism-findings .finding { margin: 1.2rem 0 1.8rem; padding-left: 1rem; border-left: 4px solid currentColor }
.prism-findings .finding h4 { margin: 0 0 .4rem }
.prism-findings dl { margin: .4rem 0; display: grid; grid-template-columns: 10rem minmax(0, 1fr); gap: .2rem 1rem }
.prism-findings dl :is(dt, dd) { float: none; width: auto; margin: 0; padding: 0 } /* not a notebook's */
.prism-findings dt { font-weight: 600 }
.prism-findings .sounds { display: flex; flex-wrap: wrap; gap: .5rem 2rem }
.prism-findings .sounds figure { margin: .5rem 0; flex: 1 1 17rem; max-width: 26rem; display: flex;
  flex-direction: column; justify-content: space-between }
.prism-findings audio { display: block; width: 100%; margin-top: .3rem }
@media (max-width: 36rem) { .prism-findings dl { display: block } .prism-findings dd { margin-bottom: .4rem } }
@media print {
  .prism-findings audio { display: none } .prism-findings .finding { break-inside: avoid }
  .prism-findings :is(h3, h4) { break-after: avoid }
}
"""
PAGE_STYLE = """
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #1c1c1c;
       background: #fff; }
h2 { margin-top: 3rem } h3 { font-size: 1.25rem } h4 { font-size: 1.05rem }
a { color: #00558b } a:focus-visible, audio:focus-visible { outline: 3px solid #00558b; outline-offset: 2px }
table { border-collapse: collapse; width: 100% } caption { text-align: left; padding-bottom: .4rem }
th, td { padding: .35rem .8rem .35rem 0; text-align: left; border-bottom: 1px solid #bbb; vertical-align: top }
:is(th, td) { min-width: 5rem } /* so that no word is broken for want of room */
th[scope=row] { width: 11rem } td figure { margin: 0 } td audio { max-width: 20rem }
@media (max-width: 36rem) { table { table-layout: fixed } }
"""


def findings_page(survey, live=None, most_bytes=40_000_000):
    """A survey as a page: what was found, file by file, with players for each fault and its remedy.

    Parameters
    ----------
    survey
        A `Survey`. Its files are read again for the players, the worst first, at most 200 of them.
    live
        The `LiveLine` to report progress on; one on standard output if not given.
    most_bytes
        How large the page may be. Where there is too much to hear, the players are coded as MP3, then shortened, then
        left out, and the page says so. Text is never left out.

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
    page = with_players(lambda players: _page(survey, paths, players, live), files, most_bytes)
    live.end(f"Read {len(files)} of {len(survey.files)} files again, to be heard on the page.")
    return page


def worst_first(survey, kinds=None):
    """The usable files that have findings, and the findings of each, the worst first.

    With `kinds`, keys of kinds of fault, they have only those findings, and with them the one that one channel has to
    be read alone, since the others are then of that channel.
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
        return "in all of it"
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


def with_players(write, files, most_bytes):
    """The HTML that `write(players)` gives, with as many players of some files as `most_bytes` leave room for."""
    text = write(Players(files, 0))
    return write(Players(files, most_bytes - SPARE_BYTES - len(text.encode())))


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
        Leave out where a fault is and what it does to a model.

    Returns
    -------
    (str, str)
        HTML with its own style, and plain text.
    """
    files, others = files[:MOST_FILES], len(files) - MOST_FILES
    more = [f"{others} more files have findings: print the survey for a list of all."] if others > 0 else []

    def html(players):
        sections = [file_section(file, paths[file.name], players, brief) for file in files]
        about = [f"Players turn nothing up or down. {players.in_words()}", *more]
        return "\n".join([*(f"<p>{escaped(words)}</p>" for words in about), *sections])

    words = [_words(file, brief) for file in files]
    section = f'<style>{STYLE}</style>\n<div class="prism-findings">{with_players(html, files, most_bytes)}</div>'
    return section, "\n\n".join(words + more)


def _words(file, brief):
    lines = [f"{file.name}: {facts_in_words(file)}"]
    for finding in file.findings:
        kind = KINDS[finding.kind]
        details = [kind.advice] if brief else [f"Where: {where_in_words(finding)}.", kind.effect, kind.advice]
        lines += [f"  {finding_in_words(finding)}", *(f"    {line}" for line in details)]
    return "\n".join(lines)


def file_section(file, path, players, brief=False):
    """A file with its findings as HTML, under a heading of the third level.

    Parameters
    ----------
    file
        A `SurveyedFile` sound.
    path
        Its path.
    players
        The `Players` of the page.
    brief
        Leave out where a fault is and what it does to a model.
    """
    findings = "\n".join(
        _finding(finding, players.beside(path, finding, file.findings), brief) for finding in file.findings
    )
    return (
        f'<div class="file">\n<h3>{escaped(file.name)}</h3>\n<p>{escaped(facts_in_words(file))}</p>\n{findings}</div>'
    )


def _finding(finding, sounds, brief):
    kind = KINDS[finding.kind]
    rows = {"Measured": finding.measured, "Where": where_in_words(finding)}
    rows |= {"What it teaches": kind.effect, "What you can do": kind.advice}
    if brief:
        del rows["Where"], rows["What it teaches"]
    listed = "".join(f"<dt>{name}</dt><dd>{escaped(words)}</dd>" for name, words in rows.items())
    title = f"{SEVERITY_WORDS[finding.severity].capitalize()}: {kind.title}"
    return f'<div class="finding">\n<h4>{escaped(title)}</h4>\n<dl>{listed}</dl>\n{sounds}</div>'


def _page(survey, paths, players, live):
    ill, well = worst_first(survey), [file for file in survey.usable if not file.findings]
    sections, rows = [], []
    for number, file in enumerate(ill[:MOST_FILES]):
        live.share("Listening to files with findings", number, min(MOST_FILES, len(ill)))
        sections.append(file_section(file, paths[file.name], players))
    for number, file in enumerate(well, len(ill)):
        sound = players.of(paths[file.name]) if number < MOST_FILES else ""
        rows.append((file.name, f"{escaped(facts_in_words(file))}\n{sound}"))
    root = survey.root.resolve()
    name = escaped(shown_name(root, root.parent))
    others = [file for file in survey.files if not file.usable]
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Recordings in {name}</title>
<style>{PAGE_STYLE}{STYLE}</style>
</head>
<body>
<main class="prism-findings">
<h1>Recordings in {name}</h1>
<p>{counted(len(survey.usable), "file")} of {len(survey.files)} can be used: {survey.seconds / 60:.1f} minutes of sound.
Something was found in {len(ill)} of them.</p>
<p>Every player plays what a model would be given: mono, at the file's own rate. Players turn nothing up or down, so a
soft fault is soft here too; where a remedy changes the level, its caption says by how much. Silence is the share of a
file below {SILENCE_DBFS:.0f} dBFS. The files themselves are as they were. {players.in_words()}</p>
<nav aria-label="On this page"><ul>
<li><a href="#kinds">What was found</a></li>
<li><a href="#found">Files with findings ({len(ill)})</a></li>
<li><a href="#clean">Files without findings ({len(well)})</a></li>
<li><a href="#unusable">Files that cannot be used ({len(others)})</a></li>
<li><a href="#measured">From where on a fault is reported</a></li>
</ul></nav>
<h2 id="kinds">What was found</h2>
{_kinds(ill)}
<h2 id="found">Files with findings</h2>
{chr(10).join(sections) or "<p>None.</p>"}
{_more(ill[MOST_FILES:])}
<h2 id="clean">Files without findings</h2>
{_table("Files in which nothing was found", ("File", "What it is, and how it begins"), rows)}
<h2 id="unusable">Files that cannot be used</h2>
{_table("Files that cannot be used", ("File", "Why"), [(file.name, escaped(file.reason)) for file in others])}
<h2 id="measured">From where on a fault is reported</h2>
{_table("Thresholds and where they come from", ("Fault", "From where on"), _thresholds(ill))}
</main>
</body>
</html>
"""


def _kinds(files):
    """The table of the kinds of fault that some files have."""
    found = Counter((finding.kind, finding.severity) for file in files for finding in file.findings)
    rows = []
    for kind in _found(files):
        counts = {SEVERITY_WORDS[severity]: found[kind.key, severity] for severity in reversed(SEVERITY_WORDS)}
        words = ", ".join(f"{count} {word}" for word, count in counts.items() if count)
        rows.append((kind.title, str(sum(counts.values())), words))
    return _table("Faults and how many files have them", ("Fault", "Files", "How bad"), rows)


def _thresholds(files):
    """Rows for the kinds of fault that some files have: the threshold of each, and its source."""
    return [(kind.title, f"{escaped(kind.threshold)}<br>Source: {escaped(kind.source)}") for kind in _found(files)]


def _found(files):
    """The kinds of fault that some files have, in the order of `KINDS`."""
    found = {finding.kind for file in files for finding in file.findings}
    return [kind for key, kind in KINDS.items() if key in found]


def _more(files):
    """The table of the files without players, since there are too many."""
    if not files:
        return ""
    rows = [(file.name, "<br>".join(escaped(finding_in_words(finding)) for finding in file.findings)) for file in files]
    note = f"<p>The {MOST_FILES} worst files stand above; {len(files)} more have findings:</p>"
    return note + _table("More files with findings", ("File", "Findings"), rows)


def _table(caption, heads, rows):
    """An HTML table; the first cell of each row is its head, plain text, the others are HTML."""
    if not rows:
        return "<p>None.</p>"
    head = "".join(f'<th scope="col">{name}</th>' for name in heads)
    body = "\n".join(
        f'<tr><th scope="row">{escaped(first)}</th>{"".join(f"<td>{cell}</td>" for cell in cells)}</tr>'
        for first, *cells in rows
    )
    return f"<table><caption>{caption}</caption><thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody></table>"
