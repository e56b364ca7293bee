"""The compiler's child process, from the parent's side: rlimits inside, wall clock outside."""

from __future__ import annotations

import json
import subprocess

from nexus.compiler.artifact import Artifact, unpack
from nexus.compiler.orders import Order
from nexus.engines import child_python
from nexus.errors import CompilationError, InvalidHandler, InvalidModule


def run_child(order: Order, timeout_s: float) -> Artifact:
    """Make a child process execute *order*, and return its artifact.

    Raises: InvalidHandler, CompilationError.
    """
    try:
        child = subprocess.run(
            child_python.command("from nexus.compiler.child import main; sys.exit(main())"),
            input=order.write(),
            capture_output=True,
            timeout=timeout_s,
            env=child_python.environment(),
        )
    except subprocess.TimeoutExpired as error:
        raise CompilationError(f"compilation took longer than {timeout_s:g} s") from error
    except OSError as error:
        raise CompilationError(f"the compiler could not be started: {error}") from error
    return _answer(child, order.terms.key)


def _answer(child: subprocess.CompletedProcess[bytes], key: str) -> Artifact:
    if child.returncode == 0:
        artifact = unpack(child.stdout, key)
        if artifact is not None:
            return artifact
        raise CompilationError("the compiler's answer was damaged")
    try:
        said = json.loads(child.stdout)
    except ValueError:
        raise CompilationError(_how_it_died(child)) from None
    if said["error"] == "InvalidModule":
        raise InvalidModule(said["reason"], said["offset"])
    kind = InvalidHandler if said["error"] == "InvalidHandler" else CompilationError
    raise kind(said["reason"])


def _how_it_died(child: subprocess.CompletedProcess[bytes]) -> str:
    said = child.stderr.decode(errors="replace").strip().splitlines()
    how = f"signal {-child.returncode}" if child.returncode < 0 else f"exit {child.returncode}"
    return f"the compiler died ({how}): {said[-1][:300] if said else 'it said nothing'}"
