// In a notebook, Python makes the sound of the instrument.
function openMaker(receive) {
  const wire = connect(page.wire, receive);
  return {
    name: "Python",
    send: (question) => wire.send(JSON.stringify(question)),
    // What to say about a question that has waited for some milliseconds; nothing where all is well.
    problem(waited) {
      if (!around) return "This page cannot reach Python from here: make takes with the button below.";
      if (waited > GONE && !wire.field()) return "Not connected to Python: run this cell to play.";
      if (waited > GONE)
        return "Python does not answer. If no cell is running, run this cell again, or make takes with the button below.";
      return waited > BUSY ? "Waiting: Python is busy with something else. It will continue by itself." : "";
    },
  };
}
