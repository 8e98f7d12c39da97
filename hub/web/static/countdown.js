// Counts down to the moment from which a PIN works, and then draws the page anew. Without this
// script the page says how long it was when it was opened.
"use strict";

(() => {
  const place = document.querySelector("[data-left-s]");
  if (!place) return;
  const until = Date.now() + Number(place.dataset.leftS) * 1000;
  let waiting = 0;

  function show() {
    clearTimeout(waiting);
    const left = until - Date.now();
    if (left <= 0) {
      location.reload();
      return;
    }
    const all = Math.ceil(left / 60000);
    const parts = {
      days: Math.floor(all / 1440),
      hours: Math.floor((all % 1440) / 60),
      minutes: all % 60,
    };
    const words = parts.days ? place.dataset.days : parts.hours ? place.dataset.hours : place.dataset.minutes;
    const text = words.replace(/\{(\w+)\}/g, (_, name) => parts[name]);
    if (place.textContent !== text) place.textContent = text;
    waiting = setTimeout(show, (left % 60000) + 20); // as the next minute begins
  }

  document.addEventListener("visibilitychange", () => document.hidden || show());
  show();
})();
