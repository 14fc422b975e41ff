"""Forms for what only a composer knows about a corpus: its purpose, and the origin of its sounds."""

from ..corpus import CONSENTS, PREFERENCES, SHARING
from .panels import Panel, choice, lines, text


def intention_form(choices):
    """A `Panel` that asks for the intention; its values go to `choices.intend`. It begins with earlier answers."""
    now = choices.state.intention
    return Panel(
        hear=lines("What do you want to hear?", now.hear),
        success=lines("What would success sound like?", now.success),
        prefer=choice("What matters more?", PREFERENCES, now.prefer),
    )


def origin_form(choices, name="*"):
    """A `Panel` that asks where recordings come from; its values go to `choices.origin(name, ...)`.

    Parameters
    ----------
    choices
        The `Choices`, which fill in the form at first.
    name
        A recording, as the survey names it, or a pattern for several; "*" means all.
    """
    now = choices.state.origin(name)
    return Panel(
        maker=text("Who made them?", now.maker),
        date=text("When?", now.date),
        licence=text("Under which licence?", now.licence),
        consent=choice("May they be used for this?", CONSENTS, now.consent),
        share_sound=choice("May the recordings be shared?", SHARING, now.share_sound),
        share_model=choice("May the model be shared?", SHARING, now.share_model),
    )
