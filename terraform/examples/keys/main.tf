# The shortest way to a first answer: keys of the function's own, checked by the function itself; no identity provider.
module "model_service" {
  source = "../.."

  tenancy_ocid     = var.tenancy_ocid
  compartment_ocid = var.compartment_ocid
  region           = var.region
  image            = var.image

  gateway_authentication = "keys"
  create_keys_secret     = true
  vault_id               = var.vault_id
  vault_key_id           = var.vault_key_id

  # Who used what: a usage record for each call in the log. A service file (service_config) adds budgets and prices.
  usage_records = true
}
