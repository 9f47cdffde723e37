"""Metrics for Prometheus and traces for OpenTelemetry, each imported only if it is enabled.

``counters`` counts in this process, ``collection`` adds other workers' counts, ``exposition`` formats them, ``endpoint`` serves
them at ``/metrics``; ``traces`` exports a span for each request.
"""
