"""What a service file, limits and usage records add to a warm call, counted in calls of functions in Python.

``python -m tests.bench.callers`` measures the same in milliseconds.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from types import FrameType

import model_service
from mock_oci import MockOci
from model_service.app import App
from model_service.fn.invocation import Deadline, Invocation

MAX_CALLS_ADDED = 125
OURS = (str(Path(model_service.__file__).parent), "<string>")  # and what dataclasses are made of
CHAT = {"model": "meta.llama-3.3-70b-instruct", "messages": [{"role": "user", "content": "Hello"}]}
LIMITS = {"tokens_per_minute": 10**9, "tokens_per_day": 10**10, "cost_per_month": 10**6}
FILE = {
    "models": {
        "aliases": {"prod": CHAT["model"]},
        "allowed": ["meta.*", "openai.*", "cohere.*"],
        "rules": [{"match": "meta.*", "max_tokens": 4096}],
    },
    "callers": {"everyone": {"models": ["meta.*"], "limits": LIMITS}},
    "prices": {"date": "2026-11-01", "models": {"meta.*": {"input": 0.72, "output": 0.72}}},
}


def calls_of(environment: Mapping[str, str]) -> int:
    """Return how many functions of ours a warm call passes, in the thread that answers."""
    counted = 0

    def count(frame: FrameType, event: str, _argument: object) -> None:
        nonlocal counted
        counted += event == "call" and frame.f_code.co_filename.startswith(OURS)

    def ask(app: App) -> None:
        headers = {"oci-subject-id": "ocid1.user.oc1..ada"}
        reply = app.answer(Invocation(json.dumps(CHAT).encode(), Deadline.after(30), headers=headers))
        assert reply.status == 200
        assert ("x-ratelimit-remaining-tokens" in reply.headers) == ("MODEL_SERVICE_CONFIG" in environment)

    app, found = App(environment), []
    with closing(app.service):
        for _ in range(8):  # the first ones import and make what is kept
            before = counted
            sys.setprofile(count)
            try:
                ask(app)
            finally:
                sys.setprofile(None)
            found.append(counted - before)
    return min(found)


def test_callers_add_little_to_a_warm_call(environment: dict[str, str], oci: MockOci) -> None:
    without = calls_of(environment)
    added = calls_of({**environment, "MODEL_SERVICE_CONFIG": json.dumps(FILE), "MODEL_SERVICE_USAGE": "1"}) - without
    assert 0 < added <= MAX_CALLS_ADDED, added
