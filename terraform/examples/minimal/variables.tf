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

variable "jwks_uri" {
  description = "Where your identity provider publishes its signing keys."
  type        = string
}

variable "jwt_issuer" {
  description = "Whose tokens are taken."
  type        = string
}

variable "jwt_audience" {
  description = "For whom a token has to be meant."
  type        = string
}
