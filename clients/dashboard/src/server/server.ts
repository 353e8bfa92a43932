// The server that has served this page.
import { TidewireClient } from "@tidewire/client";

/** One for the whole page: all subscriptions share its connection. It never gives up on a server that is away. */
export const client = new TidewireClient({ baseURL: location.origin });
