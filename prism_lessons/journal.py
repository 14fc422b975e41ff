"""The journal: what a composer wanted, heard and chose, kept as one file of JSON lines beside the runs."""

from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from .errors import CourseError
from .files import append_json_lines, locked, merge_json_lines, read_json_lines
from .prose import as_html, in_a_cell, one_line, quoted


@dataclass(frozen=True)
class Entry:
    """One answer. `when` is local time, such as "2026-11-22T23:15"; `lesson` and `question` say what was asked."""

    when: str
    lesson: str
    question: str
    answer: str

    def __post_init__(self):
        if not all(isinstance(value, str) for value in vars(self).values()):
            raise CourseError("An answer must be text.")


class Journal:
    """The answers in one file, oldest first.

    Parameters
    ----------
    path
        The file; it is made with the first answer.
    """

    def __init__(self, path):
        self.path = Path(path)

    @property
    def entries(self):
        """All entries, oldest first, as `Entry`s.

        Raises
        ------
        CourseError
            When a line of the file has been damaged; the sentence names it.
        """
        return read_json_lines(self.path, "journal", lambda line: Entry(**line), growing=True)

    def answers(self, lesson):
        """The newest answer to each question of a lesson, {question: answer}."""
        return {entry.question: entry.answer for entry in self.entries if entry.lesson == lesson}

    def write(self, lesson, answers):
        """Add the answers of a lesson, {question: answer}, that are new and not empty; returns how many."""
        now = datetime.now().isoformat(timespec="minutes")
        with locked(self.path):
            previous = self.answers(lesson)
            new = [
                Entry(now, lesson, question, answer.strip())
                for question, answer in answers.items()
                if answer.strip() and answer.strip() != previous.get(question)
            ]
            if new:
                append_json_lines(self.path, map(asdict, new))
        return len(new)

    def merge(self, other):
        """Merge the answers of another journal, such as that of an earlier day, by date.

        Parameters
        ----------
        other
            Its file.

        Returns
        -------
        list of CourseError
            One for each damaged line, which was left out.
        """
        faults = []
        merge_json_lines(self.path, read_json_lines(other, "journal", lambda line: asdict(Entry(**line)), True, faults))
        return faults

    def _repr_html_(self):
        return in_a_cell(as_html(str(self)))

    def __str__(self):
        """The whole journal as Markdown, newest last."""
        return "\n\n".join(map(_in_markdown, self.entries)) or "The journal is empty so far."


def _in_markdown(entry):
    asked = f"**{one_line(entry.question)}** ({one_line(entry.lesson)}, {one_line(entry.when.replace('T', ' '))})"
    return f"{asked}\n\n{quoted(entry.answer)}"
