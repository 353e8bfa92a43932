// Whether an element is in view, or about to be.
import { type RefObject, useEffect, useState } from "react";

/** How far outside of the window something already counts as seen: drawn when the reader comes to it. */
const MARGIN = "300px";

const watched = new Map<Element, (isSeen: boolean) => void>();
let observer: IntersectionObserver | undefined;

function watch(element: Element, tell: (isSeen: boolean) => void): () => void {
  observer ??= new IntersectionObserver(
    (entries) => {
      for (const { target, isIntersecting } of entries) watched.get(target)?.(isIntersecting);
    },
    { rootMargin: MARGIN },
  );
  watched.set(element, tell);
  observer.observe(element);
  return () => {
    watched.delete(element);
    observer?.unobserve(element);
  };
}

export function useSeen(element: RefObject<Element | null>): boolean {
  const [isSeen, setSeen] = useState(false);
  useEffect(() => (element.current ? watch(element.current, setSeen) : undefined), [element]);
  return isSeen;
}
