// What the stage says about its state: short, plain, and never by colour alone.

/**
 * @param {import("./call.js").CallState} state
 * @param {{name: string, muted: boolean, microphone: boolean, retrySecs: number, closesSecs?: number,
 *   problem: string}} about `closesSecs` is set while the line is about to be closed
 */
export function stateWords(state, { name, muted, microphone, retrySecs, closesSecs, problem }) {
  if (state === "listening" && closesSecs) {
    return `it is quiet: the line closes in ${Math.max(1, Math.ceil(closesSecs))} s`;
  }
  switch (state) {
    case "waiting":
      return "";
    case "connecting":
      return `Calling ${name}`;
    case "listening":
      if (!microphone) return "no microphone: type instead";
      return muted ? "you are muted" : "listening";
    case "thinking":
      return "thinking";
    case "speaking":
      return muted || !microphone ? `${name} speaks` : "speak to interrupt";
    case "gone":
      return `connection lost, trying again in ${Math.max(0, Math.ceil(retrySecs))} s`;
    case "idle":
      return "It was quiet for a while, so the line was closed.";
    case "replaced":
      return "This conversation goes on in another window.";
    case "over":
      return problem || "This conversation is over.";
    case "limit":
      return problem || "You have as many conversations open as are allowed.";
    case "full":
      return problem || "Every seat is taken. Try again in a minute.";
    case "ended":
      return "Goodbye.";
    case "failed":
      return problem || "That did not work.";
  }
}

/**
 * The one action that fits a state in which nothing goes on, '' where the bar is shown instead.
 * @param {import("./call.js").CallState} state
 */
export function actionWords(state) {
  /** @type {Record<string, string>} */
  const actions = {
    idle: "Go on",
    replaced: "Talk here instead",
    over: "Start a new one",
    limit: "Try again",
    full: "Try again",
    ended: "Talk again",
    failed: "Try again",
  };
  return actions[state] ?? "";
}
