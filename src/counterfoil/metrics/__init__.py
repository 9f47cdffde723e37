"""Metrics for Prometheus and traces for OpenTelemetry, each imported only where it is asked for.

``counters`` counts in this process, ``collection`` adds what other workers counted, ``exposition`` writes it, ``endpoint`` serves
it at ``/metrics``; ``traces`` exports a span for each request.
"""
