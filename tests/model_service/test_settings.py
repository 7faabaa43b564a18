"""Every variable both ways; an error names its variable and does not print its value."""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from model_service.errors import SettingsError
from model_service.network import Authorities
from model_service.oci_names import ObjectLocation
from model_service.settings import VARIABLES, InjectedPrincipal, Settings

COMPARTMENT = "ocid1.compartment.oc1..aaaaaaaaexample"
ENDPOINT = "ocid1.generativeaiendpoint.oc1.us-chicago-1.e"
QUEUE = "ocid1.queue.oc1.us-chicago-1.aaaaexample"
TENANCY = "ocid1.tenancy.oc1..aaaaaaaaexample"
PRINCIPAL = {
    "OCI_RESOURCE_PRINCIPAL_VERSION": "2.2",
    "OCI_RESOURCE_PRINCIPAL_RPST": "/.oci-credentials/rpst",
    "OCI_RESOURCE_PRINCIPAL_PRIVATE_PEM": "/.oci-credentials/private.pem",
    "OCI_RESOURCE_PRINCIPAL_REGION": "us-phoenix-1",
}


GIVEN_BY_THE_PLATFORM = {
    "colour",
    "has_oci_variables",
    "unknown",
    "injected_principal",
    "limits",
    "pod",
    "metadata_endpoint",
    "regions",
    "network",
    "trace_collector",
}


def test_an_empty_environment_gives_the_defaults() -> None:
    assert Settings.load({}) == Settings()


def test_without_an_argument_the_environment_of_the_process_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OCI_REGION", "eu-frankfurt-2")
    assert Settings.load().region == "eu-frankfurt-2"


@pytest.mark.parametrize(
    ("variable", "text", "name", "value"),
    [
        ("OCI_AUTH_TYPE", "api_key", "auth_type", "api_key"),
        ("OCI_AUTH_TYPE", "Resource_Principal", "auth_type", "resource_principal"),
        ("OCI_AUTH_TYPE", "session_token", "auth_type", "session_token"),
        ("OCI_AUTH_TYPE", "instance_principal", "auth_type", "instance_principal"),
        ("OCI_CONFIG_FILE", "/etc/oci", "config_file", Path("/etc/oci")),
        ("OCI_PROFILE", " PROD ", "profile", "PROD"),
        ("OCI_REGION", "us-chicago-1", "region", "us-chicago-1"),
        ("OCI_REGION", "us-gov-phoenix-1", "region", "us-gov-phoenix-1"),
        ("OCI_REGION", "ORD", "region", "us-chicago-1"),
        ("OCI_REGION", "ap-tomorrow-1", "region", "ap-tomorrow-1"),
        ("OCI_CLI_REGION", "lhr", "own_region", "uk-london-1"),
        ("OCI_CLI_PROFILE", "CLI", "profile", "CLI"),
        ("OCI_CONFIG_PROFILE", "SDK", "profile", "SDK"),
        ("OCI_CLI_CONFIG_FILE", "/etc/cli", "config_file", Path("/etc/cli")),
        ("OCI_CLI_PASSPHRASE", "correct horse", "key_passphrase", "correct horse"),
        ("OCI_AUTH_TYPE", "oke_workload_identity", "auth_type", "oke_workload_identity"),
        ("OCI_AUTH_TYPE", "delegation_token", "auth_type", "delegation_token"),
        ("OCI_CLI_AUTH", "api_key", "auth_type", "api_key"),
        ("OCI_CLI_AUTH", "security_token", "auth_type", "session_token"),
        ("OCI_CLI_AUTH", "instance_principal", "auth_type", "instance_principal"),
        ("OCI_CLI_AUTH", "resource_principal", "auth_type", "resource_principal"),
        ("OCI_CLI_AUTH", "instance_obo_user", "auth_type", "delegation_token"),
        ("OCI_CLI_AUTH", "OKE_WORKLOAD_IDENTITY", "auth_type", "oke_workload_identity"),
        ("MODEL_SERVICE_FEDERATION_ENDPOINT", "auth.x.com", "federation_endpoint", "https://auth.x.com"),
        ("MODEL_SERVICE_PROXY", "OFF", "proxy", "off"),
        ("MODEL_SERVICE_CA_BUNDLE", "/ca", "authorities", Authorities("MODEL_SERVICE_CA_BUNDLE", Path("/ca"))),
        ("SSL_CERT_FILE", "/ca", "authorities", Authorities("SSL_CERT_FILE", Path("/ca"))),
        ("REQUESTS_CA_BUNDLE", "/ca", "authorities", Authorities("REQUESTS_CA_BUNDLE", Path("/ca"))),
        ("OCI_CLI_CERT_BUNDLE", "/ca", "authorities", Authorities("OCI_CLI_CERT_BUNDLE", Path("/ca"))),
        *(
            (f"MODEL_SERVICE_{name.upper()}_ENDPOINT", "http://h:1/", f"{name}_endpoint", "http://h:1")
            for name in ("control_plane", "object_storage", "streaming", "queue", "notifications", "functions")
        ),
        ("MODEL_SERVICE_VAULT_ENDPOINT", "http://h:1/", "vault_endpoint", "http://h:1"),
        ("MODEL_SERVICE_MONITORING_ENDPOINT", "http://h:1/", "monitoring_endpoint", "http://h:1"),
        ("OCI_COMPARTMENT_ID", COMPARTMENT, "compartment_id", COMPARTMENT),
        ("OCI_COMPARTMENT_ID", TENANCY, "compartment_id", TENANCY),
        ("OCI_COMPARTMENT", COMPARTMENT, "compartment_id", COMPARTMENT),
        ("OCI_GENAI_ENDPOINT", "https://x.oraclecloud.com/", "genai_endpoint", "https://x.oraclecloud.com"),
        ("OCI_GENAI_ENDPOINT", "http://127.0.0.1:8080", "genai_endpoint", "http://127.0.0.1:8080"),
        ("OCI_GENAI_ENDPOINT", "http://mock_oci:1/prefix", "genai_endpoint", "http://mock_oci:1/prefix"),
        ("OCI_GENAI_ENDPOINT", "http://[::1]:8080", "genai_endpoint", "http://[::1]:8080"),
        ("MODEL_SERVICE_FEDERATION_ENDPOINT", "http://h/v1/x509", "federation_endpoint", "http://h/v1/x509"),
        ("LOCUS_OCI_TRANSPORT", "v1", "transport", "v1"),
        ("LOCUS_OCI_TRANSPORT", "SDK", "transport", "sdk"),
        ("MODEL_SERVICE_ALIASES", '{"prod": "xai.grok-4.3"}', "aliases", {"prod": "xai.grok-4.3"}),
        ("MODEL_SERVICE_ALIASES", "{}", "aliases", {}),
        ("MODEL_SERVICE_ENDPOINT_FAMILIES", f'{{"{ENDPOINT}": "cohere"}}', "endpoint_families", {ENDPOINT: "cohere"}),
        ("MODEL_SERVICE_ENDPOINT_FAMILIES", f'{{"{ENDPOINT}": "generic"}}', "endpoint_families", {ENDPOINT: "generic"}),
        ("MODEL_SERVICE_OVERFLOW_BUCKET", "answers", "overflow_bucket", ObjectLocation(None, "answers")),
        ("MODEL_SERVICE_OVERFLOW_BUCKET", "ns/answers", "overflow_bucket", ObjectLocation("ns", "answers")),
        (
            "MODEL_SERVICE_REQUEST_BUCKETS",
            '["a", "n/b.c"]',
            "request_buckets",
            (ObjectLocation(None, "a"), ObjectLocation("n", "b.c")),
        ),
        ("MODEL_SERVICE_RELAY_DESTINATIONS", f'["{QUEUE}"]', "relay_destinations", (QUEUE,)),
        ("MODEL_SERVICE_OCI_ENDPOINT", "http://127.0.0.1:1/", "oci_endpoint", "http://127.0.0.1:1"),
        *(("OCI_LOG_REQUESTS", yes, "log_requests", True) for yes in ("1", "true", "YES", "on")),
        *(("OCI_LOG_REQUESTS", no, "log_requests", False) for no in ("0", "False", "no", "off")),
        ("MODEL_SERVICE_LOG_CONTENT", "1", "log_content", True),
    ],
)
def test_a_good_value_is_taken(variable: str, text: str, name: str, value: Any) -> None:
    assert getattr(Settings.load({variable: text}), name) == value


@pytest.mark.parametrize(
    ("variable", "text"),
    [
        ("OCI_AUTH_TYPE", "secret-pw"),
        ("OCI_REGION", "secret-pw"),
        ("OCI_REGION", "evil.example/us-secret-1"),
        ("OCI_REGION", "secret-north-1"),
        ("OCI_CLI_REGION", "us-secret"),
        ("OCI_CLI_AUTH", "secret-pw"),
        ("OCI_CLI_AUTH", "session_token secret"),
        ("OCI_DEFAULT_REALM", "secret"),
        ("MODEL_SERVICE_PROXY", "socks5://user:secret@host:1"),
        ("MODEL_SERVICE_PROXY", "http://user:secret@host:port"),
        ("MODEL_SERVICE_PROXY", "http://host:1/secret"),
        ("HTTPS_PROXY", "socks5h://user:secret@host:1"),
        ("all_proxy", "ftp://user:secret@host"),
        ("OCI_COMPARTMENT_ID", "secret-pw"),
        ("OCI_COMPARTMENT_ID", "ocid1.user.oc1..secret"),
        ("OCI_COMPARTMENT", "secret-pw"),
        ("MODEL_SERVICE_OVERFLOW_BUCKET", "secret-pw/a/b"),
        ("MODEL_SERVICE_OVERFLOW_BUCKET", ".."),
        ("MODEL_SERVICE_REQUEST_BUCKETS", "secret-pw"),
        ("MODEL_SERVICE_REQUEST_BUCKETS", '{"secret-pw": 1}'),
        ("MODEL_SERVICE_REQUEST_BUCKETS", '["secret pw"]'),
        ("MODEL_SERVICE_RELAY_DESTINATIONS", '["secret-pw"]'),
        ("MODEL_SERVICE_RELAY_DESTINATIONS", '["ocid1.vaultsecret.oc1..secret"]'),
        ("MODEL_SERVICE_OCI_ENDPOINT", "secret-pw"),
        ("OCI_GENAI_ENDPOINT", "secret-pw"),
        ("OCI_GENAI_ENDPOINT", "ftp://secret"),
        ("OCI_GENAI_ENDPOINT", "https://"),
        ("OCI_GENAI_ENDPOINT", "https://user:secret@host"),
        ("OCI_GENAI_ENDPOINT", "https://:secret@host"),
        ("OCI_GENAI_ENDPOINT", "https://host?token=secret"),
        ("OCI_GENAI_ENDPOINT", "https://host#secret"),
        ("OCI_GENAI_ENDPOINT", "https://secret host"),
        ("OCI_GENAI_ENDPOINT", "https://host\nsecret"),
        ("OCI_GENAI_ENDPOINT", "https://[::secret"),
        ("OCI_GENAI_ENDPOINT", "https://secret:99999"),
        ("MODEL_SERVICE_FEDERATION_ENDPOINT", "secret-pw"),
        ("LOCUS_OCI_TRANSPORT", "secret-pw"),
        ("MODEL_SERVICE_ALIASES", "secret-pw"),
        ("MODEL_SERVICE_ALIASES", '["secret-pw"]'),
        ("MODEL_SERVICE_ALIASES", '{"a": {"secret-pw": 1}}'),
        ("MODEL_SERVICE_ALIASES", '{"secret-pw": ""}'),
        ("MODEL_SERVICE_ALIASES", "[" * 50_000),
        ("MODEL_SERVICE_ENDPOINT_FAMILIES", "secret-pw"),
        ("MODEL_SERVICE_ENDPOINT_FAMILIES", '{"secret-pw": "cohere"}'),
        ("MODEL_SERVICE_ENDPOINT_FAMILIES", f'{{"{ENDPOINT}": "secret-pw"}}'),
        ("OCI_LOG_REQUESTS", "secret-pw"),
        ("MODEL_SERVICE_LOG_CONTENT", "2"),
    ],
)
def test_a_bad_value_is_refused_with_the_name_of_its_variable_and_not_printed(variable: str, text: str) -> None:
    with pytest.raises(SettingsError) as refusal:
        Settings.load({variable: text})
    assert refusal.value.message.startswith(f"{variable}: ")
    assert refusal.value.param == variable
    assert "secret" not in refusal.value.message
    assert refusal.value.__cause__ is None


@pytest.mark.parametrize("variable", [variable.name for variable in VARIABLES.values()])
@pytest.mark.parametrize("empty", ["", " ", "\t\n"])
def test_an_empty_variable_counts_as_unset(variable: str, empty: str) -> None:
    assert Settings.load({variable: empty}) == Settings()


def test_every_setting_has_its_variable() -> None:
    assert set(VARIABLES) == {field.name for field in fields(Settings)} - GIVEN_BY_THE_PLATFORM


def test_oci_compartment_counts_only_where_oci_compartment_id_is_not_set() -> None:
    both = {"OCI_COMPARTMENT": TENANCY, "OCI_COMPARTMENT_ID": COMPARTMENT}
    assert Settings.load(both).compartment_id == COMPARTMENT
    assert Settings.load({**both, "OCI_COMPARTMENT_ID": ""}).compartment_id == TENANCY


@pytest.mark.parametrize(
    ("environment", "name", "value"),
    [
        ({"OCI_PROFILE": "OURS", "OCI_CLI_PROFILE": "CLI", "OCI_CONFIG_PROFILE": "SDK"}, "profile", "OURS"),
        ({"OCI_PROFILE": "", "OCI_CLI_PROFILE": "CLI", "OCI_CONFIG_PROFILE": "SDK"}, "profile", "CLI"),
        ({"OCI_CONFIG_FILE": "/a", "OCI_CLI_CONFIG_FILE": "/b"}, "config_file", Path("/a")),
        ({"OCI_AUTH_TYPE": "api_key", "OCI_CLI_AUTH": "security_token"}, "auth_type", "api_key"),
        ({"OCI_REGION": "us-chicago-1", "OCI_CLI_REGION": "lhr"}, "region", "us-chicago-1"),
        ({"OCI_CLI_REGION": "lhr"}, "region", None),
    ],
)
def test_what_others_have_set_counts_after_our_own(environment: dict[str, str], name: str, value: Any) -> None:
    assert getattr(Settings.load(environment), name) == value


@pytest.mark.parametrize("auth_type", ["api_key", "session_token", "instance_principal", "oke_workload_identity"])
@pytest.mark.parametrize(
    "in_the_way",
    [
        {**PRINCIPAL, "OCI_RESOURCE_PRINCIPAL_VERSION": "1.1"},
        {**PRINCIPAL, "OCI_RESOURCE_PRINCIPAL_RPST": ""},
        {"OCI_CLI_AUTH": "nonsense"},
    ],
)
def test_an_auth_type_that_is_set_is_vetoed_by_no_other_variable(auth_type: str, in_the_way: dict[str, str]) -> None:
    assert Settings.load({**in_the_way, "OCI_AUTH_TYPE": auth_type}).auth_type == auth_type


def test_a_region_that_can_be_none_is_refused_with_how_to_add_one() -> None:
    with pytest.raises(SettingsError, match=r"OCI_REGION: must be a region such as us-chicago-1.*OCI_REGION_METADATA"):
        Settings.load({"OCI_REGION": "mars-north-1"})


def test_a_region_that_the_platform_describes_is_taken() -> None:
    described = {
        "realmKey": "x",
        "realmDomainComponent": "x.com",
        "regionKey": "mrs2",
        "regionIdentifier": "mars-north-1",
    }
    settings = Settings.load({"OCI_REGION": "MRS2", "OCI_REGION_METADATA": json.dumps(described)})
    assert settings.region == "mars-north-1"
    assert settings.regions.endpoint("inference", "mars-north-1").endswith("mars-north-1.oci.x.com")


def test_the_injected_resource_principal_is_found() -> None:
    expected = InjectedPrincipal("/.oci-credentials/rpst", "/.oci-credentials/private.pem", "us-phoenix-1")
    assert Settings.load(PRINCIPAL).injected_principal == expected


def test_an_injected_resource_principal_may_lack_its_region() -> None:
    principal = Settings.load({**PRINCIPAL, "OCI_RESOURCE_PRINCIPAL_REGION": ""}).injected_principal
    assert principal is not None
    assert principal.region is None


@pytest.mark.parametrize("version", ["1.1", "2.1", "3.0", "secret-pw"])
def test_another_version_of_resource_principal_is_refused(version: str) -> None:
    with pytest.raises(SettingsError, match=r"OCI_RESOURCE_PRINCIPAL_VERSION: only 2\.2") as refusal:
        Settings.load({**PRINCIPAL, "OCI_RESOURCE_PRINCIPAL_VERSION": version})
    assert "secret" not in str(refusal.value)


@pytest.mark.parametrize("missing", ["OCI_RESOURCE_PRINCIPAL_RPST", "OCI_RESOURCE_PRINCIPAL_PRIVATE_PEM"])
def test_a_resource_principal_without_one_of_its_halves_is_refused(missing: str) -> None:
    with pytest.raises(SettingsError, match=f"{missing}: is missing"):
        Settings.load({**PRINCIPAL, missing: " "})


def test_leftovers_of_a_resource_principal_without_its_version_mean_nothing() -> None:
    assert Settings.load({**PRINCIPAL, "OCI_RESOURCE_PRINCIPAL_VERSION": ""}).injected_principal is None


def test_the_token_and_the_key_are_not_in_the_repr() -> None:
    secret = {"OCI_RESOURCE_PRINCIPAL_RPST": "eyJsecret", "OCI_RESOURCE_PRINCIPAL_PRIVATE_PEM": "-----secret"}
    assert "secret" not in repr(Settings.load({**PRINCIPAL, **secret}))


@pytest.mark.parametrize(
    ("environment", "configured"),
    [
        ({}, False),
        ({"MODEL_SERVICE_ALIASES": "{}"}, False),
        ({"OCI_REGION": "us-chicago-1"}, True),
        ({"OCI_PROFILE": "DEFAULT"}, True),
        ({"OCI_PROFILE": " "}, False),
        ({"OCI_AUTH_TYPE": "instance_principal"}, True),
        (PRINCIPAL, True),
    ],
)
def test_any_oci_variable_leads_to_the_real_oci(
    environment: dict[str, str], configured: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", "/nonexistent")
    assert Settings.load(environment).is_configured is configured


def test_a_config_file_leads_to_the_real_oci(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".oci").mkdir()
    (tmp_path / ".oci/config").touch()
    assert Settings.load({}).is_configured
