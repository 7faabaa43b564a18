// The client of OpenAI for JavaScript, as it is published: node openai.mjs URL FAMILIES
import OpenAI from "openai";
import { zodResponseFormat } from "openai/helpers/zod";
import { z } from "zod";
import { HI, NOT_ABOUT_WEATHER, WEATHER, expect, run } from "./questions.mjs";

const [baseURL, families] = process.argv.slice(2);
const client = new OpenAI({ baseURL, apiKey: "not-used-locally", maxRetries: 0 });
const parameters = { type: "object", properties: { city: { type: "string" } }, required: ["city"] };
const tools = [{ type: "function", function: { name: "get_weather", description: "The weather of a city", parameters } }];
const City = z.object({ name: z.string(), population: z.number() });
const ask = (model, content, more = {}) =>
  client.chat.completions.create({ model, messages: [{ role: "user", content }], ...more });

await run("openai (npm)", "openai", JSON.parse(families), {
  async chat(model) {
    const answer = await ask(model, HI);
    expect(answer.choices[0].message.content.includes(HI), answer);
  },
  async stream(model) {
    let text = "";
    for await (const chunk of await ask(model, HI, { stream: true })) text += chunk.choices[0]?.delta?.content ?? "";
    expect(text.includes(HI), text);
  },
  async tools(model) {
    const [call] = (await ask(model, WEATHER, { tools })).choices[0].message.tool_calls;
    expect(JSON.parse(call.function.arguments).city === "Paris", call);
  },
  async forced_tool(model) {
    const tool_choice = { type: "function", function: { name: "get_weather" } };
    const [call] = (await ask(model, NOT_ABOUT_WEATHER, { tools, tool_choice })).choices[0].message.tool_calls;
    expect(JSON.parse(call.function.arguments).city === "Oslo", call);
  },
  async structured_output(model) {
    const messages = [{ role: "user", content: "Paris" }];
    const request = { model, messages, response_format: zodResponseFormat(City, "city") };
    const parsed = (await client.chat.completions.parse(request)).choices[0].message.parsed;
    expect(typeof parsed.name === "string" && typeof parsed.population === "number", parsed);
  },
  async errors(model) {
    const expected = { 401: OpenAI.AuthenticationError, 404: OpenAI.NotFoundError, 429: OpenAI.RateLimitError };
    for (const [status, error] of Object.entries({ ...expected, 500: OpenAI.InternalServerError })) {
      const caught = await ask(model, `fail with ${status}`).then(() => null, (reason) => reason);
      expect(caught instanceof error && caught.requestID, caught);
    }
  },
});
await run("openai (npm)", "openai", JSON.parse(families), {
  async responses(model) {
    const answer = await client.responses.create({ model, input: HI });
    expect(answer.output_text.includes(HI), answer);
  },
  async responses_stream(model) {
    const answer = await client.responses.stream({ model, input: HI }).finalResponse();
    expect(answer.output_text.includes(HI), answer);
  },
  async responses_tools(model) {
    const [{ function: described }] = tools;
    const asked = { model, input: WEATHER, tools: [{ type: "function", strict: false, ...described }] };
    const call = (await client.responses.create(asked)).output.find((item) => item.type === "function_call");
    expect(JSON.parse(call.arguments).city === "Paris", call);
  },
});
