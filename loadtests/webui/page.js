"use strict";
// Draws what `figures` tells, once a second. Texts go in as text, never as markup.
const WIDTH = 560, HEIGHT = 190, LEFT = 52, BOTTOM = 24, TOP = 10, RIGHT = 10;
const perSecond = (key) => (point) => point[key] / point.span_s;
const plain = (key) => (point) => point[key];
const CHARTS = [
  ["Rate, requests a second", [["offered", perSecond("offered")], ["achieved", perSecond("answered")]]],
  ["Answers a second", [["admitted", perSecond("admitted")], ["refused (429)", perSecond("refused")], ["failed", perSecond("failed")]]],
  ["Remaining, as the headers tell", [["remaining", plain("remaining")]]],
  ["Latency of what was let in, ms", [["p50 from due", plain("due_p50_ms")], ["p99 from due", plain("due_p99_ms")],
    ["p50 from send", plain("sent_p50_ms")], ["p99 from send", plain("sent_p99_ms")]]],
];

function made(name, attributes = {}, text = "") {
  const svg = ["svg", "line", "polyline", "text"].includes(name);
  const element = svg ? document.createElementNS("http://www.w3.org/2000/svg", name) : document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  if (text) element.textContent = text;
  return element;
}

const short = (value) => value === null || value === undefined ? "–" : value >= 100 ? Math.round(value).toString() : Number(value.toPrecision(3)).toString();

function niceTop(most) {
  const power = 10 ** Math.floor(Math.log10(most || 1));
  return [1, 2, 5, 10].map((step) => step * power).find((top) => top >= most) || 1;
}

function drawn(title, lines, points) {
  const figure = made("figure");
  figure.append(made("h2", {}, title));
  const values = lines.map(([, read]) => points.map(read));
  const top = niceTop(Math.max(0, ...values.flat().filter((value) => value !== null)));
  const first = points.length ? points[0].t_s : 0, last = points.length ? points[points.length - 1].t_s : 1;
  const x = (at) => LEFT + (WIDTH - LEFT - RIGHT) * (at - first) / Math.max(last - first, 1);
  const y = (value) => HEIGHT - BOTTOM - (HEIGHT - BOTTOM - TOP) * value / top;
  const now = lines.map(([name], index) => `${name} ${short(values[index].at(-1))}`).join(", ");
  const svg = made("svg", {viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": `${title} after ${short(last)} s: ${now}`});
  for (const part of [0, 0.5, 1]) {
    svg.append(made("line", {class: "grid", x1: LEFT, x2: WIDTH - RIGHT, y1: y(part * top), y2: y(part * top)}));
    svg.append(made("text", {x: LEFT - 6, y: y(part * top) + 4, "text-anchor": "end"}, short(part * top)));
  }
  svg.append(made("text", {x: LEFT, y: HEIGHT - 6}, `${short(first)} s`));
  svg.append(made("text", {x: WIDTH - RIGHT, y: HEIGHT - 6, "text-anchor": "end"}, `${short(last)} s`));
  const caption = made("figcaption");
  lines.forEach(([name], index) => {
    const known = points.map((point, place) => [point.t_s, values[index][place]]).filter(([, value]) => value !== null);
    svg.append(made("polyline", {class: `line${index}`, points: known.map(([at, value]) => `${x(at).toFixed(1)},${y(value).toFixed(1)}`).join(" ")}));
    const key = made("span"), sign = made("svg", {viewBox: "0 0 30 10", "aria-hidden": "true"});
    sign.append(made("line", {class: `line${index}`, x1: 0, x2: 30, y1: 5, y2: 5, "stroke-width": 3}));
    key.append(sign, `${name} ${short(values[index].at(-1))}`);
    caption.append(key);
  });
  figure.append(svg, caption);
  return figure;
}

function row(promise, running) {
  const line = made("tr");
  const open = running && promise.verdict === "undecided";
  line.append(made("th", {scope: "row"}, `${promise.id} (${promise.level})`));
  line.append(made("td", {class: promise.verdict}, open ? "nothing found yet" : promise.verdict));
  line.append(made("td", {}, promise.examined.toLocaleString("en")));
  const words = made("td");
  promise.meaning.split("`").forEach((part, place) => words.append(place % 2 ? made("code", {}, part) : part));
  if (promise.said) words.append(made("br"), made("strong", {}, promise.said));
  line.append(words);
  return line;
}

function show(told) {
  const title = told.error ? "The test could not begin" : told.scenario ? `${told.scenario} on ${told.host}` : "No test yet";
  document.getElementById("title").textContent = title;
  const status = document.getElementById("status");
  const words = told.error || (told.running ? (told.ending ? "ended, being judged" : "under way") : told.verdict ? `verdict: ${told.verdict}${told.reason ? `, ${told.reason}` : ""}` : "Start one on Locust's page.");
  if (status.textContent !== words) status.textContent = words;
  status.className = told.verdict || "";
  document.title = `${told.running ? "Under way" : told.verdict || "Live"}: ${told.scenario || "load test"}`;
  document.getElementById("report").hidden = !told.report;
  document.getElementById("charts").replaceChildren(...CHARTS.map(([name, lines]) => drawn(name, lines, told.points)));
  document.getElementById("promises").replaceChildren(...told.promises.map((promise) => row(promise, told.running)));
}

async function follow() {
  try {
    const answer = await fetch("figures", {cache: "no-store"});
    if (answer.ok) show(await answer.json());
  } catch {
    document.getElementById("status").textContent = "Locust does not answer any more.";
  }
  setTimeout(follow, 1000);
}
follow();
