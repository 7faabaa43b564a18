# The function from a ZIP, without an image. It cannot become one with an image later: OCI makes a new function.
resource "oci_functions_function" "this" {
  application_id     = var.application_id
  display_name       = var.name
  memory_in_mbs      = tostring(var.memory_in_mbs)
  timeout_in_seconds = var.timeout_in_seconds
  config             = var.config
  freeform_tags      = var.freeform_tags

  source_details {
    source_type        = "ARCHIVE"
    handler            = "func.handler"
    source_code_sha256 = filebase64sha256(var.archive)

    archive_source_details {
      archive_source_type = "DIRECT_ARCHIVE"
      archive_file        = filebase64(var.archive)
    }

    runtime_config {
      runtime_config_type    = "FUNCTION_UPDATE"
      functions_runtime_name = var.runtime
    }
  }
}
