// Keeps a page's live part fresh. The server says that something happened (server-sent events);
// the page then asks for that part as the server draws it. Without this script the page still
// works: reload it. While the stream is away the page says so and asks every half minute.
"use strict";

(() => {
  const part = document.querySelector("[data-live]");
  if (!part) return;
  const lamp = document.getElementById("live");
  const PAUSE_MS = 200; // several events at once make one request
  const SLOW_MS = 30000;
  let waiting = null;
  let asking = false;
  let again = false;

  function show(on) {
    if (!lamp) return;
    lamp.classList.toggle("on", on);
    const text = on ? lamp.dataset.on : lamp.dataset.off;
    if (lamp.textContent !== text) lamp.textContent = text;
  }

  function place(html) {
    const fresh = new DOMParser().parseFromString(html, "text/html").body;
    const known = new Set([...part.querySelectorAll(".feed > li[id]")].map((row) => row.id));
    const focused = document.activeElement;
    const id = focused && part.contains(focused) ? focused.id : "";
    const open = new Set([...part.querySelectorAll("details[open][id]")].map((one) => one.id));
    part.replaceChildren(...fresh.childNodes);
    for (const row of part.querySelectorAll(".feed > li[id]")) {
      if (known.size && !known.has(row.id)) row.classList.add("fresh");
    }
    for (const one of open) document.getElementById(one)?.setAttribute("open", "");
    if (id) document.getElementById(id)?.focus({ preventScroll: true });
  }

  async function refresh() {
    waiting = null;
    if (asking) {
      again = true;
      return;
    }
    asking = true;
    try {
      const answer = await fetch(part.dataset.live, {
        headers: { Accept: "text/html" },
        redirect: "error",
      });
      if (answer.ok) place(await answer.text());
    } catch {
      show(false); // the hub is away, or the session has ended: the lamp says so
    } finally {
      asking = false;
      if (again) {
        again = false;
        soon();
      }
    }
  }

  function soon() {
    // Somebody who is typing or choosing is not disturbed.
    const busy = document.activeElement;
    if (busy && part.contains(busy) && busy.matches("input, select, textarea")) return;
    if (waiting === null) waiting = setTimeout(refresh, PAUSE_MS);
  }

  const stream = new EventSource(`${part.dataset.stream}?since=${part.dataset.since}`);
  stream.addEventListener("open", () => show(true));
  stream.addEventListener("error", () => show(false));
  stream.addEventListener("entry", soon);
  stream.addEventListener("door", soon);
  stream.addEventListener("alarm", soon);
  setInterval(soon, SLOW_MS);
  addEventListener("pagehide", () => stream.close());
})();
