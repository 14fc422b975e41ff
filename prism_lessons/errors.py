"""The one kind of error a composer meets: a sentence that says what happened and what to do."""


class CourseError(Exception):
    """Something the composer can mend; its text is one sentence for them.

    Notebooks show only that sentence: IPython asks an exception for `_render_traceback_`. A traceback means a bug.
    """

    def _render_traceback_(self):
        return [str(self)]
