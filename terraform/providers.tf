# In Resource Manager the caller's credentials are already there; elsewhere ~/.oci/config or the variables below.
provider "oci" {
  region              = var.region
  auth                = var.provider_auth
  config_file_profile = var.provider_profile
}

# IAM is written in the home region only.
provider "oci" {
  alias               = "home"
  region              = local.home_region
  auth                = var.provider_auth
  config_file_profile = var.provider_profile
}

data "oci_identity_region_subscriptions" "home" {
  count = var.home_region == null && var.create_iam ? 1 : 0

  tenancy_id = var.tenancy_ocid

  filter {
    name   = "is_home_region"
    values = ["true"]
  }
}

locals {
  home_region = coalesce(
    var.home_region,
    try(one(data.oci_identity_region_subscriptions.home[0].region_subscriptions).region_name, null),
    var.region,
  )
}
