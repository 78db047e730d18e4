// Photos in a light box: every link of class "photo" on the page, one after another, larger and turned as one wishes.
// Turning and zooming change the view only. Without this file a link opens its picture in a new tab.

const LARGEST = 8;
const STEP = 1.5;
const PAN_BY_KEY = 60;

const box = document.getElementById("lightbox");
const stage = box.querySelector(".stage");
const picture = stage.querySelector("img");
const links = [...document.querySelectorAll("a.photo[href]")];

let shown = 0;
let view = untouched();
const fingers = new Map();

function untouched() {
  return { zoom: 1, turn: 0, x: 0, y: 0 };
}

for (const [number, link] of links.entries()) {
  link.addEventListener("click", (event) => {
    // A middle click, or one with a modifier, opens a tab as anywhere else.
    if (event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    // Closing gives the focus back to what had it: at once, and not in an event that comes while one types elsewhere.
    link.focus();
    box.showModal();
    show(number);
  });
}

box.addEventListener("click", (event) => {
  const does = event.target.closest("button")?.dataset.does;
  if (does) act(does);
  else if (event.target === box) box.close();
});

function act(does) {
  const actions = {
    previous: () => show(shown - 1),
    next: () => show(shown + 1),
    larger: () => zoom(STEP),
    smaller: () => zoom(1 / STEP),
    left: () => turn(-90),
    right: () => turn(90),
    close: () => box.close(),
  };
  actions[does]();
}

function show(number) {
  shown = (number + links.length) % links.length;
  const link = links[shown];
  view = untouched();
  picture.src = link.href;
  picture.alt = link.querySelector("img").alt;
  box.querySelector(".count").textContent = box.dataset.count
    .replace("{number}", shown + 1)
    .replace("{total}", links.length);
  box.querySelector(".words").textContent = link.dataset.caption || picture.alt;
  for (const button of box.querySelectorAll("[data-does=previous], [data-does=next]")) {
    button.disabled = links.length < 2;
  }
  draw();
}

function zoom(factor, about = { x: 0, y: 0 }) {
  const zoomed = Math.min(LARGEST, Math.max(1, view.zoom * factor));
  const ratio = zoomed / view.zoom;
  // What lies under the pointer stays there; the middle of the stage is the origin.
  view.x = about.x - (about.x - view.x) * ratio;
  view.y = about.y - (about.y - view.y) * ratio;
  view.zoom = zoomed;
  if (zoomed === 1) view.x = view.y = 0;
  draw();
}

function turn(degrees) {
  Object.assign(view, untouched(), { turn: view.turn + degrees });
  draw();
}

function pan(x, y) {
  if (view.zoom === 1) return;
  view.x += x;
  view.y += y;
  draw();
}

function draw() {
  const sideways = view.turn % 180 !== 0;
  // A picture that lies on its side has the stage's other measures to fit into.
  picture.style.width = sideways ? `${stage.clientHeight}px` : "100%";
  picture.style.height = sideways ? `${stage.clientWidth}px` : "100%";
  picture.style.transform = `translate(${view.x}px, ${view.y}px) scale(${view.zoom}) rotate(${view.turn}deg)`;
  box.querySelector("[data-does=smaller]").disabled = view.zoom === 1;
  box.querySelector("[data-does=larger]").disabled = view.zoom === LARGEST;
  stage.classList.toggle("zoomed", view.zoom > 1);
}

box.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const zoomed = view.zoom > 1;
  const keys = {
    "+": () => zoom(STEP),
    "=": () => zoom(STEP),
    "-": () => zoom(1 / STEP),
    ArrowLeft: () => (zoomed ? pan(PAN_BY_KEY, 0) : show(shown - 1)),
    ArrowRight: () => (zoomed ? pan(-PAN_BY_KEY, 0) : show(shown + 1)),
    ArrowUp: () => pan(0, PAN_BY_KEY),
    ArrowDown: () => pan(0, -PAN_BY_KEY),
  };
  if (keys[event.key]) {
    event.preventDefault();
    keys[event.key]();
  }
});

stage.addEventListener(
  "wheel",
  (event) => {
    event.preventDefault();
    zoom(event.deltaY < 0 ? 1.2 : 1 / 1.2, fromMiddle(event));
  },
  { passive: false },
);

function fromMiddle(point) {
  const frame = stage.getBoundingClientRect();
  return { x: point.clientX - frame.x - frame.width / 2, y: point.clientY - frame.y - frame.height / 2 };
}

// One finger or the mouse moves the picture, two fingers pinch it.
stage.addEventListener("pointerdown", (event) => {
  fingers.set(event.pointerId, { clientX: event.clientX, clientY: event.clientY });
  stage.setPointerCapture(event.pointerId);
});
stage.addEventListener("pointermove", (event) => {
  const before = fingers.get(event.pointerId);
  if (!before) return;
  const now = { clientX: event.clientX, clientY: event.clientY };
  const other = [...fingers].find(([id]) => id !== event.pointerId)?.[1];
  fingers.set(event.pointerId, now);
  if (other) {
    const middle = { clientX: (now.clientX + other.clientX) / 2, clientY: (now.clientY + other.clientY) / 2 };
    zoom(apart(now, other) / Math.max(apart(before, other), 1), fromMiddle(middle));
  } else {
    pan(now.clientX - before.clientX, now.clientY - before.clientY);
  }
});
for (const end of ["pointerup", "pointercancel"]) {
  stage.addEventListener(end, (event) => fingers.delete(event.pointerId));
}
stage.addEventListener("dblclick", (event) => zoom(view.zoom > 1 ? 1 / LARGEST : 2.5, fromMiddle(event)));

function apart(one, other) {
  return Math.hypot(one.clientX - other.clientX, one.clientY - other.clientY);
}
