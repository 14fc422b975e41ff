"""What a fault is that `benchmarks/doctor.py` injects into clean recordings."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Fault:
    """One kind of fault at one strength.

    `inject(samples, sample_rate, random)` takes float64 samples, shape (frames, channels), full scale at -1 and 1. It
    returns (samples, sample_rate), the bytes of a file that no encoder writes, or None where the sound cannot have this
    fault (too short, or nothing in it that would show it). `stated` is False for strengths too weak to be promised:
    they are reported, not judged.
    """

    kind: str
    strength: str
    inject: object
    stated: bool = True
    subtype: str = "PCM_16"
