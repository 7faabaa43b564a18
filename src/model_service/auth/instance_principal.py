"""The identity of a compute instance: certificates of the metadata service, exchanged for a token by the SDK."""

from __future__ import annotations

import threading
from functools import cached_property
from typing import Any

from model_service.auth.signing import SigningKey
from model_service.errors import CredentialError
from model_service.settings import Settings


class InstancePrincipal:
    # As for a resource principal: whose compartment it is, is not for the credential to say.
    tenancy_id = None

    def __init__(self, settings: Settings) -> None:
        self._federation_endpoint = settings.federation_endpoint
        self._lock = threading.Lock()

    @property
    def region(self) -> str | None:
        region: str | None = self._signer.region
        return region

    def key(self) -> SigningKey:
        with self._lock:  # token and key are read one after the other, and change together
            federation = self._signer.federation_client
            token = self._asking(federation.get_security_token)
            return SigningKey.of_token(token, federation.session_key_supplier.get_key_pair()["private"])

    def renew(self) -> bool:
        with self._lock:
            self._asking(self._signer.refresh_security_token)
        return True

    @cached_property
    def _signer(self) -> Any:
        # Imported on first use: only this type of credential needs the SDK, and it takes 0.2 s to load.
        from oci.auth.signers import InstancePrincipalsSecurityTokenSigner  # noqa: PLC0415
        from oci.circuit_breaker import NoCircuitBreakerStrategy  # noqa: PLC0415
        from oci.retry import NoneRetryStrategy  # noqa: PLC0415

        def connect() -> Any:
            # The SDK's own strategies wait for minutes, and remember failures for every client of the process.
            return InstancePrincipalsSecurityTokenSigner(
                federation_endpoint=self._federation_endpoint,
                retry_strategy=NoneRetryStrategy(),
                federation_client_retry_strategy=NoneRetryStrategy(),
                federation_client_circuit_breaker_strategy=NoCircuitBreakerStrategy(),
            )

        return self._asking(connect)

    @staticmethod
    def _asking(call: Any) -> Any:
        try:
            return call()
        except Exception as error:
            raise CredentialError(
                f"No instance principal: {type(error).__name__} while asking the metadata or the auth service.",
                hint="On a laptop set OCI_AUTH_TYPE to api_key or session_token; an instance needs a dynamic group.",
            ) from error
