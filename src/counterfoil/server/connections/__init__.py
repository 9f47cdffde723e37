"""How the HTTP server holds connections: limits on heads, time, pipelined requests and their number."""
