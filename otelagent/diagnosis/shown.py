"""How text from spans and counts are shown to people."""


def printable(text: str | None) -> str:
    """Text without control and format characters, line ends as spaces: it must not drive the terminal."""
    return "".join(c if c.isprintable() else " " if c in "\n\r\t" else "\N{REPLACEMENT CHARACTER}" for c in text or "")


def number_of(number: int, noun: str) -> str:
    """`1 call`, `1,200 calls`."""
    return f"{number:,d} {noun}{'s' * (number != 1)}"
