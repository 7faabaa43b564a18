"""A container of the image with the environment and the credentials that Functions would give it."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tests.attack.place import TASKS
from tests.image.container import FunctionContainer, started
from tests.image.docker import Docker

from mock_oci import MockOci
from mock_oci.fn.credentials import FunctionCredentials
from mock_oci.fn.environment import Deployment, environment

CREDENTIALS: Final = Path("/.oci-credentials")  # where Functions mounts them
OF_THE_IMAGE: Final = {"PATH", "PYTHONPATH"}


@contextmanager
def deployed(
    docker: Docker, image: str, oci: MockOci, url: str, folder: Path, *, memory: int = 128, **config: str
) -> Iterator[FunctionContainer]:
    """Run the image with so many MB, its socket in a folder below ``folder``; ``oci`` is served at ``url``."""
    place = Path(tempfile.mkdtemp(dir=folder))
    function = Deployment(
        id=f"ocid1.fnfunc.oc1.{oci.region}.image",
        name="model-service",
        app_id=f"ocid1.fnapp.oc1.{oci.region}.image",
        app_name="image-test",
        folder=Path("/function"),
        region=oci.region,
        memory=memory,
        timeout=300,
        detached_timeout=300,
        config={
            "OCI_GENAI_ENDPOINT": url,
            "MODEL_SERVICE_OCI_ENDPOINT": url,
            "OCI_COMPARTMENT_ID": oci.tenancy.compartment_id,
            "MODEL_SERVICE_TASKS": json.dumps(TASKS),
            **config,
        },
    )
    written = place / "credentials"
    written.mkdir()
    FunctionCredentials(oci, function.id, written).freshen()
    for path in (written, *written.iterdir()):  # the folder around them is for nobody else
        path.chmod(0o755 if path.is_dir() else 0o644)
    variables = environment(function, FunctionCredentials(oci, function.id, CREDENTIALS))
    variables = {name: value for name, value in variables.items() if name not in OF_THE_IMAGE}
    with started(docker, image, place, variables, {written: str(CREDENTIALS)}, memory=memory) as container:
        yield container
