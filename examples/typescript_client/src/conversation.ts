/** A program's way with a conversation: begin it, find it, read it, name it, and erase it.
 *
 *     GREENROOM_KEY=... node built/conversation.js https://greenroom.example captain-marlow
 *
 * The key has the scopes sessions:start, sessions:read, sessions:write and events.
 */
import { greenroom } from "./client.js";

const [address = "http://127.0.0.1:8000", character = "captain-marlow"] = process.argv.slice(2);
const client = greenroom(address, process.env["GREENROOM_KEY"] ?? "");

function answered<T>({ data, error }: { data?: T; error?: { error: { code: string; message: string } } }): T {
  if (data === undefined) throw new Error(error ? `${error.error.code}: ${error.error.message}` : "no answer");
  return data;
}

const way = answered(await client.POST("/api/start", { body: { body: { character } } }));
if (!("wsUrl" in way)) throw new Error("This server's first way in is a call.");
const id = way.wsUrl.split("?")[0]!.split("/").at(-2)!;
const params = { path: { session_id: id } };

const whole = answered(await client.GET("/api/sessions/{session_id}", { params }));
const named = answered(await client.PATCH("/api/sessions/{session_id}", { params, body: { title: "Harbour" } }));
const events = answered(await client.GET("/api/events", {}));
const receipt = answered(await client.DELETE("/api/sessions/{session_id}", { params }));
const gone = await client.GET("/api/sessions/{session_id}", { params });

console.log(
  JSON.stringify({
    id,
    token: way.token.length,
    character: whole.character,
    title: "title" in named ? named.title : "",
    events: events.events.length,
    erased: receipt.erased.sessions,
    gone: gone.response.status,
    code: gone.error?.error.code,
  }),
);
