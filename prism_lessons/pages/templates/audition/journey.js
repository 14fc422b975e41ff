// The journey: one column from the first epoch to the last, with a marker that says which epoch sounds.

let travelling = null; // what is still to come

function travel() {
  if (travelling) return arrive("Stopped.");
  const column = columns[Number(by("column").value)];
  travelling = epochs.map((epoch) => at(epoch, column))
    .filter((index) => index !== undefined && !page.withheld[`clip ${index}`]);
  by("travel").textContent = "Stop";
  onwards();
}

async function onwards() {
  const index = travelling.shift();
  if (index === undefined) return arrive("The end.");
  const clip = clips[index];
  by("marker").textContent = `Epoch ${clip.epoch}${isAudible(clip) ? "" : `: ${page.kinds[clip.kind].title}`}`;
  choose(index);
  if (!await playClip(index, { travelling: true }) && travelling) arrive("Stopped.");
}

function arrive(words) {
  travelling = null;
  silence();
  by("marker").textContent = words;
  by("travel").textContent = "Play the journey";
}

by("travel").addEventListener("click", travel);
player.addEventListener("ended", () => { if (travelling) setTimeout(() => { if (travelling) onwards(); }, 300); });
