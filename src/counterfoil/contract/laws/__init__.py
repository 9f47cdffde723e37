"""The families of laws. Each is a handful of functions that make a ``Law`` from an id and a description of the API.

A law book is a list of calls to these, one line a law. No family knows a vendor.
"""
