"""What models are charged for: an answer as it is made, a stream with its first event. Nobody sees it on the wire."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace

from mock_oci.cloud import Cloud
from mock_oci.wire import Response

_MAX_CHARGES = 100_000


@dataclass(frozen=True)
class Charge:
    """One run of a model. ``digest`` is that of the request's body: the same for the same request."""

    time: float
    region: str
    model: str
    digest: str


class Charges:
    """Every run of a model, as an invoice would have it."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self.made: deque[Charge] = deque(maxlen=_MAX_CHARGES)

    def counted(self, response: Response, region: str, model: str, body: bytes) -> Response:
        """Return the same answer, which is charged for now, or with the first event that somebody takes."""
        charge = Charge(self._cloud.clock(), region, model, hashlib.sha256(body).hexdigest())
        if isinstance(response.body, bytes):
            self.made.append(charge)
            return response
        return replace(response, body=self._counted(response, response.body, charge))

    def _counted(self, response: Response, pieces: Iterable[bytes], charge: Charge) -> Iterator[bytes]:
        with closing(response):
            is_charged = False
            for piece in pieces:
                if piece and not is_charged:  # an empty one is a moment of silence
                    self.made.append(charge)
                    is_charged = True
                yield piece
