"""What the examples are given in tests, and the variables of each."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from tests.terraform.hcl import read

VALUES: Final = {
    "alarms_topic_id": "ocid1.onstopic.oc1..alarms",
    "answers_stream_id": "ocid1.stream.oc1..answers",
    "apm_domain_id": "ocid1.apmdomain.oc1..apm",
    "archive": "function.zip",
    "compartment_ocid": "ocid1.compartment.oc1..here",
    "counter_password_secret_id": "ocid1.vaultsecret.oc1..counter",
    "failure_topic_id": "ocid1.onstopic.oc1..failures",
    "function_subnet_id": "ocid1.subnet.oc1..function",
    "gateway_network_security_group_id": "ocid1.networksecuritygroup.oc1..gateway",
    "gateway_subnet_id": "ocid1.subnet.oc1..gateway",
    "genai_compartment_ocid": "ocid1.compartment.oc1..genai",
    "image": "ord.ocir.io/standin/model-service:0.1.0",
    "jwks_uri": "https://login.example.com/keys",
    "jwt_audience": "model-service",
    "jwt_issuer": "https://login.example.com/",
    "next_function_id": "ocid1.fnfunc.oc1..next",
    "region": "us-chicago-1",
    "runtime": "python",
    "team_a_token": "subscription-of-team-a",
    "tenancy_ocid": "ocid1.tenancy.oc1..tenancy",
    "vault_id": "ocid1.vault.oc1..vault",
    "vault_key_id": "ocid1.key.oc1..key",
    "work_queue_id": "ocid1.queue.oc1..work",
}


def given(example: Path, values: Mapping[str, str] = VALUES) -> list[str]:
    """``-var`` for each variable without a default."""
    needed = (name for name, one in read(example).variables.items() if "default" not in one)
    return [f"-var={name}={values[name]}" for name in needed]
