# refused: expected line_format to be one of JSON, PLAIN_TEXT, got YAML
# statically: not seen
locals {
  formats = { function = "YAML" }
}

resource "oci_functions_application" "this" {
  compartment_id = "ocid1.compartment.oc1..c"
  display_name   = "model-service"
  subnet_ids     = ["ocid1.subnet.oc1..s"]

  logging {
    line_format = local.formats["function"]
  }
}
