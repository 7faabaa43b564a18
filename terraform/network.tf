# The function sits in a private subnet and reaches OCI through the service gateway: nothing of it is on the internet.
locals {
  has_internet_gateway = var.create_network && var.create_gateway && var.gateway_endpoint_type == "PUBLIC"
  has_nat_gateway      = var.create_network && var.network_internet_egress
  services             = try(data.oci_core_services.all[0].services[0], null)
  anywhere             = "0.0.0.0/0"

  function_subnet_ids = var.create_network ? oci_core_subnet.function[*].id : var.function_subnet_ids
  gateway_subnet_id   = var.create_network ? try(oci_core_subnet.gateway[0].id, null) : var.gateway_subnet_id

  function_nsg_ids = concat(oci_core_network_security_group.function[*].id, var.function_network_security_group_ids)
  gateway_nsg_ids  = concat(oci_core_network_security_group.gateway[*].id, var.gateway_network_security_group_ids)
}

data "oci_core_services" "all" {
  count = var.create_network ? 1 : 0

  filter {
    name   = "name"
    values = ["All .* Services In Oracle Services Network"]
    regex  = true
  }
}

resource "oci_core_vcn" "this" {
  count = var.create_network ? 1 : 0

  compartment_id = var.compartment_ocid
  cidr_blocks    = [var.vcn_cidr]
  display_name   = var.name
  freeform_tags  = var.freeform_tags
  defined_tags   = var.defined_tags
}

resource "oci_core_service_gateway" "this" {
  count = var.create_network ? 1 : 0

  compartment_id = var.compartment_ocid
  vcn_id         = oci_core_vcn.this[0].id
  display_name   = var.name
  freeform_tags  = var.freeform_tags
  defined_tags   = var.defined_tags

  services {
    service_id = local.services.id
  }
}

resource "oci_core_nat_gateway" "this" {
  count = local.has_nat_gateway ? 1 : 0

  compartment_id = var.compartment_ocid
  vcn_id         = oci_core_vcn.this[0].id
  display_name   = var.name
  freeform_tags  = var.freeform_tags
  defined_tags   = var.defined_tags
}

resource "oci_core_internet_gateway" "this" {
  count = local.has_internet_gateway ? 1 : 0

  compartment_id = var.compartment_ocid
  vcn_id         = oci_core_vcn.this[0].id
  display_name   = var.name
  freeform_tags  = var.freeform_tags
  defined_tags   = var.defined_tags
}

resource "oci_core_route_table" "private" {
  count = var.create_network ? 1 : 0

  compartment_id = var.compartment_ocid
  vcn_id         = oci_core_vcn.this[0].id
  display_name   = "${var.name}-private"
  freeform_tags  = var.freeform_tags
  defined_tags   = var.defined_tags

  route_rules {
    description       = "OCI's own services"
    destination       = local.services.cidr_block
    destination_type  = "SERVICE_CIDR_BLOCK"
    network_entity_id = oci_core_service_gateway.this[0].id
  }

  dynamic "route_rules" {
    for_each = oci_core_nat_gateway.this
    content {
      description       = "Everything else"
      destination       = local.anywhere
      destination_type  = "CIDR_BLOCK"
      network_entity_id = route_rules.value.id
    }
  }
}

# OCI refuses a table that has both an internet gateway and a service gateway for all services.
resource "oci_core_route_table" "public" {
  count = local.has_internet_gateway ? 1 : 0

  compartment_id = var.compartment_ocid
  vcn_id         = oci_core_vcn.this[0].id
  display_name   = "${var.name}-public"
  freeform_tags  = var.freeform_tags
  defined_tags   = var.defined_tags

  route_rules {
    description       = "The internet"
    destination       = local.anywhere
    destination_type  = "CIDR_BLOCK"
    network_entity_id = oci_core_internet_gateway.this[0].id
  }
}

# Empty: the VCN's default list would let SSH in. What may pass stands in the security groups.
resource "oci_core_security_list" "closed" {
  count = var.create_network ? 1 : 0

  compartment_id = var.compartment_ocid
  vcn_id         = oci_core_vcn.this[0].id
  display_name   = "${var.name}-closed"
  freeform_tags  = var.freeform_tags
  defined_tags   = var.defined_tags
}

resource "oci_core_subnet" "function" {
  count = var.create_network ? 1 : 0

  compartment_id             = var.compartment_ocid
  vcn_id                     = oci_core_vcn.this[0].id
  cidr_block                 = cidrsubnet(var.vcn_cidr, 1, 0)
  display_name               = "${var.name}-function"
  prohibit_public_ip_on_vnic = true
  route_table_id             = oci_core_route_table.private[0].id
  security_list_ids          = [oci_core_security_list.closed[0].id]
  freeform_tags              = var.freeform_tags
  defined_tags               = var.defined_tags
}

resource "oci_core_subnet" "gateway" {
  count = var.create_network && var.create_gateway ? 1 : 0

  compartment_id             = var.compartment_ocid
  vcn_id                     = oci_core_vcn.this[0].id
  cidr_block                 = cidrsubnet(var.vcn_cidr, 1, 1)
  display_name               = "${var.name}-gateway"
  prohibit_public_ip_on_vnic = !local.has_internet_gateway
  route_table_id             = local.has_internet_gateway ? oci_core_route_table.public[0].id : oci_core_route_table.private[0].id
  security_list_ids          = [oci_core_security_list.closed[0].id]
  freeform_tags              = var.freeform_tags
  defined_tags               = var.defined_tags
}
