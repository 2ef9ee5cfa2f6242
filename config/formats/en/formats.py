"""Times as everybody reads them in the same way. The site's own pages have ``accounts/templatetags/moments.py``."""

DATETIME_FORMAT = "Y-m-d H:i:s T"
DATE_FORMAT = "Y-m-d"
TIME_FORMAT = "H:i:s"
