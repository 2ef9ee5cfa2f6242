"""News for open pages: what was committed, as it is committed, to those who may hear of it.

Whoever commits events says over Redis which ones (``sink``). Each web process listens once (``sources``), reads the
rows, and hands them to the listeners they concern (``hub``, ``news``). A listener is one open page; it holds neither
a thread nor a database connection. What it missed while it was away comes from the log (``replay``).
"""
