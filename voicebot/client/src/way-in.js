// The way into a session: POST /api/start, as Pipecat's clients ask it.

export class StartError extends Error {
  /**
   * @param {number} status
   * @param {string} code
   * @param {string} message in the visitor's language
   * @param {number} retryAfterSecs 0 if the server did not say
   */
  constructor(status, code, message, retryAfterSecs = 0) {
    super(message);
    this.status = status;
    this.code = code;
    this.retryAfterSecs = retryAfterSecs;
  }
}

/**
 * @param {string} url
 * @param {{character?: string, session?: string, draft?: boolean, metadata?: object}} body
 * @param {string} token of the session to come back to, for visitors without a cookie
 * @returns {Promise<{wsUrl: string, token: string}>}
 */
export async function start(url, body, token) {
  const response = await fetch(url, {
    method: "POST",
    headers: { "Content-Type": "application/json", ...(token && { Authorization: `Bearer ${token}` }) },
    body: JSON.stringify({ transport: "websocket", body }),
  });
  const answer = await response.json().catch(() => ({}));
  if (response.ok) return answer;
  const { code = "unknown", message = "" } = answer.error ?? {};
  throw new StartError(response.status, code, message, Number(response.headers.get("Retry-After")) || 0);
}
