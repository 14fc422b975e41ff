"use strict";
// What pages in a notebook's frame share: the wire to Python, and the notebook's light or dark.

const page = JSON.parse(document.getElementById("data").textContent);
const by = (id) => document.getElementById(id);

// The document around the frame; null for a page on its own, and where a front end keeps the two apart.
const around = (() => {
  try {
    return window.frameElement ? window.parent.document : null;
  } catch {
    return null;
  }
})();

// Two fields of ipywidgets in that document: what is written into one reaches Python, and Python's answers appear in the
// other. While Python is busy with a cell, only the last of what was written is kept for it.
function connect(name, receive) {
  const field = () => around && around.querySelector(`.${name}-out :is(textarea, input)`);
  let seen = "";
  function look() {
    const answer = around.querySelector(`.${name}-in pre`);
    if (!answer || answer.textContent === seen) return;
    seen = answer.textContent;
    receive(JSON.parse(seen));
  }
  if (around) {
    new MutationObserver(look).observe(around.body, { childList: true, subtree: true, characterData: true });
    look();
  }
  return {
    field,
    send(words) {
      const out = field();
      if (!out) return false;
      out.value = words;
      for (const kind of ["input", "change"]) out.dispatchEvent(new Event(kind, { bubbles: true }));
      return true;
    },
  };
}

function isDark() {
  if (!around) return matchMedia("(prefers-color-scheme: dark)").matches;
  const said = around.body.dataset.jpThemeLight; // JupyterLab, which may still be loading the colours themselves
  if (said) return said === "false";
  for (let element = window.frameElement.parentElement; element; element = element.parentElement) {
    const [red, green, blue, share = 1] = getComputedStyle(element).backgroundColor.match(/[\d.]+/g).map(Number);
    if (share > 0.5) return 0.2126 * red + 0.7152 * green + 0.0722 * blue < 128;
  }
  return around.documentElement.getAttribute("theme") === "dark"; // Colab
}

const dress = () => document.documentElement.classList.toggle("dark", isDark());
dress();
if (around) {
  for (const element of [around.body, around.documentElement])
    new MutationObserver(dress).observe(element, { attributes: true });
}
