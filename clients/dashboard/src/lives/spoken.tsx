// How far something is, for those who do not look.
import { useEffect, useState } from "react";
import type { Life } from "./life.js";
import { type Said, wordsFor } from "./words.js";

/** Says it politely, and a failure at once. A progress bar by itself says nothing (WCAG technique ARIA25). */
export function Spoken({ life }: { readonly life: Life }) {
  const [said, setSaid] = useState<Said>();
  useEffect(() => setSaid((last) => wordsFor(last, life, performance.now())), [life]);
  return (
    <>
      <span className="visually-hidden" role="status">
        {said?.isUrgent ? "" : said?.words}
      </span>
      <span className="visually-hidden" role="alert">
        {said?.isUrgent ? said.words : ""}
      </span>
    </>
  );
}
