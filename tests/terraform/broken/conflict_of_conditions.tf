# refused: condition conflicts with condition_details
# statically: condition conflicts with condition_details
resource "oci_events_rule" "this" {
  compartment_id = "ocid1.compartment.oc1..c"
  display_name   = "uploads"
  is_enabled     = true
  condition      = "{}"

  condition_details {
    event_types = ["com.oraclecloud.objectstorage.createobject"]
  }

  actions {
    action {
      action_type = "FAAS"
      is_enabled  = true
      function_id = "ocid1.fnfunc.oc1..f"
    }
  }
}
