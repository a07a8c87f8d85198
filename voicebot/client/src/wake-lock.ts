// The screen stays on while one talks: a phone that locks itself takes the microphone away.

/** Keeps the screen on until the signal is aborted, where the browser can. */
export async function keepAwake(signal: AbortSignal) {
  if (!navigator.wakeLock) return;
  let held: WakeLockSentinel | null = null;

  async function hold() {
    if (document.hidden || signal.aborted) return; // browsers let go of it by themselves in a hidden page
    const lock = await navigator.wakeLock.request("screen").catch(() => null); // a battery that runs low refuses it
    if (signal.aborted || (held && !held.released)) void lock?.release();
    else held = lock;
  }

  signal.addEventListener("abort", () => void held?.release(), { once: true });
  document.addEventListener("visibilitychange", () => void hold(), { signal });
  await hold();
}
