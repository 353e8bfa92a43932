import fc from "fast-check";
import { test } from "tap";
import { type Config, ConfigError, type ConfigSources, loadConfig } from "../../../src/config/index.js";
import { isLoopback } from "../../../src/config/loopback.js";
import { flagOf, SETTINGS, type SettingKey, variableOf } from "../../../src/config/settings.js";

/** Sources with nothing in them but what a test names; `file` is the file's object or text. */
function sources({ flags = {}, env = {}, file }: { flags?: object; env?: object; file?: unknown } = {}): ConfigSources {
  const text = typeof file === "string" ? file : JSON.stringify(file);
  return {
    flags: { ...flags, ...(file === undefined ? {} : { config: "t.json" }) },
    env: { PATH: "/bin", ...env },
    readFile(path) {
      if (path !== "t.json") throw new Error("ENOENT: no such file");
      return text;
    },
  };
}

function problems(parts: Parameters<typeof sources>[0]): ConfigError["problems"] {
  try {
    loadConfig(sources(parts));
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

test("without sources every key has its default", async (t) => {
  const config: Config = loadConfig(sources());
  for (const [key, setting] of Object.entries(SETTINGS)) t.equal(config[key as SettingKey], setting.default, key);
  t.match(config, { host: "127.0.0.1", port: 8000, maxFrameBytes: 16_777_216, historyRows: 10_000, insecure: false });
  t.same(Object.keys(config).sort(), [...Object.keys(SETTINGS), "modelSettings"].sort());
});

test("variables of others with our prefix are left alone, misspelt ones are errors", async (t) => {
  const links = {
    TIDEWIRE_SERVICE_HOST: "10.96.0.12",
    TIDEWIRE_PORT: "tcp://10.96.0.12:8000",
    TIDEWIRE_PORT_8000_TCP_ADDR: "10.96.0.12",
    TIDEWIRE_CMD: "node dist/src/main.js",
    TIDEWIRE_HOMEPAGE: "https://example.org",
  };
  t.equal(loadConfig(sources({ env: links })).port, 8000);
  t.match(problems({ env: { TIDEWIRE_PROT: "1" } }), [{ key: "TIDEWIRE_PROT", message: /did you mean TIDEWIRE_PORT/ }]);
});

test("a queue must hold a full batch", async (t) => {
  const file = { maxQueuedRows: 100, modelSettings: { small: { maxBatchRows: 200 } } };
  t.match(
    problems({ file }).map(({ key, message }) => [key, message]),
    [
      ["maxQueuedRows", /less than maxBatchRows \(4096\)/],
      ["maxQueuedRows", /less than modelSettings\.small\.maxBatchRows \(200\)/],
    ],
  );
});

test("the configuration is deeply readonly, and model names are looked up safely", async (t) => {
  const config = loadConfig(sources({ file: '{"modelSettings":{"small":{"executor":"worker"},"__proto__":{}}}' }));
  t.throws(() => Object.assign(config, { port: 1 }), TypeError);
  t.throws(() => Object.assign(config.modelSettings, { other: {} }), TypeError);
  t.throws(() => Object.assign(config.modelSettings.small ?? {}, { executor: "inline" }), TypeError);
  t.equal(config.modelSettings.constructor, undefined);
  t.same(Object.keys(config.modelSettings), ["small", "__proto__"]);
});

test("flag beats variable beats file beats default, for each key alone", async (t) => {
  const layers = { flags: { port: "1" }, env: { TIDEWIRE_PORT: "2", TIDEWIRE_LOG_LEVEL: "warn" } };
  const file = { port: 3, logLevel: "error", dataDir: "d" };
  t.match(loadConfig(sources({ ...layers, file })), { port: 1, logLevel: "warn", dataDir: "d", models: "models" });
  t.equal(loadConfig(sources({ env: layers.env, file })).port, 2);
  t.equal(loadConfig(sources({ file })).port, 3);
});

test("the file may be named by a variable", async (t) => {
  const { flags, ...rest } = sources({ file: { port: 3 } });
  t.equal(loadConfig({ ...rest, flags: {}, env: { TIDEWIRE_CONFIG: "t.json" } }).port, 3);
  t.equal(loadConfig({ ...rest, flags, env: { TIDEWIRE_CONFIG: "absent.json" } }).port, 3);
});

test("all problems are reported at once, each with key, source and what is allowed", async (t) => {
  const found = problems({
    flags: { port: "80000", "--prot": true, stray: true },
    env: { TIDEWIRE_HISTORY_ROWS: "many", TIDEWIRE_LOGLEVEL: "info", TIDEWIRE_INSECURE: "yes" },
    file: {
      port: "8000",
      maxFrameByte: 5,
      historyRows: 1.5,
      modelSettings: { small: { executor: "gpu", threads: 1 }, big: 7 },
    },
  });
  const keys = [
    ["port", "flag --port"],
    ["port", "file t.json"],
    ["--prot", "command line"],
    ["stray", "command line"],
    ["historyRows", "environment TIDEWIRE_HISTORY_ROWS"],
    ["historyRows", "file t.json"],
    ["TIDEWIRE_LOGLEVEL", "environment"],
    ["insecure", "environment TIDEWIRE_INSECURE"],
    ["maxFrameByte", "file t.json"],
    ["modelSettings.small.executor", "file t.json"],
    ["modelSettings.small.threads", "file t.json"],
    ["modelSettings.big", "file t.json"],
  ];
  t.same(found.map(({ key, source }) => [key, source]).sort(), keys.sort());
  const said = (key: string) => found.find((problem) => problem.key === key)?.message;
  t.equal(said("port"), 'must be an integer, 0 to 65535, but is "80000"');
  t.match(said("--prot"), "did you mean --port?");
  t.match(said("TIDEWIRE_LOGLEVEL"), "did you mean TIDEWIRE_LOG_LEVEL?");
  t.match(said("maxFrameByte"), "did you mean maxFrameBytes?");
  t.match(said("modelSettings.small.executor"), "one of auto, inline, worker");
  t.match(new ConfigError(found).message, /^the configuration has 12 problems:\n {2}/);
});

test("a file that is absent, no JSON or no object is a problem beside the others", async (t) => {
  const keysOf = (found: ConfigError["problems"]) => found.map(({ key }) => key);
  t.same(keysOf(problems({ flags: { config: "absent.json", port: "x" } })).sort(), ["config", "port"]);
  t.match(problems({ file: "{" })[0]?.message, "is no JSON");
  t.match(problems({ file: "[1]" })[0]?.message, "must hold one JSON object");
});

test("the file's types are JSON's own; sizes may have a unit anywhere", async (t) => {
  t.same(
    problems({ file: { port: "1", insecure: "true", dataDir: 5, logLevel: null } }).map(({ key }) => key),
    ["port", "dataDir", "logLevel", "insecure"],
  );
  t.equal(loadConfig(sources({ file: { maxFrameBytes: "2MiB" } })).maxFrameBytes, 2 * 1024 ** 2);
  t.equal(loadConfig(sources({ env: { TIDEWIRE_HISTORY_BYTES: "1 gib" } })).historyBytes, 1024 ** 3);
  t.equal(loadConfig(sources({ flags: { maxBodyBytes: "65536" } })).maxBodyBytes, 65_536);
  t.equal(problems({ flags: { maxBodyBytes: "5 parsecs" } }).length, 1);
});

test("the value of a token is shown in no problem", async (t) => {
  const [problem] = problems({ flags: { token: "too short" } });
  t.match(problem, { key: "token", message: /^must be 16 to 512 of .*, but is not$/ });
});

test("certificate and key come together, and keys are fetched by nobody who could change them", async (t) => {
  t.match(problems({ flags: { tlsCert: "c.pem" } }), [{ key: "tlsCert", message: /needs tlsKey \(--tls-key\)/ }]);
  t.match(problems({ env: { TIDEWIRE_TLS_KEY: "k.pem" } }), [{ key: "tlsKey", message: /needs tlsCert/ }]);
  t.match(problems({ flags: { jwksUrl: "http://issuer.example/keys" } }), [{ key: "jwksUrl", message: /https/ }]);
  for (const jwksUrl of ["https://user:password@issuer.example/keys", "https://user@issuer.example/keys"])
    t.match(problems({ flags: { jwksUrl } }), [{ key: "jwksUrl", message: /without a name and password/ }]);
  for (const jwksUrl of ["https://issuer.example/keys", "http://127.0.0.1:9/k", "http://[::1]/k", "http://localhost/k"])
    t.equal(loadConfig(sources({ flags: { jwksUrl } })).jwksUrl, jwksUrl);
});

test("origins come as a list or as one text", async (t) => {
  const both = ["https://a.example", "http://b.example:8080"];
  t.same(loadConfig(sources({ env: { TIDEWIRE_ALLOWED_ORIGINS: both.join(", ") } })).allowedOrigins, both);
  t.same(loadConfig(sources({ file: { allowedOrigins: both } })).allowedOrigins, both);
  for (const wrong of ["a.example", "https://a.example/path", ""])
    t.match(problems({ flags: { allowedOrigins: wrong } }), [{ key: "allowedOrigins" }], wrong);
});

test("an address that others reach is refused without a token or --insecure, with what to do", async (t) => {
  for (const host of ["0.0.0.0", "::", "192.168.1.5", "example.com", "127.0.0.1.example.com"]) {
    const [problem] = problems({ flags: { host } });
    t.match(problem, { key: "host", source: "flag --host", message: /127\.0\.0\.1.*--insecure/ }, host);
    t.equal(loadConfig(sources({ flags: { host, insecure: true } })).host, host);
    t.match(problem, { message: /TIDEWIRE_TOKEN.*tidewire token.*--token-file.*--jwks-url/ });
    for (const way of [{ token: "a-token-of-32-characters-1234567" }, { tokenFile: "tokens.json" }])
      t.equal(loadConfig(sources({ flags: { host, ...way } })).host, host);
  }
  for (const host of ["127.0.0.1", "127.9.9.9", "localhost", "::1"]) t.ok(isLoopback(host), host);
});

test("a ping must come before the silence that ends a connection", async (t) => {
  t.match(problems({ flags: { pingIntervalMs: "60000" } }), [{ key: "idleTimeoutMs", source: "default" }]);
});

test("whatever the sources say, a configuration within bounds comes out, or every problem names a source", async (t) => {
  const keys = Object.keys(SETTINGS) as SettingKey[];
  const raw = fc.oneof(fc.string(), fc.integer(), fc.double(), fc.boolean(), fc.constant(null), fc.constant("7"));
  const layer = fc.dictionary(fc.oneof(fc.constantFrom(...keys), fc.string()), raw, { maxKeys: 4 });
  fc.assert(
    fc.property(layer, layer, layer, (flags, variables, file) => {
      const env = Object.fromEntries(Object.entries(variables).map(([key, value]) => [variableOf(key), String(value)]));
      const { config: _, ...named } = flags;
      const found = problems({ flags: named, env, file });
      if (found.length > 0) return found.every(({ source, message }) => source !== "" && message !== "");
      const config = loadConfig(sources({ flags: named, env, file }));
      const isOwn = (key: SettingKey) => SETTINGS[key].read(config[key], false) === config[key];
      return keys.every((key) => config[key] === SETTINGS[key].default || isOwn(key));
    }),
    { numRuns: 500 },
  );
  t.pass();
});

test("each source alone yields each setting's own value", async (t) => {
  const values: Record<string, unknown> = {
    host: "localhost",
    logLevel: "debug",
    insecure: true,
    eventLog: "memory",
    executionProvider: "cuda",
    nodeName: "gpu-1",
    trustedProxies: "10.0.0.7, fd00::/8",
    token: "a-token-of-32-characters-1234567",
    jwksUrl: "https://issuer.example/keys",
    jwtIssuer: "https://issuer.example",
    jwtAudience: "tidewire",
    allowedOrigins: "*",
  };
  /** Certificate and key are nothing without each other. */
  const beside: Record<string, object> = { tlsCert: { tlsKey: "some/key" }, tlsKey: { tlsCert: "some/cert" } };
  for (const [key, setting] of Object.entries(SETTINGS)) {
    const value = values[key] ?? (typeof setting.default === "number" ? setting.default + 1 : "some/path");
    const texts = [
      { flags: { [key]: String(value), ...beside[key] } },
      { flags: { ...beside[key] }, env: { [variableOf(key)]: String(value) } },
    ];
    for (const parts of [...texts, { file: { [key]: value, ...beside[key] } }]) {
      const found = loadConfig(sources(parts))[key as SettingKey];
      t.same([found].flat(), [value], `${flagOf(key)} ${Object.keys(parts)}`);
    }
  }
});
