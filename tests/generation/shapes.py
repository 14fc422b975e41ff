"""The shapes of models that every engine has to play, and the core of web pages too."""

SHAPES = [
    {"frame_sizes": (16,)},
    {"frame_sizes": (1, 3), "levels": 3, "dim": 1, "quantisation": "linear"},
    {"frame_sizes": (4, 16), "weight_normalisation": True, "levels": 1024, "quantisation": "linear"},
    {"frame_sizes": (2, 8, 32), "cell": "lstm", "layers": 2, "skip_connections": True, "dim": 40},
    {"frame_sizes": (5, 15), "layers": 3, "skip_connections": True, "weight_normalisation": True, "levels": 100},
    {"frame_sizes": (8,), "cell": "lstm", "layers": 3, "levels": 100, "dim": 130},
    {"frame_sizes": (2, 4, 8), "layers": 2, "dim": 64},
    {"frame_sizes": (4, 8), "predictors": (8, 32), "book": 5},
    {"frame_sizes": (5,), "predictors": (40,), "levels": 100, "quantisation": "linear", "cell": "lstm", "dim": 40},
    {
        "frame_sizes": (2, 8, 32), "cell": "lstm", "layers": 2, "skip_connections": True, "dim": 40,
        "labels": ("bells", "breath"),
    },
    {
        "frame_sizes": (4, 8), "predictors": (8, 32), "book": 5, "labels": ("bells", "breath")
    },
]  # fmt: skip
