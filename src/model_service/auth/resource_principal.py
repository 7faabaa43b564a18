"""The function's own identity (resource principal 2.2): a token and a key that Functions injects and rotates.

Source: https://docs.oracle.com/en-us/iaas/Content/Functions/Tasks/functionsaccessingociresources.htm
"""

from __future__ import annotations

from model_service.errors import CredentialError
from model_service.settings import Settings
from model_service.signing import SigningKey
from model_service.tokens import TokenFiles


class ResourcePrincipal:
    # The compartment that a request is charged to is a decision; the token's own is not an answer to it.
    tenancy_id = None

    def __init__(self, settings: Settings) -> None:
        principal = settings.injected_principal
        if principal is None:
            raise CredentialError(
                "OCI_AUTH_TYPE is resource_principal, but OCI_RESOURCE_PRINCIPAL_VERSION is not set.",
                hint="Functions injects it; elsewhere set OCI_AUTH_TYPE to api_key or session_token.",
            )
        self.region = principal.region
        self._files = TokenFiles(token=principal.rpst, private_key=principal.private_pem)

    def key(self) -> SigningKey:
        return self._files.key()

    def renew(self) -> bool:
        self._files.forget()
        return True
