"""`nexus capacity --chart`: draws one profile under the trace, as a PNG."""

from __future__ import annotations

from pathlib import Path

from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from nexus.capacity.recommend import Outlook
from nexus.capacity.simulate import STEP_S

WIDTH_INCH, HEIGHT_INCH, DPI = 6.4, 5.2, 100
LONG_S = 6 * 3600
"""Up to this length a trace is drawn in minutes, a longer one in hours."""
ASKED, SERVED, PODS, CPU = "#888888", "#2a7fba", "#d1662a", "#3b8c4a"


def draw(file: Path, shown: Outlook, cpu_s: float) -> None:
    """Write requests/s, pods and CPU per pod over the trace, with the HPA's numbers in words.

    Raises: OSError.
    """
    figure = Figure(figsize=(WIDTH_INCH, HEIGHT_INCH), dpi=DPI, layout="constrained")
    requests, pods, cpu = figure.subplots(3, 1, sharex=True, height_ratios=(3, 3, 2))
    moments = shown.moments
    ends = moments[-1].at + STEP_S
    unit, unit_s = ("minutes", 60) if ends <= LONG_S else ("hours", 3600)
    times = [m.at / unit_s for m in moments]
    scaling, profile = shown.profile.scaling, shown.profile

    requests.plot(times, [m.rate for m in moments], color=ASKED, lw=2.5, label="asked")
    requests.plot(times, [m.served for m in moments], color=SERVED, lw=1.2, label="served")
    requests.set_ylabel("requests/s")

    pods.step(times, [m.replicas for m in moments], color=PODS, lw=1.6, where="post",
              label="pods")  # fmt: skip
    enough = [m.rate * cpu_s / profile.usable_cores for m in moments]
    pods.plot(times, enough, color=ASKED, lw=1, ls="--", label="busy pods' worth of load")
    pods.set_ylabel("pods")
    pods.set_ylim(0, max(scaling.max_replicas, *enough) * 1.3)
    pods.yaxis.set_major_locator(MaxNLocator(integer=True))
    pods.axhline(scaling.max_replicas, color=ASKED, lw=0.6, ls=":")

    cpu.plot(times, [m.cores * 1000 / max(1, m.ready) for m in moments], color=CPU, lw=1.2,
             label="a pod uses")  # fmt: skip
    cpu.axhline(profile.target_cores * 1000, color=PODS, lw=1, ls="--", label="HPA target")
    cpu.set_ylim(0, profile.usable_cores * 1500)  # room for the legend
    cpu.set_ylabel("CPU (m)")
    cpu.set_xlabel(unit)
    cpu.set_xlim(0, ends / unit_s)

    for axes in (requests, pods, cpu):
        axes.legend(loc="upper right", fontsize=8, framealpha=0.9)
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(alpha=0.25)
    requests.set_ylim(0, max(1.0, max(m.rate for m in moments) * 1.3))
    figure.suptitle(_title(shown, cpu_s), fontsize=10)
    figure.savefig(file, format="png")


def _title(shown: Outlook, cpu_s: float) -> str:
    cores = shown.profile.target_cores
    request = shown.profile.request_cores
    return (
        f"{shown.profile.name}: HPA target {cores * 1000:.0f}m a pod "
        f"({cores / request:.0%} of {request * 1000:.0f}m), "
        f"{cpu_s * 1000:g} ms CPU a request\n"
        f"{shown.pod_hours:.1f} pod-hours, at most {shown.peak_replicas} pods, "
        f"{shown.served_share:.1%} served"
    )
