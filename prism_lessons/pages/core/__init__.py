"""What plays a model in a web page: the sampling loop as WebAssembly, built from core.c, and a script that runs it."""

import base64
from pathlib import Path

from ..templating import html

FOLDER = Path(__file__).parent
# The best first: with a multiply-add, which not every browser knows, its codes are Numba's.
CORES = ("core_fused.wasm", "core.wasm")


def model_script(header, model):
    """A script that gives a page `MODEL`, and `startModel` to play it: see templates/model.js.

    Parameters
    ----------
    header : dict
        From `generation.page_model`.
    model : bytes
        Likewise.

    Returns
    -------
    Markup
        JavaScript, for a `<script>` of a page: about four thirds of the bytes of the model, and 90 KB.
    """
    contents = model_values(header, model)
    return html('{{ source("model.js") }}\nconst MODEL = {{ contents | tojson }};\n', contents=contents)


def model_values(header, model):
    """`MODEL` alone, as plain values, for a page that gets it later; parameters as for `model_script`."""
    cores = [as_base64((FOLDER / name).read_bytes()) for name in CORES]
    return {"header": header, "bytes": as_base64(model), "cores": cores}


def as_base64(content):
    """Bytes as text, for JSON."""
    return base64.b64encode(content).decode()
