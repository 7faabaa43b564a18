"""Sign as the workload of a pod on OKE: the token of its service account is exchanged for one of OCI.

Source: https://docs.oracle.com/en-us/iaas/Content/ContEng/Tasks/contenggrantingworkloadaccesstoresources.htm and
``oci/auth/signers/oke_workload_identity_resource_principal_signer.py``.
"""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Final

from model_service.auth.federation import FederatedCredential, json_text, new_session_key
from model_service.auth.signing import SigningKey
from model_service.fn.invocation import Deadline
from model_service.network import Network
from model_service.settings import Settings

PORT: Final = 12250
TOKEN_FILE: Final = Path("/var/run/secrets/kubernetes.io/serviceaccount/token")


class WorkloadIdentity(FederatedCredential):
    """The workload identity of an enhanced cluster."""

    auth_type: Final = "oke_workload_identity"
    what = "workload identity"
    hint = "It needs a pod with a service account on an enhanced OKE cluster, and a policy for its workload."

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        if settings.pod is None:
            raise self.refused("KUBERNETES_SERVICE_HOST is not set.")
        self._pod = settings.pod

    def region(self, deadline: Deadline) -> str | None:  # noqa: ARG002 - it is in the environment, or nowhere
        """Return ``OCI_RESOURCE_PRINCIPAL_REGION``, where the pod sets it."""
        return self._pod.region

    def _sign_in(self, deadline: Deadline) -> SigningKey:
        session_key, public = new_session_key()
        try:
            account_token = TOKEN_FILE.read_text(encoding="ascii").strip()
        except (OSError, ValueError) as error:
            raise self.refused(f"the token of the service account in {TOKEN_FILE} cannot be read.") from error
        headers = {"Authorization": f"Bearer {account_token}", "Content-type": "application/json"}
        host = f"[{self._pod.host}]" if ":" in self._pod.host else self._pod.host
        url = f"https://{host}:{PORT}/resourcePrincipalSessionTokens"
        request = {"headers": lambda: headers, "body": json.dumps({"podKey": public}).encode()}
        # The cluster's own network and authorities: no proxy is on the way.
        reply = self._ask("the cluster", url, deadline, Network(authorities=self._pod.authorities), request)
        try:
            token = json_text(base64.b64decode(reply.body), "token")
        except ValueError:
            token = None
        if token is None or not token.startswith("ST$"):
            raise self.refused("the cluster answered without a token.")
        return SigningKey(token, session_key)
