terraform {
  # 1.5 is the newest that Resource Manager offers, so nothing here needs more; `terraform test` of tests/ needs 1.11.
  required_version = ">= 1.5.0"

  required_providers {
    oci = {
      source = "oracle/oci"
      # The `action` block of an events rule, the newest of what is used here.
      version = ">= 8.23.0"
    }
  }
}
