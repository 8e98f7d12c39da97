// The simulated doors: buttons send what a hand would do; the server's stream tells what is seen.
"use strict";

const WORDS = {
  bolt: { true: "◀ 引っ込んだ retracted", false: "▶ 出ている extended" },
  leaf: { true: "開いている open", false: "閉まっている closed" },
  secure: { true: "暗号化 secured", false: "つながっていない not connected" },
  cable: { true: "ネットワーク：接続中 connected", false: "ネットワーク：切断 cut off" },
  light: { "": "—", green: "● 緑（許可） green", red: "■ 赤（拒否） red", amber: "▲ 黄 amber", blue: "◆ 青 blue" },
};
const message = document.getElementById("message");

async function send(path, body) {
  try {
    const answer = await fetch(path, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body ?? {}),
    });
    message.textContent = answer.ok ? "" : (await answer.json()).detail;
  } catch {
    message.textContent = "デモは終わりました。The demonstration has ended.";
  }
}

function show(state) {
  for (const door of document.querySelectorAll("[data-door]")) {
    const seen = state.doors[door.dataset.door];
    door.querySelector("[data-bolt]").textContent = WORDS.bolt[seen.bolt_retracted];
    door.querySelector("[data-leaf]").textContent = WORDS.leaf[seen.leaf_open];
    door.querySelector("[data-secure]").textContent = WORDS.secure[seen.secure];
    light(door.querySelector("[data-light]"), seen);
  }
  for (const site of document.querySelectorAll("[data-site]")) {
    const plugged = state.cables[site.dataset.site];
    site.querySelector("[data-cable-state]").textContent = WORDS.cable[plugged];
    site.querySelector("[data-cable=out]").disabled = !plugged;
    site.querySelector("[data-cable=in]").disabled = plugged;
  }
  for (const terminal of document.querySelectorAll("[data-terminal-state]")) {
    const lies = Object.values(state.terminal).some(Boolean);
    terminal.textContent = lies ? "カードを読んでいます reading" : "カードを置いてください place a card";
  }
}

function light(place, seen) {
  if (place.dataset.count === String(seen.signals)) return;
  place.dataset.count = seen.signals;
  place.textContent = WORDS.light[seen.light] + (seen.text ? " " + seen.text : "");
  clearTimeout(place.fading);
  place.fading = setTimeout(() => { place.textContent = WORDS.light[""]; }, 3000);
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  const door = button.closest("[data-door]")?.dataset.door;
  const site = button.closest("[data-site]")?.dataset.site;
  const { key, card, do: act, cable, lay } = button.dataset;
  if (key) send(`/doors/${door}/keys`, { keys: key });
  else if (card) send(`/doors/${door}/card`, { card });
  else if (act) send(`/doors/${door}/${act}`);
  else if (lay) send("/terminal", { card: lay });
  else if (cable) send(`/sites/${site}/cable`, { plugged: cable === "in" });
});

const stream = new EventSource("/stream");
stream.onmessage = (event) => show(JSON.parse(event.data));
