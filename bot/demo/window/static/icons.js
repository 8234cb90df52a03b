// The page's own pictures, drawn: not every machine has a font with emoji.

const PATHS = {
  reply: "M4 5h16v11H9l-5 4z",
  more: "M12 4.5v2M12 11v2M12 17.5v2",
  close: "M6 6l12 12M18 6L6 18",
  back: "M15 5l-7 7 7 7",
  menu: "M4 6h16M4 12h16M4 18h16",
  plus: "M12 5v14M5 12h14",
  send: "M4 12l16-8-5 17-3.5-6.5z",
  eye: "M2 12s4-6.5 10-6.5S22 12 22 12s-4 6.5-10 6.5S2 12 2 12zM12 9.5a2.5 2.5 0 1 0 .01 0",
  file: "M6 3h8l5 5v13H6zM14 3v5h5M9 13h7M9 17h7",
  bolt: "M13 3L5 14h6l-1 7 8-11h-6z",
  cloud: "M7 18a4.5 4.5 0 0 1-.5-9 6 6 0 0 1 11.5 1.5A3.8 3.8 0 0 1 17.5 18z",
};

export function icon(name) {
  const drawing = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  drawing.setAttribute("viewBox", "0 0 24 24");
  drawing.setAttribute("class", "drawn");
  drawing.setAttribute("aria-hidden", "true");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", PATHS[name]);
  drawing.append(path);
  return drawing;
}

/** Puts the pictures into what the page's own HTML marks with data-icon. */
export function drawIcons() {
  for (const node of document.querySelectorAll("[data-icon]")) node.prepend(icon(node.dataset.icon));
}
