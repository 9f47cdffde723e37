"""Metrics for Prometheus and traces for OpenTelemetry, each imported only where it is asked for.

``numbers`` counts in this process, ``gathering`` adds what other workers counted, ``exposition`` writes it, ``endpoint`` serves
it at ``/metrics``; ``traces`` exports a span for each request.
"""
