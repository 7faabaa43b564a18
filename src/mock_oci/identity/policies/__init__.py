"""Policies that are evaluated: the language, what its words stand for, and who may do what by it."""

from __future__ import annotations

from mock_oci.identity.policies.decision import Asked, Decision, PolicyAnswer
from mock_oci.identity.policies.directory import Directory, DynamicGroup
from mock_oci.identity.policies.iam import Iam, Policy
from mock_oci.identity.policies.reader import PolicyError
from mock_oci.identity.policies.statements import Statement, read_statement

__all__ = [
    "Asked",
    "Decision",
    "Directory",
    "DynamicGroup",
    "Iam",
    "Policy",
    "PolicyAnswer",
    "PolicyError",
    "Statement",
    "read_statement",
]
