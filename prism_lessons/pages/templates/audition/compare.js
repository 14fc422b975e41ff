// Two clips side by side, at one level: the louder one is turned down, none is turned up.

const pair = { a: null, b: null };
let sounding = "a";

function use(side) {
  if (chosen === null) return;
  pair[side] = chosen;
  by("two").textContent = ["a", "b"].map((one) =>
    `${one.toUpperCase()}: ${pair[one] === null ? "not chosen yet" : clips[pair[one]].title}`).join(". ") + ".";
  by(`play-${side}`).disabled = false;
  by("switch").disabled = pair.a === null || pair.b === null;
}

function volumes() {
  if (!by("match").checked || pair.a === null || pair.b === null) return { a: 1, b: 1 };
  const [a, b] = turnedDown([clips[pair.a].loudness, clips[pair.b].loudness]);
  return { a, b };
}

function playSide(side, from = 0) {
  if (pair[side] === null) return;
  sounding = side;
  const volume = volumes()[side], decibels = -20 * Math.log10(volume);
  by("matched").textContent = `${side.toUpperCase()} plays`
    + (decibels > 0.05 ? `, turned down by ${decibels.toFixed(1)} dB.` : ", as loud as it is.");
  playClip(pair[side], { from, volume });
}

// To the other one, at the same moment.
function changeOver() {
  if (pair.a === null || pair.b === null) return;
  const other = sounding === "a" ? "b" : "a";
  playSide(other, Math.min(player.ended ? 0 : player.currentTime, clips[pair[other]].seconds - 0.1));
}

for (const side of ["a", "b"]) {
  by(`use-${side}`).addEventListener("click", () => use(side));
  by(`play-${side}`).addEventListener("click", () => playSide(side));
}
by("switch").addEventListener("click", changeOver);
