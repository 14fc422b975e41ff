"""Blind listening: how many guesses were right, and what that shows.

Before each trial a fair coin decides what is played, so somebody who cannot tell is right in half of the trials on
average, whatever their habits: the number of right answers is binomial, and its interval is exact.
"""

from dataclasses import dataclass

from ..errors import CourseError
from ..live import counted

# Each game and its two answers.
GAMES = {"source": ("recording", "model"), "age": ("earlier", "later")}
QUESTIONS = {
    "source": "whether you heard a recording or the model",
    "age": "whether a clip came from the earlier or the later half of the run",
}
CERTAINTY = 0.95
# The report's sentences, here and on the page.
REPORT = {
    "none": "You have not guessed yet {question}.",
    "said": "You guessed {question} in {total} and were right in {right}, {share}. Somebody who cannot tell is right "
    "in about half of them. If you went on for ever, you would be right in {low} to {high} of the trials (95% "
    "confidence, exact binomial interval). ",
    "can": "Half is less than that: you can tell.",
    "reversed": "Half is more than that: you can tell, but you mistake one for the other.",
    "luck": "Half lies within that: this may be luck, so it does not show that you can tell.",
    "more": " More trials would say more.",
    "few": 20,  # trials: with fewer, the interval is wider than 46 points
}


@dataclass(frozen=True)
class Guesses:
    """Right answers among some trials of a game, each a fair coin."""

    game: str
    right: int
    total: int

    def __post_init__(self):
        if self.game not in GAMES or not 0 <= self.right <= self.total:
            raise CourseError(f"{self.right} of {self.total} right answers cannot be counted: check the listening log.")

    @property
    def interval(self):
        """The 95 % confidence interval of your true rate of right answers, 0 .. 1.

        Exact binomial interval: Clopper & Pearson 1934, Biometrika 26(4), https://doi.org/10.1093/biomet/26.4.404.
        """
        from scipy.stats import binomtest

        if not self.total:
            return 0.0, 1.0
        found = binomtest(self.right, self.total).proportion_ci(CERTAINTY, method="exact")
        return float(found.low), float(found.high)

    def of(self, who):
        """A sentence on another listener's guesses."""
        trials = counted(self.total, "trial")
        return f"{who} guessed {QUESTIONS[self.game]} in {trials}, and was right in {self.right}."

    def __str__(self):
        question = QUESTIONS[self.game]
        if not self.total:
            return REPORT["none"].format(question=question)
        low, high = self.interval
        said = REPORT["said"].format(
            question=question,
            total=counted(self.total, "trial"),
            right=self.right,
            share=f"{self.right / self.total:.0%}",
            low=f"{low:.0%}",
            high=f"{high:.0%}",
        )
        if low > 0.5:
            return said + REPORT["can"]
        if high < 0.5:
            return said + REPORT["reversed"]
        return said + REPORT["luck"] + (REPORT["more"] if self.total < REPORT["few"] else "")
