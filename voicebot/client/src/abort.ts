// Promises and waits that an AbortSignal ends.

/** A controller that is aborted when `parent` is, and may be aborted by itself. */
export function childOf(parent?: AbortSignal) {
  const child = new AbortController();
  if (parent?.aborted) child.abort(parent.reason);
  parent?.addEventListener("abort", () => child.abort(parent.reason), { once: true, signal: child.signal });
  return child;
}

/**
 * What `promise` gives; rejects with the signal's reason as soon as it is aborted. What comes after that is given
 * to `release`. The signal may be aborted between this and the next step of whoever waits: who keeps something
 * that must be released looks at it again.
 */
export function abortable<T>(
  promise: Promise<T>, signal: AbortSignal, release: (late: T) => void = () => undefined,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = () => reject(signal.reason);
    signal.addEventListener("abort", stop, { once: true });
    if (signal.aborted) stop();
    promise
      .then((value) => (signal.aborted ? release(value) : resolve(value)), reject)
      .finally(() => signal.removeEventListener("abort", stop));
  });
}

/**
 * Waits so many seconds, or until `wake` is called by what `arm` has armed; rejects when the signal is aborted.
 * @param arm sets up what ends the wait early, until it is over
 */
export function pause(
  secs: number, signal?: AbortSignal, arm: (wake: () => void, until: AbortSignal) => void = () => undefined,
): Promise<void> {
  const over = new AbortController();
  const waited = new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, secs * 1000);
    over.signal.addEventListener("abort", () => clearTimeout(timer), { once: true });
    arm(resolve, over.signal);
  });
  return (signal ? abortable(waited, signal) : waited).finally(() => over.abort());
}

/** What `promise` gives; rejects if that takes longer. */
export async function within<T>(promise: Promise<T>, secs: number): Promise<T> {
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(new Error("late")), secs * 1000);
  try {
    return await abortable(promise, late.signal);
  } finally {
    clearTimeout(timer);
  }
}
