import type { DemoService } from "../demo-service.ts";
import { aiAgent } from "./ai-agent.ts";
import { gateway } from "./gateway.ts";
import { llm } from "./llm.ts";
import { retriever } from "./retriever.ts";
import { tool } from "./tool.ts";

/** Every service of the demo; each runs as a process of its own. */
export const demoServices: readonly DemoService[] = [gateway, aiAgent, retriever, llm, tool];

/** How many lines all services together write for one request, on average. */
export const linesPerRequest = 22;
