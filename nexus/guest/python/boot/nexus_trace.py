"""Describes errors, with the handler's own lines."""

import traceback

import nexus_host as host

OUTERMOST, INNERMOST = 20, 100
"""how many frames of a deep recursion are shown"""
own = {}
"""the handler's files by name; `boot.py` sets it"""


def _frames(trace):
    """Return the lines for the handler's own frames in *trace*.

    Of a deep recursion only the outermost and the innermost frames: Python takes 30 us to describe
    one, and a recursion without a limit has hundreds of thousands.
    """
    depth, inner = 0, trace
    while inner is not None:
        depth, inner = depth + 1, inner.tb_next
    between = depth - OUTERMOST - INNERMOST
    if between <= 0:
        return _own(traceback.extract_tb(trace))
    inner = trace
    for _ in range(depth - INNERMOST):
        inner = inner.tb_next
    outer = _own(traceback.extract_tb(trace, OUTERMOST))
    return f"{outer}  [{between} frames left out]\n{_own(traceback.extract_tb(inner))}"


def _own(frames):
    shown = []
    for frame in frames:
        name = frame.filename.removeprefix("/")
        if name in own:
            frame.filename = name
            shown.append(frame)
    return "".join(traceback.format_list(shown))


def trace(error):
    """Return a traceback with the handler's own frames, and the error in one line."""
    text = _frames(error.__traceback__)
    if isinstance(error, SyntaxError) and error.filename:
        error.filename = error.filename.removeprefix("/")
    last = "".join(traceback.format_exception_only(error)).rstrip()
    return (f"Traceback (most recent call last):\n{text}{last}" if text else last), last


def failed(error):
    """Return the answer for an error."""
    try:
        return _described(error)
    except MemoryError:
        error.__traceback__ = None  # frees the frames, which may have taken all memory
        kind = type(error).__name__
        return {"error": {"type": kind, "message": kind, "trace": kind}}


def _described(error):
    text, last = trace(error)
    found = {"type": type(error).__name__, "message": last[:2000], "trace": text[:20000]}
    if isinstance(error, host.PermissionDenied):
        found["denied"] = str(error)
    return {"error": found}
