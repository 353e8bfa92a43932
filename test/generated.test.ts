import t from "tap";
import { staleFiles } from "../tools/generate.mjs";

t.test("generated/ is what `npm run generate` makes of proto/", async (t) => {
  t.same(staleFiles(), [], "run `npm run generate` and commit the result");
});
