/** Folder below the data directory with the server's own keys: no client's path may lead there. */
export const ACCESS_FOLDER = "access";
