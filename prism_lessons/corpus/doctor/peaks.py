"""To be written."""


class Peaks:
    kinds = ()

    def __init__(self, sample_rate, channels):
        pass

    def add(self, frames, mono):
        pass

    def findings(self):
        return []
