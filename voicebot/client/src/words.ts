// What the stage says about its state: short, plain, and never by colour alone.

import { gettext } from "./i18n.ts";
import { TALKING, type CallState, type Reason } from "./states.ts";

export interface About {
  /** Of the character. */
  readonly name: string;
  readonly muted: boolean;
  /** Whether there is a microphone that may be used. */
  readonly available: boolean;
  /** Whether one pushes to talk, and does. */
  readonly push: boolean;
  readonly talking: boolean;
  /** Nothing comes from the microphone. */
  readonly silent: boolean;
  /** Nothing comes of the server just now. */
  readonly stalled?: boolean;
  /** The line carries no sound. */
  readonly thin?: boolean;
  /** When the conversation ends, 0 while nobody is about to leave. */
  readonly endsAt?: number;
  /** Milliseconds since 1970. */
  readonly now: number;
}

export function stateWords(state: CallState, about: About): string {
  const { name, muted, available, push, talking, silent, now } = about;
  if (about.endsAt) return gettext("the conversation ends in {secs} s", { secs: Math.max(1, secsTo(about.endsAt, now)) });
  if (about.stalled && TALKING.includes(state.name)) return gettext("the connection stalls: what you say is kept for a moment");
  const closes = state.name === "listening" && state.closesAt > 0;
  if (about.thin && !closes && TALKING.includes(state.name)) return gettext("the connection is too slow for sound: read and type");
  switch (state.name) {
    case "waiting":
      return "";
    case "connecting":
      return gettext("Calling {name}", { name });
    case "listening":
      if (state.closesAt) return gettext("it is quiet: the line closes in {secs} s", { secs: Math.max(1, secsTo(state.closesAt, now)) });
      if (!available) return gettext("no microphone: type instead");
      if (muted) return gettext("you are muted");
      if (push && !talking) return gettext("hold the space bar or the microphone to talk");
      return silent ? gettext("nothing comes from your microphone") : gettext("listening");
    case "thinking":
      return gettext("thinking");
    case "speaking":
      if (muted || !available) return gettext("{name} speaks", { name });
      return push ? gettext("hold to interrupt") : gettext("speak to interrupt");
    case "gone":
      return goneWords(secsTo(state.retryAt, now));
    case "unavailable":
      return unavailableWords(state.reason, secsTo(state.retryAt, now));
    case "idle":
      return gettext("It was quiet for a while, so the line was closed.");
    case "replaced":
      return gettext("This conversation goes on in another window.");
    case "over":
      return state.problem || gettext("This conversation is over.");
    case "limit":
      return state.problem || gettext("You have as many conversations open as are allowed.");
    case "full":
      return fullWords(secsTo(state.retryAt, now));
    case "ended":
      return gettext("Goodbye.");
    case "failed":
      return state.problem || gettext("That did not work.");
  }
}

/** Whole seconds until a moment; 0 or less when it has come. */
const secsTo = (at: number, now: number) => Math.ceil((at - now) / 1000);

function goneWords(secs: number) {
  return secs > 0 ? gettext("connection lost, trying again in {secs} s", { secs }) : gettext("connection lost, trying again");
}

function fullWords(secs: number) {
  if (secs <= 0) return gettext("Every seat is taken. Trying again.");
  return gettext("Every seat is taken. The next try is in {secs} s.", { secs });
}

function unavailableWords(reason: Reason, secs: number) {
  const soon = secs > 0;
  if (reason === "draining") {
    return soon ? gettext("the server restarts, trying again in {secs} s", { secs }) : gettext("the server restarts, trying again");
  }
  if (reason === "limit") {
    return soon ? gettext("that was too much at once, trying again in {secs} s", { secs }) : gettext("that was too much at once, trying again");
  }
  if (reason === "full") {
    return soon ? gettext("every seat is taken, trying again in {secs} s", { secs }) : gettext("every seat is taken, trying again");
  }
  return soon
    ? gettext("the server is not ready, trying again in {secs} s", { secs })
    : gettext("the server is not ready, trying again");
}

/** The one action that fits a state in which nothing goes on, '' where the bar is shown instead. */
export function actionWords(state: CallState): string {
  switch (state.name) {
    case "idle":
      return gettext("Go on");
    case "replaced":
      return gettext("Talk here instead");
    case "over":
      return gettext("Start a new one");
    case "gone":
      return gettext("Try now"); // whatever the countdown says
    case "unavailable": // where it is too much already, asking sooner helps nobody
      return ["full", "limit"].includes(state.reason) ? "" : gettext("Try now");
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
 * @param reason the name of what getUserMedia threw
 * @param agent the browser's own words about itself
 */
export function mendingWords(reason: string, agent: string) {
  if (reason === "InsecurePage") {
    return gettext("This address has no https, so your browser gives no microphone to this page. Type what you want to say.");
  }
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

/** A moment as people say it: today, 14:02; yesterday, 14:02; else the day with it. Both in milliseconds since 1970. */
export function whenWords(at: number, now: number) {
  const lang = typeof document === "undefined" ? "en" : document.documentElement.lang;
  const moment = new Date(at);
  const time = moment.toLocaleTimeString(lang, { hour: "2-digit", minute: "2-digit" });
  const yesterday = new Date(now);
  yesterday.setDate(yesterday.getDate() - 1);
  if (moment.toDateString() === new Date(now).toDateString()) return gettext("today, {time}", { time });
  if (moment.toDateString() === yesterday.toDateString()) return gettext("yesterday, {time}", { time });
  return moment.toLocaleString(lang, { dateStyle: "medium", timeStyle: "short" });
}

/** A length of time as people say it: 7 s, 4 min 5 s, 1 h 2 min. */
export function durationWords(secs: number) {
  const whole = Math.max(0, Math.round(secs));
  if (whole < 60) return gettext("{secs} s", { secs: whole });
  const mins = Math.floor(whole / 60);
  if (mins < 60) return gettext("{mins} min {secs} s", { mins, secs: whole % 60 });
  return gettext("{hours} h {mins} min", { hours: Math.floor(mins / 60), mins: mins % 60 });
}
