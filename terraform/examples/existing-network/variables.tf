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

variable "function_subnet_id" {
  description = "A private subnet with a route to the Oracle Services Network."
  type        = string
}

variable "gateway_subnet_id" {
  description = "A subnet that your callers reach."
  type        = string
}

variable "gateway_network_security_group_id" {
  description = "A security group that lets HTTPS in from your callers, and out."
  type        = string
}
