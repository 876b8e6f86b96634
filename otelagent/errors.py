"""The exceptions that carry a decision."""


class OtelagentError(Exception):
    """Root of the tree."""


class Retryable(OtelagentError):
    """The sender still owns the data and may send it again after `delay` seconds.

    `asked`: the seconds that a destination asked for itself; 0 where it didn't.
    """

    def __init__(self, reason: str, delay: float = 1.0, asked: float = 0.0) -> None:
        super().__init__(reason)
        self.reason = reason
        self.delay = asked or delay
        self.asked = asked


class Misconfigured(Retryable):
    """A destination refuses us, not the request: credentials, a wrong address, its own fault. Somebody has to look."""


class Rejected(OtelagentError):
    """The same bytes would fail again: the request itself is at fault."""


class TooLarge(Rejected):
    """The same bytes would fail again, parts of them may not."""


class Unsupported(OtelagentError):
    """The destination doesn't take this signal at all."""


class BadConfig(OtelagentError):
    """The configuration can't be used. `mistakes` has one line for each, with its path."""

    def __init__(self, *mistakes: str) -> None:
        super().__init__("\n".join(mistakes))
        self.mistakes = mistakes
