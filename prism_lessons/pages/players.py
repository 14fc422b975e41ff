"""Players: sounds with their names and levels. None plays by itself, and levels are unchanged."""

from ..audio import FLOOR_DBFS, AudioError, Clip, Recording
from ..corpus import has_remedy, shown_name
from ..live import counted
from .excerpts import EXCERPT_SECONDS, before_and_after, excerpt
from .sounds import FORMS_IN_WORDS, plan_sounds, sound_url
from .templating import render

SHORTEST_SECONDS = 1.0  # in less time, a fault can hardly be recognised
PLAYER_BYTES = 600  # of a player without its sound


def levels_in_words(levels):
    """`Levels` as a caption: length, peak, RMS, silence."""
    peak, rms = (round(level, 1) + 0.0 for level in (levels.peak_dbfs, levels.rms_dbfs))  # + 0.0: no "-0.0"
    length = f"{1000 * levels.seconds:.0f} ms" if levels.seconds < 0.1 else f"{levels.seconds:.1f} s"
    return f"{length}, peak {peak:.1f} dBFS, RMS {rms:.1f} dBFS, {levels.silence:.0%} silence"


def player(name, levels, source, note=""):
    """A sound as a figure with its name, its levels and a player.

    Parameters
    ----------
    name
        Its name; also the player's label for screen readers.
    levels
        Its `Levels`.
    source
        The URL of the sound: a file beside the page, or a `data:` URL.
    note
        Further text for the caption.
    """
    return render("player.html", name=name, levels=levels_in_words(levels), source=source, note=note)


class Players:
    """The players of a page, made one after another until the page is full.

    Parameters
    ----------
    files
        The `SurveyedFile`s to make players for.
    most_bytes
        The room for all players.
    withheld
        The files that get a sentence in place of players, {path: sentence}.

    Attributes
    ----------
    form, seconds
        One of `FORMS`; how long each is at most.
    made, left_out
        How many players were made, and how many did not fit.
    """

    def __init__(self, files, most_bytes, withheld=None):
        wanted = [(file, sum(1 + has_remedy(finding.kind) for finding in file.findings) or 1) for file in files]
        room = most_bytes - PLAYER_BYTES * sum(count for _, count in wanted)
        sounds = [
            (file.sample_rate, min(EXCERPT_SECONDS, file.seconds)) for file, count in wanted for _ in range(count)
        ]
        self.form, seconds = plan_sounds(sounds, room)
        self.seconds = min(EXCERPT_SECONDS, max(SHORTEST_SECONDS, seconds))
        self.made = self.left_out = 0
        self._left, self._withheld = most_bytes, withheld or {}

    def beside(self, path, finding, others):
        """The players of a finding as HTML: before and after; "" where there is no room."""
        # A cut does not make sound louder, though it may raise the mean level.
        compared = "keep" not in finding.values
        count = 1 + has_remedy(finding.kind)
        return self._heard(path, count, lambda: before_and_after(path, finding, self.seconds, others), compared)

    def of(self, path):
        """A player of the beginning of a file as HTML; "" where there is no room."""

        def beginning():
            with Recording(path) as recording:
                samples, _ = excerpt(recording.blocks(), recording.sample_rate, 0, self.seconds)
            return Clip(samples, recording.sample_rate, shown_name(path, path.parent)), None

        return self._heard(path, 1, beginning, False)

    def in_words(self):
        """The number, length and form of the players, as sentences."""
        form = FORMS_IN_WORDS[self.form]
        words = f"There are {counted(self.made, 'player')}, each of at most {self.seconds:.1f} s, in {form}."
        return f"{words} There was no room for {self.left_out} more." if self.left_out else words

    def _heard(self, path, count, sounds, compared):
        if path in self._withheld:
            return render("excerpts.html", error=self._withheld[path])
        if self._left <= 0:
            self.left_out += count
            return ""
        try:
            before, after = sounds()
        except AudioError as error:
            return render("excerpts.html", error=error)
        figures = [player(before.name, before.levels, sound_url(before, self.form))]
        if after:
            note = _difference_in_words(before, after) if compared else ""
            figures.append(player(after.name, after.levels, sound_url(after, self.form), note))
        self._left -= sum(len(figure.encode()) for figure in figures)
        if self._left < 0:
            self.left_out += count
            return ""
        self.made += count
        return render("excerpts.html", figures=figures)


def _difference_in_words(before, after):
    """How much louder or softer the second of two clips is, for its caption."""
    if before.levels.rms_dbfs <= FLOOR_DBFS:
        return "; before, there is nothing to hear"
    louder = round(after.levels.rms_dbfs - before.levels.rms_dbfs, 1)
    return (
        f"; {abs(louder):.1f} dB {'louder' if louder > 0 else 'softer'} than before"
        if louder
        else "; as loud as before"
    )
