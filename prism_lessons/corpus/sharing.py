"""Whether the sound of a recording may be passed on: whatever is written for others asks here.

A page in a notebook is for whoever made it, and plays everything. A page or a zip to be handed on leaves out what
`Sharing.withheld` names, with the reason in its place, and says `Sharing.unasked`.
"""

from dataclasses import dataclass

from .choices import UNKNOWN, Origin


@dataclass(frozen=True)
class Sharing:
    """What the origins of some recordings say about passing on their sound.

    Attributes
    ----------
    withheld : dict
        The recordings whose sound may not be passed on, {name: why}; the reason ends a sentence that begins with the
        name, as in "anna.wav may not be shared (maker: Anna)".
    unasked : str
        A sentence about those of which it is unknown; "" if there are none.
    """

    withheld: dict
    unasked: str

    @classmethod
    def of(cls, origins):
        """Of the `Origin`s of some recordings, {name: `Origin`}."""
        withheld = {name: origin.withholds for name, origin in origins.items() if origin.withholds}
        unknown = [
            name
            for name, origin in origins.items()
            if name not in withheld and UNKNOWN in (origin.consent, origin.share_sound)
        ]
        which = "the recording" if len(origins) == 1 else f"{len(unknown)} of {len(origins)} recordings"
        unasked = f"Whether {which} may be shared is unknown: ask before you pass this on."
        return cls(withheld, unasked if unknown else "")

    @classmethod
    def chosen(cls, names, choices=None):
        """Of the recordings of some names, as the `Choices` about them say; without choices all of it is unknown."""
        return cls.of({name: choices.state.origin(name) if choices else Origin() for name in names})


def left_out(name, why):
    """The sentence in place of the sound of a recording; `why` is that of `Sharing.withheld`."""
    return f"The sound of {name} is left out: it {why}."
