"""Lessons in other languages: their own words, the lesson's code, and English where something is missing."""

import lessons
import pytest
import translate
from badges import Home
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

TRANSLATED = [path for path in lessons.paths(translated=True) if lessons.language(path)]
LESSON = """\
# Title

A sentence
on two lines.

- one
- two

```python
print(1)

print(2)
```"""


def what_is_read(notebook):
    """(type, text) of every cell."""
    return [(cell.cell_type, cell.source) for cell in notebook.cells]


@pytest.mark.parametrize("path", TRANSLATED, ids=lambda path: path.stem)
def test_a_translation_is_its_lesson_in_the_words_of_its_catalogue(path):
    lesson = path.with_name(f"{path.stem.partition('.')[0]}.ipynb")
    made = translate.translated(lesson, translate.read(translate.CATALOGUES / f"{path.stem}.po"))
    assert what_is_read(lessons.read(path)) == what_is_read(made), "edit the catalogue, then run `make sync`"


@pytest.fixture
def course(tmp_path, monkeypatch):
    """A folder with one lesson; a function makes its translations, and gives the texts of one."""
    monkeypatch.setattr(lessons, "REPOSITORY", tmp_path)
    monkeypatch.setattr(translate, "CATALOGUES", tmp_path / "notebooks" / "translations")
    (tmp_path / "notebooks").mkdir()
    write(tmp_path, LESSON)

    def sync(*words):
        monkeypatch.setattr("sys.argv", ["translate.py", *words])
        translate.main()
        made = lessons.read(tmp_path / "notebooks" / "00_new.de.ipynb")
        return [cell.source for cell in made.cells]

    return tmp_path, sync


def write(folder, text):
    notebook = new_notebook(cells=[new_markdown_cell(text, id="words"), new_code_cell("1 + 1", id="sum")])
    lessons.nbformat.write(notebook, folder / "notebooks" / "00_new.ipynb")


def translate_to_german(folder, **words):
    path = folder / "notebooks" / "translations" / "00_new.de.po"
    catalogue = translate.read(path)
    for message in catalogue:
        for beginning, german in words.items():
            if message.id and message.id.startswith(beginning):
                message.string = german
    with open(path, "wb") as file:
        translate.write_po(file, catalogue)


def test_what_is_translated_appears_and_the_rest_stays_english(course, capsys):
    folder, sync = course
    assert sync("00_new", "de") == [LESSON.replace("\non two", " on two"), "1 + 1"]
    assert "3 of 3 paragraphs are in English" in capsys.readouterr().out
    translate_to_german(folder, A="Ein Satz.")
    words, code = sync()
    assert "Ein Satz." in words and "A sentence" not in words and code == "1 + 1"
    assert words.endswith("```python\nprint(1)\n\nprint(2)\n```")
    assert "2 of 3" in capsys.readouterr().out


def test_a_paragraph_whose_english_changes_appears_in_english_until_its_translation_is_looked_at(course, capsys):
    folder, sync = course
    sync("00_new", "de")
    translate_to_german(folder, A="Ein Satz.")
    write(folder, LESSON.replace("on two lines", "on two long lines"))
    words, _ = sync()
    assert "A sentence on two long lines." in words and "Ein Satz." not in words
    catalogue = translate.read(folder / "notebooks" / "translations" / "00_new.de.po")
    message = catalogue.get("A sentence on two long lines.")
    assert message.string == "Ein Satz." and message.fuzzy  # to be looked at, not to be written again


def test_where_lines_break_in_english_changes_nothing(course):
    folder, sync = course
    sync("00_new", "de")
    translate_to_german(folder, A="Ein Satz.")
    write(folder, LESSON.replace("A sentence\non two lines", "A sentence on\ntwo lines"))
    assert "Ein Satz." in sync()[0]


def test_in_a_release_the_badge_opens_the_translation_and_links_lead_to_colab(course, monkeypatch):
    folder, sync = course
    home = Home("1.0", "https://github.com/someone/lessons", "0" * 40)
    monkeypatch.setattr(translate, "HOME", home)
    write(folder, home.links(f"# Title\n\n{home.badge('00_new')}\n\n## Next\n\n[Lesson](01_more.ipynb)"))
    words, _ = sync("00_new", "de")
    assert home.badge("00_new.de") in words and f"[in Colab]({home.in_colab('01_more')})" in words
