"""The settings of a training for composers: a few controls in words, all others behind a tick, and a table.

The text on a setting comes from its own field (`prism_lessons.settings`); the values are arguments of `train`.
"""

import ipywidgets

from ..errors import CourseError
from ..pages import html, render
from ..presets import PRESETS, find_preset
from ..settings import described, in_figures, is_number
from .output import RichOutput
from .panels import Panel, choice, number, status, text, tick, whole

# Steps of "How literal", and the settings that each stands for.
LITERAL = {
    "by heart": {"dropout": 0.0, "versions": 1},
    "close": {"dropout": 0.3, "versions": 1},
    "loose": {"dropout": 0.35, "versions": 4},
    "free": {"dropout": 0.4, "versions": 8},
}
FRAMES = (4, 8, 16, 32, 64)  # the lengths of memory to choose from, in largest frames
SIZES = (64, 128, 192, 256, 512, 1024, 2048)
PATIENCE = {"never": 0, "3 epochs": 3, "6 epochs": 6, "12 epochs": 12}  # 0, since widgets take None for no choice
WEEK = 7 * 24 * 60  # minutes
NONE = "none"  # in a field for several numbers, if there are none
EFFECTS = {  # of the two controls that are no single setting
    "minutes": "How long it may practise in all, interruptions not counted. With more, a sound goes from raw towards "
    "settled. The steps of learning grow smaller as the time runs out, so a training that was meant to be longer is "
    "not the same as one that is prolonged.",
    "literal": "How closely it keeps to the recordings. By heart: given time, it may play stretches of them again, but "
    "with a few short recordings it may lose its way between them. Close: while it learns, some of its values are left "
    "out, which makes learning by heart harder; what rings in the recordings rings in the takes. Loose and free: it "
    "also hears versions of the recordings, a little different in level, speed and pitch, so pitches may lie between "
    "those recorded.",
}
GROUPS = {"model": "The shape of a model", "training": "The way it is trained"}

NOTE_STYLE = "max-width: 46em; line-height: 1.4; margin: 0 0 8px"


class SettingsPanel(Panel):
    """Length of memory, size, patience and how literal, each with what it does to the sound; a tick shows the rest.

    Parameters
    ----------
    preset
        The preset whose values the controls begin with.
    minutes
        The budget to begin with, 0.02 .. 10080; the preset's if not given.
    **controls
        The lesson's own inputs, shown first. One named like a setting among the rest, such as `seed`, replaces it.

    Attributes
    ----------
    values
        {name: value}, the controls' current values, for `train(corpus, folder, preset=preset, **panel.values)`. Of the
        settings behind the tick, it has those that differ from the preset's. Reading it raises `CourseError` where a
        field for several numbers cannot be read.
    """

    def __init__(self, preset="sketch", minutes=None, **controls):
        self._preset = find_preset(preset)
        self._known = {about.name: about for part in GROUPS for about in described(getattr(self._preset, part))}
        usual = self._usual = vars(self._preset.model) | vars(self._preset.training)
        (literal,) = [step for step, stands_for in LITERAL.items() if stands_for.items() <= usual.items()]
        face = {
            "window": choice(self._known["window"].label, self._windows(usual["frame_sizes"]), usual["window"]),
            "dim": choice(self._known["dim"].label, SIZES, usual["dim"]),
            "minutes": number("Minutes", self._preset.minutes if minutes is None else minutes, 0.02, WEEK, step=0.5),
            "patience": choice(self._known["patience"].label, PATIENCE, usual["patience"] or 0),
            "literal": choice("How literal", LITERAL.keys(), literal),
        }
        shown = {*controls, *face, *LITERAL[literal]}
        self._rest = {name: _input(about, usual[name]) for name, about in self._known.items() if name not in shown}
        super().__init__(**controls, **face, **self._rest)
        self._inputs["frame_sizes"].observe(self._fit_window, "value")
        self._lay_out(controls, face)

    @property
    def values(self):
        said = {argument: value for name in self._inputs for argument, value in self._arguments(name).items()}
        return {name: value for name, value in said.items() if name not in self._rest or value != self._usual[name]}

    def __getattr__(self, name):
        value = super().__getattr__(name)  # raises if there is no such control
        return self._arguments(name).get(name, value)

    def reset(self):
        # Frames first: the lengths of memory to choose from depend on them.
        self._inputs["frame_sizes"].value = self._start["frame_sizes"]
        super().reset()

    def __repr__(self):
        shown = [control for name, control in self._inputs.items() if name not in self._rest]
        lines = [f"{control.description}: {getattr(control, 'label', control.value)}" for control in shown]
        return "\n".join([*lines, f"More settings: {len(self._rest)} others"])

    def _arguments(self, name):
        """The value of one control, as {name: value} for `train`."""
        value = self._inputs[name].value
        if name == "literal":
            return LITERAL[value]
        if name == "patience":
            value = value or None
        elif name in self._rest and self._known[name].several:
            value = _read(self._known[name], value)
        return {name: value}

    def _say(self, _=None):
        try:
            super()._say()
            self._preset.changed(**{name: value for name, value in self.values.items() if name in self._known})
        except CourseError as error:  # raised while a control is changed, it would not be shown
            self._python.value = status(error)

    def _windows(self, frame_sizes):
        """The lengths of memory that fit these frames, {words: samples}."""
        lengths = [count * frame_sizes[-1] for count in FRAMES]
        return {
            f"{length} samples, {length / 16:.3g} ms at 16,000 Hz": length
            for length in lengths
            if length <= self._known["window"].high
        }

    def _fit_window(self, _):
        """Offer the lengths of memory that fit the frames, and choose the nearest to the current one."""
        try:
            frame_sizes = self.frame_sizes
        except CourseError:  # `_say` says it
            return
        control = self._inputs["window"]
        chosen, options = control.value, self._windows(frame_sizes)
        control.options = list(options.items())
        control.value = min(options.values(), key=lambda length: abs(length - chosen))

    def _lay_out(self, controls, face):
        *_, python, reset = self._box.children
        effects = {name: about.effect for name, about in self._known.items()} | EFFECTS
        rows = [widget for name, control in face.items() for widget in (control, _note(effects[name]))]
        hidden = []
        for name, control in self._rest.items():
            hidden += [control, _note(f"{effects[name]} {_facts(self._known[name], _written(self._usual[name]))}")]
        # An accordion of ipywidgets cannot be opened by keyboard: its head takes only clicks, never the focus.
        more, room = tick("More settings"), ipywidgets.VBox()
        more.add_class("prism-more")
        more.observe(lambda change: setattr(room, "children", hidden if change.new else []), "value")
        self._box.children = [*controls.values(), *rows, more, room, python, reset]


def settings_table():
    """A table of all settings: what each does to the sound, its range, its defaults, and where they come from.

    Returns
    -------
    RichOutput
    """
    groups, words = [], []
    for part, caption in GROUPS.items():
        rows = [(about, _defaults(about, part)) for about in described(getattr(PRESETS["sketch"], part))]
        words += [caption, *(f"{about.name}: {about.effect} {_facts(about, default)}" for about, default in rows)]
        groups.append((caption, rows))
    return RichOutput(render("settings_table.html", groups=groups), "\n".join(words))


def _input(about, value):
    """The input of a `Setting` that begins with a value."""
    if about.several:
        return text(about.label, _written(value))
    if about.kind is bool:
        return tick(about.label, value)
    if about.choices:
        return choice(about.label, about.choices, value)
    if about.kind is int:
        return whole(about.label, value, about.low, about.high)
    return number(about.label, value, about.low, about.high, step=about.default / 10)


def _read(about, words):
    """The values of a `Setting` that has several, from a line such as "8, 32"; "none" is none of them."""
    words = words.strip("()[], ")
    try:
        values = (
            ()
            if not about.default and words in ("", NONE)
            else tuple(about.kind(word.strip()) for word in words.split(","))
        )
    except ValueError:
        raise CourseError(
            f'{about.label} cannot be read from "{words}": write numbers with commas between them, such as '
            f"{_written(about.example)}."
        ) from None
    about.check(values)
    return values


def _written(value):
    """A value as the text of a field."""
    if isinstance(value, tuple):
        return (
            ", ".join(map("{:g}".format if all(map(is_number, value)) else str, value)) or NONE
        )  # a comma divides them
    return in_figures(value) if is_number(value) else str(value)


def _defaults(about, part):
    """The value of a setting in the presets, in words; by preset where they differ."""
    values = {name: _written(getattr(getattr(preset, part), about.name)) for name, preset in PRESETS.items()}
    several = len(set(values.values())) > 1
    return "; ".join(f"{name}: {value}" for name, value in values.items()) if several else values["sketch"]


def _facts(about, default):
    return f"Range: {about.range}. Default: {default}. Source: {about.source}."


def _note(words):
    return ipywidgets.HTML(html('<p style="{{ style }}">{{ words | linked }}</p>', style=NOTE_STYLE, words=words))
