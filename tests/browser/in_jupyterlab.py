"""JupyterLab, and a notebook in a browser's tab, used as a student uses it."""

import ast
import contextlib
import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path
from urllib.request import Request, urlopen

import nbformat
import psutil
from lessons import REPOSITORY, VARIABLE

ARTEFACTS = REPOSITORY / "artefacts"  # what a test run leaves to look at: pictures, times
# JupyterLab's own settings: every cell is kept in the page, and no news is asked for.
SETTINGS = {
    "@jupyterlab/notebook-extension:tracker": {"windowingMode": "none", "scrollPastEnd": False},
    "@jupyterlab/apputils-extension:notification": {"fetchNews": "false", "checkForUpdates": False},
    "@jupyterlab/extensionmanager-extension:plugin": {"enabled": False},
}
SCREEN = {"width": 1280, "height": 1000}  # pixels
TALLEST = 16000  # pixels of a picture: Chromium repeats itself beyond
PATIENCE = 60  # seconds, for what takes a moment on a machine that does nothing else
LONGEST = 30 * 60  # seconds a lesson may take, on one that does
GENERATES = "pl.generate("  # in a cell that lets a model play


def keep_times(name, times):
    """Leave how long something took, {what: how much}, in `artefacts`, beside what is known of it there."""
    ARTEFACTS.mkdir(exist_ok=True)
    path = ARTEFACTS / "timings.json"
    known = json.loads(path.read_text()) if path.exists() else {}
    known[name] = known.get(name, {}) | times
    path.write_text(json.dumps(known, indent=2) + "\n")


class Server:
    """JupyterLab, run by this Python.

    Parameters
    ----------
    lessons
        The folder that it shows.
    own
        A folder for its settings and what else it keeps, in place of the user's.
    """

    def __init__(self, lessons, own):
        settings = own / "config" / "labconfig" / "default_setting_overrides.json"
        settings.parent.mkdir(parents=True)
        settings.write_text(json.dumps(SETTINGS))
        self._runtime = own / "runtime"
        places = {f"JUPYTER_{name.upper()}_DIR": str(own / name) for name in ("config", "data", "runtime")}
        places |= {f"JUPYTERLAB_{name.upper()}_DIR": str(own / name) for name in ("settings", "workspaces")}
        environment = os.environ | places | {"IPYTHONDIR": str(own / "ipython")}
        environment.pop(VARIABLE, None)  # a lesson takes the time that a student's takes
        command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", str(lessons)]
        self._log = own / "log.txt"
        with open(self._log, "wb") as log:
            self._process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)

    def wait(self):
        """Wait until it listens."""
        for _ in range(PATIENCE * 10):
            assert self._process.poll() is None, self._log.read_text(errors="replace")
            with contextlib.suppress(OSError, ValueError):
                said = json.loads((self._runtime / f"jpserver-{self._process.pid}.json").read_text())
                self.url, self.token = said["url"], said["token"]
                self.ask("api/status")
                return
            time.sleep(0.1)
        raise AssertionError("JupyterLab does not answer")

    def ask(self, path, method="GET"):
        headers = {"Authorization": f"token {self.token}"}
        with urlopen(Request(self.url + path, method=method, headers=headers)) as reply:
            return json.loads(reply.read() or "null")

    def end_kernels(self):
        for session in self.ask("api/sessions"):
            self.ask(f"api/sessions/{session['id']}", "DELETE")

    def kernels(self):
        """The processes of its notebooks' Pythons."""
        alive = (one for one in psutil.Process(self._process.pid).children() if one.status() != psutil.STATUS_ZOMBIE)
        return [one for one in alive if "-f" in one.cmdline()]

    def most_memory(self):
        """The most memory that its only kernel has had at a time, in MiB; None where the system does not keep it."""
        (kernel,) = self.kernels()
        status = Path(f"/proc/{kernel.pid}/status")
        return int(re.search(r"VmHWM:\s+(\d+)", status.read_text())[1]) // 1024 if status.exists() else None

    def stop(self):
        self._process.terminate()
        self._process.wait(PATIENCE)


@contextlib.contextmanager
def serving(folder, own):
    """A `Server` that listens, until the end."""
    server = Server(folder, own)
    try:
        server.wait()
        yield server
    finally:
        server.stop()


class Lesson:
    """A lesson in a tab of its own, used as a student uses it.

    Code cells are named by their place among the code cells, from 0.

    Parameters
    ----------
    path
        Of the notebook.
    server
        A `Server` that shows it.
    context
        A browser's context for the tab.
    """

    def __init__(self, path, server, context):
        self.name, self._server, self.committed = path.stem, server, nbformat.read(path, as_version=4)
        self.code = [cell.source for cell in self.committed.cells if cell.cell_type == "code"]
        self.asked_outside, self._times = set(), {}
        context.set_default_timeout(PATIENCE * 1000)
        context.route("**/*", self._let_through)
        self.page = context.new_page()
        self.keys = self.page.keyboard
        self.cells = self.page.locator(".jp-Notebook .jp-CodeCell")
        self.outputs = self.page.locator(".jp-Notebook .jp-OutputArea-output")

    def _let_through(self, route):
        if route.request.url.startswith((self._server.url, "data:", "blob:")):
            route.continue_()
        else:
            self.asked_outside.add(route.request.url)
            route.abort()

    def open(self):
        # In a workspace of its own, so that lessons that were open before are not opened with it.
        address = f"{self._server.url}lab/workspaces/{self.name}/tree/{self.name}.ipynb"
        self.page.goto(f"{address}?token={self._server.token}")
        self.cells.first.wait_for()
        # Before there is a kernel, Run All would ask for one.
        self.page.locator("#jp-main-statusbar").get_by_text("| Idle").wait_for()

    def run_all(self):
        """Choose Run All Cells in the menu, and wait until all have run or one has failed."""
        began = time.monotonic()
        self.choose_in_menu("Run", "Run All Cells")
        first, dialog = "seconds to the first generated player", self.page.locator(".jp-Dialog")
        made = self.cells.filter(has_text=GENERATES).locator("audio")
        while not self.has_ended():
            assert time.monotonic() - began < LONGEST, f"cells still run: {self.numbers()}"
            assert not dialog.count(), dialog.inner_text()
            if first not in self._times and made.count():
                self._times[first] = round(time.monotonic() - began, 1)
            self.page.wait_for_timeout(250)
        self._times["seconds to run all cells"] = round(time.monotonic() - began, 1)

    def choose_in_menu(self, *names):
        labels = self.page.locator(".lm-MenuBar-itemLabel, .lm-Menu-itemLabel")
        for name in names:
            labels.filter(has_text=re.compile(f"^{name}$")).click()

    def numbers(self):
        """What stands beside the code cells: `[3]:` once one has run, `[*]:` while it runs or waits.

        Beside a cell that is folded away, as the set-up cell is, nothing ever stands.
        """
        return self.cells.locator(".jp-InputPrompt").all_inner_texts()

    def has_ended(self):
        """Whether every cell has run, or those that have not will not, since one before them failed."""
        shown = [number for number in self.numbers() if number]
        return "[*]:" not in shown and shown[0] != "[ ]:"

    def has_run(self):
        numbers = self.numbers()
        return len(numbers) == len(self.code) and all(re.match(r"\[\d+\]|$", number) for number in numbers)

    def errors(self):
        """Errors, warnings and controls that could not be drawn, in the outputs, as text."""
        raised = self.page.locator('.jp-OutputArea-output[data-mime-type="application/vnd.jupyter.stderr"]')
        not_drawn = self.outputs.filter(has_text=re.compile("Error (displaying|creating) widget|model not found"))
        return raised.all_inner_texts() + not_drawn.all_inner_texts()

    def saved(self):
        """The notebook after Save, outputs included, as it lies on the server then."""
        with self.page.expect_response(lambda reply: reply.request.method == "PUT" and "/api/contents/" in reply.url):
            self.keys.press("Control+s")  # a menu would keep the focus that the keys of other tests begin from
        return nbformat.from_dict(self._server.ask(f"api/contents/{self.name}.ipynb")["content"])

    def keep_picture_and_times(self):
        """Leave a picture of the whole lesson, and how long it took, in `artefacts`."""
        ARTEFACTS.mkdir(exist_ok=True)
        scrolled = self.page.locator(".jp-WindowedPanel-outer")
        height = scrolled.evaluate("panel => panel.scrollHeight") + 150  # for the menu and what else is around it
        self.page.set_viewport_size(SCREEN | {"height": min(TALLEST, height)})
        scrolled.evaluate("panel => panel.scrollTo(0, 0)")
        self.page.wait_for_timeout(1000)
        self.page.screenshot(path=ARTEFACTS / f"{self.name}.png")
        self.page.set_viewport_size(SCREEN)
        self._times |= {
            "most memory of the kernel in MiB": self._server.most_memory(),
            "processor cores": os.cpu_count(),
            "processes that wanted one, mean of a minute": round(os.getloadavg()[0], 1),
        }
        keep_times(self.name, self._times)

    def eventually(self, condition):
        """Whether a condition comes true in a moment."""
        for _ in range(PATIENCE * 10):
            if condition():
                return True
            self.page.wait_for_timeout(100)
        return False

    # Keys, as JupyterLab has them: arrows choose a cell, Tab goes into its output, Shift+Enter runs it.

    def choose(self, cell):
        if self.page.evaluate("document.activeElement.matches('.jp-OutputArea input, .jp-OutputArea textarea')"):
            self.tab_to(self.page.locator(".jp-OutputArea button"))  # in a field, arrows belong to the field
        cells = self.page.locator(".jp-Notebook .jp-Cell")
        wanted = self.cells.nth(cell)
        chosen = "cells => cells.findIndex(cell => cell.classList.contains('jp-mod-active'))"
        goal = cells.evaluate_all("(cells, cell) => cells.indexOf(cell)", wanted.element_handle())
        for _ in range(cells.count() + 2):
            if wanted.evaluate("cell => cell === document.activeElement"):
                return
            self.keys.press("ArrowUp" if cells.evaluate_all(chosen) > goal else "ArrowDown")
        raise AssertionError(f"arrows do not lead to the cell: {self.code[cell]}")

    def tab_to(self, wanted):
        """Press Tab until one of the elements `wanted` has the focus."""
        focused = "elements => elements.includes(document.activeElement)"
        for _ in range(50):
            if wanted.evaluate_all(focused):
                return
            self.keys.press("Tab")
        raise AssertionError(f"Tab does not lead to {wanted}")

    def run_cell(self, cell):
        """Run a code cell by keyboard, and wait until it is done."""
        before = self.numbers()[cell]
        self.choose(cell)
        self.keys.press("Shift+Enter")
        assert self.eventually(lambda: self.numbers()[cell] not in (before, "[*]:")), f"still runs: {self.code[cell]}"

    def boxes(self, label):
        """The `Box`es that have a button of that label."""
        button = self.page.get_by_role("button", name=label)
        boxes = [
            Box(self, place, cell.locator(".jp-OutputArea-output .widget-vbox").filter(has=button), label)
            for place, cell in enumerate(self.cells.all())
        ]
        return [box for box in boxes if box.box.count()]


class Box:
    """The controls under a code cell.

    Attributes
    ----------
    cell
        The place of the code cell.
    box, controls, button
        Playwright's locators.
    """

    def __init__(self, lesson, cell, box, label):
        self._lesson, self.cell, self.box = lesson, cell, box
        self.controls = box.locator("input:not(.prism-more input), select, textarea")
        self.button = box.get_by_role("button", name=label)

    def values(self):
        """What the line "As Python: ..." says, [(name, value)], values as Python writes them."""
        line = self.box.locator("code").inner_text()
        return [(word.arg, ast.unparse(word.value)) for word in ast.parse(f"f({line})", mode="eval").body.keywords]

    def change(self, place):
        """Change a control by keyboard alone, and wait until the course knows."""
        name, old = self.values()[place]
        new = self.press(place)

        def arrived():
            value = self.values()[place][1]
            return value == new if new else value != old

        assert self._lesson.eventually(arrived), f"{name} was {old}, should be {new or 'another'}: {self.values()}"

    def press(self, place):
        """Press the keys that change a control; returns the value it should have then, None if any other will do."""
        control, keys = self.controls.nth(place), self._lesson.keys
        self._lesson.tab_to(control)
        kind = control.evaluate("control => control.type")
        if kind == "checkbox":
            keys.press("Space")
            return str(control.is_checked())
        if kind == "select-one":
            last = control.evaluate("list => list.selectedIndex == list.length - 1")
            for key in ("Space", "ArrowUp" if last else "ArrowDown", "Enter"):  # unopened, arrows would leave the cell
                keys.press(key)
            return None
        if kind == "number":
            value, step, high = map(float, control.evaluate("control => [control.value, control.step, control.max]"))
            new = value + step if value + step <= high else value - step
            if self.values()[place][1].isdigit():
                keys.press("ArrowUp" if new > value else "ArrowDown")
                return f"{new:.0f}"
            keys.press("Control+A")
            keys.type(f"{new:.6g}")
            keys.press("Tab")
            return str(float(f"{new:.6g}"))
        keys.press("Control+A")
        keys.type("changed")
        keys.press("Tab")
        return "'changed'"

    def reset(self):
        """Press the button by keyboard, and wait until values change."""
        before = self.values()
        self._lesson.tab_to(self.button)
        self._lesson.keys.press("Enter")
        assert self._lesson.eventually(lambda: self.values() != before), before
