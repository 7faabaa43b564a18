# Who may talk to whom: the function only goes out, the gateway also takes HTTPS in. 6 is TCP.
resource "oci_core_network_security_group" "function" {
  count = var.create_network ? 1 : 0

  compartment_id = var.compartment_ocid
  vcn_id         = oci_core_vcn.this[0].id
  display_name   = "${var.name}-function"
  freeform_tags  = var.freeform_tags
  defined_tags   = var.defined_tags
}

resource "oci_core_network_security_group_security_rule" "function_services" {
  count = var.create_network ? 1 : 0

  network_security_group_id = oci_core_network_security_group.function[0].id
  description               = "HTTPS to OCI's own services"
  direction                 = "EGRESS"
  protocol                  = "6"
  destination               = local.services.cidr_block
  destination_type          = "SERVICE_CIDR_BLOCK"

  tcp_options {
    destination_port_range {
      min = 443
      max = 443
    }
  }
}

resource "oci_core_network_security_group_security_rule" "function_internet" {
  count = local.has_nat_gateway ? 1 : 0

  network_security_group_id = oci_core_network_security_group.function[0].id
  description               = "HTTPS to everything else"
  direction                 = "EGRESS"
  protocol                  = "6"
  destination               = local.anywhere
  destination_type          = "CIDR_BLOCK"

  tcp_options {
    destination_port_range {
      min = 443
      max = 443
    }
  }
}

resource "oci_core_network_security_group" "gateway" {
  count = var.create_network && var.create_gateway ? 1 : 0

  compartment_id = var.compartment_ocid
  vcn_id         = oci_core_vcn.this[0].id
  display_name   = "${var.name}-gateway"
  freeform_tags  = var.freeform_tags
  defined_tags   = var.defined_tags
}

resource "oci_core_network_security_group_security_rule" "gateway_callers" {
  for_each = var.create_network && var.create_gateway ? toset(var.gateway_allowed_cidrs) : toset([])

  network_security_group_id = oci_core_network_security_group.gateway[0].id
  description               = "HTTPS from callers"
  direction                 = "INGRESS"
  protocol                  = "6"
  source                    = each.value
  source_type               = "CIDR_BLOCK"

  tcp_options {
    destination_port_range {
      min = 443
      max = 443
    }
  }
}

resource "oci_core_network_security_group_security_rule" "gateway_out" {
  count = var.create_network && var.create_gateway ? 1 : 0

  network_security_group_id = oci_core_network_security_group.gateway[0].id
  description               = "HTTPS to the function and to the addresses of signing keys"
  direction                 = "EGRESS"
  protocol                  = "6"
  destination               = local.anywhere
  destination_type          = "CIDR_BLOCK"

  tcp_options {
    destination_port_range {
      min = 443
      max = 443
    }
  }
}
