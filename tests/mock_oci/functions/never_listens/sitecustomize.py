"""Keeps the FDK from ever opening its socket: Python imports this first, as it is on PYTHONPATH."""

import time

time.sleep(60)
