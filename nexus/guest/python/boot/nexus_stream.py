"""Bodies that are iterated: sent piece by piece if the manifest says `stream`, else joined."""

import os

_HEAD, _PART = b"\3", b"\4"
"""the first bytes of what the host sends at once; `nexus/guest/python/channel.py` reads them"""

allowed = False
"""whether the host streams the answer under way"""
begun = False
head_of = None
"""makes the head of an answer; boot.py sets it"""


def iterates(body):
    """Return whether *body* is an iterator, plain or async."""
    return hasattr(body, "__next__") or hasattr(body, "__anext__")


def begin(answer):
    """Send the head of the answer."""
    global begun
    begun = True
    os.write(1, _HEAD + head_of(answer))


def send(part):
    """Send a part of the body: bytes, or text."""
    content = _bytes(part)
    if content:
        os.write(1, _PART + content)


def send_all(answer, body):
    """Send the head and every part of *body*; return what the host gets at the end."""
    begin(answer)
    each(body, send)
    return {}, b""


def joined(body):
    """Return all parts of *body* as bytes."""
    parts = []
    each(body, lambda part: parts.append(_bytes(part)))
    return b"".join(parts)


def each(body, take):
    """Call *take* with each part of *body*, then close it as WSGI wants (PEP 3333)."""
    if hasattr(body, "__anext__"):

        async def drain():
            async for part in body:
                take(part)

        import nexus_loop  # loaded by set-up, if the handler mentions async code

        nexus_loop.run_to_end(drain())
    else:
        try:
            for part in body:
                take(part)
        finally:
            close = getattr(body, "close", None)
            if close is not None:
                close()


def _bytes(part):
    if isinstance(part, str):
        return part.encode()
    if isinstance(part, (bytes, bytearray, memoryview)):
        return bytes(part)
    raise TypeError(f"a body gives bytes or text, not {type(part).__name__}: {part!r:.80}")
