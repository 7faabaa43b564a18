"""A refusal on its way out of however many functions: raised where it is found, answered at the operation's door."""

from __future__ import annotations

import functools
from collections.abc import Callable

from mock_oci.operations import Call
from mock_oci.wire import Response


class Refused(Exception):
    """The request is answered with ``response``, an error."""

    def __init__(self, response: Response) -> None:
        super().__init__(response.status)
        self.response = response


def refusing(answer: Callable[[Call], Response]) -> Callable[[Call], Response]:
    """``answer``, whose Refused is its response."""

    @functools.wraps(answer)
    def answered(call: Call) -> Response:
        try:
            return answer(call)
        except Refused as refusal:
            return refusal.response

    return answered
