"""`train_class()`: the trainings of a class in fair turns, by Ray, and a page that says how far each is."""

import io
import time
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import quote

from ..checks import a_live_line, a_path, a_text, checked, need, number, optional
from ..cluster import check_reach, connected, training_resources
from ..corpus import Corpus
from ..errors import Busy, CourseError, Stopped, in_short
from ..files import exclusive_lock, read_error, write_text
from ..live import LiveLine, clock, counted, when, whole_minute
from ..pages import render
from ..run import LOCK, SETTINGS, Run
from ..training import train
from .class_list import read_list

STATUS = "status.html"
WAITING, TRAINING, DONE, FAILED, CANCELLED = STATES = "waiting", "training", "done", "failed", "taken off the list"
MOST_LOST = 3  # turns in a row in which a student's worker may be lost
LOOK = 1.0  # seconds between looks at the list and at the turns


class Student:
    """One line of the list, and how far its training is.

    Attributes
    ----------
    place
        The `Place` in the list.
    folder
        Of the run.
    state
        WAITING, TRAINING, DONE, FAILED or CANCELLED.
    problem
        Why it failed, a sentence; else "".
    seconds
        Of training so far.
    """

    def __init__(self, place, folder):
        self.place, self.folder, self.lost = place, folder, 0
        self.state, self.problem, self.seconds = WAITING, "", 0.0

    def measure(self):
        """Read how far the training is from its folder."""
        try:
            self.seconds = Run(self.folder).seconds if (self.folder / SETTINGS).exists() else 0.0
        except CourseError as error:
            self.fail(error)

    def fail(self, why):
        self.state, self.problem = FAILED, str(why)

    @property
    def finished(self):
        """Whether all minutes are trained, and the last epoch is in the log."""
        return bool(self.run) and self.run.log[-1].seconds >= 60 * self.place.minutes

    @property
    def left(self):
        """Seconds of training still to come."""
        return max(0.0, 60 * self.place.minutes - self.seconds)

    @property
    def run(self):
        """The `Run`, or None while nothing can be heard or read of it."""
        try:
            run = Run(self.folder) if (self.folder / SETTINGS).exists() else None
            return run if run and run.log else None
        except CourseError:
            return None


class Turns:
    """Who trains when: the least trained goes first, among equals the one higher up in the list.

    Parameters
    ----------
    path
        The list, read again whenever it has changed.
    folder
        Where the runs and the page are.
    slice_minutes
        Minutes of training in a turn.
    live
        The `LiveLine`.
    """

    def __init__(self, path, folder, slice_minutes, live):
        self.path, self.folder, self.slice_minutes, self.live = path, folder, slice_minutes, live
        self.students, self.running = {}, {}  # by name; by Ray's reference to their turn: (student, when it began)
        self.trained = self.spent = 0.0  # seconds of training in turns that have ended, and seconds that they took
        self.trouble = self._stamp = None
        self._told = None, None, None

    def look(self):
        """Follow the list if it has changed: take up new lines, stop the trainings of those that are gone."""
        try:
            stamp = self._changed()
            if stamp == self._stamp:
                return
            places, self._stamp, self.trouble = read_list(self.path), stamp, None
        except CourseError as error:
            if not self.students:  # nothing has begun
                raise
            self.trouble = f"The list cannot be read, so the last one that could be read is followed: {error}"
            return
        before, self.students = self.students, {}
        for place in places:
            student = before.pop(place.name, None)
            if student is None:
                student = Student(place, self.folder / place.name)
                student.measure()
            elif student.place != place or student.state == CANCELLED:
                student.place, student.problem = place, ""
                student.state = TRAINING if student in self._training else WAITING
            self.students[place.name] = student
        for student in before.values():
            student.state = CANCELLED
            self._interrupt(student)
            self.students[student.place.name] = student

    def _changed(self):
        """When the list was last changed, a number."""
        try:
            return self.path.stat().st_mtime_ns
        except OSError as error:
            raise read_error(self.path, "list", error) from error

    @property
    def _training(self):
        return [student for student, _ in self.running.values()]

    @property
    def over(self):
        return not self.running and not any(student.state == WAITING for student in self.students.values())

    def start(self):
        """Give a turn to the least trained of those who wait, as long as there is room."""
        needed, room = training_resources()
        while len(self.running) < room:
            waiting = [student for student in self.students.values() if student.state == WAITING]
            if not waiting:
                return
            student = min(waiting, key=lambda student: student.seconds)
            if student.finished:
                student.state = DONE
                continue
            student.state = TRAINING
            turn = _remote(needed).remote(student.place, str(student.folder), self.slice_minutes)
            self.running[turn] = student, time.monotonic()

    def wait(self):
        """Wait for a moment, and take in the turns that have ended."""
        import ray

        if not self.running:
            return
        ended, _ = ray.wait(list(self.running), timeout=LOOK)
        for turn in ended:
            student, began = self.running.pop(turn)
            before, state, problem = student.seconds, WAITING, ""
            try:
                state, problem = ray.get(turn)
                student.lost = 0
            except ray.exceptions.TaskCancelledError:
                pass
            except ray.exceptions.RayError as error:  # the worker or its machine is gone, or the memory is full
                student.lost += 1
                if student.lost == MOST_LOST:
                    why = in_short(getattr(error, "cause", None) or error)
                    state, problem = FAILED, f"Its turn was lost {MOST_LOST} times in a row ({why})."
            if student.state != CANCELLED:
                student.state, student.problem = state, problem
            student.measure()
            self.trained += max(0.0, student.seconds - before)
            self.spent += time.monotonic() - began

    def stop(self):
        """Have every training stop as by Ctrl-C, and wait until each has saved what it has."""
        for student in self._training:
            self._interrupt(student)
        while self.running:
            self.wait()

    def _interrupt(self, student):
        import ray

        for turn, (one, _) in self.running.items():
            if one is student:
                ray.cancel(turn)

    def ends(self, student):
        """Seconds until a student's training is done, if all goes on as it has so far; None before any turn ended.

        Until then, everybody else trains as long as they do, or to their own end.
        """
        if not self.trained:
            return None
        everybody = [one for one in self.students.values() if one.state in (WAITING, TRAINING)]
        until = student.seconds + student.left
        training = sum(min(one.left, max(0.0, until - one.seconds)) for one in everybody)
        at_once = min(training_resources()[1], len(everybody))
        return max(student.left, training / at_once) * self.spent / self.trained

    def words(self, student, now):
        """How far a student is, as a sentence."""
        place = student.place
        if student.state == FAILED:
            return student.problem
        if student.state == CANCELLED:
            return f"Taken off the list after {clock(student.seconds)} of training, which is kept."
        if student.state == DONE:
            return f"Done, after {clock(student.seconds)} of training."
        far = f"{clock(student.seconds)} of {clock(60 * place.minutes)}"
        seconds = self.ends(student)
        end = "" if seconds is None else f", done at about {when(whole_minute(now + timedelta(seconds=seconds)), now)}"
        return f"{'Training now' if student.state == TRAINING else 'Waiting for a turn'}: {far}{end}."

    @property
    def summary(self):
        """How many are where, as a sentence."""
        states = [student.state for student in self.students.values()]
        counts = [f"{states.count(state)} {state}" for state in STATES if state in states]
        return f"{counted(len(states), 'student')}: {', '.join(counts)}."

    def tell(self, over=None):
        """Write the page and say on the live line how far the class is, if that has changed."""
        where = [(student.place, student.state, student.seconds) for student in self.students.values()]
        if self._told == (where, self.trouble, over):
            return
        now = datetime.now()
        rows = [(student.place.name, student, self.words(student, now)) for student in self.students.values()]
        page = render(
            "class.html", title=f'The class "{self.path.stem}"', now=f"{now.day} {now:%B %Y, %H:%M:%S}", over=over,
            summary=self.summary, trouble=self.trouble, rows=rows, newest=self._newest,
        )  # fmt: skip
        self.live.text(self.summary)
        if self.trouble and self.trouble != self._told[1]:
            self.live.end(self.trouble)
        self._told = where, self.trouble, over
        try:
            write_text(self.folder / STATUS, page)
        except CourseError as error:  # a full disk must not stop those who still train
            self.live.end(str(error))

    def _newest(self, student):
        """The newest clip of a student's run as a link from the page, (address, words); None before there is one."""
        if not (run := student.run) or not run.clips:
            return None
        epoch = max(run.clips)
        (path, *_) = run.clips[epoch]
        return quote(path.relative_to(self.folder).as_posix()), f"a clip of epoch {epoch}"


@checked(path=a_path, slice_minutes=number(0.01, 10_000), address=optional(a_text), live=optional(a_live_line))
def train_class(path, slice_minutes=5.0, address=None, live=None):
    """Train the models of a class on one shared machine or cluster, in turns.

    Whoever has trained least comes next, for one slice of training; a training goes on exactly where its last turn
    ended. The list may be edited meanwhile: a new line is taken up, a line that is gone is stopped and what it had is
    kept, and among those who have trained equally long, the upper ones come first. When one fails, the others go on.
    Called again, an interrupted class goes on, and those that failed are tried again.

    Parameters
    ----------
    path : str or Path
        The list, see `read_list`. Beside it, in a folder of its name, are the students' runs and `status.html`, a page
        that says how far each is; with `address`, all machines have to reach both by the same path.
    slice_minutes : float
        Minutes of training in a turn. That each turn begins and ends took 76 s more on two busy cores.
    address : str, optional
        A Ray cluster, "auto" or "ray://HOST:10001"; this machine alone if not given.
    live : LiveLine, optional
        Where progress is reported; on standard output if not given.

    Returns
    -------
    dict
        {name: how far the student is, a sentence}.

    Raises
    ------
    CourseError
        When Ray is missing, no cluster answers, or the list is not clear when the class begins.
    Stopped
        On Ctrl-C, once every training has saved what it has; the same call goes on.

    See Also
    --------
    train : What each of them does.

    Examples
    --------
    >>> with open("monday.csv", "w") as file:
    ...     print("name,corpus,minutes", "Ana,my_corpus,0.1", sep="\\n", file=file)
    >>> pl.train_class("monday.csv")
    {'Ana': 'Done, after 0:06 of training.'}
    """
    live, path = live or LiveLine(), Path(path).resolve()
    if not path.suffix:
        raise CourseError(f'"{path}" should end in .csv, since the runs go into a folder with the rest of its name.')
    turns = Turns(path, path.with_suffix(""), slice_minutes, live)
    turns.look()
    need("A class", "ray")
    busy = f'Somebody runs the class of "{path}" already: edit the list, and it is followed.'
    with exclusive_lock(turns.folder / LOCK, busy), connected(address):
        if address:
            check_reach(str(path), str(turns.folder))
        try:
            while True:
                turns.look()
                turns.start()
                turns.tell()
                if turns.over:
                    break
                turns.wait()
        except KeyboardInterrupt:
            turns.stop()
            turns.tell(over="Stopped: what everybody had is saved, and the same command goes on.")
            raise Stopped("What everybody had is saved: run the same again to go on.") from None
    turns.tell(over="Everybody's turns are over.")
    live.end(turns.summary)
    return {name: turns.words(student, datetime.now()) for name, student in turns.students.items()}


def _remote(needed):
    """`_turn` as a task of Ray's; each in a process of its own, so that one leaves no memory occupied."""
    import ray

    options = {"num_cpus": needed["CPU"], "num_gpus": needed.get("GPU", 0), "max_retries": 0, "max_calls": 1}
    return ray.remote(**options)(_turn)


def _turn(place, folder, slice_minutes):
    """Train one student for one slice, on a worker of Ray's.

    Returns
    -------
    state, problem
        WAITING where the slice is over, DONE where the training is, or FAILED with the reason, a sentence.

    Raises
    ------
    Busy
        When a worker that was killed has not let go yet, or somebody trains there by hand.
    """
    live = LiveLine(io.StringIO())
    try:
        corpus = Corpus.open(place.corpus)
        train(corpus, folder, place.preset, minutes=place.minutes, pause_after=slice_minutes, live=live)
    except Stopped:
        return WAITING, ""
    except Busy:
        raise
    except CourseError as error:
        return FAILED, str(error)
    return DONE, ""
