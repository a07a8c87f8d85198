/** A typed client of a server: paths, bodies and answers are those of its description (schema.d.ts). */
import createFetchClient, { type Client } from "openapi-fetch";
import type { components, paths } from "./schema.js";

export type Session = components["schemas"]["Whole"];
export type GreenroomClient = Client<paths>;

/**
 * @param address where the server is, such as https://greenroom.example
 * @param key an API key, with the scopes of the operations that are called
 */
export function greenroom(address: string, key: string): GreenroomClient {
  return createFetchClient<paths>({ baseUrl: address, headers: { Authorization: `Bearer ${key}` } });
}
