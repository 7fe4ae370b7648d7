// Keeps Leaflet and the countries' outlines for every map of this window.

// The arcs are shared by neighbours: each is a run of steps on a grid of `scale` degrees, and a
// country is a list of rings of arcs, where a negative number means one read backwards.
function countries({ scale, arcs, countries }) {
  const lines = arcs.map((steps) => {
    const line = [];
    for (let i = 0, x = 0, y = 0; i < steps.length; i += 2) {
      x += steps[i];
      y += steps[i + 1];
      line.push([y * scale - 90, x * scale - 180]);
    }
    return line;
  });
  const line = (arc) => (arc < 0 ? [...lines[~arc]].reverse() : lines[arc]);
  const ring = (arcs) => arcs.flatMap((arc, number) => line(arc).slice(number ? 1 : 0));
  return countries.map((one) => ({
    name: one.name,
    polygons: one.arcs.flatMap((polygon) => unfolded(polygon.map(ring))),
  }));
}

// On a sphere a ring may cross the date line; on a map it goes on beyond 180 degrees, and is drawn
// once more at the other side. One that goes around the pole is closed along the map's edge.
function flat(ring) {
  let shift = 0;
  const line = ring.map(([lat, lon], index) => {
    const before = index ? ring[index - 1][1] : lon;
    if (lon - before > 180) shift -= 360;
    if (lon - before < -180) shift += 360;
    return [lat, lon + shift];
  });
  const [first, last] = [line[0], line[line.length - 1]];
  if (Math.abs(last[1] - first[1]) > 180) line.push([-90, last[1]], [-90, first[1]]);
  return line;
}

function unfolded(polygon) {
  const rings = polygon.map(flat);
  const longitudes = rings[0].map(([, lon]) => lon);
  const beyond = Math.max(...longitudes) > 180.01 ? -360 : Math.min(...longitudes) < -180.01 ? 360 : 0;
  if (!beyond) return [rings];
  return [rings, rings.map((ring) => ring.map(([lat, lon]) => [lat, lon + beyond]))];
}

export default function ({ data }) {
  if (globalThis.photoFactoryAtlas) return;
  const outlines = countries(JSON.parse(data.outlines));
  globalThis.photoFactoryAtlas = { leaflet: globalThis.L, countries: outlines };
  globalThis.dispatchEvent(new Event("photo-factory-atlas"));
}
