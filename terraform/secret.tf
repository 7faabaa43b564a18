# A place for the keys of callers. Terraform makes it empty and never looks at it again: no key stands in its state.
locals {
  has_keys_secret = var.create_keys_secret && local.has_function
  caller_keys     = var.caller_keys != null ? var.caller_keys : try(oci_vault_secret.keys[0].id, null)

  # What a setting names, as far as it is a secret or an object: it may be read, and nothing beside it.
  named_documents = compact([var.service_config, var.caller_keys, var.counter_password])
  named_secrets   = distinct([for place in local.named_documents : place if startswith(place, "ocid1.vaultsecret.")])
  named_objects   = distinct([for place in local.named_documents : regex("^oci://([^/@]+)(?:@[^/]+)?/(.+)$", place) if can(regex("^oci://[^/@]+(@[^/]+)?/.+$", place))])
}

resource "oci_vault_secret" "keys" {
  count = local.has_keys_secret ? 1 : 0

  compartment_id = var.compartment_ocid
  secret_name    = "${var.name}-keys"
  description    = "Keys of the callers of ${var.name}"
  vault_id       = var.vault_id
  key_id         = var.vault_key_id
  freeform_tags  = var.freeform_tags
  defined_tags   = var.defined_tags

  secret_content {
    content_type = "BASE64"
    content      = base64encode("{}")
    stage        = "CURRENT"
  }

  lifecycle {
    ignore_changes = [secret_content]

    precondition {
      condition     = var.vault_id != null && var.vault_key_id != null
      error_message = "create_keys_secret needs vault_id and vault_key_id."
    }
  }
}
