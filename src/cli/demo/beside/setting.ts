// What everything beside the stream works with.
import type { TidewireClient } from "@tidewire/client";
import type { TrueRows } from "../rows.js";
import type { Activity } from "./activity.js";

/** What is the same for all that goes on. */
export interface Setting {
  readonly client: TidewireClient;
  readonly ensemble: string;
  readonly rows: TrueRows;
  /** The CSV that the rows are from. */
  readonly rowsPath: string;
  /** How long a training run takes, without its pauses; 0 is as short as it goes. */
  readonly runSeconds: number;
  readonly activity: Activity;
}
