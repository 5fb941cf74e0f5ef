// The status page: asks for a key, follows the stream of states, and draws each anew.

const main = document.getElementById("main");
const engine = document.getElementById("engine");
const KEY = "crosswalk-key";
let latest = null;

/** An element with text and children; nothing is ever put in as HTML. */
function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

const units = [["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]];
const relative = new Intl.RelativeTimeFormat("en", { numeric: "always", style: "short" });

function ago(moment) {
  if (!moment) return "never";
  const seconds = Math.round((new Date(moment) - Date.now()) / 1000);
  const [unit, size] = units.find(([, size]) => Math.abs(seconds) >= size) ?? units.at(-1);
  return relative.format(Math.trunc(seconds / size), unit);
}

const time = (moment) =>
  moment ? element("time", { datetime: moment, title: new Date(moment).toISOString() }, ago(moment)) : "never";

function lag(readAt) {
  if (!readAt) return "never read to its end";
  const seconds = Math.max(0, Math.round((Date.now() - new Date(readAt)) / 1000));
  const [unit, size] = units.find(([, size]) => seconds >= size) ?? units.at(-1);
  const count = Math.floor(seconds / size);
  return `${count} ${unit}${count === 1 ? "" : "s"}`;
}

/** How a connection is doing, in a word and a colour. */
function state(connection) {
  if (connection.state === "invalid") return ["needs other credentials", "bad"];
  if (connection.state === "inactive") return ["not read", "quiet"];
  if (connection.broken) return [connection.revision ? "runs; its last edit is broken" : "broken files", "bad"];
  if (connection.held) return ["waits for a person", "warn"];
  if (connection.sync.now) return ["syncs", "busy"];
  if (connection.failures > 0) return ["fails", "warn"];
  return ["well", "good"];
}

const count = new Intl.NumberFormat("en");

function progress({ model, fetched, total }) {
  if (!model) return "begins";
  return total ? `${model}: ${count.format(fetched)} of ${count.format(total)}` : `${model}: ${count.format(fetched)}`;
}

function facts(connection) {
  const { sync } = connection;
  const next = sync.now ? progress(sync.now) : sync.queued ? "waits for its turn" : sync.next_at ? time(sync.next_at) : "not by the clock";
  const list = [
    [sync.now ? "Sync under way" : "Next sync", next],
    ["Last sync", time(sync.tried_at)],
    ["Lag", lag(connection.read_at)],
    ["Revision", element("code", { title: connection.revision ?? "" }, connection.revision?.slice(0, 12) ?? "none")],
  ];
  const left = connection.remap.reduce((sum, model) => sum + model.left, 0);
  if (left > 0) list.push(["To be mapped again", count.format(left)]);
  return element("dl", {}, ...list.map(([name, value]) => element("div", {}, element("dt", {}, name), element("dd", {}, value))));
}

function models(connection) {
  if (connection.models.length === 0) return null;
  const troubleOf = (model) => model.held ?? model.error ?? (model.failures > 0 ? `failed ${model.failures} times` : "");
  const columns = ["Model", "Read", "Next", ...(connection.models.some(troubleOf) ? ["Trouble"] : [])];
  const head = element("tr", {}, ...columns.map((name) => element("th", { scope: "col" }, name)));
  const rows = connection.models.map((model) => {
    const trouble = troubleOf(model);
    return element(
      "tr",
      {},
      element("th", { scope: "row" }, model.model),
      element("td", {}, time(model.read_at)),
      element("td", {}, model.next_at ? time(model.next_at) : "–"),
      trouble ? element("td", { class: "reason warn" }, trouble) : null,
    );
  });
  return element("div", { class: "scroll" }, element("table", {}, element("thead", {}, head), element("tbody", {}, ...rows)));
}

function card(connection) {
  const [word, colour] = state(connection);
  const reasons = [connection.reason, connection.held, connection.failures > 0 ? connection.error : null];
  const told = [...new Set(reasons.filter(Boolean))].map((reason) => element("p", { class: "reason" }, reason));
  return element(
    "section",
    { class: "card", "data-connection": connection.name },
    element(
      "div",
      { class: "title" },
      element("h2", {}, connection.name),
      element("span", { class: `state ${colour}` }, word),
      element("span", { class: "quiet" }, connection.connector ?? ""),
    ),
    ...told,
    facts(connection),
    models(connection),
    connection.broken ? element("pre", { "aria-label": "What is wrong with the last edit" }, connection.broken) : null,
  );
}

function draw() {
  if (!latest) return;
  engine.replaceChildren(latest.started_at ? "runs since " : "no engine runs", latest.started_at ? time(latest.started_at) : "");
  const trouble = latest.store_trouble ? element("p", { class: "bad", role: "alert" }, latest.store_trouble) : null;
  const cards = latest.connections.map(card);
  const none = element("p", { class: "quiet" }, "There is no connection that this key may see.");
  main.replaceChildren(...[trouble, ...(cards.length ? cards : [none])].filter(Boolean));
}

/** Follows the stream. Returns the status of the answer when it is refused, and nothing when it ends. */
async function follow(key) {
  const answer = await fetch("/status/events", { headers: { Authorization: `Bearer ${key}` } });
  if (!answer.ok) return answer.status;
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return null;
    text += value;
    const events = text.split("\n\n");
    text = events.pop();
    for (const event of events) {
      const data = event.split("\n").filter((line) => line.startsWith("data:")).map((line) => line.slice(5).trim());
      if (data.length > 0) latest = JSON.parse(data.join("\n"));
    }
    draw();
  }
}

function ask(why) {
  const form = document.getElementById("ask").content.cloneNode(true);
  form.querySelector(".bad").textContent = why;
  form.querySelector("form").addEventListener("submit", (event) => {
    event.preventDefault();
    const key = new FormData(event.target).get("key");
    sessionStorage.setItem(KEY, key);
    run(key);
  });
  engine.textContent = "";
  main.replaceChildren(form);
  main.querySelector("input").focus();
}

async function run(key) {
  for (;;) {
    const refused = await follow(key).catch(() => null);
    if (refused === 401 || refused === 403) {
      sessionStorage.removeItem(KEY);
      latest = null;
      return ask("This key is not known.");
    }
    engine.textContent = "is not reached; trying again";
    await new Promise((wake) => setTimeout(wake, 2000));
  }
}

setInterval(draw, 1000);
const key = sessionStorage.getItem(KEY);
if (key) run(key);
else ask("");
