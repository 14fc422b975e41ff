"""A class on Ray: turns of a real training, beside a student whose corpus is missing."""

import itertools

import prism_lessons as pl
from prism_lessons.cli import main


def test_a_class_trains_and_goes_on_exactly_where_turns_ended(hum_corpus, small, tmp_path, capsys):
    small_preset = pl.PRESETS["sketch"].changed(**small)
    small_preset.save(tmp_path / "small.json")
    path = tmp_path / "monday.csv"
    path.write_text(
        f"name,corpus,preset,minutes\nAna,{hum_corpus.folder},small.json,0.02\nBen,nowhere,small.json,0.02\n"
    )
    assert main(["class", str(path), "--slice-minutes", "0.01"]) == 0
    said = capsys.readouterr()
    assert "Ana: Done, after 0:01 of training." in said.out and "nowhere" in said.out
    run = pl.Run(tmp_path / "monday" / "Ana")
    assert run.seconds >= 1.2 and run.log[-1].seconds == run.seconds
    kinds = [event["kind"] for event in run.events]
    assert all(pair in (("stopped", "resumed"),) for pair in itertools.pairwise(kinds) if pair[0] == "stopped")
    assert "stopped" in kinds
    assert "a clip of epoch" in (tmp_path / "monday" / "status.html").read_text(encoding="utf-8")
