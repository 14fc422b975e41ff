"""The notebook's stop button, which interrupts the kernel: a sentence instead of a traceback, and nothing is lost."""

import json

from jupyter_client.manager import start_new_kernel

from prism_lessons.run import MID_EPOCH, Run

PATIENCE = 300  # seconds; a busy machine may take long to compile


def test_the_stop_button_leaves_a_sentence_and_the_same_cell_goes_on(hum_corpus, small, tmp_path):
    settings = json.dumps(small | {"clip_temperatures": []})
    cell = f"import prism_lessons as pl; pl.train({str(hum_corpus.folder)!r}, 'run', epochs=2, **{settings})"
    manager, client = start_new_kernel(cwd=str(tmp_path))
    try:
        pressed, shown = False, []

        def press(message):
            nonlocal pressed
            content = message["content"]
            if not pressed and "Epoch 1, " in content.get("text", ""):
                pressed = True
                manager.interrupt_kernel()
            if message["msg_type"] == "error":
                shown.append(content["traceback"])

        reply = client.execute_interactive(cell, output_hook=press, timeout=PATIENCE)["content"]
        assert (reply["status"], reply["ename"]) == ("error", "Stopped")
        assert shown == [["Everything so far is saved: run the same again to go on."]]
        assert (tmp_path / "run" / MID_EPOCH).is_file() and not Run(tmp_path / "run").log
        again = client.execute_interactive(cell, output_hook=press, timeout=PATIENCE)["content"]
        assert again["status"] == "ok"
        assert [entry.whole for entry in Run(tmp_path / "run").log] == [True, True]
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
