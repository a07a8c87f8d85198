// What the stage says about its state: short, plain, and never by colour alone.

import { gettext } from "./i18n.js";

/**
 * @param {import("./call.js").CallState} state
 * @param {{name: string, muted: boolean, microphone: boolean, retrySecs: number, closesSecs?: number,
 *   problem: string, push?: boolean, talking?: boolean, silent?: boolean}} about `closesSecs` is set while the
 *   line is about to be closed, `push` where one pushes to talk
 */
export function stateWords(state, about) {
  const { name, muted, microphone, retrySecs, closesSecs, problem, push, talking, silent } = about;
  if (state === "listening" && closesSecs) {
    return gettext("it is quiet: the line closes in {secs} s", { secs: Math.max(1, Math.ceil(closesSecs)) });
  }
  switch (state) {
    case "waiting":
      return "";
    case "connecting":
      return gettext("Calling {name}", { name });
    case "listening":
      if (!microphone) return gettext("no microphone: type instead");
      if (muted) return gettext("you are muted");
      if (push && !talking) return gettext("hold the space bar or the microphone to talk");
      return silent ? gettext("nothing comes from your microphone") : gettext("listening");
    case "thinking":
      return gettext("thinking");
    case "speaking":
      if (muted || !microphone) return gettext("{name} speaks", { name });
      return push ? gettext("hold to interrupt") : gettext("speak to interrupt");
    case "gone":
      return gettext("connection lost, trying again in {secs} s", { secs: Math.max(0, Math.ceil(retrySecs)) });
    case "idle":
      return gettext("It was quiet for a while, so the line was closed.");
    case "replaced":
      return gettext("This conversation goes on in another window.");
    case "over":
      return problem || gettext("This conversation is over.");
    case "limit":
      return problem || gettext("You have as many conversations open as are allowed.");
    case "full":
      return problem || gettext("Every seat is taken. Try again in a minute.");
    case "ended":
      return gettext("Goodbye.");
    case "failed":
      return problem || gettext("That did not work.");
  }
}

/**
 * The one action that fits a state in which nothing goes on, '' where the bar is shown instead.
 * @param {import("./call.js").CallState} state
 */
export function actionWords(state) {
  switch (state) {
    case "idle":
      return gettext("Go on");
    case "replaced":
      return gettext("Talk here instead");
    case "over":
      return gettext("Start a new one");
    case "limit":
    case "full":
    case "failed":
      return gettext("Try again");
    case "ended":
      return gettext("Talk again");
    default:
      return "";
  }
}

/**
 * How to get a microphone that is refused, missing or taken, in this browser.
 * @param {string} reason the name of what getUserMedia threw
 * @param {string} agent the browser's own words about itself
 */
export function mendingWords(reason, agent) {
  if (reason === "NotFoundError") {
    return gettext("No microphone was found. Plug one in and try again, or type what you want to say.");
  }
  if (reason === "NotReadableError") {
    return gettext("Another program holds the microphone. Close it and try again, or type what you want to say.");
  }
  if (reason === "OverconstrainedError") {
    return gettext("The microphone that you chose is gone. Choose another in the settings, or type what you want to say.");
  }
  if (/Firefox\//.test(agent)) {
    return gettext("Firefox does not let the microphone through. Click the crossed-out microphone in the address bar, take the block away and try again, or type what you want to say.");
  }
  if (/Safari\//.test(agent) && !/Chrom(e|ium)\//.test(agent)) {
    return gettext("Safari does not let the microphone through. Open Settings for this website in the Safari menu, allow the microphone and try again, or type what you want to say.");
  }
  return gettext("Your browser does not let the microphone through. Click the icon left of the address, allow the microphone and try again, or type what you want to say.");
}

/**
 * A length of time as people say it: 7 s, 4 min 5 s, 1 h 2 min.
 * @param {number} secs
 */
export function durationWords(secs) {
  const whole = Math.max(0, Math.round(secs));
  if (whole < 60) return gettext("{secs} s", { secs: whole });
  const mins = Math.floor(whole / 60);
  if (mins < 60) return gettext("{mins} min {secs} s", { mins, secs: whole % 60 });
  return gettext("{hours} h {mins} min", { hours: Math.floor(mins / 60), mins: mins % 60 });
}
