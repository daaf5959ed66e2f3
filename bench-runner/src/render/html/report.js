'use strict';

// What the page can do: models are switched off and on everywhere, tables sorted and filtered, points of charts say their
// values, and the curves of latency are drawn. It reads what is on the page and loads nothing.

(() => {
  const SVG = 'http://www.w3.org/2000/svg';
  const data = JSON.parse(document.getElementById('data').textContent);
  const one = (selector, root = document) => root.querySelector(selector);
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const say = (text) => { one('#live').textContent = text; };

  /** An element of HTML with properties and children. */
  function html(name, properties = {}, ...children) {
    const element = Object.assign(document.createElement(name), properties);
    element.append(...children);
    return element;
  }

  /** An element of SVG with attributes and a text. */
  function svg(name, attributes = {}, text = '') {
    const element = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    element.textContent = text;
    return element;
  }

  // Which models are shown.

  const switches = all('[data-switch]');
  const names = switches.map((button) => button.dataset.switch);
  const shown = new Set(names);

  function show() {
    for (const element of all('[data-model]')) {
      const name = element.dataset.model;
      element.classList.toggle('off', names.includes(name) && !shown.has(name));
    }
    for (const button of switches) button.setAttribute('aria-pressed', shown.has(button.dataset.switch));
    one('#shown').textContent = `${shown.size} of ${names.length}`;
    count();
    draw();
  }

  function turn(some, on) {
    for (const name of some) shown[on ? 'add' : 'delete'](name);
    show();
    say(`${shown.size} of ${names.length} models shown`);
  }

  one('#switches').addEventListener('click', (event) => {
    const button = event.target.closest('button');
    if (!button) return;
    const { switch: name, family, all: whole } = button.dataset;
    if (name !== undefined) turn([name], !shown.has(name));
    else if (whole !== undefined) turn(names, whole === 'true');
    else {
      const own = switches.filter((other) => other.dataset.of === family).map((other) => other.dataset.switch);
      turn(own, !own.every((other) => shown.has(other)));
    }
  });
  document.addEventListener('keydown', (event) => {
    const panel = one('#switches');
    if (event.key === 'Escape' && panel.open) {
      panel.open = false;
      one('summary', panel).focus();
    }
  });
  document.addEventListener('click', (event) => {
    if (!event.target.closest('#switches')) one('#switches').open = false;
  });

  // Tables.

  /** What a cell is sorted by: its value, or its text; what has neither comes last. */
  function key(row, column) {
    const cell = row.cells[column];
    if (!cell) return null;
    const value = cell.dataset.v;
    if (value !== undefined) return Number(value);
    const text = cell.textContent.trim();
    return cell.classList.contains('none') || text === '' ? null : text;
  }

  function compare(a, b) {
    if (typeof a === 'number' && typeof b === 'number') return a - b;
    return String(a).localeCompare(String(b), 'en', { numeric: true });
  }

  function sort(head, direction) {
    const table = head.closest('table');
    const [body] = table.tBodies;
    const column = head.cellIndex;
    const sign = direction === 'ascending' ? 1 : -1;
    const rows = [...body.rows].map((row, place) => ({ row, place, key: key(row, column) }));
    rows.sort((a, b) => {
      if (a.key === null || b.key === null) return (a.key === null) - (b.key === null) || a.place - b.place;
      return sign * compare(a.key, b.key) || a.place - b.place;
    });
    body.append(...rows.map(({ row }) => row));
    for (const other of all('[aria-sort]', table)) other.setAttribute('aria-sort', 'none');
    head.setAttribute('aria-sort', direction);
  }

  for (const button of all('.sort')) {
    button.addEventListener('click', () => {
      const head = button.closest('th');
      const direction = head.getAttribute('aria-sort') === 'ascending' ? 'descending' : 'ascending';
      sort(head, direction);
      say(`Sorted by ${button.textContent}, ${direction}`);
    });
  }

  const filters = one('#filters');
  const rows = all('table.rows tbody tr');
  const texts = new Map(rows.map((row) => [row, row.textContent.toLowerCase()]));

  function filter() {
    const wanted = Object.fromEntries(new FormData(filters));
    const words = wanted.text.toLowerCase().split(/\s+/).filter(Boolean);
    for (const row of rows) {
      const { conns, window: what, verdict } = row.dataset;
      row.hidden = !(words.every((word) => texts.get(row).includes(word))
        && (!wanted.conns || conns === wanted.conns)
        && (!wanted.window || what === wanted.window)
        && (!wanted.verdict || verdict.split(' ').includes(wanted.verdict)));
    }
    count();
  }

  function count() {
    const left = rows.filter((row) => !row.hidden && !row.classList.contains('off')).length;
    const whole = `${rows.length} row${rows.length === 1 ? '' : 's'}`;
    one('#count').textContent = left === rows.length ? whole : `${left} of ${whole}`;
  }

  filters.addEventListener('input', filter);
  filters.addEventListener('submit', (event) => event.preventDefault());
  // The fields are empty only after this event.
  filters.addEventListener('reset', () => setTimeout(filter));

  // A link to something in a closed part opens it.
  function open() {
    const target = location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    const closed = target && target.closest('details');
    if (closed) closed.open = true;
  }
  addEventListener('hashchange', open);
  open();

  // What points say.

  const tip = one('#tip');

  /** Shows a text of parts between dots at a place of the window: the first one is whose it is. */
  function tell(text, x, y) {
    const [name, ...rest] = text.split(' · ');
    tip.replaceChildren(html('b', { textContent: name }), rest.join(' · '));
    tip.hidden = false;
    const { width, height } = tip.getBoundingClientRect();
    const left = x + 14 + width > innerWidth ? x - 14 - width : x + 14;
    const top = y - height - 10 < 0 ? y + 16 : y - height - 10;
    tip.style.transform = `translate(${Math.max(4, Math.round(left))}px, ${Math.round(top)}px)`;
  }

  function hush(picture) {
    tip.hidden = true;
    if (!picture) return;
    picture.classList.remove('dim');
    for (const element of all('.loud', picture)) element.classList.remove('loud');
  }

  /** Has one model of a picture stand out. */
  function stress(picture, model) {
    hush(picture);
    if (model === undefined) return;
    picture.classList.add('dim');
    for (const element of all('[data-model]', picture)) element.classList.toggle('loud', element.dataset.model === model);
  }

  const NEAR = 36;

  for (const chart of all('.chart')) {
    const points = [];
    for (const title of all('g > title', chart)) {
      const group = title.parentNode;
      points.push({ group, text: title.textContent, picture: group.closest('svg') });
      // Else the browser shows it too, and later.
      title.remove();
    }
    const seen = () => points.filter(({ group }) => group.getClientRects().length && !group.closest('.off'));
    let at = null;

    const choose = (point, x, y) => {
      at = point;
      stress(point.picture, point.group.dataset.model);
      tell(point.text, x, y);
    };
    const away = () => {
      if (at) hush(at.picture);
      at = null;
    };

    chart.addEventListener('pointermove', ({ clientX: x, clientY: y }) => {
      let best = null;
      for (const point of seen()) {
        const box = point.group.getBoundingClientRect();
        const distance = Math.hypot(Math.max(box.left - x, 0, x - box.right), Math.max(box.top - y, 0, y - box.bottom));
        if (distance < NEAR && (!best || distance < best.distance)) best = { point, distance };
      }
      if (best) choose(best.point, x, y);
      else away();
    });
    chart.addEventListener('pointerleave', away);
    chart.addEventListener('blur', away);
    chart.addEventListener('keydown', (event) => {
      const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
      if (event.key === 'Escape') away();
      const points = seen();
      if (!step || !points.length) return;
      event.preventDefault();
      const next = at ? points.indexOf(at) + step : 0;
      const point = points[(next + points.length) % points.length];
      point.group.scrollIntoView({ block: 'nearest', inline: 'nearest' });
      const box = point.group.getBoundingClientRect();
      choose(point, box.left + box.width / 2, box.top + box.height / 2);
      say(point.text);
    });
  }

  // Curves of latency.

  const NINES = [
    [0.1, '20 %'], [0.30103, '50 %'], [1, '90 %'], [2, '99 %'], [3, '99.9 %'], [4, '99.99 %'], [5, '99.999 %'],
  ];
  const pick = one('#pick');
  const place = one('#curves');
  // The shortest of all waits would make most of the picture a slope that says nothing.
  const FIRST = 1;
  const chosen = data.first.map(([model, load]) => ({ model, load }));

  /** A time as tables have it. */
  function time(ns) {
    const [size, unit] = ns >= 999.5e6 ? [1e9, 's'] : ns >= 999.5e3 ? [1e6, 'ms'] : ns >= 999.5 ? [1e3, 'µs'] : [1, 'ns'];
    const value = ns / size;
    return `${value.toFixed(value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2)} ${unit}`;
  }

  /** A round time on the axis. */
  const mark = (ns) => time(ns).replace(/\.0+ /, ' ');

  const cellsOf = ({ model, load }) => data.cells.filter((cell) => cell.model === model && cell.load === load);
  const named = ({ model, load }) => `${data.models[model].name}, ${data.loads[load]}`;
  const isShown = ({ model }) => shown.has(data.models[model].name);

  data.models.forEach(({ name }, i) => pick.elements.model.append(new Option(name, i)));
  data.loads.forEach((name, i) => pick.elements.load.append(new Option(name, i)));
  if (chosen.length) pick.elements.load.value = chosen[0].load;

  function add(some) {
    const there = (one) => chosen.some((other) => other.model === one.model && other.load === one.load);
    const fresh = some.filter((one) => cellsOf(one).length && !there(one));
    chosen.push(...fresh);
    choices();
    say(fresh.length ? `Added ${fresh.map(named).join('; ')}` : 'Nothing to add: not measured, or there already');
  }

  pick.addEventListener('submit', (event) => {
    event.preventDefault();
    add([{ model: Number(pick.elements.model.value), load: Number(pick.elements.load.value) }]);
  });
  pick.elements.all.addEventListener('click', () => {
    const load = Number(pick.elements.load.value);
    add(data.models.map((_, model) => ({ model, load })).filter(isShown));
  });
  pick.elements.none.addEventListener('click', () => {
    chosen.length = 0;
    choices();
    say('No curves');
  });

  /** The list of curves, each with its button, and what follows from it. */
  function choices() {
    one('#chosen').replaceChildren(...chosen.map((each) => {
      const button = html('button', { type: 'button', className: data.models[each.model].class });
      button.append(html('i', { className: 'swatch' }), named(each), html('span', { className: 'vh', textContent: ', remove' }), ' ×');
      button.addEventListener('click', () => {
        chosen.splice(chosen.indexOf(each), 1);
        choices();
        say(`Removed ${named(each)}`);
        (one('#chosen button') || pick.elements.model).focus();
      });
      return html('li', {}, button);
    }));
    draw();
  }

  /** Positions moved as little as needed to be `gap` apart, from the top down and back up. */
  function spread(wanted, gap, low, high) {
    const order = wanted.map((y, i) => [y, i]).sort((a, b) => a[0] - b[0]);
    let free = low;
    for (const each of order) free = (each[0] = Math.max(each[0], free)) + gap;
    free = high;
    for (const each of order.reverse()) free = (each[0] = Math.min(each[0], free)) - gap;
    const out = [];
    for (const [y, i] of order) out[i] = y;
    return out;
  }

  function percentiles(drawn) {
    const body = one('#percentiles tbody');
    body.replaceChildren(...drawn.flatMap((each) => cellsOf(each).map((cell) => {
      const model = data.models[each.model];
      const row = html('tr', { className: model.class });
      const head = html('th', { scope: 'row' }, html('i', { className: 'swatch' }), model.name);
      row.append(head, html('td', { textContent: data.loads[each.load] }));
      const value = (number, text, title) => {
        const cell = html('td', { className: 'n', textContent: text, title });
        cell.dataset.v = number;
        row.append(cell);
      };
      value(cell.round, cell.round, '');
      for (const ns of cell.told) {
        if (ns === null) value('Infinity', '✗', 'no value: falls among those that were not answered');
        else value(ns, time(ns), '');
      }
      return row;
    })));
    for (const head of all('#percentiles [aria-sort]')) head.setAttribute('aria-sort', 'none');
  }

  function draw() {
    const drawn = chosen.filter(isShown);
    percentiles(drawn);
    const values = drawn.flatMap((each) => cellsOf(each).flatMap((cell) => cell.curve.slice(FIRST))).filter((ns) => ns > 0);
    hush();
    if (!values.length) {
      place.replaceChildren(html('p', { textContent: 'No curve is chosen, or none of the chosen models is shown.' }));
      return;
    }
    const width = Math.max(place.clientWidth, 320);
    const narrow = width < 640;
    const height = narrow ? 360 : Math.max(420, Math.min(620, width * 0.42));
    const labels = drawn.map((each) => {
      const alone = drawn.every((other) => other.load === each.load);
      return alone ? data.models[each.model].name : named(each);
    });
    const longest = Math.max(...labels.map((label) => label.length));
    const right = Math.min(longest * 7.5 + 34, width * (narrow ? 0.34 : 0.4));
    const box = { left: narrow ? 56 : 72, right: width - right, top: 16, bottom: height - 34 };
    const decades = [Math.floor(Math.log10(Math.min(...values))), Math.ceil(Math.log10(Math.max(...values)))];
    if (decades[0] === decades[1]) decades[1] += 1;
    const least = FIRST / data.per_nine;
    const most = Math.max(...drawn.flatMap((each) => cellsOf(each).map((cell) => cell.curve.length - 1)), FIRST + 1) / data.per_nine;
    const x = (nines) => box.left + ((nines - least) / (most - least)) * (box.right - box.left);
    const y = (ns) => box.bottom - ((Math.log10(ns) - decades[0]) / (decades[1] - decades[0])) * (box.bottom - box.top);

    const picture = svg('svg', { viewBox: `0 0 ${width} ${height}`, role: 'img', 'aria-label': `Latency by percentile: ${labels.join(', ')}` });
    for (let decade = decades[0]; decade <= decades[1]; decade += 1) {
      const at = y(10 ** decade);
      picture.append(svg('path', { class: 'grid', d: `M${box.left} ${at}H${box.right}` }));
      picture.append(svg('text', { x: box.left - 8, y: at + 4, 'text-anchor': 'end' }, mark(10 ** decade)));
    }
    let free = -Infinity;
    for (const [nines, name] of NINES) {
      if (nines > most + 1e-9) continue;
      const at = x(nines);
      picture.append(svg('path', { class: 'grid', d: `M${at} ${box.top}V${box.bottom + 5}` }));
      if (at - name.length * 3.6 > free) {
        picture.append(svg('text', { x: at, y: box.bottom + 22, 'text-anchor': 'middle' }, name));
        free = at + name.length * 3.6 + 8;
      }
    }

    const points = [];
    const ends = drawn.map((each) => {
      const model = data.models[each.model];
      let end = null;
      for (const cell of cellsOf(each)) {
        const known = cell.curve.findIndex((ns) => ns === null);
        const line = cell.curve.slice(FIRST, known < 0 ? undefined : known);
        const at = line.map((ns, i) => [x((i + FIRST) / data.per_nine), y(Math.max(ns, 1))]);
        line.forEach((ns, i) => points.push({ at: at[i], each, cell, ns, k: i + FIRST }));
        if (!at.length) continue;
        const curve = svg('path', { class: `curve ${model.class}`, d: `M${at.map((point) => point.join(' ')).join('L')}` });
        if (model.dash) curve.setAttribute('stroke-dasharray', model.dash);
        curve.dataset.of = `${each.model} ${each.load}`;
        picture.append(curve);
        const last = at[at.length - 1];
        if (known >= 0) picture.append(svg('text', { class: 'end', x: last[0], y: last[1] + 5 }, '✗'));
        if (!end || last[0] > end[0]) end = last;
      }
      return end;
    });
    const withEnd = drawn.map((_, i) => i).filter((i) => ends[i]);
    const gap = Math.min(17, (box.bottom - box.top) / Math.max(withEnd.length, 1));
    const levels = spread(withEnd.map((i) => ends[i][1]), gap, box.top + 6, box.bottom);
    withEnd.forEach((i, place) => {
      const [endX, endY] = ends[i];
      const level = levels[place];
      const from = Math.max(endX, box.right) + 4;
      picture.append(svg('path', { class: `lead ${data.models[drawn[i].model].class}`, d: `M${endX + 4} ${endY}L${from} ${endY}L${box.right + 22} ${level}` }));
      picture.append(svg('text', { class: 'name', x: box.right + 26, y: level + 4 }, labels[i]));
    });
    place.replaceChildren(picture);

    picture.addEventListener('pointermove', ({ clientX, clientY }) => {
      const scale = picture.getBoundingClientRect();
      const [px, py] = [(clientX - scale.left) * (width / scale.width), (clientY - scale.top) * (height / scale.height)];
      let best = null;
      for (const point of points) {
        const distance = Math.hypot(point.at[0] - px, point.at[1] - py);
        if (distance < NEAR && (!best || distance < best.distance)) best = { point, distance };
      }
      hush(picture);
      if (!best) return;
      const { each, cell, ns, k } = best.point;
      picture.classList.add('dim');
      for (const curve of all('.curve', picture)) curve.classList.toggle('loud', curve.dataset.of === `${each.model} ${each.load}`);
      const share = 100 * (1 - 10 ** (-k / data.per_nine));
      const digits = Math.max(0, Math.ceil(k / data.per_nine) - 1);
      tell(`${data.models[each.model].name} · ${share.toFixed(digits)} % took at most ${time(ns)} · ${data.loads[each.load]}, round ${cell.round}`, clientX, clientY);
    });
    picture.addEventListener('pointerleave', () => hush(picture));
  }

  // Drawn for the width that there is, so that words keep their size.
  let before = 0;
  new ResizeObserver(() => {
    if (place.clientWidth === before) return;
    before = place.clientWidth;
    draw();
  }).observe(place);

  choices();
  show();
})();
