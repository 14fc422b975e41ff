"""The quiz in a real browser, opened as a file: answered, checked and explained by keyboard alone, and on paper."""

import pytest
from accessibility import no_objections, tree, usable
from quiz import QUIZ


@pytest.fixture
def opened(browser):
    """Opens the quiz in a context of its own."""
    contexts = []

    def open_(**settings):
        contexts.append(browser.new_context(**settings))
        page = contexts[-1].new_page()
        page.goto(QUIZ.as_uri())
        return page

    yield open_
    for context in contexts:
        context.close()


def said(page):
    """What stands in the live regions; a screen reader tells what changes there."""
    assert {known.get("live") for role, _, known in tree(page) if role == "status"} == {"polite"}
    return [text for text in page.get_by_role("status").all_inner_texts() if text]


def test_a_question_is_answered_checked_and_explained_by_keyboard_alone(opened):
    page = opened()
    question = page.get_by_role("group").first
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.type") == "radio":
            break
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert said(page) == ["Choose an answer first."]
    page.keyboard.press("Shift+Tab")
    heard = []
    for _ in range(question.get_by_role("radio").count()):
        page.keyboard.press("Space")
        assert not said(page), "an answer is not judged before it is checked"
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        heard += said(page)
        page.keyboard.press("Shift+Tab")
        page.keyboard.press("ArrowDown")
    assert heard == question.locator("dd").evaluate_all("all => all.map(one => one.textContent)")
    assert sorted(words.split(". ")[0] for words in heard) == ["Not so"] * 3 + ["Right"]


def test_every_question_and_answer_has_a_name_and_every_button_one_of_its_own(opened):
    page = opened()
    nodes, fields = tree(page), page.locator("fieldset")
    named = [name for role, name, _ in nodes if role == "group" and name]  # what is folded is a group without a name
    assert named == page.locator("legend").all_inner_texts()
    assert [name for role, name, _ in nodes if role == "radio"] == page.locator("label").all_inner_texts()
    assert all(name for _, name in usable(page))
    buttons = [name for role, name, _ in nodes if role == "button"]
    assert len(set(buttons)) == len(buttons) == fields.count() + 1
    folded = [name for role, name, _ in nodes if role == "DisclosureTriangle"]
    assert len(set(folded)) == len(folded) == fields.count()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 320])
def test_axe_finds_nothing_to_object_to_and_nothing_lies_beyond_the_edge(opened, scheme, width):
    page = opened(viewport={"width": width, "height": 900}, color_scheme=scheme)
    page.locator("#unfold").click()
    page.get_by_role("button", name="Check").first.click()
    no_objections(page)
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


def test_without_scripts_it_can_be_read_and_every_answer_unfolded(opened):
    words = "Unfold the answers instead."
    assert opened().get_by_text(words).is_hidden()
    page = opened(java_script_enabled=False)
    assert page.get_by_text(words).is_visible()
    assert not page.get_by_role("button").count()
    page.locator("summary").first.click()
    assert page.locator("dd").first.is_visible()


def test_on_paper_are_the_answers_that_were_unfolded(opened):
    page = opened()
    page.emulate_media(media="print")
    assert page.get_by_role("radio").first.is_visible()
    assert not page.locator("dt:visible, summary:visible, button:visible").count()
    page.emulate_media(media="screen")
    page.get_by_role("button", name="Unfold all answers").click()
    page.emulate_media(media="print")
    assert page.locator("dt:visible").count() == page.get_by_role("radio").count()
