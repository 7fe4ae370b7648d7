// A map of outlines, or of tiles where a tile server is set. Tells what is looked at (`view`) and
// which cluster was chosen (`open`, its box). All text is set as text, never as markup.

const NAMED_FROM = 3; // the zoom from which countries bear their names, where they have room

const style = (element, name) => getComputedStyle(element).getPropertyValue(name).trim();

function outlines(L, root, countries, names) {
  const land = style(root, "--st-background-color");
  const shore = style(root, "--st-gray-color") || style(root, "--st-border-color");
  const canvas = L.canvas({ padding: 0.5 });
  const layer = L.layerGroup();
  const look = { renderer: canvas, color: shore, weight: 0.6, fillColor: land, fillOpacity: 1, interactive: false };
  for (const { name, polygons } of countries) {
    layer.addLayer(L.polygon(polygons, look));
    names.push(label(L, name, polygons));
  }
  return layer;
}

function label(L, name, polygons) {
  let largest;
  let size = -1;
  for (const [ring] of polygons) {
    const bounds = L.latLngBounds(ring);
    const area = (bounds.getNorth() - bounds.getSouth()) * (bounds.getEast() - bounds.getWest());
    if (area > size) [largest, size] = [bounds, area];
  }
  const text = document.createElement("span");
  text.textContent = name;
  const icon = L.divIcon({ className: "country", html: text, iconSize: null });
  const marker = L.marker(largest.getCenter(), { icon, interactive: false, keyboard: false });
  return { marker, room: largest.getEast() - largest.getWest(), needs: name.length * 6 };
}

function cluster(L, one, open) {
  const size = one.src ? 52 : Math.min(56, 26 + 6 * Math.log10(one.files) * 2);
  const button = document.createElement("button");
  button.type = "button";
  button.title = one.label;
  button.setAttribute("aria-label", one.label);
  if (one.src) {
    const image = document.createElement("img");
    image.src = one.src;
    image.alt = "";
    image.onerror = () => image.remove();
    button.append(image);
  }
  const number = document.createElement("span");
  number.textContent = one.files.toLocaleString();
  button.append(number);
  button.onclick = (event) => {
    event.stopPropagation();
    open(one.box);
  };
  const className = one.src ? "cluster" : "cluster plain";
  const icon = L.divIcon({ className, html: button, iconSize: [size, size] });
  return L.marker([one.lat, one.lon], { icon, keyboard: false });
}

// On a phone the world is to be seen whole, too; on a wide screen it shall fill the map.
const least = (root) => Math.max(0, Math.min(1.5, Math.floor(2 * Math.log2(root.clientWidth / 256)) / 2));

function built(L, root, data, countries, tell) {
  const map = L.map(root, {
    zoomSnap: 0.5, wheelPxPerZoomLevel: 120, minZoom: least(root), maxZoom: 17, maxBounds: [[-85, -200], [85, 200]], attributionControl: true,
    zoomControl: !data.still, dragging: !data.still, scrollWheelZoom: !data.still,
    doubleClickZoom: !data.still, touchZoom: !data.still, keyboard: !data.still, boxZoom: !data.still,
  });
  map.attributionControl.setPrefix(false).addAttribution(data.tiles ? data.tiles_by : "Natural Earth");
  const names = [];
  const named = L.layerGroup().addTo(map);
  if (data.tiles) L.tileLayer(data.tiles, { maxZoom: 19 }).addTo(map);
  else outlines(L, root, countries, names).addTo(map);
  const clusters = L.layerGroup().addTo(map);
  const [south, west, north, east] = data.fit;
  map.fitBounds([[south, west], [north, east]], { maxZoom: data.closest || 12, padding: [30, 30] });
  const name = () => {
    const degree = (256 * 2 ** map.getZoom()) / 360;
    for (const { marker, room, needs } of names) {
      const fits = map.getZoom() >= NAMED_FROM && room * degree > needs;
      fits ? named.addLayer(marker) : named.removeLayer(marker);
    }
  };
  name();
  let timer;
  const moved = () => {
    name();
    clearTimeout(timer);
    timer = setTimeout(() => {
      const bounds = map.getBounds();
      tell.view({
        box: [bounds.getSouth(), bounds.getWest(), bounds.getNorth(), bounds.getEast()],
        zoom: map.getZoom(),
      });
    }, 250);
  };
  if (!data.still) {
    map.on("moveend", moved);
    moved();
  }
  new ResizeObserver(() => root.isConnected && map.invalidateSize()).observe(root);
  return { map, clusters };
}

const maps = new WeakMap();

function draw(root, data, tell) {
  const { leaflet: L, countries } = globalThis.photoFactoryAtlas;
  const look = [data.tiles, data.fit, style(root, "--st-background-color")].join();
  let own = maps.get(root);
  if (own && own.look !== look) {
    own.map.remove();
    own = undefined;
  }
  if (!own) {
    own = { ...built(L, root, data, countries, tell), look };
    maps.set(root, own);
  }
  const drawing = JSON.stringify(data.clusters);
  if (own.drawing === drawing) return;
  own.drawing = drawing;
  own.clusters.clearLayers();
  for (const one of data.clusters) own.clusters.addLayer(cluster(L, one, tell.open));
  if (data.pin) {
    const icon = L.divIcon({ className: "pin", iconSize: [18, 18] });
    own.clusters.addLayer(L.marker(data.pin, { icon, interactive: false, keyboard: false }));
  }
}

export default function ({ data, parentElement, setTriggerValue, setStateValue }) {
  const root = parentElement.querySelector(".map");
  const tell = {
    view: (view) => setStateValue("view", view),
    open: (box) => setTriggerValue("open", box),
  };
  root.style.height = `${data.height}px`;
  const drawNow = () => draw(root, data, tell);
  if (globalThis.photoFactoryAtlas) drawNow();
  else globalThis.addEventListener("photo-factory-atlas", drawNow, { once: true });
  return () => {
    if (root.isConnected || !maps.has(root)) return;
    maps.get(root).map.off().stop().remove();
    maps.delete(root);
  };
}
