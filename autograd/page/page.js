"use strict";
// The film of one graph. `film` says which nodes there are and which steps; `table` holds the rows of the
// operations that occur. What a derivative is, only the table knows.
(() => {
  const $ = (id) => document.getElementById(id);
  const film = JSON.parse($("film").textContent);
  const isLive = !("recorded" in film); // else its numbers are texts, of one pass that was
  const still = matchMedia("(prefers-reduced-motion: reduce)");
  const SECONDS_PER_STEP = 1.8;

  // ---------------------------------------------------------------- the two passes

  /** Everything there is to show: the nodes' values and gradients, what each step adds and what that makes. */
  function compute(leaves) {
    const values = forward(leaves);
    return { values, ...backward(values) };
  }

  function forward(leaves) {
    const values = [];
    film.nodes.forEach((node, i) => {
      values.push(node.op === null ? leaves[i] : table[node.op].forward(...operands(node, values)));
    });
    return values;
  }

  /** What an operation is applied to: numbers, or for a reduction arrays of them. */
  function operands(node, values) {
    const numbers = node.operands.map((x) => ("node" in x ? values[x.node] : Number(x.number)));
    return node.lengths ? node.lengths.map((length) => numbers.splice(0, length)) : numbers;
  }

  /** The local derivative of a node by its j-th operand. */
  function derivative(node, j, args, value) {
    const partial = (i) => table[node.op].partials[i](...args, value);
    if (!node.lengths) return partial(j);
    const i = j < node.lengths[0] ? 0 : 1;
    const local = partial(i);
    return Array.isArray(local) ? local[j - i * node.lengths[0]] : local;
  }

  function backward(values) {
    const gradients = film.nodes.map(() => 0);
    const [slopes, amounts, totals] = [[], [], []];
    gradients[film.root] = Number(film.seed);
    film.steps.forEach((step, k) => {
      if (step.kind !== "backward") return;
      const node = film.nodes[step.node];
      slopes[k] = derivative(node, step.operand, operands(node, values), values[step.node]);
      amounts[k] = gradients[step.node] * slopes[k];
      totals[k] = gradients[step.parent] += amounts[k];
    });
    return { gradients, slopes, amounts, totals };
  }

  // ---------------------------------------------------------------- numbers as text

  /** A number as the library prints it: whole ones without a point, others to so many digits. */
  function format(x, digits = 6) {
    if (typeof x === "string") return minus(x); // recorded, not computed here
    if (!Number.isFinite(x)) return Number.isNaN(x) ? "nan" : x > 0 ? "∞" : `${MINUS}∞`;
    if (x === 0) return "0";
    if (Number.isInteger(x) && Math.abs(x) < 1e6) return minus(String(x));
    const [digitsShown, exponent] = x.toExponential(digits - 1).split("e");
    const power = Number(exponent);
    if (power < -4 || power >= digits) return `${minus(String(Number(digitsShown)))}×10${raised(power)}`;
    return minus(String(Number(x.toPrecision(digits))));
  }

  const MINUS = "−";
  const minus = (text) => text.replaceAll("-", MINUS);
  const raised = (power) => [...String(power)].map((c) => (c === "-" ? "⁻" : "⁰¹²³⁴⁵⁶⁷⁸⁹"[c])).join("");
  const isBroken = (x) => (typeof x === "string" ? /nan|inf|∞/.test(x) : !Number.isFinite(x));
  const bracketed = (text) => (text.startsWith(MINUS) ? `(${text})` : text);

  // ---------------------------------------------------------------- the state

  const given = film.nodes.map((node) => (node.op === null && isLive ? Number(node.value) : undefined));
  const state = { at: 0, leaves: [...given], numbers: isLive ? compute(given) : film.recorded, timer: 0 };
  const last = film.steps.length - 1;

  /** For each node, the step from which its value is known, and the steps that change its gradient. */
  const knownAt = film.nodes.map(() => 0);
  const changesOf = film.nodes.map(() => []);
  film.steps.forEach((step, k) => {
    if (step.kind === "forward") knownAt[step.node] = k;
    if (step.kind === "seed") changesOf[step.node].push(k);
    if (step.kind === "backward") changesOf[step.parent].push(k);
  });

  /** The gradient of a node as it stands at the current step; undefined before anything has reached it. */
  function gradientSoFar(i) {
    const k = changesOf[i].findLast((k) => k <= state.at);
    if (k === undefined) return undefined;
    return film.steps[k].kind === "seed" ? state.numbers.gradients[i] : state.numbers.totals[k];
  }

  const valueSoFar = (i) => (knownAt[i] <= state.at ? state.numbers.values[i] : undefined);

  // ---------------------------------------------------------------- the step in words and formulas

  const PHASES = { start: "Start", forward: "Forward", seed: "Backward", backward: "Backward" };

  function showStep() {
    const step = film.steps[state.at];
    const isBackward = step.kind === "seed" || step.kind === "backward";
    document.body.classList.toggle("forward", !isBackward);
    document.body.classList.toggle("backward", isBackward);
    $("phase").textContent = PHASES[step.kind];
    $("formula").replaceChildren($(`formula-${state.at}`).content.cloneNode(true));
    $("formula").querySelectorAll("[data-slot]").forEach((slot) => fill(slot, numberOf(slot.dataset.slot)));
    dropRepeats([...$("formula").querySelectorAll("math")]);
    $("sentence").textContent = sentence(step);
    $("timeline").value = state.at;
    $("counter").textContent = `${state.at} of ${last}`;
    $("timeline").setAttribute("aria-valuetext", `Step ${state.at} of ${last}: ${PHASES[step.kind]}`);
    for (const id of ["first", "previous"]) $(id).disabled = state.at === 0;
    for (const id of ["next", "last"]) $(id).disabled = state.at === last;
    keepHeight($("step"));
  }

  /** Let a part of the page grow but never shrink, so that what is below it stays where it is. */
  function keepHeight(part) {
    part.style.minHeight = `${Math.ceil(part.getBoundingClientRect().height)}px`;
  }

  /** The number that a slot of a formula stands for: a value, a gradient, or what this step adds. */
  function numberOf(key) {
    if (key === "amount") return state.numbers.amounts[state.at];
    return state.numbers[key[0] === "v" ? "values" : "gradients"][Number(key.slice(1))];
  }

  /** Put a number into its slot, in brackets where the formula needs them around a negative one. */
  function fill(slot, x) {
    const text = format(x);
    const sign = (name, content) => {
      const element = document.createElementNS(slot.namespaceURI, name);
      element.textContent = content;
      return element;
    };
    if (!("brackets" in slot.dataset)) slot.textContent = text;
    else if (text.startsWith(MINUS)) slot.replaceChildren(sign("mo", "("), sign("mn", text), sign("mo", ")"));
    else slot.replaceChildren(sign("mn", text));
    slot.classList.toggle("broken", isBroken(x));
  }

  /** Leave out each side of an equation that says the same as the one before: with other numbers it may not. */
  function dropRepeats(sides) {
    const said = sides.map((side) => side.textContent.replace(/^\+?=/, ""));
    sides.filter((_, i) => said[i] === said[i - 1]).forEach((side) => side.remove());
  }

  function sentence(step) {
    const root = film.nodes[film.root].text;
    const { values, gradients } = state.numbers;
    switch (step.kind) {
      case "start":
        return `The leaves are given. The forward pass computes ${root} from them.`;
      case "forward":
        return `${film.nodes[step.node].text} is computed: ${format(values[step.node])}.`;
      case "seed":
        return `The backward pass begins: the gradient of ${root} is ${format(gradients[step.node])}.`;
      default:
        return chainRule(step);
    }
  }

  function chainRule(step) {
    const [node, parent] = [film.nodes[step.node].text, film.nodes[step.parent].text];
    const { gradients, slopes, amounts, totals } = state.numbers;
    const slope = slopes[state.at];
    const upstream = format(gradients[step.node]);
    const product = slope === null ? "" : `its gradient ${upstream} times the local derivative ${format(slope)} is `;
    const isFirst = changesOf[step.parent][0] === state.at;
    const sum = isFirst ? "" : ` Together with what came before: ${format(totals[state.at])}.`;
    return `${node} hands on to ${parent}: ${product}${format(amounts[state.at])}.${sum}`;
  }

  // ---------------------------------------------------------------- the drawing

  const SVG = "http://www.w3.org/2000/svg";
  const svg = $("drawing").querySelector("svg");
  const parts = new Map(); // the groups of the SVG by what they draw; a parent used twice has two edges
  for (const group of svg?.querySelectorAll("[data-part]") ?? []) {
    parts.set(group.dataset.part, [...(parts.get(group.dataset.part) ?? []), group]);
  }

  const box = (i) => parts.get(`n${i}`)[0];
  const ellipse = (i) => parts.get(`op${i}`)[0];
  const edgeOut = (i) => parts.get(`op${i}->n${i}`)[0];

  function edgeIn(i, j) {
    const { operands } = film.nodes[i];
    const tail = (k) => ("node" in operands[k] ? `n${operands[k].node}` : `n${i}c${k}`);
    const twin = operands.slice(0, j).filter((_, k) => tail(k) === tail(j)).length;
    return parts.get(`${tail(j)}->op${i}`)[twin];
  }

  function prepareDrawing() {
    if (!svg) return;
    const { width } = svg.viewBox.baseVal;
    svg.style.width = "100%";
    svg.style.minWidth = `${0.9 * width}px`;
    svg.style.maxWidth = `${1.35 * width}px`;
    film.nodes.forEach((node, i) => {
      box(i).classList.add(node.op === null ? "leaf" : i === film.root ? "root" : "result");
      box(i).querySelector("text").classList.add("name");
      if (node.op === null) return;
      ellipse(i).classList.add("operation");
      node.operands.forEach((x, j) => "node" in x || parts.get(`n${i}c${j}`)[0].classList.add("constant"));
    });
  }

  function showDrawing() {
    if (!svg) return;
    svg.querySelectorAll(".factor, .pulse").forEach((element) => element.remove());
    svg.querySelectorAll(".lit, .target").forEach((element) => element.classList.remove("lit", "target"));
    film.nodes.forEach((node, i) => {
      const [value, gradient] = [valueSoFar(i), gradientSoFar(i)];
      const lines = [...box(i).querySelectorAll("text")].slice(-2);
      write(lines[0], "data", value);
      write(lines[1], "grad", gradient);
      const ahead = value === undefined;
      const own = node.op === null ? [box(i)] : [box(i), ellipse(i), edgeOut(i)];
      own.forEach((part) => part.classList.toggle("ahead", ahead));
      box(i).classList.toggle("broken", [value, gradient].some((x) => x !== undefined && isBroken(x)));
    });
    light(film.steps[state.at]);
  }

  function write(line, what, x) {
    line.textContent = x === undefined ? `${what} –` : `${what} ${format(x, 4)}`;
  }

  /** What a step is about: the parts of the drawing to light, the one that changes, and the ways that lead to it. */
  function scene(step) {
    const target = box(step.kind === "backward" ? step.parent : step.node);
    const { op, operands } = film.nodes[step.node];
    if (step.kind === "seed" || op === null) return { target, lit: [target], ways: [] };
    const used = step.kind === "forward" ? operands.map((_, j) => j) : [step.operand];
    const edges = used.map((j) => edgeIn(step.node, j));
    const lit = [box(step.node), edgeOut(step.node), ellipse(step.node), ...edges, target];
    return { target, lit, ways: edges.map((edge) => [edge, edgeOut(step.node)]) };
  }

  function light(step) {
    if (step.kind === "start") return;
    const { target, lit } = scene(step);
    lit.forEach((part) => part.classList.add("lit"));
    target.classList.add("target");
    const slope = step.kind === "backward" ? state.numbers.slopes[state.at] : null;
    if (slope !== null) factor(ellipse(step.node), slope);
  }

  /** Let the drawing follow the film: scroll to what is lit, and send a dot along its edges. */
  function follow(step, isNext) {
    if (!svg) return;
    if (step.kind === "start") return void $("drawing").scrollTo({ left: 0, top: 0 });
    const { target, lit, ways } = scene(step);
    const moving = isNext && !still.matches;
    bringIntoView(lit, target, moving ? "smooth" : "instant");
    if (moving) ways.forEach((way) => travel(way, step.kind === "backward"));
  }

  const shape = (name, attributes, parent) => {
    const element = parent.appendChild(document.createElementNS(SVG, name));
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    return element;
  };

  /** The local derivative, over the operation that it belongs to. */
  function factor(operation, slope) {
    const { x, y, width } = operation.querySelector("ellipse").getBBox();
    const text = `× ${bracketed(format(slope, 4))}`;
    const length = 6.2 * text.length + 12;
    const group = shape("g", { class: "factor" }, operation.parentElement);
    shape("rect", { x: x + (width - length) / 2, y: y - 21, width: length, height: 17, rx: 8.5 }, group);
    shape("text", { x: x + width / 2, y: y - 8.8, "text-anchor": "middle", "font-size": 10 }, group).textContent = text;
  }

  /** A dot that moves along edges, from the first to the last, or backwards. */
  function travel(edges, backwards) {
    const paths = edges.map((edge) => edge.querySelector("path"));
    const lengths = paths.map((path) => path.getTotalLength());
    const whole = lengths[0] + lengths[1];
    const dot = shape("circle", { class: "pulse", r: 5 }, edges[0].parentElement);
    const begin = performance.now();
    const milliseconds = 900 / Math.max(1, Number($("speed").value));
    const move = (now) => {
      const share = Math.min(1, Math.max(0, (now - begin) / milliseconds));
      const eased = share * share * (3 - 2 * share);
      const along = whole * (backwards ? 1 - eased : eased);
      const i = along <= lengths[0] ? 0 : 1;
      const { x, y } = paths[i].getPointAtLength(along - i * lengths[0]);
      dot.setAttribute("cx", x);
      dot.setAttribute("cy", y);
      if (share === 1) dot.remove();
      else if (dot.isConnected) requestAnimationFrame(move);
    };
    move(begin);
  }

  /** Scroll the drawing, and nothing else, to the middle of what is lit, or of the target if that is too large. */
  function bringIntoView(lit, target, behavior) {
    const frame = $("drawing");
    const outer = frame.getBoundingClientRect();
    const aim = target.getBoundingClientRect();
    const boxes = lit.map((part) => part.getBoundingClientRect());
    const shift = (near, far) => {
      const [low, high] = [Math.min(...boxes.map((b) => b[near])), Math.max(...boxes.map((b) => b[far]))];
      const middle = high - low <= outer[far] - outer[near] ? (low + high) / 2 : (aim[near] + aim[far]) / 2;
      return middle - (outer[near] + outer[far]) / 2;
    };
    frame.scrollBy({ left: shift("left", "right"), top: shift("top", "bottom"), behavior });
  }

  // ---------------------------------------------------------------- the tables

  const cells = []; // for each node, its row and where its numbers stand
  const tag = (name, attributes = {}, ...children) => {
    const element = Object.assign(document.createElement(name), attributes);
    element.append(...children);
    return element;
  };

  function prepareTables() {
    film.nodes.forEach((node, i) => {
      const name = tag("th", { scope: "row" }, $(`label-${i}`).content.cloneNode(true));
      const gradient = tag("td", { className: "gradient" });
      const value = tag("td", { className: "value" });
      const row = tag("tr", {}, name, value, gradient);
      cells.push({ row, value, gradient });
      if (node.op === null && isLive) cells[i].control = prepareLeaf(i, value);
      $(node.op === null ? "leaves" : "results").tBodies[0].append(row);
    });
    $("results").closest("section").hidden = film.nodes.every((node) => node.op === null);
    $("reset").hidden = !isLive;
  }

  /** The smallest of 1, 2, 5, 10, 20, … that reaches well beyond a number. */
  function reachOf(x) {
    const wanted = Math.max(1, 2 * Math.abs(x));
    const power = 10 ** Math.floor(Math.log10(wanted));
    return [1, 2, 5, 10].map((digit) => digit * power).find((reach) => reach >= wanted) ?? 1;
  }

  function prepareLeaf(i, cell) {
    const called = film.nodes[i].text;
    const slider = tag("input", { type: "range", ariaLabel: `${called}, slider` });
    const number = tag("input", { type: "number", step: "any", ariaLabel: `${called}, value` });
    setReach(slider, given[i]);
    slider.addEventListener("input", () => setLeaf(i, Number(slider.value), slider));
    number.addEventListener("input", () => {
      if (number.value === "") complain(i, true); // also where the text is no number
      else setLeaf(i, Number(number.value), number);
    });
    cell.append(tag("div", { className: "control" }, slider, number));
    return { slider, number };
  }

  function setReach(slider, x) {
    const reach = reachOf(x);
    Object.assign(slider, { min: -reach, max: reach, step: reach / 100 });
  }

  /** A leaf has a new value: the whole film is computed anew, and stays where it is. */
  function setLeaf(i, value, source) {
    state.leaves[i] = value;
    state.numbers = compute(state.leaves);
    showLeaf(i, source);
    show();
  }

  /** Show the value of a leaf in its controls, but not in the one that it came from. */
  function showLeaf(i, source) {
    const { slider, number } = cells[i].control;
    const value = state.leaves[i];
    if (Math.abs(value) > Number(slider.max)) setReach(slider, value);
    if (source !== slider) slider.value = value;
    if (source !== number) number.value = Number.isFinite(value) ? Number(value.toPrecision(6)) : "";
    complain(i, false);
  }

  const showLeaves = () => given.forEach((value, i) => value === undefined || showLeaf(i));

  /** Say that what was typed is no number, or no longer say so; the film keeps the last one that was. */
  function complain(i, isWrong) {
    const { text } = film.nodes[i];
    const message = `${text}: type a number, such as -2 or 1.5e-3. The film keeps ${state.leaves[i]}.`;
    cells[i].control.number.setAttribute("aria-invalid", String(isWrong));
    $("complaint").textContent = isWrong ? message : "";
  }

  /** The node whose row a step changes; there is none at the start. */
  const changedBy = (step) => (step.kind === "backward" ? step.parent : step.node);

  function showTables() {
    const changed = changedBy(film.steps[state.at]);
    film.nodes.forEach((_, i) => {
      if (!cells[i].control) showNumber(cells[i].value, valueSoFar(i));
      showNumber(cells[i].gradient, gradientSoFar(i));
      cells[i].row.classList.toggle("changed", i === changed);
    });
  }

  /** Scroll a long table, and nothing else, until a row is in sight. */
  function revealRow(i) {
    if (i === undefined) return;
    const { row } = cells[i];
    const frame = row.closest(".rows");
    const [outer, inner] = [frame.getBoundingClientRect(), row.getBoundingClientRect()];
    const head = row.closest("table").tHead.offsetHeight;
    frame.scrollTop += Math.min(0, inner.top - outer.top - head) + Math.max(0, inner.bottom - outer.bottom);
  }

  /** A number with its exact value for machines; before it is known, a dash. */
  function showNumber(cell, x) {
    const known = x !== undefined;
    const element = tag("data", { value: known ? x : "", title: known ? "" : "not yet" }, known ? format(x) : "–");
    element.className = !known ? "unknown" : isBroken(x) ? "broken" : "";
    cell.replaceChildren(element);
  }

  // ---------------------------------------------------------------- moving through the film

  function show() {
    showStep();
    showTables();
    showDrawing();
  }

  function goTo(k) {
    const before = state.at;
    state.at = Math.min(last, Math.max(0, k));
    const step = film.steps[state.at];
    show();
    revealRow(changedBy(step));
    follow(step, Math.abs(state.at - before) === 1);
  }

  function play(on) {
    clearTimeout(state.timer);
    document.body.classList.toggle("playing", on);
    $("play").setAttribute("aria-label", on ? "Pause" : "Play");
    if (!on) return;
    const tick = () => {
      goTo(state.at + 1);
      if (state.at === last) play(false);
      else wait();
    };
    const wait = () => (state.timer = setTimeout(tick, (1000 * SECONDS_PER_STEP) / Number($("speed").value)));
    if (state.at === last) goTo(0);
    wait();
  }

  const moves = {
    first: () => goTo(0),
    previous: () => goTo(state.at - 1),
    next: () => goTo(state.at + 1),
    last: () => goTo(last),
  };
  const keys = { Home: "first", ArrowLeft: "previous", ArrowRight: "next", End: "last" };

  function prepareControls() {
    $("timeline").max = last;
    for (const [id, move] of Object.entries(moves)) $(id).addEventListener("click", () => (play(false), move()));
    $("play").addEventListener("click", () => play(!document.body.classList.contains("playing")));
    $("timeline").addEventListener("input", () => (play(false), goTo(Number($("timeline").value))));
    $("reset").addEventListener("click", () => {
      state.leaves = [...given];
      state.numbers = compute(given);
      showLeaves();
      show();
    });
    addEventListener("resize", () => {
      $("step").style.minHeight = "";
      keepHeight($("step"));
    });
    document.addEventListener("keydown", (event) => {
      if (event.target.closest("input, select") || event.ctrlKey || event.altKey || event.metaKey) return;
      if (event.key === " " && event.target.tagName !== "BUTTON") play(!document.body.classList.contains("playing"));
      else if (event.key in keys) (play(false), moves[keys[event.key]]());
      else return;
      event.preventDefault();
    });
  }

  function prepareTheme() {
    const system = matchMedia("(prefers-color-scheme: dark)");
    let chosen = null;
    const apply = () => {
      const dark = chosen ?? system.matches;
      document.documentElement.dataset.theme = dark ? "dark" : "light";
      $("theme").setAttribute("aria-pressed", String(dark));
    };
    $("theme").addEventListener("click", () => {
      chosen = !(chosen ?? system.matches);
      apply();
    });
    system.addEventListener("change", apply);
    apply();
  }

  prepareTheme();
  prepareDrawing();
  prepareTables();
  prepareControls();
  showLeaves();
  show();
})();
