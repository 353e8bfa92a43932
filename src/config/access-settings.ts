// The settings of access: who may come in, from which pages, and what the way there is encrypted with.
import { integer, list, text } from "./setting.js";

const DAY_MS = 86_400_000;

const file = { default: "", placeholder: "<path>", pattern: /^[^\0]+$/, allowed: "a path" } as const;

/** Tokens, origins and TLS. */
export const ACCESS_SETTINGS = {
  token: text({
    default: "",
    placeholder: "<token>",
    pattern: /^[A-Za-z0-9._~+/-]{16,512}=*$/,
    allowed: "16 to 512 of A-Z a-z 0-9 . _ ~ + / - and = at the end",
    secret: true,
    description: "a token that may do everything; better set as TIDEWIRE_TOKEN, other users see flags",
    reason: "With any token everybody must show one. Make it with `tidewire token`; it is never logged or told.",
  }),
  tokenFile: text({
    ...file,
    description: "JSON file of tokens with scopes, by their hashes",
    reason: "`tidewire token` writes its rows. Read again when it changes; a broken one changes nothing.",
  }),
  jwtSecretFile: text({
    ...file,
    description: "file with the secret of JSON Web Tokens, HS256",
    reason: "At least 32 bytes, as long as the hash. A line break at its end does not count.",
  }),
  jwtKeyFile: text({
    ...file,
    description: "PEM file with the public key of JSON Web Tokens, RS256 or ES256",
    reason: "The kind of the key decides the algorithm, never the token.",
  }),
  jwksUrl: text({
    default: "",
    placeholder: "<url>",
    pattern: /^https?:\/\/\S+$/,
    allowed: "an https URL, or http on this machine",
    description: "URL of the public keys of JSON Web Tokens, RS256 and ES256",
    reason:
      "Fetched when first needed, kept, and asked again for a key that is new. Unreachable keys are answered 503.",
  }),
  jwtIssuer: text({
    default: "",
    placeholder: "<text>",
    pattern: /^\S+$/,
    allowed: "a text without spaces",
    description: "the `iss` that JSON Web Tokens must have",
    reason: "Without it any token that the key has signed is taken; set it where a key signs for others too.",
  }),
  jwtAudience: text({
    default: "",
    placeholder: "<text>",
    pattern: /^\S+$/,
    allowed: "a text without spaces",
    description: "the `aud` that JSON Web Tokens must have",
    reason: "Without it a token made for another service of the same issuer is taken here too.",
  }),
  authTimeoutMs: integer({
    default: 5000,
    min: 50,
    max: 60_000,
    unit: "ms",
    description: "how long a WebSocket may take to show its token",
    reason: "Enough for a round trip to the moon; then it closes with 4401.",
  }),
  maxUnauthenticated: integer({
    default: 1024,
    min: 1,
    max: 1_000_000,
    unit: "connections",
    description: "WebSockets that have not shown a token yet",
    reason: "Beyond it an upgrade without a token is answered 503; each may send 16 KiB before it has shown one.",
  }),
  maxUnauthenticatedPerAddress: integer({
    default: 128,
    min: 1,
    max: 1_000_000,
    unit: "connections",
    description: "WebSockets of one address that have not shown a token yet; an IPv6 address counts with its /64",
    reason: "An office's browsers that all come back at once have room; whoever holds more keeps nobody else out.",
  }),
  maxTokenTtlMs: integer({
    default: 3_600_000,
    min: 1000,
    max: 30 * DAY_MS,
    unit: "ms",
    description: "longest life of a token made by POST /api/v1/tokens",
    reason: "It cannot be taken back before; a page gets a new one when it needs it.",
  }),
  allowedOrigins: list({
    default: [],
    placeholder: "<origins>",
    pattern: /^(\*|https?:\/\/[^\s/,]+)$/i,
    allowed: 'a list of origins such as "https://app.example", or *',
    description: "pages of other origins that may use the server, with commas between them",
    reason:
      "The server's own pages always may, programs too. Others are refused: a browser would lend them its network.",
  }),
  tlsCert: text({
    ...file,
    description: "PEM file with the certificate and those between it and its root",
    reason: "With it and tlsKey the server speaks https and wss only, TLS 1.2 or newer. Read again when it changes.",
  }),
  tlsKey: text({
    ...file,
    description: "PEM file with the certificate's private key, not encrypted",
    reason: "Both or neither. A key that does not fit the certificate is found at start.",
  }),
} as const;

/** The settings any of which makes the server ask for tokens. */
export const TOKEN_SETTINGS = ["token", "tokenFile", "jwtSecretFile", "jwtKeyFile", "jwksUrl"] as const;
