terraform {
  required_version = ">= 1.5.0"

  required_providers {
    oci = {
      source = "oracle/oci"
      # 8.28.0 does not have functions from an archive yet; the root module does without them for that reason.
      version = "> 8.28.0"
    }
  }
}
