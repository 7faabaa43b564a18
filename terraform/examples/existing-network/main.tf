# In a network that is there already, behind a private gateway, open to whoever reaches it.
module "model_service" {
  source = "../.."

  tenancy_ocid     = var.tenancy_ocid
  compartment_ocid = var.compartment_ocid
  region           = var.region
  image            = var.image

  create_network      = false
  function_subnet_ids = [var.function_subnet_id]
  gateway_subnet_id   = var.gateway_subnet_id

  gateway_network_security_group_ids = [var.gateway_network_security_group_id]
  gateway_endpoint_type              = "PRIVATE"
  gateway_authentication             = "none"
}
