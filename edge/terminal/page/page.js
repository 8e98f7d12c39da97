// The terminal's screen. It shows what the agent says and sends which key was pressed; it decides
// nothing and keeps nothing.
"use strict";

const KEYS = ["in", "out", "break_start", "break_end"];
const LANGUAGES = ["ja", "ja-easy", "en"];
const BACK_TO_FIRST_MS = 30000;
const SILENT_MS = 12000;
const SHAPES = { recorded: "✓", repeated: "✓✓", ask: "?", denied: "✕", unrecorded: "✕", unsaved: "!" };

const at = (selector) => document.querySelector(selector);
const first = document.documentElement.dataset.language;
const token = at("meta[name=page-token]").content;
let language = first;
let words = null;
let life = null;
let view = null;
let clockOffset = 0;
let sounded = 0;
let late = 0;
let lateUntil = 0;
let resultSince = 0;
let chosenSince = 0;
let heard = 0;
let languageTimer = null;

function say(key, values = {}) {
  const [table, name] = key.split(".");
  const entry = words[table][name];
  const text = entry[language] || entry.ja;
  return text.replace(/\{(\w+)\}/g, (_, one) => values[one]);
}

const has = (key) => key.split(".").reduce((table, name) => table && table[name], words) !== undefined;

function set(selector, text) {
  const place = at(selector);
  if (place.textContent !== text) place.textContent = text;
}

// --- keys ----------------------------------------------------------------------------------------

async function choose(direction) {
  if (!view || !view.keys) return;
  Sounds.play("key");
  const asked = view.result && view.result.kind === "ask" ? view.result.question : null;
  try {
    const answer = await fetch("/choose", {
      method: "POST",
      headers: { "X-Kagimori-Page": token, "Content-Type": "application/json" },
      body: JSON.stringify({ direction, answers: asked }),
    });
    if (answer.status === 403) location.reload();
    else if (!answer.ok) throw new Error(answer.status);
  } catch (error) {
    showLate("result.sent_not");
  }
}

function showLate(key) {
  lateUntil = Date.now() + 4000;
  set("#late", say(key));
  at("#late").hidden = false;
}

function makeKeys() {
  const keys = at("#keys");
  keys.replaceChildren(...KEYS.map((direction, index) => {
    const key = document.createElement("button");
    key.type = "button";
    key.dataset.direction = direction;
    key.setAttribute("aria-keyshortcuts", String(index + 1));
    key.append(part("number", String(index + 1)), part("label", ""), part("mark", ""));
    key.addEventListener("click", () => choose(direction));
    return key;
  }));
  at("#languages").replaceChildren(...LANGUAGES.map((one) => {
    const button = document.createElement("button");
    button.type = "button";
    button.lang = one === "en" ? "en" : "ja";
    button.dataset.language = one;
    button.textContent = words.language.name[one];
    button.addEventListener("click", () => speak(one));
    return button;
  }));
}

function part(name, text) {
  const span = document.createElement("span");
  span.className = name;
  span.textContent = text;
  return span;
}

function speak(one) {
  language = one;
  clearTimeout(languageTimer);
  if (one !== first) languageTimer = setTimeout(() => speak(first), BACK_TO_FIRST_MS);
  draw();
}

document.addEventListener("keydown", (event) => {
  if (event.repeat || event.ctrlKey || event.altKey || event.metaKey) return;
  const direction = KEYS[Number(event.key) - 1];
  if (direction) {
    event.preventDefault();
    choose(direction);
  }
});
document.addEventListener("contextmenu", (event) => event.preventDefault());

// --- what is shown -------------------------------------------------------------------------------

function draw() {
  if (!words) return;
  document.documentElement.lang = language === "en" ? "en" : "ja";
  document.title = say("idle.title");
  for (const button of at("#languages").children) {
    button.setAttribute("aria-pressed", String(button.dataset.language === language));
  }
  drawNotices();
  if (!view) return;
  drawKeys();
  drawResult(view.result);
}

function drawNotices() {
  const agentAway = Date.now() - heard > SILENT_MS;
  const codes = agentAway ? ["agent_away"] : view ? view.notices : [];
  const lines = codes.map((code) => [code, say(`notice.${code}`, { unsent: view ? view.unsent : 0 })]);
  const list = at("#notices");
  if (list.dataset.said === JSON.stringify(lines)) return;
  list.dataset.said = JSON.stringify(lines);
  list.replaceChildren(...lines.map(([code, text]) => {
    const line = document.createElement("li");
    line.dataset.notice = code;
    line.textContent = text;
    return line;
  }));
}

function drawKeys() {
  at("#keys").hidden = !view.keys;
  const asking = view.result && view.result.kind === "ask";
  for (const key of at("#keys").children) {
    const direction = key.dataset.direction;
    const chosen = view.chosen === direction;
    const suggested = !view.chosen && !asking && view.suggested === direction;
    key.querySelector(".label").textContent = say(`key.${direction}`);
    key.classList.toggle("suggested", suggested);
    key.setAttribute("aria-pressed", String(chosen));
    key.querySelector(".mark").textContent = chosen
      ? `✓ ${say("idle.chosen_mark")}` : suggested ? say("idle.suggested") : "";
  }
}

function drawResult(result) {
  const kind = result ? result.kind : view.chosen ? "chosen" : "idle";
  document.body.dataset.kind = kind;
  set("#shape", result ? SHAPES[result.kind] : view.chosen ? "→" : "");
  set("#name", result && result.name ? result.name : "");
  const today = at("#today");
  today.hidden = !(result && result.lines.length);
  if (!result) {
    const key = view.chosen ? say(`key.${view.chosen}`) : "";
    set("#headline", view.chosen ? say("idle.chosen", { key }) : say(view.keys ? "idle.choose" : "idle.tap"));
    set("#detail", view.chosen ? say("idle.tap") : view.keys ? say("idle.first") : "");
    if (!view.chosen) set("#more", "");
    return;
  }
  const [headline, detail, more] = sentences(result);
  set("#headline", headline);
  set("#detail", detail);
  set("#more", more);
  at("#today h2").textContent = say("result.today");
  at("#today ol").replaceChildren(...result.lines.map((line) => {
    const entry = document.createElement("li");
    const day = line.day ? `${say(`result.${line.day}`)} ` : "";
    entry.append(part("time", day + line.at), part("what", say(`punch.${line.direction}`)));
    if (line.waits) entry.append(part("waits", "?"));
    return entry;
  }));
}

function sentences(result) {
  const punch = result.direction ? say(`punch.${result.direction}`) : "";
  const waits = result.waits ? say("result.waits") : "";
  switch (result.kind) {
    case "ask":
      return [say("result.ask"), result.at, waits];
    case "recorded":
      return result.direction === "inferred"
        ? [result.at, say("result.inferred"), waits]
        : [say("result.recorded", { punch }), result.at, waits];
    case "repeated":
      return [say("result.repeated", { earlier: result.earlier }), punch, say("result.repeated_why")];
    case "denied": {
      const code = has(`reason.${result.reason}`) ? result.reason : "other";
      return [say(`reason.${code}`), say(`next.${code}`), say("result.denied")];
    }
    default:
      return [say(`result.${result.kind}`), "", ""];
  }
}

function heardView(message) {
  heard = Date.now();
  if (life !== null && life !== message.life) {
    location.reload(); // another run of the agent: its token is another
    return;
  }
  life = message.life;
  if (!view || view.chosen !== message.view.chosen) chosenSince = Date.now();
  view = message.view;
  clockOffset = Date.parse(message.now) - Date.now();
  const result = view.result;
  if (result && result.number !== sounded) {
    sounded = result.number;
    resultSince = Date.now();
    Sounds.play(result.kind);
    at("#late").hidden = true;
  }
  if (view.late !== late) {
    if (view.late > late) showLate("result.late");
    late = view.late;
  }
  draw();
  tick();
}

function tick() {
  const now = new Date(Date.now() + clockOffset);
  const japan = { timeZone: "Asia/Tokyo" };
  const clock = new Intl.DateTimeFormat("ja-JP", { ...japan, hour: "numeric", minute: "2-digit", second: "2-digit" });
  const named = language === "en" ? "en-GB" : "ja-JP";
  const date = new Intl.DateTimeFormat(named, { ...japan, month: "long", day: "numeric", weekday: "short" });
  if (view) {
    set("#clock time", clock.format(now));
    set("#date", date.format(now));
  }
  if (lateUntil && Date.now() > lateUntil) {
    lateUntil = 0;
    at("#late").hidden = true;
  }
  if (!words) return;
  drawNotices();
  const result = view && view.result;
  if (result && result.kind === "ask") drawLeft(result.left_ms, resultSince);
  else if (view && view.chosen && !result) drawLeft(view.chosen_left_ms, chosenSince);
}

function drawLeft(leftMs, since) {
  const seconds = Math.max(0, Math.ceil((leftMs - (Date.now() - since)) / 1000));
  set("#more", say("result.ask_left", { seconds }));
}

async function begin() {
  words = await (await fetch("/words.json")).json();
  makeKeys();
  heard = Date.now();
  const stream = new EventSource("/views");
  stream.onmessage = (event) => heardView(JSON.parse(event.data));
  stream.addEventListener("alive", () => { heard = Date.now(); });
  stream.onerror = () => {
    view = view && { ...view, result: null, chosen: "" }; // no name stays while nobody is heard
    draw();
    if (stream.readyState === EventSource.CLOSED) setTimeout(() => location.reload(), 2000);
  };
  setInterval(tick, 250);
  draw();
}

begin().catch(() => setTimeout(() => location.reload(), 2000));
