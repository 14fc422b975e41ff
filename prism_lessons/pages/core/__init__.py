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
    cores = [_text((FOLDER / name).read_bytes()) for name in CORES]
    contents = {"header": header, "bytes": _text(model), "cores": cores}
    return html('{{ source("model.js") }}\nconst MODEL = {{ contents | tojson }};\n', contents=contents)


def _text(content):
    return base64.b64encode(content).decode()
