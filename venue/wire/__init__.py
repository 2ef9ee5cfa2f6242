"""The server: HTTP, WebSocket, signatures, faults on the wire, and the admin endpoints."""
