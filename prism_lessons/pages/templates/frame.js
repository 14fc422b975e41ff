// In a notebook's frame a page is as high as what it holds: it scrolls with the notebook, and has no bar of its own.
{
  let frame = null; // null for a page on its own, and where a front end keeps the frame and its page apart
  try {
    frame = window.frameElement;
  } catch { /* apart */ }
  if (frame)
    new ResizeObserver(() => {
      frame.style.height = `${Math.ceil(document.body.getBoundingClientRect().height)}px`;
    }).observe(document.body);
}
