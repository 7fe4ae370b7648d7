// A year a row: two halves, a column a week, a square a day, deeper where more was taken. Says which day
// (`day`, as YYYY-MM-DD) or which year (`year`) was chosen.

const SVG = "http://www.w3.org/2000/svg";
const DAY = 86400000;
const SIZE = 11;
const SHADES = [0.28, 0.48, 0.72, 1];

const node = (name, attributes, text) => {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text !== undefined) made.textContent = text;
  return made;
};

const told = (date) =>
  date.toLocaleDateString(undefined, {
    weekday: "short", day: "numeric", month: "long", year: "numeric", timeZone: "UTC",
  });

function square(date, number, bounds, week, setTriggerValue) {
  const day = date.toISOString().slice(0, 10);
  const weekday = (date.getUTCDay() + 6) % 7; // Monday is the first
  const at = { x: week * (SIZE + 2), y: 12 + weekday * (SIZE + 2), width: SIZE, height: SIZE };
  const rect = node("rect", at);
  const said = `${told(date)}: ${number ? number.toLocaleString() : "nothing"}`;
  rect.append(node("title", {}, said));
  if (number) {
    rect.setAttribute("class", "has");
    rect.setAttribute("fill-opacity", SHADES[bounds.filter((bound) => number > bound).length]);
    rect.setAttribute("tabindex", "0");
    rect.setAttribute("role", "button");
    rect.setAttribute("aria-label", said);
    rect.dataset.day = day;
    rect.onclick = () => setTriggerValue("day", day);
    rect.onkeydown = (event) => event.key === "Enter" && setTriggerValue("day", day);
  }
  return rect;
}

// Half a year from this month on: side by side where there is room, else one below the other.
function half(year, from, bounds, setTriggerValue) {
  const svg = node("svg", { viewBox: `0 0 ${27 * (SIZE + 2) + SIZE} ${12 + 7 * (SIZE + 2)}` });
  const first = Date.UTC(year.year, from, 1);
  const end = Date.UTC(year.year, from + 6, 1);
  const lead = (new Date(first).getUTCDay() + 6) % 7;
  let month = -1;
  for (let date = new Date(first); +date < end; date = new Date(+date + DAY)) {
    const index = Math.round((+date - first) / DAY);
    const week = Math.floor((index + lead) / 7);
    if (date.getUTCMonth() !== month) {
      month = date.getUTCMonth();
      const name = date.toLocaleDateString(undefined, { month: "short", timeZone: "UTC" });
      svg.append(node("text", { x: week * (SIZE + 2), y: 8 }, name));
    }
    svg.append(square(date, year.days[date.toISOString().slice(5, 10)], bounds, week, setTriggerValue));
  }
  return svg;
}

function row(year, bounds, setTriggerValue) {
  const part = document.createElement("div");
  const of = document.createElement("div");
  const name = document.createElement("button");
  const total = document.createElement("small");
  part.className = "year";
  of.className = "of";
  name.textContent = year.year;
  name.onclick = () => setTriggerValue("year", String(year.year));
  total.textContent = year.note;
  const box = document.createElement("div");
  box.className = "days";
  box.append(...[0, 6].map((from) => half(year, from, bounds, setTriggerValue)));
  of.append(name, total);
  part.append(of, box);
  return part;
}

function legend(bounds) {
  const box = document.createElement("div");
  box.className = "legend";
  const none = document.createElement("i");
  none.className = "none";
  box.append("nothing", none);
  for (const shade of SHADES) {
    const one = document.createElement("i");
    one.style.opacity = shade;
    box.append(one);
  }
  box.append(`more than ${bounds[bounds.length - 1].toLocaleString()} a day`);
  return box;
}

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".calendar");
  const drawing = JSON.stringify(data);
  if (root.dataset.drawing === drawing) return;
  root.dataset.drawing = drawing;
  root.replaceChildren(
    legend(data.bounds),
    ...data.years.map((year) => row(year, data.bounds, setTriggerValue)),
  );
}
