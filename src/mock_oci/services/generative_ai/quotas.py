"""What a region lets through of a model in a minute, by tokens and by requests: beyond it the answer is 429.

OCI throttles on-demand models dynamically and does not say how it counts
(https://docs.oracle.com/en-us/iaas/Content/generative-ai/dynamic-throttling.htm). Here a token is four bytes of the
request, and a minute is the clock's.
"""

from __future__ import annotations

import math
import threading
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase

from mock_oci.cloud import Cloud
from mock_oci.limits import model_quotas_of
from mock_oci.operations import Refused, json_response

_BYTES_PER_TOKEN = 4
_MINUTE = 60.0


@dataclass(frozen=True)
class Quota:
    """``model`` is a pattern; ``names_pause``: a 429 has a Retry-After, the seconds that are left of the minute."""

    region: str
    model: str = "*"
    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None
    names_pause: bool = True


@dataclass
class _Used:
    minute: float = -1.0
    requests: int = 0
    tokens: int = 0


class Quotas:
    """The quotas of a tenancy, by region and model. Thread-safe."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._lock = threading.Lock()
        self._rows: dict[Quota, _Used] = {}
        for row in model_quotas_of(cloud.quota_rows, cloud.region):
            self.set(**row)

    def set(
        self,
        region: str,
        model: str = "*",
        *,
        requests_per_minute: int | None = None,
        tokens_per_minute: int | None = None,
        names_pause: bool = True,
    ) -> None:
        """Set what a region lets through of the models that match, in the place of what it did."""
        quota = Quota(region, model, requests_per_minute, tokens_per_minute, names_pause)
        with self._lock:
            self._rows = {row: used for row, used in self._rows.items() if (row.region, row.model) != (region, model)}
            self._rows[quota] = _Used()

    def admit(self, region: str, model: str, body_bytes: int) -> None:
        """Count a request; raise Refused with 429 where it is one too many, which counts nothing."""
        now, tokens = self._cloud.clock(), math.ceil(body_bytes / _BYTES_PER_TOKEN)
        minute = now // _MINUTE
        with self._lock:
            found = [row for row in self._rows if row.region == region and fnmatchcase(model, row.model)]
            for row in found:
                used = self._rows[row] if self._rows[row].minute == minute else _Used(minute)
                self._rows[row] = used = replace(used, requests=used.requests + 1, tokens=used.tokens + tokens)
                over = [
                    name
                    for name, limit, count in (
                        ("requests", row.requests_per_minute, used.requests),
                        ("tokens", row.tokens_per_minute, used.tokens),
                    )
                    if limit is not None and count > limit
                ]
                if over:
                    self._rows[row] = replace(used, requests=used.requests - 1, tokens=used.tokens - tokens)
                    raise _throttled(row, over[0], math.ceil((minute + 1) * _MINUTE - now))


def _throttled(row: Quota, what: str, seconds: int) -> Refused:
    message = f"Too many {what} of {row.model} in {row.region}: the quota of this minute is used up"
    headers = {"retry-after": str(seconds)} if row.names_pause else {}
    return Refused(json_response(429, {"code": "429", "message": message}, headers))
