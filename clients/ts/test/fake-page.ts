// A page with one element, as far as a bar needs one.
import type { BarDocument, BarElement } from "../src/progress-bar.js";

/** An element that keeps what it is given. */
export class FakeElement implements BarElement {
  textContent: string | null = "";
  className = "";
  readonly style = { cssText: "", width: "", opacity: "" };
  readonly attributes = new Map<string, string>();
  readonly children: FakeElement[] = [];
  parent: FakeElement | undefined;

  setAttribute(name: string, value: string): void {
    this.attributes.set(name, value);
  }

  removeAttribute(name: string): void {
    this.attributes.delete(name);
  }

  appendChild(child: FakeElement): void {
    child.parent = this;
    this.children.push(child);
  }

  remove(): void {
    this.parent?.children.splice(this.parent.children.indexOf(this), 1);
  }

  /** The element below with the class. */
  find(className: string): FakeElement {
    const below = (element: FakeElement): FakeElement[] => [element, ...element.children.flatMap(below)];
    const found = below(this).find((element) => element.className === className);
    if (found === undefined) throw new Error(`no ${className}`);
    return found;
  }
}

/** A page whose element "bar" is there. */
export function page() {
  const container = new FakeElement();
  const document: BarDocument = {
    getElementById: (id) => (id === "bar" ? container : null),
    createElement: () => new FakeElement(),
  };
  const part = (name: string) => container.find(`tidewire-progress${name}`);
  return {
    document,
    container,
    status: () => part("").attributes.get("data-status"),
    text: () => part("-text").textContent,
    width: () => part("-fill").style.width,
    said: () => [part("-live").attributes.get("aria-live"), part("-live").textContent],
    aria: () => Object.fromEntries(part("-track").attributes),
  };
}
