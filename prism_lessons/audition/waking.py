"""What to try with a clip; for one that cannot be heard, from what the other clips of its run show."""

from .diagnosis import DIAGNOSES

WAYS = "let takes be nudged in lesson 04 (nudge=True), if need be after a recording (priming)"


def advice(clip, clips, kept):
    """What to try with an `AuditionClip`, one to three sentences.

    `clips` are all of its run, and `kept` the epochs whose models are there.

    A silent model need not wake at a higher temperature. So one is advised only where a clip of the same epoch at it
    can be heard, or suggested as a trial where no clip has one.
    """
    if clip.audible:
        return DIAGNOSES[clip.diagnosis].advice
    own, same = clip.played.temperature, [other for other in clips if other.played.epoch == clip.played.epoch]
    awake = [other.played.temperature for other in same if other.audible]
    if own in awake:
        return f"At this temperature another voice can be heard: let more voices play, or {WAYS}."
    if awake:
        nearest = min(awake, key=lambda temperature: abs(temperature - own))
        return f"At temperature {nearest:g} this epoch can be heard: take that one, or {WAYS}."
    tried = sorted({other.played.temperature for other in same if other.played.temperature > own})
    if tried:
        first = f"At {_listed(tried)} this epoch cannot be heard either, so more temperature may not help: {WAYS}."
    else:
        first = f"No clip shows whether a higher temperature would wake this epoch: try one, or {WAYS}."
    others = {other.played.epoch for other in clips if other.audible} & {*kept}
    if not others:
        return f"{first} No other epoch can be heard whose model is there."
    nearest = min(others, key=lambda epoch: (abs(epoch - clip.played.epoch), -epoch))
    return f"{first} Epoch {nearest} can be heard, and its model is there."


def _listed(temperatures):
    *most, last = (f"{temperature:g}" for temperature in temperatures)
    return f"temperatures {', '.join(most)} and {last}" if most else f"temperature {last}"
