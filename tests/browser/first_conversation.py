"""A visitor's first conversation, from the gallery to the goodbye, spoken and written, in any browser."""

import base64

from tests.browser.driven import DrivenPage
from tests.browser.stage import CALL
from tests.servers import Server
from tests.visitors import SPEECH

# What browsers pretend to hear is a tone, which is no speech: once it is allowed, a recording speaks instead.
MICROPHONE = f"""(() => {{
  const bytes = Uint8Array.from(atob("{base64.b64encode(SPEECH.read_bytes()).decode()}"), (c) => c.charCodeAt(0));
  const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
  window.opened = [];
  navigator.mediaDevices.getUserMedia = async (wish) => {{
    const device = await ask(wish);
    const context = new AudioContext();
    const out = context.createMediaStreamDestination();
    window.opened.push(...device.getTracks(), ...out.stream.getTracks());
    for (const track of device.getTracks()) track.stop();
    window.speak = async () => {{
      const source = context.createBufferSource();
      source.buffer = await context.decodeAudioData(bytes.buffer.slice(0));
      source.connect(out);
      source.start();
    }};
    return out.stream;
  }};
}})()"""


def said(who: str, words: str) -> str:
    return f"{CALL}.transcript.turns.some((t) => t.who === '{who}' && t.text.includes('{words}'))"


def state(name: str) -> str:
    return f"window.greenroom && {CALL}.state === '{name}'"


async def hold(page: DrivenPage, server: Server) -> None:
    await page.goto(server.url + "/")
    await page.click("a[href='/talk/captain-marlow/']")
    await page.until("document.querySelector('#begin') && window.greenroom")
    await page.evaluate(MICROPHONE)
    await page.click("#begin")
    await page.until(state("speaking"))
    await page.until(f"{CALL}.sound.heard > 10_000")  # the greeting comes out of the loudspeaker
    await page.until(state("listening"))
    assert await page.evaluate(f"{CALL}.microphone.available")
    await page.until("window.speak")  # the microphone is open
    await page.evaluate("window.speak()")
    await page.until(f"{CALL}.levels.visitor > 0.01")
    await page.until(said("visitor", "hello there"))
    await page.until(said("character", "scripted reply"))
    heard = await page.evaluate(f"{CALL}.sound.heard")
    await page.until(f"{CALL}.sound.heard > {heard}")
    await page.until(state("listening"))

    await page.click("#type")
    await page.until("document.activeElement.id === 'typed'")
    await page.type("In writing\ue007")  # and Enter
    await page.until(said("visitor", "In writing"))
    await page.until(state("speaking"))
    await page.click("#interrupt")
    await page.until(f"{state('listening')} && !{CALL}.sound.playing")
    await page.click("#microphone")
    assert await page.evaluate("document.querySelector('#state').textContent") == "you are muted"
    await page.click("#transcript-toggle")
    await page.until("document.querySelectorAll('#lines li').length >= 4")

    await page.click("#end")
    await page.until(state("ended"))
    await page.until("window.opened.every((track) => track.readyState === 'ended')")
