"""Long texts in pieces that a platform takes, whose limits count bytes."""

from collections.abc import Iterator


def pieces(text: str, most_bytes: int) -> list[str]:
    """The text in pieces of at most `most_bytes` of UTF-8, parted between lines where that is possible."""
    return list(_gather(_short_lines(text, most_bytes), most_bytes))


def _gather(lines: Iterator[str], most_bytes: int) -> Iterator[str]:
    piece = ""
    for line in lines:
        if piece and len(f"{piece}\n{line}".encode()) > most_bytes:
            yield piece
            piece = line
        else:
            piece = f"{piece}\n{line}" if piece else line
    if piece.strip():
        yield piece


def _short_lines(text: str, most_bytes: int) -> Iterator[str]:
    for line in text.splitlines():
        rest = line
        while len(rest.encode()) > most_bytes:
            head = rest.encode()[:most_bytes].decode(errors="ignore")
            yield head
            rest = rest[len(head) :]
        yield rest
