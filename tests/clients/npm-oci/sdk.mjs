// A journey through each service with the OCI SDK for TypeScript. The clients are those that `mock-oci env --for
// typescript` prints, which the test writes beside this; says what came of each journey, a JSON object a line.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { clients } from "./build/clients.mjs";

const compartmentId = process.env.OCI_COMPARTMENT_ID;
const text = (value) => Buffer.from(value).toString("base64");
const ask = (chatRequest) => ({
  chatDetails: {
    compartmentId,
    servingMode: { servingType: "ON_DEMAND", modelId: chatRequest.apiFormat === "COHERE" ? "cohere.command-a-03-2025" : "meta.llama-3.3-70b-instruct" },
    chatRequest,
  },
});
const HI = { apiFormat: "GENERIC", messages: [{ role: "USER", content: [{ type: "TEXT", text: "Hi there" }] }] };

const JOURNEYS = {
  chat: async ({ generativeAiInferenceClient: client }) => {
    const generic = await client.chat(ask(HI));
    assert.match(generic.chatResult.chatResponse.choices[0].message.content[0].text, /Hi there/);
    const cohere = await client.chat(ask({ apiFormat: "COHERE", message: "Hi there" }));
    assert.match(cohere.chatResult.chatResponse.text, /Hi there/);
  },
  chat_streamed: async ({ generativeAiInferenceClient: client }) => {
    let told = "";
    for await (const piece of await client.chat(ask({ ...HI, isStream: true }))) told += Buffer.from(piece).toString();
    assert.ok(told.split("data: ").length > 4, told);
  },
  models: async ({ generativeAiClient: client }) => {
    assert.ok((await client.listModels({ compartmentId })).modelCollection.items.length > 10);
  },
  objects: async ({ objectStorageClient: client }) => {
    const namespaceName = (await client.getNamespace({})).value;
    const place = { namespaceName, bucketName: "typescript" };
    await client.createBucket({ namespaceName, createBucketDetails: { name: "typescript", compartmentId } });
    await client.putObject({ ...place, objectName: "a/b", putObjectBody: "text", contentLength: 4 });
    const got = await client.getObject({ ...place, objectName: "a/b" });
    assert.equal(await new Response(got.value).text(), "text");
    assert.deepEqual((await client.listObjects(place)).listObjects.objects.map((item) => item.name), ["a/b"]);
  },
  streams: async ({ streamAdminClient: admin, streamClient: client }) => {
    const made = await admin.createStream({ createStreamDetails: { name: "typescript", partitions: 1, compartmentId } });
    const streamId = made.stream.id;
    await client.putMessages({ streamId, putMessagesDetails: { messages: [{ key: null, value: text("hi") }] } });
    const createCursorDetails = { partition: "0", type: "TRIM_HORIZON" };
    const cursor = (await client.createCursor({ streamId, createCursorDetails })).cursor.value;
    assert.deepEqual((await client.getMessages({ streamId, cursor })).items.map((item) => item.value), [text("hi")]);
  },
  queues: async ({ queueAdminClient: admin, queueClient: client }) => {
    await admin.createQueue({ createQueueDetails: { displayName: "typescript", compartmentId } });
    const listed = await admin.listQueues({ compartmentId, displayName: "typescript" });
    const queueId = listed.queueCollection.items[0].id;
    await client.putMessages({ queueId, putMessagesDetails: { messages: [{ content: "hi" }] } });
    const [message] = (await client.getMessages({ queueId })).getMessages.messages;
    assert.equal(message.content, "hi");
    await client.deleteMessage({ queueId, messageReceipt: message.receipt });
  },
  notifications: async ({ notificationControlPlaneClient: control, notificationDataPlaneClient: client }) => {
    const made = await control.createTopic({ createTopicDetails: { name: "typescript", compartmentId } });
    const sent = { topicId: made.notificationTopic.topicId, messageDetails: { title: "t", body: "b" } };
    assert.ok((await client.publishMessage(sent)).publishResult.messageId);
  },
  rules: async ({ eventsClient: client }) => {
    const actions = { actions: [{ actionType: "ONS", isEnabled: true, topicId: "ocid1.onstopic.oc1.x.y" }] };
    const condition = '{"eventType": "com.oraclecloud.objectstorage.createobject"}';
    const createRuleDetails = { displayName: "typescript", isEnabled: true, condition, compartmentId, actions };
    const made = await client.createRule({ createRuleDetails });
    assert.equal((await client.getRule({ ruleId: made.rule.id })).rule.lifecycleState, "ACTIVE");
  },
  secrets: async ({ vaultsClient: vaults, secretsClient: client }) => {
    const createSecretDetails = {
      compartmentId,
      secretName: "typescript",
      vaultId: "ocid1.vault.oc1.us-chicago-1.v",
      keyId: "ocid1.key.oc1.us-chicago-1.k",
      secretContent: { contentType: "BASE64", content: text("hush") },
    };
    const made = await vaults.createSecret({ createSecretDetails });
    const read = await client.getSecretBundle({ secretId: made.secret.id });
    assert.equal(read.secretBundle.secretBundleContent.content, text("hush"));
  },
  metrics: async ({ monitoringClient: client }) => {
    const datapoints = [{ timestamp: new Date(), value: 3 }];
    const metricData = [{ namespace: "typescript", compartmentId, name: "n", dimensions: { a: "b" }, datapoints }];
    await client.postMetricData({ postMetricDataDetails: { metricData } });
    const summarizeMetricsDataDetails = { namespace: "typescript", query: "n[1m].sum()" };
    const found = await client.summarizeMetricsData({ compartmentId, summarizeMetricsDataDetails });
    assert.deepEqual(found.items[0].aggregatedDatapoints.map((point) => point.value), [3]);
  },
  logs: async ({ loggingManagementClient: control, loggingClient: client }) => {
    await control.createLogGroup({ createLogGroupDetails: { compartmentId, displayName: "typescript" } });
    const logGroupId = (await control.listLogGroups({ compartmentId, displayName: "typescript" })).items[0].id;
    await control.createLog({ logGroupId, createLogDetails: { displayName: "typescript", logType: "CUSTOM" } });
    const logId = (await control.listLogs({ logGroupId })).items[0].id;
    const batch = { source: "s", type: "t", defaultlogentrytime: new Date(), entries: [{ id: "1", data: "hi" }] };
    await client.putLogs({ logId, putLogsDetails: { specversion: "1.0", logEntryBatches: [batch] } });
  },
  identity: async ({ identityClient: client }) => {
    assert.ok((await client.listRegions({})).items.some((region) => region.name === "us-chicago-1"));
  },
  networks_and_applications: async ({ virtualNetworkClient: network, functionsManagementClient: functions }) => {
    const vcn = await network.createVcn({ createVcnDetails: { cidrBlocks: ["10.0.0.0/16"], compartmentId } });
    const createSubnetDetails = { cidrBlock: "10.0.1.0/24", vcnId: vcn.vcn.id, compartmentId };
    const subnet = (await network.createSubnet({ createSubnetDetails })).subnet.id;
    const createApplicationDetails = { compartmentId, displayName: "typescript", subnetIds: [subnet] };
    const made = await functions.createApplication({ createApplicationDetails });
    assert.deepEqual((await functions.listFunctions({ applicationId: made.application.id })).items, []);
  },
  errors: async ({ objectStorageClient: client }) => {
    const asked = client.getBucket({ namespaceName: "axmockoci123", bucketName: "nothing" });
    await assert.rejects(asked, (error) => error.statusCode === 404 && error.serviceCode === "BucketNotFound");
  },
};

const { version } = createRequire(import.meta.url)("oci-common/package.json");
for (const [journey, run] of Object.entries(JOURNEYS)) {
  let failure = null;
  try {
    await run(clients);
  } catch (error) {
    failure = String(error?.stack ?? error?.message ?? JSON.stringify(error)).slice(0, 1500);
  }
  console.log(JSON.stringify({ journey, version, failure }));
}
process.exit(0); // circuit breakers keep timers
