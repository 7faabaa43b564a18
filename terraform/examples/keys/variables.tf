variable "tenancy_ocid" {
  description = "OCID of the tenancy."
  type        = string
}

variable "compartment_ocid" {
  description = "OCID of the compartment in which everything is made."
  type        = string
}

variable "region" {
  description = "Region identifier, such as us-chicago-1."
  type        = string
}

variable "image" {
  description = "The function's image: <key>.ocir.io/<namespace>/<name>:<tag>."
  type        = string
}

variable "vault_id" {
  description = "OCID of the vault in which the secret of the keys is made."
  type        = string
}

variable "vault_key_id" {
  description = "OCID of the key of that vault which encrypts the secret."
  type        = string
}
