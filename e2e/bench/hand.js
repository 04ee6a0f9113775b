// The same shapes moved the same way as the page moves them: a group with a tail, a head and a hit circle for each message in flight,
// one attribute written per frame and message; the diagram is a few hundred paths under one transform.
const ns = "http://www.w3.org/2000/svg";
const el = (tag, attributes, parent) => {
  const e = document.createElementNS(ns, tag);
  for (const k in attributes) e.setAttribute(k, attributes[k]);
  parent.append(e);
  return e;
};

const flights = [];
for (let i = 0; i < 200; i += 1) {
  const g = el("g", {}, document.getElementById("flights"));
  el("circle", { cx: -5, r: 15, fill: "none" }, g);
  el("line", { x1: -30, x2: 0, stroke: "#0B6FB8" }, g);
  el("path", { d: "M0 0L-12 -5L-9 0L-12 5Z", fill: "#0B6FB8" }, g);
  el("circle", { cx: -5, r: 14, fill: "none", "pointer-events": "all" }, g);
  const a = (i * 137.5 * Math.PI) / 180;
  flights.push({ g, x0: 550 + 250 * Math.cos(a), y0: 180 + 150 * Math.sin(a), x1: 550 - 250 * Math.cos(a), y1: 180 - 150 * Math.sin(a), at: i * 7 });
}

const diagram = document.getElementById("diagram");
for (let tile = 0; tile < 100; tile += 1) {
  for (let hue = 0; hue < 4; hue += 1) {
    let d = "";
    for (let i = 0; i < 12; i += 1) {
      const x = tile * 40 + i * 3;
      d += `M${x} ${380 + hue * 50}L${x + 8} ${430 + hue * 50}`;
    }
    el("path", { d, stroke: ["#0B6FB8", "#C24E00", "#00855F", "#8A4FA3"][hue], fill: "none" }, diagram);
  }
}

const frame = (ms) => {
  for (const f of flights) {
    const u = ((ms + f.at) % 1400) / 1400;
    const angle = (Math.atan2(f.y1 - f.y0, f.x1 - f.x0) * 180) / Math.PI;
    f.g.setAttribute("transform", `translate(${(f.x0 + (f.x1 - f.x0) * u).toFixed(2)} ${(f.y0 + (f.y1 - f.y0) * u).toFixed(2)}) rotate(${angle.toFixed(1)})`);
  }
  diagram.setAttribute("transform", `translate(${(-(ms / 20) % 2900).toFixed(2)} 0)`);
  requestAnimationFrame(frame);
};
requestAnimationFrame(frame);
