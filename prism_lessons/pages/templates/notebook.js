"use strict";
// What pages in a notebook's frame share: their data, and the notebook's light or dark. A page on its own is as the browser.

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
