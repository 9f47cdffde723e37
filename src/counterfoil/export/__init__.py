"""Writes requests to a world's APIs as files of other tools: .http files, a Bruno collection, a Postman collection.

``plan`` finds a request for each operation and sends it to a separate world, to know the status of its response;
``http_files``, ``bruno`` and ``postman`` write the files.
"""
