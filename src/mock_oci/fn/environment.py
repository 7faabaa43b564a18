"""How a function is deployed, and what that makes of its containers' environment."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from os import pathsep
from pathlib import Path

from mock_oci.fn.credentials import FunctionCredentials
from mock_oci.fn.func_yaml import ENTRYPOINT, DeployError, Entrypoint, FuncYaml
from mock_oci.identity.tenancy import ocid
from mock_oci.model.known_models import REGIONS, Region
from mock_oci.services.functions.state import (
    MAX_CONFIG_BYTES,
    MAX_DETACHED_TIMEOUT,
    MAX_TIMEOUT,
    MEMORY_MB,
    NO_DESTINATION,
    Destination,
    FunctionDetails,
)

# In a function's config: its clients ask the OCI in OCI_GENAI_ENDPOINT for OCI's own hosts too (local_hosts.py).
HOSTS = {"MOCK_OCI_HOSTS": "local"}
_STARTUP = Path(__file__).with_name("startup")
APP_NAME = "mock-oci"


@dataclass(frozen=True)
class Deployment:
    """A function as it is configured. ``memory`` in MB; timeouts in seconds."""

    id: str
    name: str
    app_id: str
    app_name: str
    folder: Path
    region: str
    memory: int
    timeout: float
    detached_timeout: float
    config: Mapping[str, str] = field(repr=False)
    success_destination: Destination = NO_DESTINATION
    failure_destination: Destination = NO_DESTINATION
    trace_collector_url: str = field(default="", repr=False)
    entrypoint: Entrypoint = ENTRYPOINT

    @property
    def details(self) -> FunctionDetails:
        """Return what the service tells of this function."""
        return FunctionDetails(
            id=self.id,
            name=self.name,
            app_id=self.app_id,
            memory=self.memory,
            timeout=self.timeout,
            detached_timeout=self.detached_timeout,
            config=self.config,
            success_destination=self.success_destination,
            failure_destination=self.failure_destination,
        )


def deployment_of(said: FuncYaml, folder: Path, region: str, config: Mapping[str, str]) -> Deployment:
    """Return how a folder is deployed that says so, with this config in all."""
    return Deployment(
        id=ocid("fnfunc", said.name, region),
        name=said.name,
        app_id=ocid("fnapp", APP_NAME, region),
        app_name=APP_NAME,
        folder=folder.resolve(),
        region=region,
        memory=said.memory,
        timeout=said.timeout,
        detached_timeout=said.timeout if said.detached_timeout is None else said.detached_timeout,
        config=config,
        success_destination=said.success_destination,
        failure_destination=said.failure_destination,
        entrypoint=said.entrypoint,
    )


def check_limits(deployment: Deployment) -> None:
    """Raise DeployError for what OCI Functions does not deploy (docs: functionscustomizing.htm).

    A timeout of less than its shortest is taken: it saves a test the wait.
    """
    if deployment.memory not in MEMORY_MB:
        raise DeployError(f"memory must be one of {', '.join(map(str, MEMORY_MB))}, not {deployment.memory}")
    if deployment.timeout > MAX_TIMEOUT:
        raise DeployError(f"timeout must be at most {MAX_TIMEOUT} s, not {deployment.timeout}")
    if deployment.detached_timeout > MAX_DETACHED_TIMEOUT:
        raise DeployError(
            f"detached_timeout must be at most {MAX_DETACHED_TIMEOUT} s, not {deployment.detached_timeout}"
        )
    for destination in (deployment.success_destination, deployment.failure_destination):
        if destination.channel and not destination.id.startswith("ocid1.queue."):
            raise DeployError(f"a channel is of a queue alone, not of {destination.id or 'no destination'}")
    size = sum(len(name.encode()) + len(value.encode()) for name, value in deployment.config.items())
    if size > MAX_CONFIG_BYTES:
        raise DeployError(f"config must be at most {MAX_CONFIG_BYTES} bytes, names and values, not {size}")


def environment(deployment: Deployment, credentials: FunctionCredentials) -> dict[str, str]:
    """Return all that a container inherits, config last (docs: functionspassingparams.htm).

    The names are those of the dump in oracle-functions-samples,
    oci-apigw-display-httprequest-info-python/README.md; nothing comes from the developer's shell.
    """
    startup = [str(_STARTUP)] if HOSTS.items() <= deployment.config.items() else []
    return {
        "PATH": f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "HOME": "/home/fn",  # as in Fn's images, where it cannot be written either
        "PYTHONPATH": pathsep.join([str(deployment.folder), *startup]),
        "FN_FORMAT": "http-stream",
        "FN_TYPE": "sync",
        "FN_FN_ID": deployment.id,
        "FN_FN_NAME": deployment.name,
        "FN_APP_ID": deployment.app_id,
        "FN_APP_NAME": deployment.app_name,
        "FN_MEMORY": str(deployment.memory),
        # 100m for 256 MB in the dump; that the share goes with the memory is documented, that it is linear is not.
        "FN_CPUS": f"{deployment.memory * 100 // 256}m",
        "OCI_REGION_METADATA": _region_metadata(deployment.region),
        "OCI_RESOURCE_PRINCIPAL_VERSION": "2.2",
        "OCI_RESOURCE_PRINCIPAL_RPST": str(credentials.rpst),
        "OCI_RESOURCE_PRINCIPAL_PRIVATE_PEM": str(credentials.private_pem),
        "OCI_RESOURCE_PRINCIPAL_REGION": deployment.region,
        # As the FDK's TracingContext reads them; the URL holds a data key (functionstracing.htm).
        "OCI_TRACING_ENABLED": "1" if deployment.trace_collector_url else "0",
        "OCI_TRACE_COLLECTOR_URL": deployment.trace_collector_url,
        **deployment.config,
    }


def _region_metadata(name: str) -> str:
    region = REGIONS.get(name) or Region(name, name)
    metadata = {
        "realmDomainComponent": "oraclecloud.com",
        "realmKey": "oc1",
        "regionIdentifier": region.id,
        "regionKey": region.key,
    }
    return json.dumps(metadata)
