// Sounds: one player for clips, one for recordings. A sound is loaded when it is played, and nothing is turned up.

const embedded = JSON.parse(document.getElementById("sounds").textContent);
const player = by("player");
const fetched = new Map(); // those that came from Python, the newest last

async function addressOf(sound) {
  if (embedded[sound]) return embedded[sound];
  if (fetched.has(sound)) return fetched.get(sound);
  if (!wire || !wire.alive()) return "";
  const address = await wire.fetch(sound);
  fetched.set(sound, address);
  if (fetched.size > 60) fetched.delete(fetched.keys().next().value);
  return address;
}

let asked = 0; // the newest request to play

// Play a sound in a player from some second on; resolves once it sounds, to whether it does.
async function sound(element, name, title, { from = 0, volume = 1 } = {}) {
  const wish = ++asked;
  silence();
  by("said").textContent = page.withheld[name] || "";
  if (page.withheld[name]) return false;
  element.setAttribute("aria-label", title);
  const waiting = setTimeout(() => { by("said").textContent = "Loading …"; }, 300);
  const address = await addressOf(name);
  clearTimeout(waiting);
  if (wish !== asked) return false;
  by("said").textContent = address ? "" : "It cannot be loaded: run the cell of this table again, then come back.";
  if (!address) return false;
  if (element.dataset.sound !== name) {
    element.src = address;
    element.dataset.sound = name;
  }
  element.volume = Math.min(1, volume);
  element.currentTime = from;
  try {
    await element.play();
  } catch {
    by("said").textContent = "Press Play again: the browser requires a click first.";
    return false;
  }
  return true;
}

function silence() {
  for (const element of document.querySelectorAll("audio")) element.pause();
}

// How much two sounds or more have to be turned down so that none is louder than the softest, as factors up to 1.
function turnedDown(loudnesses) {
  const known = loudnesses.filter((loudness) => loudness !== null);
  return loudnesses.map((loudness) => turnedDownTo(Math.min(...known), loudness));
}

function turnedDownTo(wanted, loudness) {
  return loudness === null ? 1 : Math.min(1, 10 ** ((wanted - loudness) / 20));
}

// Pressing play in one player stops the other.
document.addEventListener("play", (event) => {
  for (const element of document.querySelectorAll("audio")) if (element !== event.target) element.pause();
}, true);
