// @ts-check
// Portrait crop: which square of the chosen picture is kept, by drag, wheel, slider or keys. What is sent is the
// square; the server scales it as any other picture.
document.addEventListener("DOMContentLoaded", () => {
  const SIDE = 768; // pixels that are sent
  const MOST_ZOOM = 6;
  const STEP = 0.04; // of the square, for an arrow key
  const line = document.getElementById("desk-voice-line");
  const input = /** @type {HTMLInputElement | null} */ (document.querySelector("#character_form input[type=file][name=avatar]"));
  if (!input || !line) return;
  const words = /** @type {Record<string, string>} */ (line.dataset);
  const box = document.createElement("div");
  box.className = "desk-crop";
  box.hidden = true;
  const canvas = document.createElement("canvas");
  Object.assign(canvas, { width: SIDE, height: SIDE, tabIndex: 0, id: "desk-crop" });
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", words.crop ?? "");
  const label = document.createElement("label");
  const zoom = document.createElement("input");
  Object.assign(zoom, { type: "range", min: "1", max: String(MOST_ZOOM), step: "0.05", value: "1", className: "desk-slider" });
  label.append(document.createTextNode(words.zoom ?? ""), zoom);
  const hint = document.createElement("p");
  hint.className = "desk-hint";
  hint.textContent = words.crop ?? "";
  box.append(canvas, label, hint);
  (input.closest(".field-avatar, .form-row") ?? input.parentElement)?.after(box);

  /** @type {ImageBitmap | null} */
  let picture = null;
  let x = 0.5; // the middle of the square, as a share of the picture
  let y = 0.5;
  /** @type {File | null} */
  let ours = null;
  let timer = 0;

  /** The square in the picture's pixels, within it. */
  function square() {
    if (!picture) return { left: 0, top: 0, side: 1 };
    const side = Math.min(picture.width, picture.height) / Number(zoom.value);
    const left = Math.min(Math.max(x * picture.width - side / 2, 0), picture.width - side);
    const top = Math.min(Math.max(y * picture.height - side / 2, 0), picture.height - side);
    x = (left + side / 2) / picture.width;
    y = (top + side / 2) / picture.height;
    return { left, top, side };
  }

  function draw() {
    const { left, top, side } = square();
    if (picture) canvas.getContext("2d")?.drawImage(picture, left, top, side, side, 0, 0, SIDE, SIDE);
    clearTimeout(timer);
    timer = setTimeout(put, 150);
  }

  /** The square into the form, as if it had been chosen. */
  function put() {
    canvas.toBlob((blob) => {
      if (!blob || !input) return;
      ours = new File([blob], "portrait.png", { type: "image/png" });
      const transfer = new DataTransfer();
      transfer.items.add(ours);
      input.files = transfer.files;
      canvas.dataset.cropped = `${x.toFixed(3)} ${y.toFixed(3)} ${zoom.value}`;
      input.dispatchEvent(new Event("input", { bubbles: true }));
    }, "image/png");
  }

  /** @param {number} right @param {number} down Shares of the square. */
  function move(right, down) {
    if (!picture) return;
    const { side } = square();
    x += (right * side) / picture.width;
    y += (down * side) / picture.height;
    draw();
  }

  /** @param {number} factor */
  function zoomBy(factor) {
    zoom.value = String(Math.min(Math.max(Number(zoom.value) * factor, 1), MOST_ZOOM));
    draw();
  }

  async function take() {
    const file = input?.files?.[0];
    if (!file || file === ours) return;
    picture = await createImageBitmap(file, { imageOrientation: "from-image" }).catch(() => null);
    box.hidden = !picture; // what is no picture is refused by the server, with a sentence
    if (!picture) return;
    zoom.value = "1";
    x = 0.5;
    y = picture.height > picture.width ? 0.35 : 0.5; // heads are above the middle
    draw();
  }

  input.addEventListener("change", () => void take());
  input.addEventListener("desk:restored", () => void take());
  zoom.addEventListener("input", draw);
  canvas.addEventListener("keydown", (event) => {
    const [right, down] = { ArrowLeft: [-STEP, 0], ArrowRight: [STEP, 0], ArrowUp: [0, -STEP], ArrowDown: [0, STEP] }[event.key] ?? [0, 0];
    if (right || down) move(right, down);
    else if (event.key === "+" || event.key === "=") zoomBy(1.1);
    else if (event.key === "-") zoomBy(1 / 1.1);
    else return;
    event.preventDefault();
  });
  canvas.addEventListener("pointerdown", (event) => canvas.setPointerCapture(event.pointerId));
  canvas.addEventListener("pointermove", (event) => {
    if (canvas.hasPointerCapture(event.pointerId)) move(-event.movementX / canvas.clientWidth, -event.movementY / canvas.clientHeight);
  });
  canvas.addEventListener("wheel", (event) => {
    event.preventDefault();
    zoomBy(event.deltaY < 0 ? 1.08 : 1 / 1.08);
  }, { passive: false });
});
