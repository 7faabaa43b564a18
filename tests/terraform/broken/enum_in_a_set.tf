# refused: expected action_type to be one of FAAS, ONS, OSS, got FUNCTION
# statically: got FUNCTION
resource "oci_events_rule" "this" {
  compartment_id = "ocid1.compartment.oc1..c"
  display_name   = "uploads"
  is_enabled     = true
  condition      = "{}"

  actions {
    action {
      action_type = "FUNCTION"
      is_enabled  = true
      function_id = "ocid1.fnfunc.oc1..f"
    }
  }
}
