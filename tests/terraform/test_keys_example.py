"""The shortest way to a first answer, as docs/callers.md goes through it: apply examples/keys, make a key, ask."""

from __future__ import annotations

import argparse
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import openai
import pytest
from tests.terraform.example_variables import VALUES, given
from tests.terraform.terraform_cli import ROOT, attached, copied

from mock_oci import MockOci, serve
from mock_oci.doors.written_config import write_config
from mock_oci.fn.functions import LocalFunctions
from mock_oci.fn.gateway import LocalGateway, applied_deployment
from model_service.cli import keys as keys_command

LLAMA = "meta.llama-3.3-70b-instruct"
HELLO: Any = [{"role": "user", "content": "Why do functions sleep?"}]


@dataclass(frozen=True)
class Place:
    """What somebody has who has applied the example: its outputs, and the command line."""

    base_url: str
    secret_id: str

    def keys(self, *words: str) -> str:
        parser, out = argparse.ArgumentParser(), io.StringIO()
        keys_command.add_arguments(parser)
        options = parser.parse_args(["--at", self.secret_id, *words])
        options.profile = options.region = options.config_file = None
        keys_command.run(options, out)
        return out.getvalue().strip()


@pytest.fixture
def place(terraform_is_there: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    cloud = MockOci()
    user = cloud.principals.api_key_user()
    config = {
        "tenancy": user.tenancy_id,
        "user": user.user_id,
        "fingerprint": user.fingerprint,
        "key_content": user.private_pem,
        "region": cloud.region,
    }
    variables = {
        **VALUES,
        "compartment_ocid": cloud.tenancy.compartment_id,
        "tenancy_ocid": cloud.tenancy.tenancy_id,
    }
    folder = copied(tmp_path) / "examples" / "keys"
    with (
        serve(cloud) as served,
        LocalFunctions(cloud, served.url) as functions,
        attached(tmp_path, served.url, config) as terraform,
    ):
        functions.images["model-service"] = ROOT
        functions.created_config["MODEL_SERVICE_OCI_ENDPOINT"] = served.url
        terraform.init(folder)
        terraform.must(folder, "apply", "-auto-approve", "-input=false", "-no-color", *given(folder, variables))
        outputs = json.loads(terraform.must(folder, "output", "-json"))
        write_config(cloud, tmp_path, served.url)
        monkeypatch.setenv("OCI_CONFIG_FILE", str(tmp_path / "config"))
        monkeypatch.setenv("OCI_REGION", cloud.region)
        monkeypatch.setenv("MODEL_SERVICE_OCI_ENDPOINT", served.url)
        deployment = applied_deployment(cloud)
        with LocalGateway(functions, deployment) as gateway:
            yield Place(f"{gateway.url}{deployment.path_prefix}", outputs["keys_secret_id"]["value"])


def test_a_key_from_the_command_line_opens_what_was_applied(place: Place) -> None:
    """The statements that were applied count: the gateway may ask, and the function may read its secret and chat."""
    key = place.keys("create", "--owner", "ada", "--team", "search")
    with openai.OpenAI(base_url=place.base_url, api_key=key, max_retries=0) as client:
        assert client.chat.completions.create(model=LLAMA, messages=HELLO).choices[0].message.content
    with (
        openai.OpenAI(base_url=place.base_url, api_key="msk_wrong", max_retries=0) as client,
        pytest.raises(openai.AuthenticationError),
    ):
        client.chat.completions.create(model=LLAMA, messages=HELLO)
    assert "ada" in place.keys("list")
