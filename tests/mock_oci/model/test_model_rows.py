"""Models that somebody adds: when the backend is made, to a running one, from a file, by a seed."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.mock_oci.conftest import Clock

from mock_oci import MockOci, Request, Response
from mock_oci.model.catalogue import ocid_of
from mock_oci.model.known_models import Model

ROW = {"name": "acme.big-1", "regions": ["us-chicago-1", "eu-frankfurt-1"]}


def ask(oci: MockOci, model: str) -> int:
    secret = oci.principals.generative_ai_api_key().secret
    body = {"model": model, "messages": [{"role": "user", "content": "Hi"}]}
    request = Request(
        "POST", "/openai/v1/chat/completions", {"authorization": f"Bearer {secret}"}, json.dumps(body).encode()
    )
    return oci.answer(request).status


def test_a_model_of_ones_own_is_asked_listed_and_discovered(clock: Clock, answered: Callable[..., Any]) -> None:
    del answered
    oci = MockOci(clock, models=[ROW, Model("acme.small-1", ("us-chicago-1",))])
    assert [ask(oci, model) for model in ("acme.big-1", "acme.small-1", "acme.none")] == [200, 200, 404]
    assert oci.catalogue.on_demand("acme.small-1", "eu-frankfurt-1") is None
    assert oci.catalogue.on_demand("acme.big-1", "eu-frankfurt-1") is not None


@pytest.mark.parametrize("written", [json.dumps([ROW]), json.dumps({"models": [ROW]}), "models:\n- name: acme.big-1\n"])
def test_a_file_has_them_in_json_or_yaml(tmp_path: Path, written: str) -> None:
    path = tmp_path / "models.yaml"
    path.write_text(written)
    assert ask(MockOci(models=path), "acme.big-1") == 200


def test_a_running_backend_gets_more(oci: MockOci, answered: Callable[..., Any]) -> None:
    oci.catalogue.add("acme.embed-1", capabilities=("TEXT_EMBEDDINGS",), by="Acme")
    home = f"compartmentId={oci.tenancy.compartment_id}"
    [listed] = answered("GET", f"/20231130/models?{home}&displayName=acme.embed-1")["items"]
    assert (listed["vendor"], listed["capabilities"]) == ("Acme", ["TEXT_EMBEDDINGS"])
    [found] = answered("GET", f"/20231130/modelDiscovery?{home}&modelId=acme.embed-1")["items"]
    assert (found["apiCapability"], found["availability"][0]["servingModes"]) == ([], ["ON_DEMAND", "DEDICATED"])
    oci.catalogue.add("acme.embed-1", regions=["eu-frankfurt-1"])
    assert answered("GET", f"/20231130/models?{home}&displayName=acme.embed-1")["items"] == []


def test_a_seed_has_them(oci: MockOci, signed: Callable[..., Response]) -> None:
    answer = oci.answer(Request("POST", "/_mock/seed", {}, json.dumps({"models": [ROW]}).encode()))
    assert isinstance(answer.body, bytes)
    model = oci.catalogue.on_demand("acme.big-1", oci.region)
    assert model is not None
    assert json.loads(answer.body)["models"] == [ocid_of(model.model, oci.region)]


def test_a_retired_model_is_had_on_demand_until_its_day(clock: Clock, answered: Callable[..., Any]) -> None:
    del answered
    oci = MockOci(clock, models=[{**ROW, "deprecated": "2026-09-01T00:00:00Z", "retired": "2026-10-01T00:00:00Z"}])
    assert ask(oci, "acme.big-1") == 200
    clock.now += 10 * 86_400
    assert ask(oci, "acme.big-1") == 404


def test_a_region_that_is_said_to_host_a_model_does_though_it_was_retired() -> None:
    oci = MockOci()
    assert oci.catalogue.on_demand("cohere.embed-english-v3.0", oci.region) is None
    oci.catalogue.host("cohere.embed-english-v3.0", oci.region)
    assert oci.catalogue.on_demand("cohere.embed-english-v3.0", oci.region) is not None


def test_a_model_of_dedicated_clusters_is_not_had_on_demand() -> None:
    oci = MockOci(models=[{"name": "acme.big-1", "dedicated_only": True}])
    assert ask(oci, "acme.big-1") == 404
    assert ask(oci, oci.catalogue.add_endpoint("acme.big-1")) == 200


@pytest.mark.parametrize(
    "rows",
    [
        "acme.big-1", [{"regions": []}], [{**ROW, "colour": "red"}], [{**ROW, "capabilities": ["SING"]}],
        [{**ROW, "regions": "here"}], [{**ROW, "retired": "soon"}], [{**ROW, "dedicated_only": "yes"}], [3],
    ],
)  # fmt: skip
def test_what_is_no_model_is_refused(rows: Any) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        MockOci(models=rows)
