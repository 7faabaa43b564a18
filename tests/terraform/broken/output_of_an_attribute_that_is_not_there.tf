# refused: Unsupported attribute
# statically: oci_functions_application has no attribute url
resource "oci_functions_application" "this" {
  compartment_id = "ocid1.compartment.oc1..c"
  display_name   = "model-service"
  subnet_ids     = ["ocid1.subnet.oc1..s"]
}

output "url" {
  value = oci_functions_application.this.url
}
