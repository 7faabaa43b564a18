"""Sign as the function itself, with the token and the key that Functions puts into files and rewrites."""

from __future__ import annotations

from typing import Final

from model_service.auth.security_token import TokenFiles
from model_service.auth.signing import SigningKey
from model_service.errors import CredentialError
from model_service.fn.invocation import Deadline
from model_service.settings import Settings


class ResourcePrincipal:
    """The resource principal 2.2 that Functions injects."""

    auth_type: Final = "resource_principal"
    # The compartment that a request is charged to is a decision; the token's own is not an answer to it.
    tenancy_id = None

    def __init__(self, settings: Settings) -> None:
        principal = settings.injected_principal
        if principal is None:
            raise CredentialError(
                "OCI_AUTH_TYPE is resource_principal, but OCI_RESOURCE_PRINCIPAL_VERSION is not set.",
                hint="Functions injects it; elsewhere set OCI_AUTH_TYPE to api_key or session_token.",
            )
        self._region = principal.region
        self._files = TokenFiles(token=principal.rpst, private_key=principal.private_pem)

    def region(self, deadline: Deadline) -> str | None:  # noqa: ARG002 - it is injected
        """Return ``OCI_RESOURCE_PRINCIPAL_REGION``."""
        return self._region

    def key(self, deadline: Deadline) -> SigningKey:
        """Return the key of now; raise ``CredentialError`` when a file is missing or broken."""
        return self._files.key(deadline)

    def renew(self, refused: SigningKey, deadline: Deadline) -> bool:
        """Look at the files again for a moment; return ``True``: a second try makes sense."""
        return self._files.renew(refused, deadline)
