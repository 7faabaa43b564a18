"use strict";
const $ = (id) => document.getElementById(id);
const base = location.origin + location.pathname.replace(/\/playground\/?$/, "");
const TOOL = {type: "function", function: {name: "get_weather", description: "Weather of a city",
  parameters: {type: "object", properties: {city: {type: "string"}}, required: ["city"]}}};
let messages = [], models = {}, going = null;

function headers() {
  const key = $("key").value.trim();
  return {"content-type": "application/json", ...(key ? {authorization: "Bearer " + key} : {})};
}
function request(history) {
  return {model: $("model").value, messages: history,
    ...($("stream").checked ? {stream: true, stream_options: {include_usage: true}} : {}),
    ...($("tools").checked ? {tools: [TOOL]} : {})};
}
function show(role, text, kind) {
  const box = document.createElement("div"), name = document.createElement("b"), body = document.createElement("span");
  box.className = "message " + (kind || role);
  name.textContent = role; body.textContent = text;
  box.append(name, body); $("talk").append(box);
  return body;
}
async function content() {
  const text = $("prompt").value, file = $("image").files[0];
  if (!file) return text;
  const url = await new Promise((done, failed) => {
    const reader = new FileReader();
    reader.onload = () => done(reader.result); reader.onerror = () => failed(reader.error);
    reader.readAsDataURL(file);
  });
  return [{type: "text", text}, {type: "image_url", image_url: {url}}];
}
function shortened(value) {
  return JSON.stringify(value, (name, item) =>
    name === "url" && String(item).startsWith("data:") ? item.slice(0, 30) + "…" : item, 2);
}
function literal(value, indent = "") {  // JSON as Python writes it
  if (value === null) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (typeof value !== "object") return JSON.stringify(value);
  const inner = indent + "  ", list = Array.isArray(value);
  const items = list ? value.map((item) => literal(item, inner))
    : Object.entries(value).map(([name, item]) => JSON.stringify(name) + ": " + literal(item, inner));
  const [open, close] = list ? "[]" : "{}";
  return items.length ? `${open}\n${inner}${items.join(",\n" + inner)}\n${indent}${close}` : open + close;
}
function quoted(text) {  // for a shell
  return "'" + text.replaceAll("'", "'\\''") + "'";
}
function code() {
  const body = request([...messages, {role: "user", content: $("prompt").value}]);
  const key = $("key").value ? " -H \"authorization: Bearer $KEY\"" : "";
  $("curl").textContent = `curl -N ${quoted(base + "/chat/completions")} -H 'content-type: application/json'${key} -d ${quoted(shortened(body))}`;
  $("python").textContent = `from openai import OpenAI\n\nclient = OpenAI(base_url=${JSON.stringify(base)}, api_key="…")\nanswer = client.chat.completions.create(**${literal(JSON.parse(shortened(body)))})\n`
    + (body.stream ? "for chunk in answer:\n    for choice in chunk.choices:\n        print(choice.delta.content or \"\", end=\"\")" : "print(answer.choices[0].message.content)");
}
function facts(reply, usage, times) {
  const rows = {Route: reply.headers.get("x-model-service-route"), Model: reply.headers.get("x-model-service-model"),
    Delivery: reply.headers.get("x-model-service-delivery"), Status: reply.status, Request: reply.headers.get("x-request-id"),
    "Left out": reply.headers.get("x-model-service-dropped"),
    Tokens: usage && `${usage.prompt_tokens} in, ${usage.completion_tokens} out`,
    Cost: usage && cost(usage, reply.headers.get("x-model-service-model"))};
  $("facts").replaceChildren(...Object.entries(rows).filter(([, value]) => value != null).flatMap(([name, value]) => {
    const term = document.createElement("dt"), said = document.createElement("dd");
    term.textContent = name; said.textContent = value;
    return [term, said];
  }));
  const spans = [...timings(reply), ["to the headers", times.headers], ["to the first text", times.first], ["in all", times.all]];
  const known = spans.filter(([, ms]) => ms != null), longest = Math.max(1, ...known.map(([, ms]) => ms));
  $("bars").replaceChildren(...known.map(([name, ms]) => {
    const row = document.createElement("li"), label = document.createElement("span"), time = document.createElement("span");
    const bar = document.createElement("div");
    label.textContent = name; time.textContent = ms.toFixed(ms < 10 ? 1 : 0) + " ms";
    bar.className = "bar"; bar.style.width = Math.max(1, 100 * ms / longest) + "%";
    row.append(label, time, bar);
    return row;
  }));
}
function timings(reply) {  // Server-Timing: call;dur=12.3
  return (reply.headers.get("server-timing") || "").split(",").map((text) => text.trim().match(/^(\w+);dur=([\d.]+)$/))
    .filter(Boolean).map(([, name, ms]) => ["function: " + name, Number(ms)]);
}
function cost(usage, served) {
  const price = (models[$("model").value] || models[served])?.model_service?.price;
  if (!price) return "no price in the service file";
  const cached = usage.prompt_tokens_details?.cached_tokens || 0;
  const sum = ((usage.prompt_tokens - cached) * price.input + cached * (price.cached_input ?? price.input)
    + usage.completion_tokens * price.output) / 1e6;
  return `${sum.toFixed(8).replace(/0+$/, "").replace(/\.$/, "")} ${price.currency}`;
}
function take(part, answer) {
  if (part.content) answer.content += part.content;
  for (const call of part.tool_calls || []) {
    const index = call.index ?? answer.calls.length;  // whatever a server says: some begin at 1
    let at = answer.calls.find((known) => known.index === index);
    if (!at) answer.calls.push(at = {index, id: "", type: "function", function: {name: "", arguments: ""}});
    at.id ||= call.id || ""; at.function.name += call.function?.name || ""; at.function.arguments += call.function?.arguments || "";
  }
}
function text(answer) {
  return answer.content + answer.calls.map((call) => `→ ${call.function.name}(${call.function.arguments})`).join("\n");
}
async function* events(reply) {
  const decoder = new TextDecoder();
  let rest = "";
  for (const reader = reply.body.getReader();;) {
    const {done, value} = await reader.read();
    rest += decoder.decode(value || new Uint8Array(), {stream: !done});
    const lines = rest.split("\n");
    rest = lines.pop();
    for (const line of lines) if (line.startsWith("data: ") && line !== "data: [DONE]") yield JSON.parse(line.slice(6));
    if (done) return;
  }
}
async function send(event) {
  event.preventDefault();
  if (going) return;
  const asked = {role: "user", content: await content()}, started = performance.now(), times = {};
  const answer = {content: "", calls: []}, body = JSON.stringify(request([...messages, asked]));
  let usage = null;
  show("user", $("prompt").value);
  const box = show("assistant", "");
  going = new AbortController();
  $("send").disabled = true; $("stop").disabled = false;
  try {
    const reply = await fetch(base + "/chat/completions", {method: "POST", headers: headers(), body, signal: going.signal});
    times.headers = performance.now() - started;
    const streamed = (reply.headers.get("content-type") || "").startsWith("text/event-stream");
    const chunks = streamed ? events(reply) : [await reply.json()];
    for await (const chunk of chunks) {
      if (chunk.error) throw new Error(chunk.error.message);
      if (!reply.ok) throw new Error(chunk.message || "status " + reply.status);
      for (const choice of chunk.choices || []) take(choice.delta || choice.message || {}, answer);
      usage = chunk.usage || usage;
      if (!times.first && text(answer)) times.first = performance.now() - started;
      box.textContent = text(answer);
      facts(reply, usage, times);
    }
    times.all = performance.now() - started;
    facts(reply, usage, times);
    messages.push(asked, {role: "assistant", content: answer.content || null, ...(answer.calls.length ? {tool_calls: answer.calls.map(({index, ...call}) => call)} : {})});
    for (const call of answer.calls) {  // the tool's answer is made up: the page has no weather
      messages.push({role: "tool", tool_call_id: call.id, content: "{\"weather\": \"sunny\", \"celsius\": 21}"});
      show("tool", "{\"weather\": \"sunny\", \"celsius\": 21}");
    }
  } catch (error) {
    if (!box.textContent) box.parentElement.remove();
    show("error", error.message, "error");
  } finally {
    going = null;
    $("send").disabled = false; $("stop").disabled = true; $("image").value = "";
    code();
  }
}
async function list() {
  const reply = await fetch(base + "/models", {headers: headers()}).catch(() => null);
  const body = reply && reply.ok ? await reply.json() : {data: []};
  const chats = body.data.filter((model) => (model.model_service?.apis || ["chat"]).includes("chat"));
  models = Object.fromEntries(chats.map((model) => [model.id, model]));
  $("model").replaceChildren(...chats.map((model) => {
    const option = document.createElement("option");
    option.value = model.id;
    option.textContent = [model.id, ...(model.model_service?.abilities || [])].join(" · ");
    return option;
  }));
  if (!chats.length) show("error", reply?.status === 401 ? "The gateway wants a key: enter one." : "There is no list of models.", "error");
  if (models["meta.llama-3.3-70b-instruct"]) $("model").value = "meta.llama-3.3-70b-instruct";
  code();
}
$("form").addEventListener("submit", send);
$("stop").addEventListener("click", () => going?.abort());
$("clear").addEventListener("click", () => { messages = []; $("talk").replaceChildren(); code(); });
$("key").addEventListener("change", list);
$("prompt").addEventListener("keydown", (event) => { if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) $("form").requestSubmit(); });
document.addEventListener("input", code);
list();
