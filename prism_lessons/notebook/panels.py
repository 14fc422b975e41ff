"""Controls: labelled inputs whose values are plain arguments of the library.

Only inputs whose labels screen readers find, in both ipywidgets 7.7.1 (Colab) and 8.1; so no sliders.
"""

import ipywidgets

from ..corpus import CONSENTS, PREFERENCES, SHARING
from ..live import counted
from ..pages import html
from ..settings import in_figures
from .output import WidgetBox

_LOOK = {"style": {"description_width": "18em"}, "layout": {"width": "38em", "max_width": "100%"}}
_BUTTON = {"width": "auto", "align_self": "flex-start"}


def number(label, value, low, high, step=0.05):
    """An input for a number from `low` to `high`."""
    label = f"{label} ({in_figures(low)} to {in_figures(high)})"
    return ipywidgets.BoundedFloatText(value, min=low, max=high, step=step, description=label, **_LOOK)


def whole(label, value, low, high):
    """An input for a whole number from `low` to `high`."""
    label = f"{label} ({in_figures(low)} to {in_figures(high)})"
    return ipywidgets.BoundedIntText(value, min=low, max=high, description=label, **_LOOK)


def choice(label, options, value):
    """An input for one of several `options`: a list, or {words: value}."""
    options = list(options.items()) if isinstance(options, dict) else list(options)
    return ipywidgets.Dropdown(options=options, value=value, description=label, **_LOOK)


def text(label, value=""):
    """An input for a line of text."""
    return ipywidgets.Text(value, description=label, continuous_update=False, **_LOOK)


def lines(label, value=""):
    """An input for several lines of text."""
    return ipywidgets.Textarea(value, description=label, rows=3, continuous_update=False, **_LOOK)


def tick(label, value=False):
    """An input for yes or no."""
    return ipywidgets.Checkbox(value, description=label, indent=False)


def status(said):
    """A sentence that screen readers announce when it changes, as HTML."""
    return html('<p role="status">{{ said }}</p>', said=said)


class _Box(WidgetBox):
    """Inputs below each other, shown by a cell that ends in it."""

    def __init__(self, inputs, below):
        self._inputs = inputs
        self._box = ipywidgets.VBox([*inputs.values(), *below])

    @property
    def values(self):
        """The current values of the inputs, {name: value}."""
        return {name: control.value for name, control in self._inputs.items()}

    def __repr__(self):
        return "\n".join(f"{control.description}: {control.value}" for control in self._inputs.values())


class Panel(_Box):
    """Controls, shown by a cell that ends in the panel; the next cell acts on their values.

    Parameters
    ----------
    **controls
        Inputs (`number`, `whole`, `choice`, `text`, `lines`, `tick`), each under the name of its argument.

    Attributes
    ----------
    values
        {name: value}, the current values of the controls, to pass on as `f(**panel.values)`. One value is `panel.name`.
    """

    def __init__(self, **controls):
        self._start = {name: control.value for name, control in controls.items()}
        self._python = ipywidgets.HTML()
        reset = ipywidgets.Button(description="Back to the start values", layout=_BUTTON)
        reset.on_click(lambda _: self.reset())
        super().__init__(controls, [self._python, reset])
        for control in controls.values():
            control.observe(self._say, "value")
        self._say()

    def __getattr__(self, name):
        inputs = self.__dict__.get("_inputs", {})
        if name not in inputs:
            raise AttributeError(f"this panel has no control {name!r}: it has {', '.join(inputs)}")
        return inputs[name].value

    def reset(self):
        """Reset every control to its initial value."""
        for name, value in self._start.items():
            self._inputs[name].value = value

    def _say(self, _=None):
        arguments = ", ".join(f"{name}={value!r}" for name, value in self.values.items())
        self._python.value = html("<p>As Python: <code>{{ arguments }}</code></p>", arguments=arguments)


class JournalPanel(_Box):
    """Questions with fields for answers; a button, or `keep()`, writes the answers into the journal.

    Parameters
    ----------
    journal
        The `Journal`, whose answers fill in the fields at first.
    lesson
        The lesson that asks.
    questions
        In words.
    """

    def __init__(self, journal, lesson, questions):
        self._journal, self._lesson = journal, lesson
        known = journal.answers(lesson)
        button = ipywidgets.Button(description="Keep in the journal", layout=_BUTTON)
        button.on_click(lambda _: self._tell())
        self._said = ipywidgets.HTML()
        below = [button, self._said]
        super().__init__({question: _question(question, known.get(question, "")) for question in questions}, below)

    def keep(self):
        """Write the answers into the journal; existing ones are not written twice."""
        print(self._keep())

    def _keep(self):
        count = self._journal.write(self._lesson, self.values)
        if count:
            return f"Kept {counted(count, 'answer')} in {self._journal.path}."
        return "Nothing new to keep: write into the fields above first."

    def _tell(self):
        self._said.value = status(self._keep())


def _question(question, answer):
    control = lines(question, answer)
    # The question stands above its field, in full.
    control.layout = {"flex_flow": "column", "align_items": "stretch", "width": "40em", "max_width": "100%"}
    control.style.description_width = "max-content"
    return control


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


def files_panel():
    """A `Panel` for the kind of files that takes become: the arguments of `prism_lessons.render`."""
    return Panel(
        form=choice("Format", {"WAV": "wav", "FLAC": "flac"}, "wav"),
        bits=choice("Bits", {"16": 16, "24": 24, "32, float (WAV only)": "float"}, 24),
        sample_rate=choice("Sample rate", {"the model's": None, "44.1 kHz": 44100, "48 kHz": 48000}, 48000),
        fade_in=number("Fade in, seconds", 0, 0, 60),
        fade_out=number("Fade out, seconds", 0.05, 0, 60),
        remove_dc=tick("Remove a constant offset", True),
    )
