"""The command line: the library's verbs without a notebook.

Errors a composer can fix are one sentence on standard error and exit status 2; a pre-flight or a check of the computer
that failed ends with 2 too.
With `--json`, standard output holds one JSON value in ASCII and nothing else; progress goes to standard error.
"""

import argparse
import ast
import importlib.util
import json
import os
import subprocess
import sys
from contextlib import redirect_stdout, suppress
from dataclasses import asdict, replace
from pathlib import Path

from .checks import check_here
from .errors import CourseError, harmless, in_short
from .files import output_path, read_error, write_error, write_text
from .live import LiveLine, print_any_name, some

OUTPUT = "standard output"
INTERRUPTED, CLOSED = 130, 141  # a shell's exit statuses for Ctrl-C and for a closed pipe


def main(arguments=None):
    """Run one command; returns the exit status."""
    print_any_name()
    live = LiveLine(sys.stderr)
    try:
        check_here()
        options = _parser().parse_args(arguments)
        # What libraries print is no result; Ray prints there when a worker is lost.
        with redirect_stdout(sys.stderr):
            value, text, *status = options.verb(options, live)
        output, stream = json.dumps(value, indent=1) if options.json else text, sys.stdout
        status = status[0] if status else 0
    except CourseError as error:
        output, stream, status = f"prism-lessons: {error}", sys.stderr, 2
    except OSError as error:  # such as a folder without permission
        sentence = read_error(error.filename or OUTPUT, "file or folder", error)
        output, stream, status = f"prism-lessons: {sentence}", sys.stderr, 2
    except KeyboardInterrupt as stopped:
        output, stream, status = str(stopped) or "Stopped.", sys.stderr, INTERRUPTED
    if live.open and stream is sys.stderr:
        output = f"\n{output}"
    return _print("", sys.stderr, _print(output, stream, status))


def _print(text, stream, status):
    """Print a command's final text, if any; returns its exit status, or another one if it could not be written."""
    try:
        print(harmless(text), end="\n" if text else "", file=stream, flush=True)
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())  # Python would try again at exit, and complain
        if stream is sys.stdout:
            closed = isinstance(error, BrokenPipeError)  # `| head` has read enough, and says nothing
            return CLOSED if closed else _print(f"prism-lessons: {write_error(OUTPUT, error)}", sys.stderr, 2)
    return status


def _survey(options, live):
    from .corpus import survey

    path = options.html and output_path(options.html, ".html")
    _choices(options)  # checked before the work
    result = survey(options.folder, live, options.sample_rate)
    value, text = result.as_dict(), str(result)
    if options.html:
        from .pages import findings_page

        page = _write_page(path, findings_page(result, live, choices=_choices(options)))
        value, text = value | {"page": str(page)}, f"{text}\n{page}: open it in a browser"
    return value, text


def _choices(options):
    """The choices about recordings that were given; None if none were."""
    from .corpus import Choices

    if options.choices and not os.path.isfile(options.choices):
        raise CourseError(f'There are no choices in "{options.choices}": check the name of the file.')
    return Choices(options.choices) if options.choices else None


def _write_page(path, page):
    write_text(path, page)
    return path


def _map(options, live):
    from .audition import sounds_for_others
    from .pages import sound_map

    path = output_path(options.out, ".html")
    sounds, about = sounds_for_others(options.source, _choices(options), live)
    relations = sounds.relate(options.layout, live)
    title = f"Sound map of {Path(options.source).resolve().name}"
    page = _write_page(path, sound_map(relations, sounds.excerpt, title, **about))
    return relations.as_dict() | {"page": str(page)}, f"{relations}\n{page}: open it in a browser"


def _curate(options, live):
    from .corpus import curate

    corpus = curate(
        options.folder, options.corpus, options.sample_rate, options.validation, options.seed, _choices(options), live
    )
    return corpus.as_dict() | {"folder": str(corpus.folder)}, str(corpus)


def _settings(options):
    """The settings given by --set; an unknown name may be another argument's."""
    from .presets import check_settings

    check_settings(name for name, _ in options.set)
    return dict(options.set)


def _plan(options, live):
    from .training import plan

    budget = {name: getattr(options, name) for name in ("minutes", "epochs", "until", "most_hours")}
    promised = plan(options.corpus, options.preset, live=live, **budget, **_settings(options))
    return promised.as_dict(), str(promised)


def _preflight(options, live):
    from .training import preflight

    check = preflight(
        options.corpus, options.run, options.preset, copy_to=options.copy_to, live=live, **_settings(options)
    )
    return check.as_dict(), str(check), 0 if check.passed else 2


def _train(options, live):
    from .run import as_capsule
    from .training import train

    if options.start_epoch is not None and not options.start:
        raise CourseError("--start-epoch needs a run to start from: name it with --start.")
    run = train(
        options.corpus,
        options.run,
        options.preset,
        minutes=options.minutes,
        epochs=options.epochs,
        start=as_capsule(options.start, options.start_epoch) if options.start else None,
        copy_to=options.copy_to,
        live=live,
        **_settings(options),
    )
    log = [asdict(entry) for entry in run.log]
    lines = [
        f"epoch {line['epoch']}: {line['bits']:.3f} bits, validation {line['validation_bits']:.3f}" for line in log
    ]
    return {"run": str(run.folder), "log": log}, "\n".join(lines)


def _tune(options, live):
    from .tuning import PAGE, SPACE, tune

    asked = {name: SPACE.get(name) if value == "" else value for name, value in options.over}
    search = tune(
        options.corpus,
        options.folder,
        options.trials,
        options.minutes,
        options.preset,
        space=asked or None,
        criterion=options.criterion,
        address=options.address,
        seed=options.seed,
        live=live,
    )
    page = search.folder / PAGE
    return search.as_dict() | {"page": str(page)}, f"{search}\n{page}: open it in a browser"


def _class(options, live):
    from .classroom import train_class

    students = train_class(options.list, options.slice_minutes, options.address, live)
    return students, "\n".join(f"{name}: {words}" for name, words in students.items())


def _generate(options, live):
    from .generation import Rendering, generate, prepared, render

    names = ("form", "bits", "sample_rate", "fade_in", "fade_out", "remove_dc")
    rendering = {name: getattr(options, name) for name in names}
    Rendering(**rendering)  # checked before playing
    prepared(options.out)
    capsule, remark = _played(options), ""
    takes = generate(capsule, options.seconds, live=live, **_playing(options))
    if options.zip:
        takes, remark = _marked(takes, capsule, options, live)
    paths = render(takes, options.out, **rendering, zipped=options.zip, live=live)
    values, text = _listed(zip(takes, paths, strict=False))
    return values, "\n".join(filter(None, (text, remark)))


def _marked(takes, capsule, options, live):
    """Takes to be passed on, with a note in those that nearly repeat a recording that may not be; and a remark.

    A capsule does not say where its recordings are, but the run in which it lies does. The remark, "" if there is
    nothing to say, is for recordings that are not there.
    """
    from .audition import UNCHECKED, copies_not_to_share, corpus_of
    from .run import run_of

    withheld, there = set(capsule.about.get("withheld") or ()), set()
    for run in filter(None, map(run_of, filter(None, (options.capsule, options.mix)))):
        withheld |= set(run.withheld)
        if corpus := corpus_of(run):
            there |= {clip.recording for clip in corpus.clips}
        for index, why in copies_not_to_share(corpus, takes, live).items():
            reasons = [*takes[index].about.get("not_to_share", []), why]
            takes[index] = replace(takes[index], about=takes[index].about | {"not_to_share": reasons})
    return takes, UNCHECKED if withheld - there else ""


def _perform(options, live):
    from .generation import perform

    takes = perform(_played(options), options.folder, options.seconds, live=live, **_playing(options))
    return _listed([(take, take.path) for take in takes])


def _play(options, live):
    from .osc import open_player, serve

    with open_player(options.capsules, options.temperature, options.seed) as player:
        serve(player, options.osc, options.answers, live)


def _played(options):
    """The capsule to play, or two of them mixed."""
    from .generation import mix
    from .run import as_capsule

    capsule = as_capsule(options.capsule, options.epoch)
    if options.share is not None and not options.mix:
        raise CourseError("--share needs a second model: name one with --mix.")
    share = {} if options.share is None else {"share": options.share}
    return mix(capsule, options.mix, **share) if options.mix else capsule


def _playing(options):
    """The arguments that `generate` and `perform` share."""
    from .generation import Prime

    prime = None
    if not options.prime:
        for name in ("prime_start", "prime_seconds", "prime_places", "keep_prime"):
            if not any(getattr(options, name) is unset for unset in (None, False)):  # 0 s counts as set
                raise CourseError(f"--{name.replace('_', '-')} needs a prime: name a recording with --prime.")
    elif options.prime_places and options.prime_start is not None:
        raise CourseError("--prime-places uses the whole recording: leave out --prime-start.")
    else:
        seconds = {} if options.prime_seconds is None else {"seconds": options.prime_seconds}
        if options.prime_places:
            prime = Prime.several(options.prime, options.voices, **seconds)
        else:
            prime = Prime(options.prime, options.prime_start, **seconds)
    return {
        "voices": options.voices,
        "temperature": _one_or_each(options.temperature),
        "seed": options.seed,
        "prime": prime,
        "keep_prime": options.keep_prime,
        "nudge": options.nudge,
        "engine": options.engine,
        "precision": "half" if options.half else "single",
        **{name: _one_or_each(getattr(options, name)) for name in ("label", "loudness", "brightness", "follow")},
        "guidance": options.guidance,
    }


def _one_or_each(values):
    """The value for all voices, or a list with one for each."""
    return values[0] if values and len(values) == 1 else values


def _listed(files):
    """Takes and their files, as values for JSON and as text."""
    from .audio import Levels

    values, lines = [], []
    for take, path in files:
        levels = Levels(take.sample_rate)
        for block in take.blocks():
            levels.add(block)
        values.append({
            "file": str(path),
            "samples": round(take.seconds * take.sample_rate),
            "sample_rate": take.sample_rate,
            "peak_dbfs": levels.peak_dbfs,
            "rms_dbfs": levels.rms_dbfs,
            "silence": round(levels.silence, 3),
            "markers": take.markers,
            **take.about,
        })  # fmt: skip
        lines.append(
            f"{path}  peak {levels.peak_dbfs:.1f} dBFS, RMS {levels.rms_dbfs:.1f} dBFS, {levels.silence:.0%} silence"
        )
    return values, "\n".join(lines)


def _score(options, live):
    from .run import as_capsule
    from .scoring import score

    capsule = as_capsule(options.capsule, options.epoch)
    bits = score(capsule, options.audio)
    return {"bits_per_sample": bits}, f"{bits:.3f} bits per sample"


def _export(options, live):
    from .audition import ListeningLog, capsule_of
    from .generation import write_page
    from .run import START, opened

    as_page = Path(options.out).suffix.lower() == ".html"
    run, path = opened(options.run), output_path(options.out, ".html" if as_page else ".capsule")
    if path.resolve() == run.folder.resolve() / START or path.resolve().parent == run.folder.resolve() / "epochs":
        raise CourseError(f'"{path}" is one of the models of the run itself: name a file elsewhere.')
    capsule = capsule_of(run, options.epoch, ListeningLog(run))
    if as_page:
        write_page(capsule, path)
    else:
        capsule.share(path)
    about = {
        "page" if as_page else "capsule": str(path),
        "bytes": path.stat().st_size,
        "sample_rate": capsule.sample_rate,
        **capsule.about,
    }
    text = f"{path}: epoch {capsule.about.get('epoch')}, {about['bytes'] / 1e6:.1f} MB, {capsule.sample_rate} Hz"
    return about, "\n".join([text, *_remarks(run)])


def _gallery(options, live):
    from .generation import write_gallery

    page = write_gallery(options.folder)
    return {"page": str(page)}, f"{page}: open it in a browser"


def _remarks(run):
    """Sentences for whoever passes on a model of a run."""
    if run.withheld:
        yield f"It holds no moment of its recordings, since some may not be shared: {some(list(run.withheld))}."
    if unasked := run.part("corpus").get("unasked"):
        yield unasked


def _import_prism(options, live):
    from .capsule import Capsule
    from .prism import capsule_of

    capsule = capsule_of(options.checkpoint, options.config, options.sample_rate)
    folder, epoch = capsule.about["checkpoint"].partition("/")[0], capsule.about.get("epoch")
    path = Path(options.out or (f"{folder}.capsule" if epoch is None else f"{folder}_epoch{epoch}.capsule"))
    if path.exists():
        try:
            Capsule.load(path)
        except CourseError as error:
            raise CourseError(f'"{path}" exists already and is not a capsule: name another file with --out.') from error
    capsule.save(path)
    about = {"capsule": str(path), "bytes": path.stat().st_size, "sample_rate": capsule.sample_rate, **capsule.about}
    value = about | {"model": asdict(capsule.settings)}
    return value, f"{path}: {about['checkpoint']}, {about['bytes'] / 1e6:.1f} MB, {capsule.sample_rate} Hz"


def _audition(options, live):
    from .audition import audition

    if options.html:
        output_path(options.html, ".html")
    result = audition(options.run, options.corpus, live=live)
    lines = []
    if options.merge:
        lines.append(f"Taken in: {result.log.merge(options.merge)}")
    value, text = result.as_dict(), str(result)
    if options.html is not None:
        page = result.page(options.html or None)
        value, text = value | {"page": str(page)}, f"{text}\n{page}: open it in a browser"
    return value, "\n".join([*lines, text])


def _journal(options, live):
    from .audition import ListeningLog, corpus_of, export_journal
    from .journal import Journal
    from .run import opened

    choices = _choices(options)
    if options.journal and not os.path.isfile(options.journal):
        raise CourseError(f'There is no "{options.journal}": check the name of the file.')
    run = opened(options.run)
    journal = Journal(options.journal) if options.journal else None
    page = export_journal(run, options.folder, ListeningLog(run), journal, choices, live, corpus_of(run))
    return {"page": str(page)}, f"{page}: open it in a browser; Markdown and WAVs lie beside it"


def _course(options, live):
    notebooks = _lessons()
    if importlib.util.find_spec("jupyterlab") is None:
        raise CourseError("JupyterLab, which shows the lessons, is missing: type  python -m pip install jupyterlab")
    command = [sys.executable, "-m", "jupyterlab", str(notebooks)]
    if hasattr(os, "geteuid") and os.geteuid() == 0:  # in containers and lab images; JupyterLab refuses root otherwise
        command.append("--allow-root")
    jupyter = subprocess.Popen(command)
    while True:
        try:
            status = jupyter.wait()
            break
        except KeyboardInterrupt:  # JupyterLab was interrupted too, and asks whether to stop
            continue
    if status:
        raise CourseError(f"JupyterLab ended with status {status}: its output above says why.")
    return {"notebooks": str(notebooks)}, f"The lessons, and what you made in them, lie in {notebooks}."


def _check(options, live):
    from .readiness import check_computer, readiness_page

    path = output_path(options.page, ".html")
    result = check_computer(_lessons, live)
    page = _write_page(path, readiness_page(result))
    text = f"{result}\n{page}: open it in a browser, and press play"
    return result.as_dict() | {"page": str(page)}, text, 0 if result.ready else 2


def _lessons():
    """The folder of the lessons: in the working folder, as in a copy of them, or beside the package, as in a clone."""
    places = [Path("notebooks").resolve(), Path.cwd(), Path(__file__).parents[1] / "notebooks"]
    for place in places:
        if (place / "00_first_sound.ipynb").is_file():
            return place
    raise CourseError("The lessons are not here: go to the folder of the course, the one that holds notebooks, first.")


def setting(text):
    """ "dim=256" -> ("dim", 256), the value read as JSON, or else as a Python literal, or else as text."""
    name, equals, value = text.partition("=")
    if not equals:
        raise argparse.ArgumentTypeError(f'"{in_short(text)}" should read NAME=VALUE, as in dim=256')
    for read in (json.loads, ast.literal_eval):
        with suppress(ValueError, SyntaxError, RecursionError, MemoryError):
            return name, read(value)
    return name, value


def over(text):
    """ "dim=[64, 128]" -> ("dim", [64, 128]), and "dim" -> ("dim", ""): the values that the course has for it."""
    name, values = setting(text) if "=" in text else (text, "")
    if "=" in text and not (isinstance(values, (list, tuple)) and values):
        raise argparse.ArgumentTypeError(f'"{in_short(text)}" should list values, as in dim=[64,128]')
    return name, values


def whole(text):
    """ "3" -> 3"""
    try:
        return int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f'must be a whole number, not "{in_short(text)}"') from None


def number(text):
    """ "2.5" -> 2.5"""
    try:
        return float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f'must be a number, not "{in_short(text)}"') from None


def bits(text):
    """ "24" -> 24, and "float" stays; `render` checks it."""
    return int(text) if text.isdigit() else text


class _Parser(argparse.ArgumentParser):
    def error(self, message):
        self.exit(2, f"prism-lessons: {message}; {self.prog} --help tells more")

    def exit(self, status=0, message=""):
        sys.exit(_print("", sys.stdout, _print(message, sys.stderr, status)))  # flushes what --help printed


def _parser():
    from .presets import PART_OF, PRESETS

    parser = _Parser(prog="prism-lessons", description="Train and play your own neural instrument.")
    verbs = parser.add_subparsers(required=True, metavar="COMMAND", parser_class=_Parser)

    def verb(name, function, text, epilog=None):
        command = verbs.add_parser(
            name, help=text, description=text, epilog=epilog, formatter_class=argparse.RawDescriptionHelpFormatter
        )
        command.set_defaults(verb=function)
        command.add_argument("--json", action="store_true", help="print JSON for programs")
        return command

    verb("course", _course, "Open the lessons in JupyterLab.")

    command = verb("check", _check, "Check before a class that this computer can do what the lessons ask of it.")
    command.add_argument("page", nargs="?", default="check.html", help="page to write the results to (check.html)")

    command = verb("survey", _survey, "List the recordings in a folder, their faults, and what cannot be used and why.")
    command.add_argument("folder", help="folder of recordings, or one recording")
    command.add_argument(
        "--sample-rate", type=int, default=16000, metavar="HZ", help="sample rate of the corpus you want (16000)"
    )
    command.add_argument("--html", metavar="FILE", help="also write a page with a player for each fault")
    command.add_argument(
        "--choices", metavar="FILE", help="choices about the folder: which recordings may be heard on the page"
    )

    command = verb("map", _map, "Write a page on which every sound is a point to click and hear.")
    command.add_argument("source", help="folder of a corpus, of recordings, or of a run")
    command.add_argument("out", help="name of the page, such as map.html")
    command.add_argument("--choices", metavar="FILE", help="choices about a folder of recordings: which may be heard")
    command.add_argument("--layout", choices=("pca", "umap"), default="pca", help="how points are placed (pca)")

    command = verb("curate", _curate, "Prepare a folder of recordings as a corpus to train on.")
    command.add_argument("folder", help="folder of recordings, or one recording; it is not changed")
    command.add_argument("corpus", help="folder to write the corpus to")
    command.add_argument("--sample-rate", type=whole, default=16000, metavar="HZ", help="sample rate (16000)")
    command.add_argument("--validation", type=number, default=0.1, metavar="SHARE", help="kept for validation (0.1)")
    command.add_argument("--seed", type=whole, default=0, help="decides which recordings are kept (0)")
    command.add_argument("--choices", metavar="FILE", help="choices to apply, as a lesson or a script saved them")

    presets = "\n".join(f"  {name:8}{preset.purpose}" for name, preset in PRESETS.items())
    explained = f"presets:\n{presets}\n\nsettings for --set:\n  {', '.join(PART_OF)}"

    def training_verb(name, function, text, budget):
        command = verb(name, function, text, explained)
        command.add_argument("corpus", help="folder of a corpus")
        if name != "plan":
            command.add_argument("run", help="folder to work in")
            command.add_argument("--copy-to", metavar="FOLDER", help="keep a copy of the run there, such as on Drive")
        command.add_argument("--preset", help=f"{', '.join(PRESETS)}, or a file (sketch for a new run)")
        command.add_argument(
            "--set", type=setting, action="append", default=[], metavar="NAME=VALUE", help="change a setting"
        )
        command.add_argument(
            "--devices",
            dest="set",
            type=lambda text: ("devices", text),
            action="append",
            metavar="one|all",
            help="train on one graphics card, or on all of this machine together (one)",
        )
        if budget:
            command.add_argument("--minutes", type=number, help="budget: minutes of training in total (the preset's)")
            command.add_argument("--epochs", type=whole, help="budget in epochs instead, in total")
        return command

    command = training_verb("plan", _plan, "Predict how far a training gets on this machine, and when it ends.", True)
    command.add_argument("--until", metavar="HH:MM", help="train until this time of day")
    command.add_argument("--most-hours", type=number, help="hours until this machine is taken away (Colab: 12)")
    training_verb("preflight", _preflight, "Check in two minutes that everything is ready for a long training.", False)
    text = "Train a model on a corpus; resumable: run it again to continue."
    command = training_verb("train", _train, text, True)
    command.add_argument("--start", metavar="MODEL", help="a capsule or a run whose weights a new run starts from")
    command.add_argument("--start-epoch", type=whole, metavar="N", help="epoch of the run to start from (the last)")

    command = verb("tune", _tune, "Search settings that suit a corpus, by many short trainings; resumable.", explained)
    command.add_argument("corpus", help="folder of a corpus")
    command.add_argument("folder", help="folder to keep the trials in")
    command.add_argument("--trials", type=whole, default=12, help="how many settings are tried (12)")
    command.add_argument("--minutes", type=number, help="minutes of training for each trial (the preset's)")
    command.add_argument("--preset", default="sketch", help="where the search starts (sketch)")
    command.add_argument(
        "--over",
        type=over,
        action="append",
        default=[],
        metavar="NAME[=VALUES]",
        help="a setting to search, such as dropout, or dim=[64,128]; again for others",
    )
    command.add_argument(
        "--criterion",
        default="bits",
        metavar="NAME",
        help="what trials are compared by: bits, audible, pitch, closeness or diversity (bits)",
    )
    command.add_argument("--address", metavar="RAY", help="a Ray cluster: auto, or ray://HOST:10001 (this machine)")
    command.add_argument("--seed", type=whole, default=0, help="of the proposals (0)")

    command = verb("class", _class, "Train the models of a class on one shared machine, in fair turns; resumable.")
    command.add_argument("list", help="CSV file with columns name, corpus, preset and minutes; edit it at any time")
    command.add_argument(
        "--slice-minutes", type=number, default=5.0, metavar="MINUTES", help="of training in a turn (5)"
    )
    command.add_argument("--address", metavar="RAY", help="a Ray cluster: auto, or ray://HOST:10001 (this machine)")

    command = verb(
        "audition", _audition, "Describe what the clips of a run sound like, and write a page to listen to them."
    )
    command.add_argument("run", help="folder of a run")
    command.add_argument(
        "--html", metavar="FILE", nargs="?", const="", help="also write the page (audition.html in the run's folder)"
    )
    command.add_argument(
        "--merge", metavar="FILE", help="add notes saved from a page, or those in somebody's copy of the run"
    )
    command.add_argument("--corpus", help="folder of the corpus it learned from, if it has moved")

    command = verb("journal", _journal, "Write everything about a run as a page, Markdown and WAVs, for a portfolio.")
    command.add_argument("run", help="folder of a run")
    command.add_argument("folder", help="folder to write to")
    command.add_argument("--journal", metavar="FILE", help="a course's journal.jsonl")
    command.add_argument("--choices", metavar="FILE", help="the choices about the recordings, choices.jsonl")

    def playing_verb(name, function, text, seconds, voices):
        command = verb(name, function, text)
        command.add_argument("capsule", help="a capsule, or the folder of a run")
        if name == "perform":
            command.add_argument("folder", help="folder of this performance alone")
        command.add_argument("--epoch", type=whole, help="epoch of a run (the last)")
        command.add_argument("--seconds", type=number, default=seconds, help=f"length of each take ({seconds:g})")
        command.add_argument("--voices", type=whole, default=voices, help=f"number of takes ({voices})")
        command.add_argument(
            "--temperature",
            nargs="+",
            default=["0.95"],
            metavar="T",
            help="one, or one for each voice: 0.05 to 5, or a line such as 0:0.7,10:1.1 (0.95)",
        )
        command.add_argument("--seed", type=whole, default=0, help="the same seed, the same takes (0)")
        command.add_argument("--prime", metavar="FILE", help="a recording to continue from (its last 8 s)")
        command.add_argument("--prime-start", type=number, metavar="SECONDS", help="where in the recording to start")
        command.add_argument("--prime-seconds", type=number, metavar="SECONDS", help="how much of it to use")
        command.add_argument("--prime-places", action="store_true", help="start each voice from another place in it")
        command.add_argument("--keep-prime", action="store_true", help="keep the prime at the beginning of the takes")
        command.add_argument("--nudge", action="store_true", help="give a voice that is silent or stuck more freedom")
        command.add_argument(
            "--label",
            nargs="+",
            metavar="NAME",
            help="a label, shares such as breath:0.5,bells:0.5, or labels over time, 0:breath,9:bells",
        )
        command.add_argument(
            "--loudness",
            nargs="+",
            metavar="LINE",
            help="the loudness to head for in dBFS, a number or a line such as 0:-40,5:-12",
        )
        command.add_argument(
            "--brightness",
            nargs="+",
            metavar="LINE",
            help="the brightness to head for in semitones as MIDI counts them, a number or a line such as 0:60,5:90",
        )
        command.add_argument(
            "--follow", nargs="+", metavar="FILE", help="a recording or MIDI file: follow its loudness"
        )
        command.add_argument("--guidance", type=number, default=1.0, help="how strongly the label counts, 0 to 10 (1)")
        command.add_argument("--mix", metavar="MODEL", help="another capsule or run to mix in, sample by sample")
        command.add_argument("--share", help="weight of that model, 0 to 1, or a line (0.5)")
        command.add_argument("--engine", help="numba for CPUs, or tensorflow for GPUs (chosen for this machine)")
        command.add_argument(
            "--half", action="store_true", help="half-precision weights: faster, not quite the same takes"
        )
        return command

    command = playing_verb("generate", _generate, "Generate takes with a model, one sound file for each voice.", 4.0, 4)
    command.add_argument("--out", default="takes", help="folder for the files and their list, takes.csv (takes)")
    command.add_argument("--format", dest="form", default="wav", metavar="FORMAT", help="wav or flac (wav)")
    command.add_argument("--bits", type=bits, default=16, metavar="BITS", help="16, 24 or float (16)")
    command.add_argument("--sample-rate", type=whole, metavar="HZ", help="sample rate of the files (the model's)")
    command.add_argument("--fade-in", type=number, default=0.0, metavar="SECONDS", help="(none)")
    command.add_argument("--fade-out", type=number, default=0.0, metavar="SECONDS", help="(none)")
    command.add_argument("--remove-dc", action="store_true", help="remove a constant offset")
    command.add_argument("--zip", action="store_true", help="also pack the folder's takes into takes.zip")

    text = "Generate long takes straight to disk; resumable: run it again to continue."
    playing_verb("perform", _perform, text, 600.0, 1)

    command = verb("play", _play, "Play models on the sound card, controlled by OSC messages from other programs.")
    command.add_argument("capsules", nargs="+", metavar="capsule", help="capsules, or folders of runs")
    command.add_argument("--osc", type=whole, default=9000, metavar="PORT", help="UDP port for messages (9000)")
    command.add_argument("--answers", type=whole, default=9001, metavar="PORT", help="UDP port for answers (9001)")
    command.add_argument("--temperature", type=number, default=0.95, metavar="T", help="at first, 0.05 to 5 (0.95)")
    command.add_argument("--seed", type=whole, default=0, help="first seed (0)")

    command = verb("score", _score, "Measure how many bits per sample a model needs for a sound.")
    command.add_argument("capsule", help="a capsule, or the folder of a run")
    command.add_argument("audio", help="a sound file, or a folder of them")
    command.add_argument("--epoch", type=whole, help="epoch of a run (the last)")

    text = "Save an epoch of a run as one file to pass on: a capsule, or a page that plays it in any recent browser."
    command = verb("export", _export, text)
    command.add_argument("run", help="folder of a run")
    command.add_argument("out", help="name of the file, such as bells.capsule or bells.html")
    command.add_argument("--epoch", type=whole, help="epoch of the run (the last)")

    command = verb("gallery", _gallery, "Write index.html, which leads to all pages of models in a folder.")
    command.add_argument("folder", help="folder with pages that export wrote")

    command = verb("import-prism", _import_prism, "Convert a checkpoint of PRiSM SampleRNN (2021) to a capsule.")
    command.add_argument("checkpoint", help="such as model.ckpt-3, or the folder it lies in (its newest)")
    command.add_argument("--config", required=True, metavar="FILE", help="the JSON file it was trained with")
    command.add_argument(
        "--sample-rate", type=whole, required=True, metavar="HZ", help="sample rate of the recordings it was trained on"
    )
    command.add_argument(
        "--out", metavar="FILE", help="name of the capsule (here, after the folder of the checkpoint and its epoch)"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
