/** Files that the settings of access name cannot be used; lists everything that is wrong with them. */
export class AccessError extends Error {
  override readonly name = "AccessError";

  constructor(problems: readonly string[]) {
    super(
      `the access settings have ${problems.length === 1 ? "a problem" : `${problems.length} problems`}:\n  ${problems.join("\n  ")}`,
    );
  }
}
