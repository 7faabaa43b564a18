"""How requests reach the backend: over a loopback socket, or in process by interception."""
