export { cachedSnapshot } from "./cache.node.ts";
export { type HubId, parseHubId } from "./hub-id.ts";
export { type Fetched, openRepository, type Repository } from "./repository.node.ts";
