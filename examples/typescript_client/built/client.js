/** A typed client of a server: paths, bodies and answers are those of its description (schema.d.ts). */
import createFetchClient from "openapi-fetch";
/**
 * @param address where the server is, such as https://greenroom.example
 * @param key an API key, with the scopes of the operations that are called
 */
export function greenroom(address, key) {
    return createFetchClient({ baseUrl: address, headers: { Authorization: `Bearer ${key}` } });
}
