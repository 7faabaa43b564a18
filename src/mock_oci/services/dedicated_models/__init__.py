"""Models on clusters of one's own, imported models, routing profiles and API keys of Generative AI."""

from __future__ import annotations

from mock_oci.services.dedicated_models import api_keys, resources
from mock_oci.services.dedicated_models.api_keys import ApiKeys

__all__ = ["OPERATIONS", "UNDERSTOOD", "ApiKeys"]

UNDERSTOOD = {
    **{name: names for kind, _ in resources.KINDS for name, names in kind.understood().items()},
    **api_keys.UNDERSTOOD,
    "GenerativeAiClient.get_work_request": "",
}
OPERATIONS = (*resources.OPERATIONS, *api_keys.OPERATIONS)
