# What OCI would fill in, as far as something else is made from it.
mock_resource "oci_apigateway_deployment" {
  defaults = {
    id       = "ocid1.apideployment.oc1..mock"
    endpoint = "https://mock.apigateway.us-chicago-1.oci.customer-oci.com/v1"
  }
}

mock_resource "oci_apigateway_gateway" {
  defaults = { id = "ocid1.apigateway.oc1..mock" }
}

mock_resource "oci_artifacts_container_repository" {
  defaults = { namespace = "mocknamespace" }
}

mock_resource "oci_functions_application" {
  defaults = { id = "ocid1.fnapp.oc1..mock" }
}

mock_resource "oci_functions_function" {
  defaults = { id = "ocid1.fnfunc.oc1..mock" }
}

mock_resource "oci_identity_dynamic_group" {
  defaults = { id = "ocid1.dynamicgroup.oc1..mock" }
}

mock_resource "oci_logging_log" {
  defaults = { id = "ocid1.log.oc1..mock" }
}

mock_resource "oci_logging_log_group" {
  defaults = { id = "ocid1.loggroup.oc1..mock" }
}

mock_resource "oci_ons_notification_topic" {
  defaults = { id = "ocid1.onstopic.oc1..mock" }
}

mock_resource "oci_queue_queue" {
  defaults = { id = "ocid1.queue.oc1..mock" }
}

mock_resource "oci_streaming_stream" {
  defaults = { id = "ocid1.stream.oc1..mock" }
}

mock_resource "oci_vault_secret" {
  defaults = { id = "ocid1.vaultsecret.oc1..mock" }
}

mock_data "oci_core_services" {
  defaults = {
    services = [{
      id          = "ocid1.service.oc1..mock"
      cidr_block  = "all-ord-services-in-oracle-services-network"
      name        = "All ORD Services In Oracle Services Network"
      description = "All ORD Services In Oracle Services Network"
    }]
  }
}

mock_data "oci_identity_region_subscriptions" {
  defaults = {
    region_subscriptions = [{ is_home_region = true, region_key = "FRA", region_name = "eu-frankfurt-1", state = "READY" }]
  }
}

mock_data "oci_identity_regions" {
  defaults = {
    regions = [{ key = "ORD", name = "us-chicago-1" }]
  }
}

mock_data "oci_objectstorage_namespace" {
  defaults = { namespace = "mocknamespace" }
}
