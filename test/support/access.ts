// Servers without tokens, for tests of everything else.
import type { AccessSettings, Authenticator } from "../../src/access/access.js";
import { EVERYBODY } from "../../src/access/grant.js";
import { GrantWatch } from "../../src/access/grant-watch.js";

/** Everybody may do everything, whatever they show. */
export const OPEN_ACCESS: Authenticator = {
  isOpen: true,
  watch: new GrantWatch(),
  authenticate: async () => EVERYBODY,
};

/** No setting of access. */
export const NOTHING_SET: AccessSettings = {
  token: "",
  tokenFile: "",
  jwtSecretFile: "",
  jwtKeyFile: "",
  jwksUrl: "",
  jwtIssuer: "",
  jwtAudience: "",
  dataDir: "/nowhere",
  maxTokenTtlMs: 3_600_000,
};
