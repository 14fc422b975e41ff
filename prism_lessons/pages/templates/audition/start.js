// Keys work while the table has the focus, so that they do not interfere with writing.

const KEYS = {
  ArrowDown: () => goTo(neighbour(chosen, 1, 0)),
  ArrowUp: () => goTo(neighbour(chosen, -1, 0)),
  ArrowRight: () => goTo(neighbour(chosen, 0, 1)),
  ArrowLeft: () => goTo(neighbour(chosen, 0, -1)),
  Enter: playOrStop,
  " ": playOrStop,
  n: () => { goTo(following(chosen)); playClip(chosen); },
  s: () => star(clips[chosen]),
  w: () => by("note").focus(),
  t: () => by("tag").focus(),
  a: () => use("a"),
  b: () => use("b"),
  x: changeOver,
};

by("frame").addEventListener("keydown", (event) => {
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  if (chosen === null || !(key in KEYS) || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  KEYS[key]();
});
by("detail").addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || chosen === null) return;
  keepNote();
  buttons[chosen].focus();
});

drawGrid();
refresh();
filter();
if (wire) wire.send(); // acts from before the page was connected
