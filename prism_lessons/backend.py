"""Keras and TensorFlow, imported in one place: with the right backend, and without their start-up messages.

The messages come from compiled code before any log level is read
(https://github.com/tensorflow/tensorflow/issues/100442), so standard error is redirected during the import.
"""

import contextlib
import os
import sys

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


@contextlib.contextmanager
def _silence():
    sys.stderr.flush()
    stderr = os.dup(2)
    with open(os.devnull, "w") as nowhere:
        os.dup2(nowhere.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(stderr, 2)
        os.close(stderr)


with _silence():
    import keras
    from keras import ops

    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf
    else:  # only the model runs on other backends; training and generation need TensorFlow
        tf = None

__all__ = ["keras", "ops", "tf"]
