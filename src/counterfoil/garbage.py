"""Sets how often Python collects garbage, in processes in which only counterfoil runs."""

from __future__ import annotations

import gc

THRESHOLDS = (20_000, 10, 100)


def collect_rarely() -> None:
    """Raise the collector's thresholds. Worlds and documents are many long-lived objects, and a full collection visits all of
    them.

    In a server, with Python's defaults, a command that creates many records delayed all requests by collections of up to 0.19 s.
    99th percentile of reads in other worlds, measured alternately on two busy cores: 40, 62, 25 ms with Python's thresholds and
    22, 28, 21 ms with these (``python -m benchmarks.commands --busy 8``). ``counterfoil check oracle-brm --fast``, measured
    alternately: 19.9 and 18.6 s of CPU with Python's thresholds, 16.8 and 16.8 s with these.
    """
    gc.set_threshold(*THRESHOLDS)
