// Which addresses are one client, which are proxies, and how many of what is open.
import fc from "fast-check";
import { test } from "tap";
import { AddressCounts } from "../../../src/limits/address-counts.js";
import { clientOf, clientOfRequest, TrustedProxies } from "../../../src/limits/addresses.js";
import { LateLoop } from "../../../src/limits/late-loop.js";

test("IPv6 counts by /64, IPv4 by address, mapped or not", async (t) => {
  const cases: [string, string | undefined][] = [
    ["192.0.2.7", "192.0.2.7"],
    ["::ffff:192.0.2.7", "192.0.2.7"],
    ["::FFFF:c000:207", "192.0.2.7"],
    ["0:0:0:0:0:ffff:192.0.2.7", "192.0.2.7"],
    ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
    ["2001:0DB8:0001:0002::", "2001:db8:1:2::/64"],
    ["2001:db8:1:3::1", "2001:db8:1:3::/64"],
    ["fe80::1%eth0", "fe80:0:0:0::/64"],
    ["::1", "0:0:0:0::/64"],
    ["unknown", undefined],
    ["1.2.3", undefined],
    ["", undefined],
  ];
  for (const [address, client] of cases) t.equal(clientOf(address), client, address);
});

test("any two addresses of a /64 are one client, any of two are two", async () => {
  const group = fc.integer({ min: 0, max: 0xffff }).map((value) => value.toString(16));
  const half = fc.tuple(fc.constant("2001"), group, group, group).map((groups) => groups.join(":"));
  const host = fc.tuple(group, group, group, group).map((groups) => groups.join(":"));
  fc.assert(
    fc.property(half, half, host, host, (a, b, x, y) => {
      const same = clientOf(`${a}:${x}`) === clientOf(`${a}:${y}`);
      return same && (a === b) === (clientOf(`${a}:${x}`) === clientOf(`${b}:${y}`));
    }),
  );
});

test("a request counts for whom a trusted peer names, else for its peer, also when that is gone", async (t) => {
  const request = (ip: string | undefined, remoteAddress: string | undefined) => ({
    ip,
    raw: { socket: { remoteAddress } },
  });
  t.equal(clientOfRequest(request("192.0.2.7", "10.0.0.1")), "192.0.2.7");
  t.equal(clientOfRequest(request("anything", "10.0.0.1")), "10.0.0.1");
  t.equal(clientOfRequest(request(undefined, "10.0.0.1")), "10.0.0.1");
  t.equal(clientOfRequest(request(undefined, undefined)), "unknown");
});

test("proxies are trusted by address and by network, in either way of writing", async (t) => {
  const proxies = new TrustedProxies("10.0.0.0/8, 192.0.2.7,fd00::/8");
  for (const address of ["10.1.2.3", "::ffff:10.1.2.3", "192.0.2.7", "fd12::1", "fd12::1%eth0"])
    t.ok(proxies.has(address), address);
  for (const address of ["11.0.0.1", "192.0.2.8", "fe80::1", "::1", "forged", ""])
    t.notOk(proxies.has(address), address);
  t.notOk(new TrustedProxies("none").has("127.0.0.1"));
});

test("the table of counts holds what is open, and nothing else", async () => {
  const step = fc.record({ address: fc.constantFrom("a", "b", "c", "d"), enters: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step), (steps) => {
      const counts = new AddressCounts();
      const open = new Map<string, number>();
      for (const { address, enters } of steps) {
        const before = open.get(address) ?? 0;
        if (!enters && before === 0) continue;
        open.set(address, before + (enters ? 1 : -1));
        if (!enters) counts.leave(address);
        else if (counts.enter(address) !== before + 1) return false;
      }
      return counts.size === [...open.values()].filter((count) => count > 0).length;
    }),
  );
});

test("the loop is late from one look beyond the bound until five in a row are well below it", async (t) => {
  const loop = new LateLoop(100);
  t.notOk(loop.look(100), "the bound itself is in time");
  t.ok(loop.look(101) && loop.isLate);
  for (const delayMs of [0, 0, 0, 0, 60, 0, 0, 0, 0]) t.notOk(loop.look(delayMs));
  t.ok(loop.isLate, "60 is not calm, and begins the count anew");
  t.ok(loop.look(50), "it turns");
  t.notOk(loop.isLate);
  t.notOk(new LateLoop(0).look(1e9), "0 is no bound");
});
