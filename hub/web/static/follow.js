// Follows something that takes a minute: asks for the page again each second, as the server draws
// it, and takes over those parts of it whose words have changed. A part stays the same element, so
// that a screen reader tells what is new in it and nobody loses the button they are on. When the
// server says that there is nothing to wait for (no `data-follow`), it ends. Without this script
// the page shows a link that does the same.
"use strict";

(() => {
  const EVERY_MS = 1000;
  const body = () => document.querySelector("[data-follow]");
  if (!body()) return;

  function place(fresh) {
    for (const part of document.querySelectorAll("[data-part]")) {
      const now = fresh.querySelector(`[data-part="${part.dataset.part}"]`);
      if (!now || now.textContent === part.textContent) continue;
      const held = part.contains(document.activeElement);
      part.replaceChildren(...now.childNodes);
      const next = part.querySelector("[autofocus]") ?? (held ? part.querySelector("button, a") : null);
      next?.focus({ preventScroll: true });
    }
    if (!fresh.querySelector("[data-follow]")) body().removeAttribute("data-follow");
  }

  async function ask() {
    try {
      const answer = await fetch(location.href, {
        headers: { Accept: "text/html" },
        redirect: "error",
      });
      if (answer.ok) place(new DOMParser().parseFromString(await answer.text(), "text/html"));
    } catch {
      // The hub is away: asked again in a second.
    }
    if (body()) setTimeout(ask, EVERY_MS);
  }

  setTimeout(ask, EVERY_MS);
})();
