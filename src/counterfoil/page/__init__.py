"""The web page at ``/``: look at a world and change it, with what the control API and the vendors' APIs offer.

The browser gets its data from these APIs by fetch. ``app`` routes the page's paths: the event stream is a small ASGI
application (``events``), everything else is a Flask application (``flask_app``) with a blueprint for the document and its
files (``index_page``) and one for plots (``plots``). ``visitors`` is the middleware of public mode.
"""
