// What plays the character's voice, in one file: as a socket brings it, and as a call does.

import "./player-worklet.ts";
import "./live-worklet.ts";
