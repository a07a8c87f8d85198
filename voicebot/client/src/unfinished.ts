// Which conversation this tab is in the middle of, so that it is found after a reload. Its id only, never its secret.

const name = (key: string) => `greenroom.session.${key}`;

/** '' for none. */
export function found(key: string): string {
  try {
    return (key && sessionStorage.getItem(name(key))) || "";
  } catch {
    return ""; // no storage here
  }
}

/** '' for none. Does nothing without a `key`. */
export function keep(key: string, session: string) {
  try {
    if (key && session) sessionStorage.setItem(name(key), session);
    else if (key) sessionStorage.removeItem(name(key));
  } catch {
    // Then a reload begins anew.
  }
}
