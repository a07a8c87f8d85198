"""A character that hears itself through loudspeakers does not answer itself.

The page's own voice is played back into its microphone, as a loudspeaker and a room would, where no browser's
echo cancellation can help: what is tested is our guard alone.
"""

import pytest

from tests.browser.stage import CALL, lines, on_stage, state_is

ROOM = """
const connect = AudioNode.prototype.connect;
let ear = null;
AudioNode.prototype.connect = function (target, ...rest) {
  if (this.context.sampleRate === 24000 && target === this.context.destination) {
    const delay = new DelayNode(this.context, { delayTime: 0.09 });
    const loss = new GainNode(this.context, { gain: 0.6 });
    ear = new MediaStreamAudioDestinationNode(this.context);
    connect.call(this, delay);
    connect.call(delay, loss);
    connect.call(loss, ear);
  }
  return connect.call(this, target, ...rest);
};
navigator.mediaDevices.getUserMedia = async () =>
  new MediaStream(ear.stream.getAudioTracks().map((track) => track.clone()));
"""

# Whether words are left of what was cut off, and what is made of the echo, differs from time to time.
COUNT_CUTS = f"""() => {{
  const cut = {CALL}.onInterrupted.bind({CALL});
  window.cuts = 0;
  {CALL}.onInterrupted = () => {{ window.cuts += 1; cut(); }};
}}"""


@pytest.mark.local
# Sound that comes late from a busy machine is no echo of its moment any more.
@pytest.mark.parametrize(
    "guarded", [pytest.param(True, marks=pytest.mark.alone), False], ids=["guarded", "not guarded"]
)
async def test_the_characters_own_voice_in_the_microphone(local_server, browser_with_microphone, guarded):
    async with browser_with_microphone() as page:
        await page.add_init_script(ROOM)
        kept = f'{{"echo": {str(guarded).lower()}}}'
        await page.add_init_script(f"localStorage.setItem('greenroom.settings', '{kept}')")
        await on_stage(page, local_server)
        await page.evaluate(COUNT_CUTS)
        await state_is(page, "speaking")
        loudest = f"window.loudest = Math.max(window.loudest ?? 0, {CALL}.levels.visitor)"
        await page.evaluate(f"() => void setInterval(() => {{ {loudest} }}, 20)")
        if guarded:
            await state_is(page, "listening")
            await page.wait_for_timeout(1500)  # a transcript would come by now
            said = await lines(page)
            assert not await page.evaluate("window.cuts")
            assert not [line for line in said if line["who"] == "visitor" or line["cut"]]
            assert " ".join(line["text"].strip() for line in said).endswith("bring you from?")
        else:
            await page.wait_for_function("window.cuts > 0")
        assert await page.evaluate("window.loudest") > 0.02, "the microphone heard the voice"
