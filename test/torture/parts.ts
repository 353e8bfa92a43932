// All parts, in the order in which they run.
import { fuzz } from "./fuzz/index.js";
import { http } from "./http/index.js";
import { kills } from "./kills/index.js";
import type { Part } from "./lib/part.js";
import { openapi } from "./openapi/index.js";
import { resume } from "./resume/index.js";
import { rolling, rollingWithToken } from "./rolling/index.js";
import { slow } from "./slow/index.js";
import { soak } from "./soak/index.js";
import { websocket } from "./websocket/index.js";

export const PARTS: readonly Part[] = [
  websocket,
  http,
  openapi,
  fuzz,
  rolling,
  rollingWithToken,
  kills,
  slow,
  resume,
  soak,
];
