// The simulated doors: buttons send what a hand would do; the server's stream tells what is seen.
"use strict";

const WORDS = {
  bolt: { true: "◀ 引っ込んだ retracted", false: "▶ 出ている extended" },
  leaf: { true: "開いている open", false: "閉まっている closed" },
  secure: { true: "暗号化 secured", false: "つながっていない not connected" },
  cable: { true: "ネットワーク：接続中 connected", false: "ネットワーク：切断 cut off" },
  light: { "": "—", green: "● 緑（許可） green", red: "■ 赤（拒否） red", amber: "▲ 黄 amber", blue: "◆ 青 blue" },
  lid: { true: "開いている open", false: "閉まっている closed" },
  inside: { true: "あります there", false: "ありません taken" },
  box: {
    "": "—",
    accepted: "● 緑（開きました） green, opened",
    refused: "■ 赤（使えない番号） red, refused",
    locked: "■ 赤（しばらく使えません） red, locked out",
  },
  tap: {
    accepted: "✓ 受け付けました accepted",
    unknown: "✕ 登録のないカードです unknown card",
    unreadable: "✕ 読めませんでした。もう一度 unreadable, try again",
    refused: "✕ 受け付けられません refused",
    silent: "? 応答がありません no answer",
  },
};
const PIN_PATIENCE_MS = 10000;

// One after another: keys must arrive in the order in which they were pressed.
function send(place, path, body) {
  place.sending = (place.sending ?? Promise.resolve()).then(() => post(place, path, body));
}

async function post(place, path, body) {
  const message = place.querySelector("[data-message]");
  try {
    const answer = await fetch(path, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body ?? {}),
    });
    const told = answer.status === 204 ? {} : await answer.json();
    message.classList.toggle("good", ["accepted", "visited"].includes(told.answer));
    message.textContent = answer.ok ? said(told) : told.detail;
  } catch {
    message.textContent = "デモは終わりました。The demonstration has ended.";
  }
}

function said(told) {
  if (told.answer === "visited") return `✓ 記録を${told.records}件集めました ${told.records} records collected`;
  return WORDS.tap[told.answer] ?? "";
}

function pathOf(place) {
  return "box" in place.dataset ? "/box" : `/doors/${place.dataset.door}`;
}

function press(door, key) {
  const typed = door.querySelector("[data-typed]");
  const count = "#*".includes(key) ? 0 : Number(typed.dataset.count ?? 0) + 1;
  typed.dataset.count = count;
  typed.textContent = Array(count).fill("●").join(" ");
  clearTimeout(typed.forgetting);
  typed.forgetting = setTimeout(() => { typed.dataset.count = 0; typed.textContent = ""; }, PIN_PATIENCE_MS);
  send(door, `${pathOf(door)}/keys`, { keys: key });
}

function show(state) {
  for (const door of document.querySelectorAll("[data-door]")) {
    const seen = state.doors[door.dataset.door];
    door.querySelector("[data-bolt]").textContent = WORDS.bolt[seen.bolt_retracted];
    door.querySelector("[data-leaf]").textContent = WORDS.leaf[seen.leaf_open];
    door.querySelector("[data-secure]").textContent = WORDS.secure[seen.secure];
    light(door.querySelector("[data-light]"), seen);
  }
  for (const box of document.querySelectorAll("[data-box]")) {
    box.querySelector("[data-bolt]").textContent = WORDS.bolt[state.box.released];
    box.querySelector("[data-leaf]").textContent = WORDS.lid[state.box.lid_open];
    box.querySelector("[data-inside]").textContent = WORDS.inside[state.box.key_inside];
    const seen = { signals: state.box.entries, light: state.box.light, text: "" };
    light(box.querySelector("[data-light]"), seen, WORDS.box);
  }
  for (const site of document.querySelectorAll("[data-site]:has([data-cable])")) {
    const plugged = state.cables[site.dataset.site];
    site.querySelector("[data-cable-state]").textContent = WORDS.cable[plugged];
    site.querySelector("[data-cable=out]").disabled = !plugged;
    site.querySelector("[data-cable=in]").disabled = plugged;
  }
  for (const terminal of document.querySelectorAll("[data-terminal]")) {
    const lies = state.terminals[terminal.dataset.terminal] !== "";
    terminal.querySelector("[data-terminal-state]").textContent = lies ? "カードを読んでいます reading" : "カードを置いてください place a card";
  }
}

function light(place, seen, words = WORDS.light) {
  if (place.dataset.count === String(seen.signals)) return;
  place.dataset.count = seen.signals;
  place.textContent = words[seen.light] + (seen.text ? " " + seen.text : "");
  clearTimeout(place.fading);
  if (seen.light === "locked") return; // for minutes: it says so until the next entry
  place.fading = setTimeout(() => { place.textContent = words[""]; }, 3000);
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  const place = button.closest("[data-place]");
  const { terminal } = place.dataset;
  const path = pathOf(place);
  const site = button.closest("[data-site]").dataset.site;
  const { key, card, do: act, cable, lay, visit } = button.dataset;
  if (key) press(place, key);
  else if (visit !== undefined) send(place, `${path}/visit`);
  else if (card) send(place, `${path}/card`, { card });
  else if (act) send(place, `${path}/${act}`);
  else if (lay) send(place, `/terminals/${terminal}`, { card: lay });
  else if (cable) send(place, `/sites/${site}/cable`, { plugged: cable === "in" });
});

document.addEventListener("keydown", (event) => {
  const keypad = event.target.closest("[data-keypad]");
  const chord = event.ctrlKey || event.altKey || event.metaKey || event.repeat;
  if (!keypad || chord || !/^[0-9*#]$/.test(event.key)) return;
  event.preventDefault();
  press(keypad.closest("[data-place]"), event.key);
});

const stream = new EventSource("/stream");
stream.onmessage = (event) => show(JSON.parse(event.data));
