"""Every size: nothing is cut off or covered, nothing scrolls sideways, and controls stay where they are."""

import itertools

from tests.browser.shown import LIVE, STATES, show
from tests.browser.stage import CALL

SIZES = {
    "small phone": (320, 568),
    "phone": (390, 844),
    "small phone, landscape": (568, 320),
    "phone, landscape": (667, 375),
    "large phone, landscape": (844, 390),
    "200 % of 1280 by 800": (640, 400),
    "400 % of 1280 by 1024": (320, 256),
    "tablet": (768, 1024),
    "1024": (1024, 768),
    "1440": (1440, 900),
    "1920": (1920, 1080),
    "3840": (3840, 2160),
}
LARGE_FONTS = {"small phone": (320, 568), "phone": (390, 844), "desk": (1280, 800), "landscape": (667, 375)}
CONTROLS = ["#type", "#microphone", "#interrupt", "#end"]

# What is seen, and what is wrong with it. `apart`: things of which none may lie over another.
MEASURE = """(live) => {
  const wrong = [];
  const { innerWidth: width, innerHeight: height } = window;
  const seen = (selector) => [...document.querySelectorAll(selector)].filter((e) => e.checkVisibility({
    visibilityProperty: true, opacityProperty: true }) && e.getClientRects().length && !e.matches(".sr, .sr *") && e.offsetWidth > 1);
  const name = (e) => e.id ? "#" + e.id : e.dataset.opens ? `[${e.dataset.opens}]` : e.tagName + "." + e.className;
  const box = (e) => e.getBoundingClientRect();
  if (document.documentElement.scrollWidth > width) wrong.push(`scrolls sideways: ${document.documentElement.scrollWidth}`);
  const words = "#name, #state, #caption, .notice, #intro p, #summary p, #transcript h2";
  const pressed = "header a, header button, footer button, footer input, main button, main a, #transcript button, #transcript summary";
  for (const e of seen(`${words}, ${pressed}, .portrait`)) {
    const { left, right } = box(e);
    if (left < -0.5 || right > width + 0.5) wrong.push(`${name(e)} is cut off: ${left} to ${right}`);
    if (e.scrollWidth > e.clientWidth + 1 && e.clientWidth && getComputedStyle(e).display !== "inline") {
      wrong.push(`${name(e)} has more in it than fits: ${e.scrollWidth} of ${e.clientWidth}`);
    }
  }
  const apart = seen(`${words}, ${pressed}`).filter((e) => !e.closest("dialog"));
  const clip = document.querySelector(".play").getBoundingClientRect();
  const clips = live ? (e) => e.closest(".play") : () => null;
  const cut = (e) => {
    const b = box(e);
    const into = e.closest("#transcript") ? box(e.closest("#transcript")) : clips(e) ? clip : b;
    return { left: b.left, right: b.right, top: Math.max(b.top, into.top), bottom: Math.min(b.bottom, into.bottom) };
  };
  for (const [i, a] of apart.entries()) for (const b of apart.slice(i + 1)) {
    if (a.contains(b) || b.contains(a)) continue;
    const [p, q] = [cut(a), cut(b)];
    const over = [Math.min(p.right, q.right) - Math.max(p.left, q.left), Math.min(p.bottom, q.bottom) - Math.max(p.top, q.top)];
    if (over[0] > 1 && over[1] > 1) wrong.push(`${name(a)} and ${name(b)} overlap by ${over}`);
  }
  for (const e of seen(pressed)) {
    const { width: w, height: h } = box(e);
    if (getComputedStyle(e).display !== "inline" && (w < 24 || h < 24)) wrong.push(`${name(e)} is small: ${w} by ${h}`);
  }
  const places = {};
  if (live) {
    for (const e of seen("#bar button, #bar input, #stage > header :is(a, button)")) {
      const { left, top, right, bottom } = box(e);
      if (top < -0.5 || bottom > height + 0.5) wrong.push(`${name(e)} is off the screen: ${top} to ${bottom}`);
      const at = document.elementFromPoint((left + right) / 2, (top + bottom) / 2);
      if (!e.contains(at)) wrong.push(`${name(e)} is covered by ${at && name(at)}`);
      const sign = box(e.querySelector("svg") ?? e); // a longer word under it moves nothing
      places[name(e)] = [sign.left, sign.top, sign.right, sign.bottom].map(Math.round);
    }
    const spoken = document.querySelector("#caption-spoken");
    const last = [...spoken.getClientRects()].at(-1);
    const reads = document.querySelector("#stage").matches(".with-transcript") ? "#log" : "#caption";
    const instead = reads === "#log" && height <= 480 && width < 560; // there is room for one of the two
    if (last && !instead) {
      const b = box(document.querySelector("#caption"));
      const top = Math.max(b.top, clip.top), bottom = Math.min(b.bottom, clip.bottom, height);
      if (last.top < top - 4 || last.bottom > bottom + 4) {
        wrong.push(`the word being said is not seen: ${last.top} to ${last.bottom} of ${top} to ${bottom}`);
      }
      const x = (last.left + last.right) / 2, y = (last.top + last.bottom) / 2;
      if (!document.querySelector(".play").contains(document.elementFromPoint(x, y))) wrong.push("the caption is covered");
    }
    if (reads === "#log") {
      const b = box(document.querySelector(reads)), newest = box(document.querySelector("#lines").lastElementChild);
      if (b.height < 40) wrong.push(`the transcript is ${b.height} high`);
      if (newest.bottom > b.bottom + 13 || b.bottom > height) wrong.push("the newest words of the transcript are not seen");
    }
  }
  return { wrong, places };
}"""

# The page has taken its new size, and has drawn itself anew.
SETTLE = f"""async ([width, height]) => {{
  const frame = () => new Promise(requestAnimationFrame);
  await document.fonts.ready;
  while (innerWidth !== width || innerHeight !== height) await frame();
  const all = () => [...document.querySelectorAll("#stage *")].filter((e) => e instanceof HTMLElement);
  const places = () => JSON.stringify(all().map((e) => e.getBoundingClientRect()));
  for (let before = "", same = 0, tries = 0; same < 2 && tries < 60; tries++) {{
    {CALL}._changed();
    await frame();
    const now = places();
    same = now === before ? same + 1 : 0;
    before = now;
  }}
}}"""

# What still lies too wide after a second has not been drawn anew: it is.
RESIZED = """async ([width, height]) => {
  const frame = () => new Promise(requestAnimationFrame);
  await document.fonts.ready;
  while (innerWidth !== width || innerHeight !== height) await frame();
  await frame();
  for (let tries = 0; tries < 60 && document.documentElement.scrollWidth > width; tries++) await frame();
}"""
# Fonts are wider on other machines, and visitors may space letters as WCAG 1.4.12 says.
WIDE_LETTERS = "* { font-family: monospace !important; letter-spacing: .12em !important; word-spacing: .16em !important }"
# Out of its column is cut off, too: which column a character stands in depends on who else is there.
CUT_OFF = """() => [...document.querySelectorAll("a, button, input, select, h1, h2, p, blockquote, img")]
  .filter((e) => e.checkVisibility() && e.getClientRects().length && !e.closest(".sr"))
  .filter((e) => {
    const { left, right } = e.getBoundingClientRect();
    const column = e.closest(".company > li")?.getBoundingClientRect() ?? { left: 0, right: innerWidth };
    return left < Math.max(0, column.left) - 0.5 || right > Math.min(innerWidth, column.right) + 0.5;
  })
  .map((e) => e.outerHTML.slice(0, 60))"""


async def measured(page, server, sizes: dict[str, tuple[int, int]], large_fonts: bool = False) -> list[str]:
    """What is wrong, in each state at each size; controls must be where they were in the first state."""
    wrong: list[str] = []
    first: dict[str, dict[str, list[int]]] = {}
    for state, (size, (width, height)) in itertools.product(STATES, sizes.items()):
        if size == next(iter(sizes)):
            await page.goto(f"{server.url}/talk/captain-marlow/")
            if large_fonts:
                await page.add_style_tag(content="html { font-size: 200% !important; }")
            await show(page, state)
        await page.set_viewport_size({"width": width, "height": height})
        await page.evaluate(SETTLE, [width, height])
        found = await page.evaluate(MEASURE, state in LIVE)
        if found["wrong"]:  # a busy machine may not have drawn all of it yet
            await page.wait_for_timeout(500)
            await page.evaluate(SETTLE, [width, height])
            found = await page.evaluate(MEASURE, state in LIVE)
        wrong += [f"{size}, {state}: {what}" for what in found["wrong"]]
        if state not in LIVE or state == "ending":
            continue
        places = first.setdefault(size, found["places"])
        for control in CONTROLS:
            now, before = found["places"].get(control), places.get(control)
            if not now or not before or max(abs(a - b) for a, b in zip(now, before, strict=True)) > 1:
                wrong.append(f"{size}, {state}: {control} was at {before} and is at {now}")
    return wrong


async def test_nothing_is_cut_off_or_covered_and_no_control_moves(server, browser_with_microphone):
    async with browser_with_microphone(reduced_motion="reduce") as page:
        assert await measured(page, server, SIZES) == []


async def test_large_fonts_cut_nothing_off(server, browser_with_microphone):
    async with browser_with_microphone(reduced_motion="reduce") as page:
        assert await measured(page, server, LARGE_FONTS, large_fonts=True) == []


async def test_the_other_pages_fit_every_size(server, browser_with_microphone):
    async with browser_with_microphone(reduced_motion="reduce") as page:
        wrong = []
        for path, (fonts, more) in itertools.product(
            ("/", "/characters/captain-marlow/", "/talk/nobody/"),
            (("100%", ""), ("200%", ""), ("100%", WIDE_LETTERS), ("200%", WIDE_LETTERS)),
        ):
            await page.goto(server.url + path)
            await page.add_style_tag(content=f"html {{ font-size: {fonts} !important; }} {more}")
            for size, (width, height) in SIZES.items():
                await page.set_viewport_size({"width": width, "height": height})
                await page.evaluate(RESIZED, [width, height])
                wide = await page.evaluate("document.documentElement.scrollWidth")
                cut = await page.evaluate(CUT_OFF)
                if wide > width or cut:
                    wrong.append(f"{path}, {size}, letters at {fonts} {more}: {wide} wide, cut off: {cut}")
        assert wrong == []
