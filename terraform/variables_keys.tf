# The secret that holds the digests of callers' keys.
variable "create_keys_secret" {
  description = "Make a secret in vault_id for the keys that gateway_authentication = keys takes. Its content is put there outside Terraform."
  type        = bool
  default     = false
  nullable    = false
}

variable "vault_id" {
  description = "OCID of the vault of the secret."
  type        = string
  default     = null

  validation {
    condition     = var.vault_id == null || can(regex("^ocid1\\.vault\\.", var.vault_id))
    error_message = "vault_id must be the OCID of a vault (ocid1.vault.…)."
  }
}

variable "vault_key_id" {
  description = "OCID of the key that encrypts the secret."
  type        = string
  default     = null

  validation {
    condition     = var.vault_key_id == null || can(regex("^ocid1\\.key\\.", var.vault_key_id))
    error_message = "vault_key_id must be the OCID of a key (ocid1.key.…)."
  }
}
