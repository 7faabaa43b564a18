# refused: bucket is required when archive_source_type is OBJECT_STORAGE_ARCHIVE
# statically: bucket is required when archive_source_type is OBJECT_STORAGE_ARCHIVE
resource "oci_functions_function" "this" {
  application_id = "ocid1.fnapp.oc1..a"
  display_name   = "model-service"
  memory_in_mbs  = "512"

  source_details {
    source_type = "ARCHIVE"
    handler     = "func.handler"

    archive_source_details {
      archive_source_type = "OBJECT_STORAGE_ARCHIVE"
      namespace           = "ns"
      object              = "model-service.zip"
    }

    runtime_config {
      runtime_config_type    = "FUNCTION_UPDATE"
      functions_runtime_name = "python"
    }
  }
}
