// Vercel's AI SDK, as it is published, with a provider: node ai.mjs URL FAMILIES
import { createOpenAI } from "@ai-sdk/openai";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { APICallError, Output, generateText, stepCountIs, streamText, tool } from "ai";
import { z } from "zod";
import { HI, NOT_ABOUT_WEATHER, WEATHER, expect, run } from "./questions.mjs";

const [baseURL, families] = process.argv.slice(2);
const where = { baseURL, apiKey: "not-used-locally" };
const City = z.object({ name: z.string(), population: z.number() });
const tools = {
  get_weather: tool({
    description: "The weather of a city",
    inputSchema: z.object({ city: z.string() }),
    execute: async ({ city }) => `rain in ${city}`,
  }),
};

function checks(make) {
  const ask = (model, prompt, more = {}) => generateText({ model: make(model), prompt, maxRetries: 0, ...more });
  return {
    async chat(model) {
      const { text, usage } = await ask(model, HI);
      expect(text.includes(HI) && usage.totalTokens > 0, text);
    },
    async stream(model) {
      let text = "";
      for await (const piece of streamText({ model: make(model), prompt: HI, maxRetries: 0 }).textStream) text += piece;
      expect(text.includes(HI), text);
    },
    async tools(model) {
      const { text } = await ask(model, WEATHER, { tools, stopWhen: stepCountIs(3) });
      expect(text.includes("rain in Paris"), text);
    },
    async forced_tool(model) {
      const { toolCalls } = await ask(model, NOT_ABOUT_WEATHER, { tools, toolChoice: "required" });
      expect(toolCalls[0].input.city === "Oslo", toolCalls);
    },
    async structured_output(model) {
      const { output } = await ask(model, "Paris", { output: Output.object({ schema: City }) });
      expect(typeof output.population === "number", output);
    },
    async errors(model) {
      for (const status of [401, 404, 429, 500]) {
        const caught = await ask(model, `fail with ${status}`).then(() => null, (reason) => reason);
        expect(APICallError.isInstance(caught) && caught.statusCode === status, caught);
      }
    },
  };
}

const compatible = createOpenAICompatible({ name: "model-service", supportsStructuredOutputs: true, ...where });
const own = createOpenAI(where);
await run("ai, @ai-sdk/openai-compatible", "ai", JSON.parse(families), checks((model) => compatible(model)));
await run("ai, @ai-sdk/openai", "ai", JSON.parse(families), checks((model) => own.chat(model)));
const byResponses = checks((model) => own(model));
await run("ai, @ai-sdk/openai", "ai", JSON.parse(families), {
  responses: byResponses.chat,
  responses_stream: byResponses.stream,
  responses_tools: byResponses.tools,
  responses_structured: byResponses.structured_output,
});
