variable "create_network" {
  description = "Make a VCN with a private subnet for the function and one for the gateway. Off: give the subnets."
  type        = bool
  default     = true
  nullable    = false
}

variable "vcn_cidr" {
  description = "Addresses of the new VCN, at least a /24; the function gets its first half, the gateway its second."
  type        = string
  default     = "10.0.0.0/24"
  nullable    = false

  validation {
    condition     = can(cidrhost(var.vcn_cidr, 255)) && can(cidrnetmask(var.vcn_cidr))
    error_message = "vcn_cidr must be an IPv4 range of at least a /24, such as 10.0.0.0/24."
  }
}

variable "network_internet_egress" {
  description = "Give the function a NAT gateway. Needed for what is not in this region's Oracle Services Network: a model in another region, or a JWKS address on the internet for a private gateway."
  type        = bool
  default     = false
  nullable    = false
}

variable "function_subnet_ids" {
  description = "Existing subnets of the function, without create_network. They need a route to the Oracle Services Network."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = length(var.function_subnet_ids) <= 3 && alltrue([for id in var.function_subnet_ids : can(regex("^ocid1\\.subnet\\.", id))])
    error_message = "function_subnet_ids must be at most three OCIDs of subnets (ocid1.subnet.…)."
  }
}

variable "function_network_security_group_ids" {
  description = "Network security groups of the function besides the new network's own."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for id in var.function_network_security_group_ids : can(regex("^ocid1\\.networksecuritygroup\\.", id))])
    error_message = "function_network_security_group_ids must be OCIDs of network security groups (ocid1.networksecuritygroup.…)."
  }
}

variable "gateway_subnet_id" {
  description = "Existing subnet of the gateway, without create_network."
  type        = string
  default     = null

  validation {
    condition     = var.gateway_subnet_id == null || can(regex("^ocid1\\.subnet\\.", var.gateway_subnet_id))
    error_message = "gateway_subnet_id must be the OCID of a subnet (ocid1.subnet.…)."
  }
}

variable "gateway_network_security_group_ids" {
  description = "Network security groups of the gateway besides the new network's own."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for id in var.gateway_network_security_group_ids : can(regex("^ocid1\\.networksecuritygroup\\.", id))])
    error_message = "gateway_network_security_group_ids must be OCIDs of network security groups (ocid1.networksecuritygroup.…)."
  }
}

variable "gateway_allowed_cidrs" {
  description = "Who may reach the gateway of the new network, as IPv4 ranges."
  type        = list(string)
  default     = ["0.0.0.0/0"]
  nullable    = false

  validation {
    condition     = alltrue([for cidr in var.gateway_allowed_cidrs : can(cidrnetmask(cidr))])
    error_message = "gateway_allowed_cidrs must be IPv4 ranges such as 192.0.2.0/24."
  }
}
