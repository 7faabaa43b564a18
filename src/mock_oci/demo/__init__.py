"""Demonstrations that ``python -m mock_oci --function`` runs: one prompt, a batch, and a served stack."""
