"""What nobody has said of OCI, asked of OCI itself and of mock_oci alike: ``mock-oci verify``."""
