// Questions to Python, in a notebook. While Python has no time, it gets only the last of what was written for it: so one
// question is on its way at a time, and is sent again until it is answered.

const AGAIN = 2000; // milliseconds without an answer until a question is sent again
const BUSY = 700, GONE = 5000; // until it is said that Python is busy; that it may be gone

// `adopt` gets the values in every answer, and those that Python has set itself.
function openPython(adopt) {
  const me = [...crypto.getRandomValues(new Uint8Array(6))].join("-"); // another page's answers are not for this one
  const queue = []; // { question, resolve }, the first of which is on its way
  let asked = 0, timer = 0;

  const wire = connect(page.wire, (answer) => {
    adopt(answer);
    if (answer.page !== me || answer.number !== queue[0]?.question.number) return;
    const { resolve } = queue.shift();
    clearTimeout(timer);
    if (queue.length) send();
    resolve(answer);
  });

  function send() {
    const [{ question }] = queue;
    if (!document.hidden || !question.attempt) {
      question.attempt++;
      wire.send(JSON.stringify(question));
    }
    timer = setTimeout(send, AGAIN);
  }

  return {
    ask(question) {
      const sent = { ...question, page: me, number: ++asked, attempt: 0 };
      return new Promise((resolve) => {
        queue.push({ question: sent, resolve });
        if (queue.length === 1) send();
      });
    },
    // What to say after some milliseconds in which nothing could be played; nothing where Python is not the reason.
    problem(waited) {
      if (!around) return "This page cannot reach Python from here: make takes with the button below.";
      if (!queue.length || waited < BUSY) return "";
      if (waited < GONE) return "Waiting: Python is busy with something else. It will continue by itself.";
      if (!wire.field()) return "Not connected to Python: run this cell to play.";
      return "Python does not answer. If no cell is running, run this cell again, or make takes with the button below.";
    },
  };
}
