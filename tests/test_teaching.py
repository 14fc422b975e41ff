"""The teacher's pages say what is true of the course: what is on its screens, its lessons and names."""

import html
import re
import tomllib
from pathlib import Path

import pytest
import quiz

import prism_lessons as pl
from prism_lessons import notebook

REPOSITORY = Path(__file__).parents[1]
TEACHING = REPOSITORY / "docs" / "teaching"
PAGES = sorted(TEACHING.glob("*.md"))
LESSONS = {path.name[:2]: path for path in (REPOSITORY / "notebooks" / "sources").glob("*.py")}
QUESTIONS = tomllib.loads((TEACHING / "questions.toml").read_text(encoding="utf-8"))["question"]

each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)


def read(page):
    return page.read_text(encoding="utf-8")


def one_line(text):
    return " ".join(text.split())


@pytest.fixture(scope="module")
def on_screen():
    """All that the lessons and the library can show, in one line."""
    lessons = "".join(re.sub(r"^# ?", "", read(path), flags=re.MULTILINE) for path in LESSONS.values())
    library = (path for path in (REPOSITORY / "prism_lessons").rglob("*") if path.suffix in {".py", ".html", ".js"})
    code = "".join(map(read, sorted(library)))
    return one_line(lessons + re.sub(r'"\n +f?"', "", code))  # a sentence in several strings is one


@each_page
def test_words_in_bold_are_on_a_screen(page, on_screen):
    for words in re.findall(r"\*\*(.+?)\*\*", read(page), re.DOTALL):
        # What differs from time to time is left out with dots, or is the name of the zip.
        for part in re.split(r"…|prism-lessons-[\d.]+zip", one_line(words)):
            assert part.strip() in on_screen, words


@each_page
def test_named_headings_are_in_the_lesson(page):
    text = one_line(read(page))
    for number, named in re.findall(r'\b(0[0-5]),(?: from| after)? ((?:"[^"]+"(?:, | and )?)+)', text):
        headings = re.findall(r"^# #+ (.+)$", read(LESSONS[number]), re.MULTILINE)
        for heading in re.findall(r'"([^"]+)"', named):
            assert any(found.startswith(heading.rstrip(".")) for found in headings), (number, heading)


@each_page
def test_names_of_the_course_exist(page):
    for name in re.findall(r"\bcourse\.(\w+)\(", read(page)):
        assert hasattr(notebook.Course, name), name
    for name in re.findall(r"`([a-z_]+)=", read(page)):
        pl.PRESETS["sketch"].changed(**{name: getattr(pl.PRESETS["sketch"].training, name, 0)})


def test_every_lesson_has_a_handout():
    assert {page.stem for page in PAGES if page.stem.startswith("handout_")} == {
        f"handout_{number}" for number in LESSONS
    }


@pytest.mark.parametrize("lesson", sorted(LESSONS))
def test_a_lesson_has_three_to_five_questions(lesson):
    assert 3 <= sum(question["lesson"] == lesson for question in QUESTIONS) <= 5


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question["ask"][:40])
def test_every_answer_has_its_reason(question):
    assert set(question) == {"lesson", "ask", "right", "because", "wrong"}
    assert question["ask"].endswith("?") and question["because"] and len(question["wrong"]) >= 2
    assert question["right"] not in question["wrong"] and all(question["wrong"].values())


def test_quiz_is_made_from_the_questions():
    assert read(quiz.QUIZ) == quiz.quiz(), "run `make sync`"


def test_quiz_asks_every_question_and_tells_right_from_wrong_in_words():
    asked = re.findall(r"<fieldset>.*?</fieldset>", read(quiz.QUIZ), re.DOTALL)
    for question, field in zip(sorted(QUESTIONS, key=lambda one: one["lesson"]), asked, strict=True):
        text = html.unescape(re.sub("</?code>", "`", field))
        reasons = dict(re.findall(r"<dt>(.*)</dt><dd>(.*)</dd>", text))
        assert re.search(r"<legend>\d\. (.*)</legend>", text)[1] == question["ask"]
        assert re.findall(r"<label><input[^>]*><span>(.*)</span>", text) == [*reasons]
        assert reasons.pop(question["right"]) == f"Right. {question['because']}"
        assert reasons == {answer: f"Not so. {why}" for answer, why in question["wrong"].items()}


@pytest.mark.parametrize("lesson", sorted(LESSONS))
def test_a_lesson_leads_to_its_questions(lesson):
    assert f"](quiz.html#lesson-{lesson})" in read(LESSONS[lesson])
    assert f'<h2 id="lesson-{lesson}">' in read(quiz.QUIZ)
