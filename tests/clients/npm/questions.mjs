// Runs each check for each family and prints what came of it, one JSON object a line.
import { readFileSync } from "node:fs";

export const HI = "Hi there";
export const WEATHER = "What is the weather in Paris?";
export const NOT_ABOUT_WEATHER = "Say hello to Oslo";

export function version(name) {
  return JSON.parse(readFileSync(new URL(`./node_modules/${name}/package.json`, import.meta.url))).version;
}

export function expect(condition, found) {
  if (!condition) throw new Error(`found ${JSON.stringify(found)}`);
}

export async function run(client, name, families, checks) {
  for (const [check, ask] of Object.entries(checks)) {
    for (const [family, model] of Object.entries(families)) {
      const outcome = { client, version: version(name), check, family };
      try {
        await ask(model);
        console.log(JSON.stringify({ ...outcome, failure: null }));
      } catch (error) {
        console.log(JSON.stringify({ ...outcome, failure: `${error.name}: ${error.message}` }));
      }
    }
  }
}
