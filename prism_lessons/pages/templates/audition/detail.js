// The chosen clip: what it is, what you can do with it, and the recording that is most like it.

function choose(index) {
  if (chosen === index) return;
  keepNote(); // what was written about the one before
  if (chosen !== null) buttons[chosen].removeAttribute("aria-current");
  chosen = index;
  buttons[index].setAttribute("aria-current", "true");
  const clip = clips[index];
  by("about").hidden = false;
  by("name").textContent = clip.title;
  by("note").value = heard(clip.name).notes.get(listener()) || "";
  const kind = page.kinds[clip.kind];
  by("diagnosis").textContent = `Sounds like: ${kind.title}`;
  by("words").replaceChildren();
  for (const text of [kind.what, ...clip.remarks]) write(by("words"), "p", text);
  write(by("words"), "p", `Usual causes: ${kind.causes}`);
  write(by("words"), "p", `What to try: ${clip.advice}`);
  write(by("words"), "p", clip.words).className = "small";
  drawNear(clip);
  reachable();
  showSaid();
}

function drawNear(clip) {
  by("near").replaceChildren();
  if (!clip.near.length) write(by("near"), "p", !isAudible(clip) ? "There is nothing to compare." : page.noSources);
  for (const { words, source } of clip.near) {
    write(by("near"), "p", words);
    if (source === null) continue;
    const name = page.sources[source].name;
    const button = write(by("near"), "button", `Play ${name}`);
    button.type = "button";
    const audio = by("near").appendChild(document.createElement("audio"));
    audio.preload = "none";
    button.addEventListener("click", async () => {
      if (!audio.paused) audio.pause();
      else if (await sound(audio, `source ${source}`, name)) audio.controls = true;
    });
  }
}

function showSaid() {
  if (chosen === null) return;
  const { stars, tags, notes } = heard(clips[chosen].name);
  const mine = stars.includes(listener());
  by("star").setAttribute("aria-pressed", mine);
  by("star").textContent = mine ? "★ Starred" : "☆ Star";
  by("given").replaceChildren();
  for (const tag of tags) {
    const button = write(by("given"), "button", `${tag} ×`);
    button.type = "button";
    button.setAttribute("aria-label", `Remove the tag ${tag}`);
    button.addEventListener("click", () => { act("untag", clips[chosen].name, tag); by("tag").focus(); });
  }
  by("others").replaceChildren();
  const others = stars.filter((who) => who !== listener());
  if (others.length) write(by("others"), "p", `Starred by ${others.join(", ")}.`);
  for (const [who, text] of notes) if (who !== listener()) write(by("others"), "p", `${who}: ${text}`);
}

function refresh() {
  for (const index of clips.keys()) label(index);
  by("tags").replaceChildren();
  const known = new Set([...acts.values()].filter((one) => one.act === "tag").map((one) => one.text));
  for (const tag of known) write(by("tags"), "option").value = tag;
  showSaid();
}

function playOrStop() {
  if (chosen === null) return;
  if (!player.paused && player.dataset.sound === `clip ${chosen}`) player.pause();
  else playClip(chosen);
}

function playClip(index, more = {}) {
  if (travelling && !more.travelling) arrive("Stopped.");
  return sound(player, `clip ${index}`, clips[index].title, more);
}

function star(clip) {
  act(heard(clip.name).stars.includes(listener()) ? "unstar" : "star", clip.name);
}

function keepNote() {
  if (chosen === null) return;
  const name = clips[chosen].name, text = by("note").value.trim();
  if (text !== (heard(name).notes.get(listener()) || "")) act("note", name, text);
}

by("play").addEventListener("click", playOrStop);
by("next").addEventListener("click", () => { choose(following(chosen)); playClip(chosen); });
by("star").addEventListener("click", () => star(clips[chosen]));
by("keep").addEventListener("click", keepNote);
by("note").addEventListener("change", keepNote);
by("who").addEventListener("change", () => {
  if (chosen !== null) by("note").value = heard(clips[chosen].name).notes.get(listener()) || "";
  refresh();
});
function addTag() {
  const text = by("tag").value.trim();
  if (text) act("tag", clips[chosen].name, text);
  by("tag").value = "";
}

by("add").addEventListener("click", addTag);
by("tag").addEventListener("keydown", (event) => { if (event.key === "Enter") addTag(); });
for (const event of ["play", "pause", "ended"])
  player.addEventListener(event, () => { by("play").textContent = player.paused ? "Play" : "Stop"; });
