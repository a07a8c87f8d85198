"""The stage moves with the character's mouth, with a real voice."""

import pytest

from tests.browser.stage import CALL, on_stage, state_is

FOLLOW = """() => {
  window.shapes = [];
  const stage = document.getElementById("stage");
  const arc = document.getElementById("arc-character");
  const looks = () => {
    const viseme = stage.dataset.viseme ?? "";
    if (viseme && window.shapes.at(-1)?.viseme !== viseme) {
      window.shapes.push({ viseme, arc: arc.getAttribute("d"), stroke: stage.style.getPropertyValue("--mouth") });
    }
    requestAnimationFrame(looks);
  };
  looks();
}"""


@pytest.mark.local
async def test_the_ring_has_the_shape_of_the_mouth(local_server, browser_with_microphone):
    async with browser_with_microphone() as page:
        await on_stage(page, local_server)
        await page.evaluate(FOLLOW)
        await state_is(page, "speaking")
        await page.wait_for_function("window.shapes.length > 12")
        shapes = await page.evaluate("window.shapes")
        visemes = {shape["viseme"] for shape in shapes}
        assert {"PP", "aa"} <= visemes or len(visemes) > 6
        assert all((shape["stroke"] == "0") == (shape["viseme"] in ("PP", "sil")) for shape in shapes)
        closed = {shape["arc"] for shape in shapes if shape["viseme"] == "PP"}
        assert len(closed) <= 1, "lips are closed however loud it is"
        await page.evaluate(f"{CALL}.interrupt()")
        await page.wait_for_function("document.getElementById('stage').dataset.viseme === ''")
        assert await page.evaluate(f"{CALL}.viseme") == ""
        assert page.complaints == []


@pytest.mark.local
async def test_whoever_wants_little_motion_sees_a_level_and_no_mouth(local_server, browser_with_microphone):
    async with browser_with_microphone() as page:
        await page.emulate_media(reduced_motion="reduce")
        await on_stage(page, local_server)
        await page.evaluate(FOLLOW)
        await state_is(page, "speaking")
        await page.wait_for_function(f"{CALL}.sound.heard > 24000 && {CALL}.viseme")
        assert await page.evaluate("window.shapes") == []
