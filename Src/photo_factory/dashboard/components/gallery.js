// Draws sections of tiles; says which was opened (`open`), which heading was (`heading`), and,
// while `selecting`, which are selected (`selected`). All text is set as text, never as markup.

const make = (name, className, text) => {
  const made = document.createElement(name);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
};

function picture(tile) {
  if (!tile.src) return nothing(tile);
  const image = make("img");
  image.src = tile.src;
  image.alt = tile.label;
  image.loading = "lazy";
  image.decoding = "async";
  image.onerror = () => image.replaceWith(nothing({ ...tile, why: "its picture is away" }));
  return image;
}

function nothing(tile) {
  const box = make("span", "none");
  box.append(make("span", "", tile.name), make("small", "", tile.why || ""));
  return box;
}

function badges(tile) {
  const box = make("span", "badges");
  for (const [text, kind] of tile.badges || []) box.append(make("span", kind, text));
  return box;
}

function caption(tile) {
  const box = make("span", "caption");
  box.append(make("b", "", tile.caption), make("span", "", tile.note || ""));
  return box;
}

function drawn(tile, data, chosen, act) {
  const button = make("button", "tile");
  button.type = "button";
  button.style.setProperty("--shape", tile.shape || 1);
  button.title = tile.label;
  button.setAttribute("aria-label", tile.label);
  button.dataset.id = tile.id;
  button.append(picture(tile), tile.caption ? caption(tile) : badges(tile));
  const press = () => {
    const on = chosen.has(tile.id);
    button.setAttribute("aria-pressed", on);
    button.querySelector(".mark").textContent = on ? "✓" : "";
  };
  if (data.selecting) {
    button.append(make("span", "mark"));
    press();
  }
  button.onclick = () => {
    if (!data.selecting) return act.open(tile.id);
    chosen.has(tile.id) ? chosen.delete(tile.id) : chosen.add(tile.id);
    press();
    act.select([...chosen]);
  };
  return button;
}

function heading(section, act) {
  const title = make("h3");
  const name = make(section.key ? "button" : "span", "", section.title);
  if (section.key) name.onclick = () => act.heading(section.key);
  title.append(name, make("span", "note", section.note || ""));
  return title;
}

export default function ({ data, parentElement, setTriggerValue, setStateValue }) {
  const root = parentElement.querySelector(".gallery");
  const drawing = JSON.stringify(data);
  if (root.dataset.drawing === drawing) return; // nothing jumps where nothing is new
  root.dataset.drawing = drawing;
  root.classList.toggle("months", !!data.months);
  const chosen = new Set(data.selected || []);
  const act = {
    open: (id) => setTriggerValue("open", id),
    heading: (key) => setTriggerValue("heading", key),
    select: (ids) => setStateValue("selected", ids),
  };
  root.replaceChildren(
    ...data.sections.map((section) => {
      const part = make("section");
      const row = make("div", "row");
      row.append(...section.tiles.map((tile) => drawn(tile, data, chosen, act)));
      if (section.title) part.append(heading(section, act));
      part.append(row);
      return part;
    }),
  );
}
