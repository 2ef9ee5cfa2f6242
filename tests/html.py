"""What tests look for in pages: that nothing comes from elsewhere, no script is inline, and no markup is anybody's."""

import re

SCRIPT = re.compile(r"<script\b(?P<attributes>[^>]*)>(?P<body>.*?)</script>", re.DOTALL)
ELSEWHERE = re.compile(r"""(?:src|href|action)=["'](?:https?:)?//""")
HANDLER = re.compile(r"""<[^>]+\son\w+=""")
#: What somebody calls something who means harm: it ends attributes, elements and scripts, and is short enough for any name.
HARM = """'"><script>harm()</script>"""


def assert_loads_nothing_strange(html: str) -> None:
    """Find no address of another site, no handler in an attribute, and no script but files and data."""
    assert not ELSEWHERE.search(html)
    assert not HANDLER.search(html)
    for script in SCRIPT.finditer(html):
        is_data = 'type="application/json"' in script["attributes"]
        assert is_data or (" src=" in script["attributes"] and not script["body"].strip()), script[0]


def is_harmed(html: str) -> bool:
    """Return whether ``HARM`` is in a page as anything but text: as an element, or as the end of an attribute."""
    as_text = "&gt;&lt;script&gt;harm"
    return "<script>harm" in html or f'"{as_text}' in html or f"'&quot;{as_text}" in html
