"""Requests in flight in a pod that is busy for a part of its time.

The threads of a worker share one core in turns, so a worker is a processor-sharing queue: a part
*u* of its time busy, it holds u / (1 - u) requests on average, whatever their lengths
(M/G/1-PS; https://en.wikipedia.org/wiki/Processor_sharing).
"""

from __future__ import annotations


def in_flight(utilization: float, workers: int, most: float) -> float:
    """Return the mean number of requests in a pod whose workers are busy for *utilization* of the
    time, up to *most*."""
    if utilization >= 1:
        return most
    return min(most, workers * utilization / (1 - utilization))


def utilization_at(requests: float, workers: int) -> float:
    """Return the utilization at which a pod holds this many *requests* on average."""
    each = requests / workers
    return each / (1 + each)
