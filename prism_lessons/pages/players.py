"""Players for a page with little room: excerpts as data addresses, coded and shortened until they fit."""

from ..audio import FLOOR_DBFS, AudioError, Clip, Recording
from ..corpus import has_remedy, shown_name
from ..live import counted
from ..markup import player
from ..prose import escaped
from .addresses import MP3, WAV, address
from .excerpts import EXCERPT_SECONDS, before_and_after, excerpt
from .mp3 import MP3_BYTES_PER_SAMPLE, mp3_rate

SHORTEST_SECONDS = 1.0  # in less, a sound can be heard, but hardly its fault
BYTES_PER_SAMPLE = 2 * 4 / 3  # 16 bits, as base64
PLAYER_BYTES = 600  # of a player without its sound


class Players:
    """The players that a page has room for, made one after another until it is full.

    Parameters
    ----------
    files
        The `SurveyedFile` files that are to be heard.
    most_bytes
        The room for all players.

    Attributes
    ----------
    lossless, seconds
        Whether they hold the samples as they are (16 bits) or MP3; how long each is at most.
    made, left_out
        How many there are, and how many there was no room for.
    """

    def __init__(self, files, most_bytes):
        wanted = [(file, sum(1 + has_remedy(finding.kind) for finding in file.findings) or 1) for file in files]
        room = most_bytes - PLAYER_BYTES * sum(count for _, count in wanted)
        samples = sum(count * file.sample_rate * min(EXCERPT_SECONDS, file.seconds) for file, count in wanted)
        self.lossless = BYTES_PER_SAMPLE * samples <= room
        coded = MP3_BYTES_PER_SAMPLE * sum(count * mp3_rate(file.sample_rate) for file, count in wanted)
        fitting = EXCERPT_SECONDS if self.lossless else room / max(1, coded)
        self.seconds = min(EXCERPT_SECONDS, max(SHORTEST_SECONDS, fitting))
        self.made = self.left_out = 0
        self._left = most_bytes

    def beside(self, path, finding, others):
        """The players of a finding as HTML: before and after; "" where there is no room."""
        # What was cut is no louder, though its mean level may be.
        compared = "keep" not in finding.values
        count = 1 + has_remedy(finding.kind)
        return self._heard(count, lambda: before_and_after(path, finding, self.seconds, others), compared)

    def of(self, path):
        """A player of the beginning of a file as HTML; "" where there is no room."""

        def beginning():
            with Recording(path) as recording:
                samples, _ = excerpt(recording.blocks(), recording.sample_rate, 0, self.seconds)
            return Clip(samples, recording.sample_rate, shown_name(path, path.parent)), None

        return self._heard(1, beginning, False)

    def in_words(self):
        """The number, length and form of the players, as sentences."""
        form = (
            "16-bit samples, as they are"
            if self.lossless
            else "MP3, which takes less room and changes the sound a little"
        )
        words = f"There are {counted(self.made, 'player')}, each of at most {self.seconds:.1f} s, in {form}."
        return f"{words} There was no room for {self.left_out} more." if self.left_out else words

    def _heard(self, count, sounds, compared):
        if self._left <= 0:
            self.left_out += count
            return ""
        try:
            before, after = sounds()
        except AudioError as error:
            return f"<p>No player: {escaped(str(error))}</p>"
        figures = player(before.name, before.levels, self._address(before))
        if after:
            note = _difference_in_words(before, after) if compared else ""
            figures += player(after.name, after.levels, self._address(after), note)
        self._left -= len(figures.encode())
        if self._left < 0:
            self.left_out += count
            return ""
        self.made += count
        return f'<div class="sounds">{figures}</div>'

    def _address(self, clip):
        return address(clip, WAV if self.lossless else MP3)


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
