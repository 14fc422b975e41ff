"""A stand-in for Google Colab's package."""

import sys
from pathlib import Path

import pytest

FAKE = Path(__file__).parent / "fake_colab"


@pytest.fixture(scope="session")
def fake_colab():
    """The folder of the package, for the Python path."""
    return FAKE


@pytest.fixture
def google_colab(monkeypatch):
    """The package, imported: a Drive that opens, an upload of nothing."""
    monkeypatch.syspath_prepend(FAKE)
    from google.colab import drive, files

    monkeypatch.setattr(files, "chosen", {})
    monkeypatch.setattr(files, "downloaded", [])
    monkeypatch.setattr(files, "refused", None)
    monkeypatch.setattr(drive, "refused", None)
    yield sys.modules["google.colab"]
    for name in [name for name in sys.modules if name.startswith("google.colab")]:
        del sys.modules[name]
