"""Read the text of a variable into a value: a function for each kind, whose error names the variable."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from model_service.errors import SettingsError
from model_service.network import Authorities, Proxy
from model_service.oci_names import (
    COMPARTMENT_OCID,
    PROJECT_OCID,
    ObjectLocation,
)

FAMILY_NAMES: Final = ("cohere", "cohere_v2", "generic")  # what a dedicated endpoint can speak
ENDPOINT_PREFIX: Final = "ocid1.generativeaiendpoint."
MAX_THREADS: Final = 32  # open-source Fn lets a container have 50 processes and threads (fn: api/agent/config.go)
IDENTITY_PARTS: Final = ("id", "team", "key", "models")
HEADER_NAME: Final = re.compile(r"[a-z0-9-]{1,100}")
COUNTER_URL: Final = re.compile(r"(?a)rediss?://(\w[\w-]*@)?[\w.-]+(:[0-9]{1,5})?(/[0-9]{1,2})?")
METRICS_NAMESPACE: Final = re.compile(r"[a-zA-Z][a-zA-Z0-9_]{0,254}")
SECRET_LOCATION: Final = re.compile(r"ocid1\.vaultsecret\.[a-z0-9]+\.[a-z0-9-]*\.[A-Za-z0-9._-]+|/[^\0]*")
DESTINATION_OCID: Final = re.compile(r"ocid1\.(queue|stream)\.[a-z0-9]+\.[a-z0-9-]*\.[A-Za-z0-9._-]+")
# No user, password, query or fragment: the URL stands in logs, and paths are appended to it.
PLAIN_URL: Final = re.compile(r"(?ai)https?://(\w[\w.-]*|\[[0-9a-f:.]+\])(:(?P<port>[0-9]{1,5}))?(/[\w.~/-]*)?")


def as_is(_name: str, text: str) -> str:
    """Return the text itself."""
    return text


def file_path(_name: str, text: str) -> Path:
    """Return the path."""
    return Path(text)


def one_of(*allowed: str) -> Callable[[str, str], str]:
    """Return a parser that takes one of ``allowed``, in whatever case."""

    def parse(name: str, text: str) -> str:
        if text.lower() not in allowed:
            raise SettingsError(name, f"must be one of {', '.join(allowed)}")
        return text.lower()

    return parse


def flag(name: str, text: str) -> bool:
    """Return what a switch says."""
    if text.lower() not in FLAGS:
        raise SettingsError(name, "must be 1 or 0")
    return FLAGS[text.lower()]


def seconds(name: str, text: str) -> float:
    """Return a number of seconds from 0 to 60."""
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1
    if not 0 <= seconds <= 60:
        raise SettingsError(name, "must be a number of seconds between 0 and 60")
    return seconds


def threads(name: str, text: str) -> int:
    """Return a number of threads that a container can have."""
    if not re.fullmatch(r"[0-9]{1,2}", text, re.ASCII) or not 1 <= int(text) <= MAX_THREADS:
        raise SettingsError(name, f"must be an integer between 1 and {MAX_THREADS}")
    return int(text)


def days(name: str, text: str) -> int:
    """Return a number of days from 1 to 365."""
    if not re.fullmatch(r"[0-9]{1,3}", text, re.ASCII) or not 1 <= int(text) <= 365:
        raise SettingsError(name, "must be a number of days between 1 and 365")
    return int(text)


def cli_auth_type(name: str, text: str) -> str:
    """Return the auth type that a word of the OCI CLI means (``oci --auth``)."""
    if text.lower() not in CLI_AUTH_TYPES:
        raise SettingsError(name, f"must be one of {', '.join(CLI_AUTH_TYPES)}")
    return CLI_AUTH_TYPES[text.lower()]


def compartment(name: str, text: str) -> str:
    """Return the OCID of a compartment or of a tenancy."""
    if not COMPARTMENT_OCID.fullmatch(text):
        raise SettingsError(name, "must be the OCID of a compartment or of a tenancy")
    return text


def project(name: str, text: str) -> str:
    """Return the OCID of a Generative AI project."""
    if not PROJECT_OCID.fullmatch(text):
        raise SettingsError(name, "must be the OCID of a Generative AI project")
    return text


def compartments(name: str, text: str) -> tuple[str, ...]:
    return tuple(compartment(name, item) for item in string_list(name, text))


def projects(name: str, text: str) -> tuple[str, ...]:
    return tuple(project(name, item) for item in string_list(name, text))


def endpoint(name: str, text: str) -> str:
    """Return a URL without a slash at its end."""
    match = PLAIN_URL.fullmatch(text)
    if match is None or int(match["port"] or 0) > 65535:
        raise SettingsError(
            name, "must be a plain URL such as https://inference.generativeai.<region>.oci.oraclecloud.com"
        )
    return text.rstrip("/")


def host_or_endpoint(name: str, text: str) -> str:
    """Return a URL without a slash at its end; a host alone is reached by https."""
    return endpoint(name, f"https://{text}" if "://" not in text and "." in text else text)


def string_map(name: str, text: str) -> dict[str, str]:
    """Return a JSON object of strings."""
    try:
        table = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise SettingsError(name, f"must be a JSON object: {error}") from None
    if not isinstance(table, dict) or not all(isinstance(value, str) and value for value in table.values()):
        raise SettingsError(name, "must be a JSON object of non-empty strings")
    return table


def bucket(name: str, text: str) -> ObjectLocation:
    """Return the bucket."""
    try:
        return ObjectLocation.of_bucket(text)
    except ValueError:
        raise SettingsError(name, "must be a bucket, or a namespace and a bucket with a slash between them") from None


def string_list(name: str, text: str) -> list[str]:
    """Return a JSON array of strings."""
    try:
        items = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise SettingsError(name, f"must be a JSON array: {error}") from None
    if not isinstance(items, list) or not all(isinstance(item, str) and item for item in items):
        raise SettingsError(name, "must be a JSON array of non-empty strings")
    return items


def buckets(name: str, text: str) -> tuple[ObjectLocation, ...]:
    """Return the buckets of a JSON array."""
    return tuple(bucket(name, item) for item in string_list(name, text))


def destinations(name: str, text: str) -> tuple[str, ...]:
    """Return the OCIDs of queues and streams in a JSON array."""
    ocids = tuple(string_list(name, text))
    if not all(DESTINATION_OCID.fullmatch(ocid) for ocid in ocids):
        raise SettingsError(name, "must be a JSON array of the OCIDs of queues and streams")
    return ocids


def endpoint_families(name: str, text: str) -> dict[str, str]:
    """Return the families of dedicated endpoints by their OCIDs."""
    table = string_map(name, text)
    if not all(endpoint.startswith(ENDPOINT_PREFIX) for endpoint in table):
        raise SettingsError(name, f"must have the OCIDs of dedicated endpoints ({ENDPOINT_PREFIX}…) as names")
    if not set(table.values()) <= set(FAMILY_NAMES):
        raise SettingsError(name, f"must have one of {', '.join(FAMILY_NAMES)} for each endpoint")
    return table


def identity_headers(name: str, text: str) -> dict[str, str]:
    """Return which header says which part of a caller, in lower case: one of IDENTITY_PARTS."""
    table = {part: header.lower() for part, header in string_map(name, text).items()}
    if not set(table) <= set(IDENTITY_PARTS):
        raise SettingsError(name, f"must have no other names than {', '.join(IDENTITY_PARTS)}")
    if not all(HEADER_NAME.fullmatch(header) for header in table.values()):
        raise SettingsError(name, "must have the names of headers as values")
    return table


def counter(name: str, text: str) -> str:
    """Return the URL of a Redis or Valkey server; it has no password, since it stands in logs."""
    if not COUNTER_URL.fullmatch(text):
        raise SettingsError(name, "must be rediss://<host>:<port> (redis:// without TLS), without a password")
    return text


def secret_location(name: str, text: str) -> str:
    """Return where a secret is; the secret itself is refused, and not quoted: a configuration is for many to read."""
    if not SECRET_LOCATION.fullmatch(text):
        raise SettingsError(name, "must be the OCID of a Vault secret, or the absolute path of a file")
    return text


def proxy_of(name: str, text: str) -> Proxy:
    """Return a proxy."""
    try:
        return Proxy.parse(text)
    except ValueError:
        problem = (
            "must be http://[user:password@]host:port (SOCKS is not supported); MODEL_SERVICE_PROXY=off goes without"
        )
        raise SettingsError(name, problem) from None


def proxy_setting(name: str, text: str) -> str:
    """Return ``off``, ``environment``, or the text of a proxy's URL."""
    if text.lower() in ("off", "environment"):
        return text.lower()
    proxy_of(name, text)
    return text


def authorities(name: str, text: str) -> Authorities:
    """Return the file or folder of certificates."""
    return Authorities(name, Path(text))


FLAGS: Final[Mapping[str, bool]] = {
    **dict.fromkeys(("1", "true", "yes", "on"), True),
    **dict.fromkeys(("0", "false", "no", "off"), False),
}

# Source: https://docs.oracle.com/en-us/iaas/Content/API/SDKDocs/clienvironmentvariables.htm
CLI_AUTH_TYPES: Final[Mapping[str, str]] = {
    "api_key": "api_key",
    "security_token": "session_token",
    "instance_principal": "instance_principal",
    "resource_principal": "resource_principal",
    "instance_obo_user": "delegation_token",
    "oke_workload_identity": "oke_workload_identity",
}


def metrics_namespace(name: str, text: str) -> str:
    """Return a namespace of custom metrics (``metric_data_details.py`` of the OCI SDK)."""
    if not METRICS_NAMESPACE.fullmatch(text) or text.startswith(("oci_", "oracle_")):
        raise SettingsError(name, "must be letters, digits and _, and not begin with oci_ or oracle_")
    return text
