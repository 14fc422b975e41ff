"""The table of a run's clips in a notebook: the page of the audition in a frame, wired to Python.

Sounds stay in the kernel and are sent when they are played, so hundreds of clips open at once; stars, tags and notes
are written into the run's log immediately. The wire is two hidden fields of ipywidgets, which every front end has: a
custom widget would need one that Colab fetches from elsewhere.
"""

import json

import ipywidgets

from ..audition import Act, PageSounds, document
from ..errors import CourseError
from ..live import moment
from ..pages import FLAC, sound_url
from .output import PageBridge, iframe
from .players import play

HEIGHT = 1500  # pixels, until the page reports its height


class AuditionTable(PageBridge):
    """Clips to hear, compare, star and take notes on, shown by a cell that ends in the table.

    Python can do the same: `heard.log.star(clip)`, `heard.select(every=5)`,
    `notebook.play(clip.sound)`.

    Parameters
    ----------
    audition
        An `Audition`.
    """

    def __init__(self, audition):
        self._audition, self._sounds = audition, PageSounds(audition)
        wire = self._connect(self._answer)
        page = document(audition, self._sounds, {}, wire)
        frame = ipywidgets.HTML(iframe(page, f"Clips of {audition.run.folder.name}", HEIGHT))
        self._box = ipywidgets.VBox([frame, self._from_page, self._to_page])

    def _answer(self, message):
        """Keep the acts that the page sends and return the sounds it requests; it repeats unanswered messages.

        Invalid acts are answered as refused, so that they are not sent again; the others are kept all the same.
        """
        request = json.loads(message)
        acts, kept, refused, faults = [], [], [], []
        for values in request["acts"]:
            try:
                acts.append(Act(**values))
            except (CourseError, TypeError, ValueError) as error:
                refused.append(values.get("id") if isinstance(values, dict) else None)
                why = str(error) if isinstance(error, CourseError) else "It is not an act of the listening log."
                faults.append(f"A star, tag or note could not be kept, so it is left out. {why}")
        try:
            reply = self._audition.log.take(acts)
            kept = [act.id for act in acts]
        except CourseError as error:
            reply = str(error)
        reply = " ".join([reply, *faults[:1]]).strip()
        sounds = {}
        for name in request["sounds"]:
            try:
                clip = self._sounds.clip(name)
                sounds[name] = sound_url(clip, FLAC) if clip else ""
            except CourseError as error:
                sounds[name], reply = "", str(error)
        answered = {"number": request["number"], "kept": kept, "refused": refused}
        self._send({**answered, "sounds": sounds, "said": reply})

    def __repr__(self):
        return str(self._audition)


def beside_recordings(audition, clip=None):
    """Players of a clip and of the recordings nearest to it, to hear whether it repeats one.

    Parameters
    ----------
    audition
        An `Audition`.
    clip
        One of its clips; if not given, the one that is nearest to a recording in timbre.

    Returns
    -------
    RichOutput
    """
    near = [one for one in audition.clips if one.nearest]
    if clip is None:
        clip = min(near, key=lambda one: one.nearest.distance_db, default=audition.clips[-1])
    sounds = {clip.played.title: clip.sound}
    if clip.nearest:
        excerpt = audition.excerpt(clip.nearest)
        sounds[f"{excerpt.name}, {clip.nearest.distance_db:.1f} dB apart in timbre"] = excerpt
    if clip.verbatim:
        excerpt = audition.excerpt(clip.verbatim)
        sounds[f"{excerpt.name}, nearly repeated from {moment(clip.verbatim.clip_start)} on"] = excerpt
    return play(*sounds.values(), names=list(sounds))
