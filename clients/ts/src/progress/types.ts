// Types of messages as users see them, derived from the schema's: times as Date, enums by their short names, what may be
// absent as optional.
import type { Timestamp } from "../../../../generated/ts/google/protobuf/timestamp.js";
import type { ErrorCode as ErrorNumber } from "../../../../generated/ts/tidewire/v1/error.js";
import type {
  LogLevel as LevelNumber,
  RunStatus as StatusNumber,
} from "../../../../generated/ts/tidewire/v1/events.js";
import type { ErrorCode } from "../errors.js";

/** Weight of a log line. */
export type LogLevel = NamesOf<keyof typeof LevelNumber, "LOG_LEVEL">;

/** Where the life of something stands. */
export type RunStatus = Lowercase<NamesOf<keyof typeof StatusNumber, "RUN_STATUS">>;

type NamesOf<Keys, Prefix extends string> = Keys extends `${Prefix}_${infer Name}`
  ? Exclude<Name, "UNSPECIFIED">
  : never;

/** A message of the schema, or a value of a field of one, as users see it. */
export type Presented<T> = 0 extends 1 & T
  ? unknown
  : [T] extends [LevelNumber]
    ? LogLevel
    : [T] extends [StatusNumber]
      ? RunStatus
      : [T] extends [ErrorNumber]
        ? ErrorCode
        : T extends Timestamp
          ? Date
          : T extends readonly (infer Element)[]
            ? readonly Presented<Element>[]
            : T extends object
              ? PresentedFields<T>
              : T;

type PresentedFields<T> = string extends keyof T
  ? { readonly [Name in keyof T]: Presented<T[Name]> }
  : Simplify<
      { readonly [Name in keyof T as undefined extends T[Name] ? never : Name]: Presented<T[Name]> } & {
        readonly [Name in keyof T as undefined extends T[Name] ? Name : never]?: Presented<Exclude<T[Name], undefined>>;
      }
    >;

/** The same with everything optional: what may be said of it. */
export type Given<T> = T extends Date | readonly unknown[]
  ? T
  : T extends object
    ? { readonly [Name in keyof T]?: Given<T[Name]> | undefined }
    : T;

/** An intersection as one object type. */
export type Simplify<T> = T extends unknown ? { [Name in keyof T]: T[Name] } : never;

/** The schema's spelling of a case: "step_progress" of "stepProgress". */
export type SnakeCase<Name extends string> = Name extends `${infer Head}${infer Tail}`
  ? `${Head extends Lowercase<Head> ? Head : `_${Lowercase<Head>}`}${SnakeCase<Tail>}`
  : Name;
