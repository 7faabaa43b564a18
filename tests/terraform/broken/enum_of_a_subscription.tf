# refused: expected protocol to be one of CUSTOM_HTTPS, EMAIL, HTTPS, ORACLE_FUNCTIONS, PAGERDUTY, SLACK, SMS, got FUNCTION
# statically: got FUNCTION
resource "oci_ons_subscription" "this" {
  compartment_id = "ocid1.compartment.oc1..c"
  topic_id       = "ocid1.onstopic.oc1..t"
  protocol       = "FUNCTION"
  endpoint       = "ocid1.fnfunc.oc1..f"
}
