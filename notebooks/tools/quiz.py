"""Makes notebooks/quiz.html, one page on which students answer the questions of docs/teaching/questions.toml.

    python notebooks/tools/quiz.py

The page is committed, so that it is in the folder of the course, in the zip and on the site alike.
"""

import tomllib

from badges import REPOSITORY
from lessons import paths, read

from prism_lessons.pages import render

QUESTIONS = REPOSITORY / "docs" / "teaching" / "questions.toml"
QUIZ = REPOSITORY / "notebooks" / "quiz.html"


def quiz():
    """The page, HTML: the questions on each lesson, with a reason for every answer."""
    asked = tomllib.loads(QUESTIONS.read_text(encoding="utf-8"))["question"]
    lessons = []
    for path in paths():
        number, title = path.name[:2], read(path).cells[0].source.splitlines()[0].removeprefix("# ")
        lessons.append((number, title, [_question(question) for question in asked if question["lesson"] == number]))
    return render("quiz.html", title="Questions on the lessons", lessons=lessons)


def _question(question):
    reasons = {question["right"]: f"Right. {question['because']}"}
    reasons |= {answer: f"Not so. {why}" for answer, why in question["wrong"].items()}
    return question["ask"], sorted(reasons.items())  # by letter, so that the right one has no place of its own


if __name__ == "__main__":
    QUIZ.write_text(quiz(), encoding="utf-8", newline="\n")
