"""CPU quantities in Kubernetes notation.

https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/#meaning-of-cpu
"""

from __future__ import annotations

import re

_MILLI = re.compile(r"([0-9]{1,7})m")
_CORES = re.compile(r"[0-9]{1,4}(\.[0-9]{1,3})?")
ALLOWED = 'CPU in Kubernetes notation, above 0, such as "200m" or "1.5"'


def parse_cores(value: object) -> float:
    """Read *value* as cores: `200m` is 0.2. Nothing finer than `1m` exists.

    Raises: ValueError.
    """
    text = value if isinstance(value, str) else ""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        text = f"{value}"
    milli = _MILLI.fullmatch(text)
    if milli is None and not _CORES.fullmatch(text):
        raise ValueError("not a CPU quantity")
    cores = int(milli[1]) / 1000 if milli else float(text)
    if cores <= 0:
        raise ValueError("the CPU quantity must be above 0")
    return cores
