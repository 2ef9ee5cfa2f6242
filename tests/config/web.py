"""A web process that answers everything with 200."""

import sys
from http.server import BaseHTTPRequestHandler, HTTPServer


class Answer(BaseHTTPRequestHandler):
    """Says that all is well."""

    def do_GET(self) -> None:
        """Answer."""
        self.send_response(200)
        self.end_headers()


HTTPServer(("127.0.0.1", int(sys.argv[1])), Answer).serve_forever()
