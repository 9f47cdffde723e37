"""Writes requests to a world's APIs as files of other tools: .http files, a Bruno collection, a Postman collection.

``plan`` finds a request for each operation and tries it in a world of its own, so that each is known to be answered, and how;
``http_files``, ``bruno`` and ``postman`` write them.
"""
