"""Limits of the HTTP server on connections: heads, time, pipelined requests, and the number of connections."""
