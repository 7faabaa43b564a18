"""Credentials that are rotated in pieces, under load: every call is answered, and nothing half-written is sent."""

from __future__ import annotations

import itertools
import os
import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from mock_oci import LoopbackServer, MockOci
from mock_oci.identity.principals import Principal, UnknownPrincipal, new_key
from model_service.models import Model
from model_service.service import Service
from model_service.settings import Settings

FUNCTION = "ocid1.fnfunc.oc1..torn"
ROTATIONS = 8  # five hundred where somebody asks for them: TORN_ROTATIONS=500
THREADS = 4


class Platform:
    """Rewrites token and key in place, in pieces and in either order; the pair before stops being good with it."""

    def __init__(self, oci: MockOci, folder: Path) -> None:
        self._oci = oci
        self._keys = itertools.cycle([new_key() for _ in range(3)])
        self._chance = random.Random(7)
        self.rpst, self.private_pem = folder / "rpst", folder / "private.pem"
        self.good: list[str] = []
        self.rotate(torn=False)

    def rotate(self, *, torn: bool = True) -> None:
        pair = self._oci.principals.resource_principal(FUNCTION, key=next(self._keys))
        halves = [(self.rpst, pair.rpst), (self.private_pem, pair.private_pem)]
        self._chance.shuffle(halves)
        self.good = [*self.good[-1:], pair.rpst]
        for path, text in halves:
            self._write(path, text, torn=torn)
            time.sleep(self._chance.uniform(0, 0.02) if torn else 0)
        self.good = [pair.rpst]

    def _write(self, path: Path, text: str, *, torn: bool) -> None:
        with path.open("w") as file:
            cut = self._chance.randrange(len(text)) if torn else 0
            file.write(text[:cut])
            file.flush()
            time.sleep(self._chance.uniform(0, 0.02) if torn else 0)
            file.write(text[cut:])


@pytest.fixture
def platform(oci: MockOci, tmp_path: Path) -> Platform:
    return Platform(oci, tmp_path)


@pytest.mark.parametrize("model", ["meta.llama-3.3-70b-instruct", "cohere.command-a-03-2025"])
def test_every_call_is_answered_and_nothing_half_written_is_sent(
    oci: MockOci, platform: Platform, monkeypatch: pytest.MonkeyPatch, model: str
) -> None:
    rotations = int(os.environ.get("TORN_ROTATIONS", ROTATIONS))  # noqa: TID251 - for a long run by hand
    known = oci.principals.named_by

    def only_good(key_id: str) -> Principal:
        if key_id.removeprefix("ST$") not in platform.good:
            raise UnknownPrincipal("this token is no longer good, or only a part of one")
        return known(key_id)

    monkeypatch.setattr(oci.principals, "named_by", only_good)
    done = threading.Event()

    def call(service: Service) -> int:
        count = 0
        while not done.is_set():
            assert Model(model, service, timeout=20).complete("Hello")["choices"]
            count += 1
        return count

    with LoopbackServer(oci.answer) as server:
        environment = {
            "OCI_RESOURCE_PRINCIPAL_VERSION": "2.2",
            "OCI_RESOURCE_PRINCIPAL_RPST": str(platform.rpst),
            "OCI_RESOURCE_PRINCIPAL_PRIVATE_PEM": str(platform.private_pem),
            "OCI_RESOURCE_PRINCIPAL_REGION": oci.region,
            "OCI_COMPARTMENT_ID": oci.tenancy.compartment_id,
            "OCI_GENAI_ENDPOINT": server.url,
        }
        with closing(Service(Settings.load(environment))) as service, ThreadPoolExecutor(THREADS) as pool:
            service.open_connections()
            calls = [pool.submit(call, service) for _ in range(THREADS)]
            for _ in range(rotations):
                platform.rotate()
                time.sleep(0.15)
            done.set()
            assert sum(one.result() for one in calls) > 0
    tokens = {request.headers["authorization"].split('keyId="ST$')[1].split('"')[0] for request in oci.requests}
    assert all(known(f"ST${token}") for token in tokens)  # each is a whole token that was issued once
    assert not [refusal for refusal in oci.refusals if "signature" in refusal]  # no key of another pair
