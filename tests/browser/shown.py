"""Every state of the stage as the page can show it, without a server that has to be brought there: for measuring, and
for the contact sheet."""

from tests.browser.stage import CALL

SENTENCE = "Ahoy there, friend. I am Captain Marlow, and I keep the lamp of the Grey Petrel lit for whoever is out late."
LONG = (
    "Forty years I have sailed these waters, past the Widow's Teeth and the drowned church whose bell one hears on "
    "still nights, and never once have I seen a light like that one, green as glass, moving slowly against the wind."
)
# What the page is told; it draws the rest itself, as it would in a conversation.
STATES: dict[str, str] = {
    "waiting": "",
    "connecting": "show('connecting')",
    "listening": "heard('Did you ever meet the'); call.levels.visitor = 0.2; show('listening', { closesAt: 0 })",
    "thinking": "heard('Did you ever meet the kraken?', true); show('thinking')",
    "speaking": f"said({SENTENCE!r}, 20); call.levels.character = 0.25; show('speaking')",
    "long caption": f"said({LONG!r}, 190); call.levels.character = 0.25; show('speaking')",
    "typing": f"said({SENTENCE!r}, 20); show('speaking'); document.querySelector('#type').click()",
    "transcript": f"talked(); said({SENTENCE!r}, 20); show('speaking'); document.querySelector('#transcript-toggle').click()",
    "muted": "heard('Did you ever meet the'); call.mute(true); show('listening', { closesAt: 0 })",
    "push to talk": "call.settings.mode = 'push'; show('listening', { closesAt: 0 })",
    "no microphone": f"said({SENTENCE!r}, 20); call.microphone.available = false;"
    " call.microphone.refusal = 'NotAllowedError'; show('speaking')",
    "stalled": f"said({SENTENCE!r}, 20); call.stalled = true; show('listening', {{ closesAt: 0 }})",
    "draining": f"said({SENTENCE!r}, 20); call.line.draining = true; show('speaking')",
    "quiet": "show('listening', { closesAt: Date.now() + 20500 })",
    "ending": f"said({SENTENCE!r}, 40); call.line._begun = true; show('speaking'); document.querySelector('#end').click()",
    "gone": f"said({SENTENCE!r}, 20); show('gone', {{ retryAt: Date.now() + 3500 }})",
    "full": "show('full', { retryAt: Date.now() + 30500 })",
    "idle": f"said({SENTENCE!r}, 200); show('idle')",
    "replaced": "show('replaced')",
    "expired": "show('over', { problem: '' })",
    "ended": f"said({SENTENCE!r}, 200); call.line.session = 'x'; call.begunAt = Date.now() - 95000; show('ended')",
}
LIVE = list(STATES)[1 : list(STATES).index("idle")]
PREPARE = f"""
const call = {CALL};
const show = (name, known = {{}}) => {{ call._status = {{ name, ...known }}; call._changed(); }};
const heard = (text, final = false) => call.transcript.heard(text, final);
const said = (text, upto) => call.transcript.said({{ text, segment_id: 1,
  spoken_progress: {{ accumulated_text: text.slice(0, upto), remaining_text: text.slice(upto) }} }});
const talked = () => {{
  for (let i = 0; i < 8; i++) {{
    call.transcript.wrote("Did you ever meet the kraken?");
    call.transcript.said({{ text: "Once, off the Widow's Teeth, and it was politer than most.", segment_id: 100 + i,
      spoken_status: "completed" }});
  }}
}};
"""


async def show(page, state: str) -> None:
    """Brings a page that waits into a state."""
    await page.evaluate(f"() => {{ {PREPARE} {STATES[state]} }}")
