// @ts-check
// Passkeys: the button of a form asks the browser for one, and what it answers is sent with the form. What
// to ask is fetched when the button is pressed, because a challenge lasts five minutes and a page longer.

/** @param {string} base64url */
const toBytes = (base64url) =>
  Uint8Array.from(atob(base64url.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));

/** @param {ArrayBuffer} buffer */
const toText = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");

// By hand, and not by `parseCreationOptionsFromJSON` and `toJSON`: password managers put objects of their own
// in place of the browser's, without those.

/** @param {any[]} [list] */
const descriptors = (list = []) => list.map((each) => ({ ...each, id: toBytes(each.id) }));

/** @param {any} options */
async function create(options) {
  const publicKey = {
    ...options,
    challenge: toBytes(options.challenge),
    user: { ...options.user, id: toBytes(options.user.id) },
    excludeCredentials: descriptors(options.excludeCredentials),
  };
  const made = /** @type {any} */ (await navigator.credentials.create({ publicKey }));
  return written(made, {
    attestationObject: toText(made.response.attestationObject),
    transports: made.response.getTransports?.() ?? [],
  });
}

/** @param {any} options */
async function get(options) {
  const publicKey = {
    ...options,
    challenge: toBytes(options.challenge),
    allowCredentials: descriptors(options.allowCredentials),
  };
  const found = /** @type {any} */ (await navigator.credentials.get({ publicKey }));
  return written(found, {
    authenticatorData: toText(found.response.authenticatorData),
    signature: toText(found.response.signature),
  });
}

/**
 * @param {any} credential
 * @param {object} more
 */
const written = (credential, more) =>
  JSON.stringify({
    id: credential.id,
    rawId: toText(credential.rawId),
    type: credential.type,
    response: { clientDataJSON: toText(credential.response.clientDataJSON), ...more },
  });

/**
 * @param {HTMLFormElement} form
 * @param {HTMLButtonElement} button
 * @param {HTMLElement} told
 */
async function ask(form, button, told) {
  told.hidden = true;
  button.disabled = true;
  try {
    const answer = await fetch(form.dataset.options ?? "", {
      method: "POST",
      body: new FormData(form), // the token against forgery is in it
    });
    // Signed out, or to be confirmed first: the page itself knows where to go.
    if (answer.redirected || !answer.ok) return location.reload();
    const options = await answer.json();
    const field = /** @type {HTMLInputElement} */ (form.elements.namedItem("passkey"));
    field.value = await (form.dataset.passkey === "create" ? create(options) : get(options));
    form.submit();
  } catch (error) {
    const name = error instanceof DOMException ? error.name : "";
    const { cancelled, known, failed } = told.dataset;
    told.textContent = (name === "NotAllowedError" ? cancelled : name === "InvalidStateError" ? known : failed) ?? "";
    told.hidden = false;
    button.disabled = false;
  }
}

for (const form of /** @type {NodeListOf<HTMLFormElement>} */ (document.querySelectorAll("form[data-passkey]"))) {
  if (!window.PublicKeyCredential) continue;
  const button = /** @type {HTMLButtonElement} */ (form.querySelector("button"));
  const told = /** @type {HTMLElement} */ (form.querySelector("[role=alert]"));
  form.hidden = false;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void ask(form, button, told);
  });
}
