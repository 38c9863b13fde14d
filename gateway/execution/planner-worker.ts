/** The entry of a planning thread: what it runs is in planner-tasks.ts. */
import { flushCompileCache } from "node:module";
import { keepCompiled } from "../compiled.ts";

keepCompiled();
await import("./planner-tasks.ts");
flushCompileCache();
