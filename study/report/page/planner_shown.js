"use strict";
// An answer as tables: a column is [head, class, what a cell holds (a text or an element)].
const plannerShown = (() => {
  const { number, short } = plannerWords;
  const percent = (share) => (100 * share).toFixed(1);
  const power = (value) => {
    const [digits, exponent] = value.toExponential(1).split("e");
    const raised = [...exponent.replace("+", "")].map((sign) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[sign] ?? "⁻").join("");
    return `${digits} × 10${raised}`;
  };

  const element = (tag, className, ...inside) => {
    const made = document.createElement(tag);
    if (className) made.className = className;
    made.append(...inside);
    return made;
  };

  // The interval on a scale that all options share.
  const bar = (one, [least, most]) => {
    const place = (score) => `${(100 * (score - least)) / (most - least || 1)}%`;
    const [range, at] = [element("span", "range"), element("span", "at")];
    if (one.low !== null) {
      range.style.left = place(one.low);
      range.style.width = `calc(${place(one.high)} - ${place(one.low)})`;
    }
    at.style.left = place(one.score);
    const drawn = element("span", "bar", ...(one.low === null ? [at] : [range, at]));
    drawn.setAttribute("aria-hidden", "true");
    return drawn;
  };

  // Bounds as texts, either of which (null) may lie beyond where it was looked for.
  const between = (low, high) => {
    if (low !== null && high !== null) return `${low} to ${high}`;
    return low !== null ? `${low} or more` : high !== null ? `${high} or less` : "";
  };

  // Device-hours in the unit that their middle is read in.
  const SIZES = [[1, 1, "h"], [1 / 60, 60, "min"], [0, 3600, "s"]];
  const time = (one) => {
    if (one.gpu_hours === null) return "";
    const [, times, unit] = SIZES.find(([least]) => one.gpu_hours >= least);
    const [middle, low, high] = [one.gpu_hours, one.gpu_hours_low, one.gpu_hours_high].map((part) => part && part * times);
    if (low === middle && high === middle) return `${number(middle)} ${unit}`;
    const known = between(...[low, high].map((part) => part && number(part, 2)));
    return `${one.at_most ? "at most " : ""}${number(middle)} ${unit}${known && ` (${known})`}`;
  };

  const memory = (one) => (one.memory_gib === null ? "" : `${number(one.memory_gib)}${one.memory_from === "measured" ? "" : " planned"}`);

  const rests = (one) => {
    const told = [one.nearest ? `like ${one.nearest}` : "", one.note ?? ""].filter(Boolean).join("; ");
    const doubts = [one.provisional ? `provisional: ${one.provisional}` : "", one.caution ?? ""].filter(Boolean);
    if (!doubts.length) return told;
    const why = element("details", "", element("summary", "", one.provisional ? "provisional" : "caution"));
    why.append(element("p", "", doubts.join("; ")));
    return element("div", "", told, why);
  };

  const AFTER = [
    ["samples", "number", (one) => (one.samples_seen === null ? "" : short(one.samples_seen))],
    ["batch", "number", (one) => (one.global_batch_size ? short(one.global_batch_size) : "")],
  ];
  const COST = [
    ["time", "number whole", time],
    ["GiB", "number", memory],
    ["what it rests on", "rests", rests],
  ];
  const OPTIONS = (scale) => [
    ["", "rank", (one) => (one.tied ? `=${one.rank}` : `${one.rank}`)],
    ["option", "option", (one) => one.label],
    ["score", "number", (one) => `${percent(one.score)} %`],
    ["90 %", "number", (one) => (one.low === null ? "unknown" : `${percent(one.low)} to ${percent(one.high)}`)],
    [`${percent(scale[0])} to ${percent(scale[1])} %`, "whole", (one) => bar(one, scale)],
    ["n", "number", (one) => `${one.n}`],
    ["pairs", "number", (one) => (one.unique_pairs ? short(one.unique_pairs) : "")],
    ...AFTER,
    ["FLOPs", "number", (one) => power(one.train_flops)],
    ...COST,
  ];
  const bounds = (one) => between(...[one.low, one.high].map((bound) => bound && power(bound)));
  const REACHED = [
    ["", "rank", (one) => `${one.rank}`],
    ["option", "option", (one) => one.label],
    ["by", "", (one) => one.evidence],
    ["n", "number", (one) => `${one.n}`],
    ...COST.slice(0, 1),
    ["FLOPs", "number", (one) => (one.train_flops === null ? "not reached" : `${one.at_most ? "at most " : ""}${power(one.train_flops)}`)],
    ["90 %", "number whole", bounds],
    AFTER[0],
    ...COST.slice(1),
  ];

  const table = (columns, options, label) => {
    const made = options.map((one) => columns.map(([, , cell]) => cell(one)));
    const kept = columns.map((column, at) => [column, at]).filter(([, at]) => made.some((cells) => cells[at] !== ""));
    const heads = kept.map(([[head, className]]) => element("th", className, head));
    heads.forEach((head) => head.setAttribute("scope", "col"));
    const rows = options.map((one, row) => element("tr", one.outside > 1 ? "outside" : "", ...kept.map(([[head, className], at]) => {
      const cell = element("td", className, made[row][at]);
      cell.dataset.head = head;
      cell.dataset.rank = one.tied ? `=${one.rank}` : `${one.rank}`;
      return cell;
    })));
    const body = element("table", "", element("thead", "", element("tr", "", ...heads)), element("tbody", "", ...rows));
    const region = element("div", "scroll", body);
    Object.entries({ tabindex: "0", role: "region", "aria-label": label }).forEach((pair) => region.setAttribute(...pair));
    return region;
  };

  const fill = (name, columns, options) => {
    const place = document.querySelector(`#planner-${name}`);
    place.querySelector(".scroll")?.remove();
    place.hidden = options.length === 0;
    if (options.length) place.append(table(columns, options, place.querySelector("h3").textContent));
  };

  const ties = (options) => {
    const count = options.filter((one) => one.tied).length;
    return count ? `; ${count} of the next ${options.length - 1} tie with it` : "";
  };

  // The answer in short, a sentence a line.
  const sentences = (question, { measured, predicted, reached, left_out }) => {
    const said = [];
    const inside = predicted.filter((one) => one.outside === 1);
    if (measured.length) {
      const [best] = measured;
      const spread = best.low === null ? "one seed" : `${percent(best.low)} to ${percent(best.high)}`;
      said.push(`Best measured: ${best.label}, ${percent(best.score)} % (${spread})${ties(measured)}.`);
    }
    if (inside.length) {
      const [best] = inside;
      said.push(`Best predicted: ${best.label}, ${percent(best.score)} % (${percent(best.low)} to ${percent(best.high)})${ties(inside)}.`);
    } else if (predicted.length) said.push("Every prediction lies outside the evidence.");
    if (!measured.length && !inside.length) said.push("Nothing that is known fits this budget.");
    const ended = plannerWords.restUnknown(predicted.filter((one) => one.pool_ends).length);
    said.push(...[left_out, ended].filter(Boolean).map((told) => `${told}.`));
    const known = reached.filter((one) => one.train_flops !== null);
    if (known.length) {
      const [least] = known;
      const by = least.evidence === "measured" ? "measured" : least.outside > 1 ? "by a law, outside its evidence" : "by a law";
      said.push(`${number(100 * question.target)} % costs ${time(least)}${question.gpus ? " of GPU time" : ""}: ${least.label}, ${by}.`);
    } else if (question.target !== null) said.push(`Nothing that is known reaches ${number(100 * question.target)} %.`);
    return said;
  };

  const show = (question, answer) => {
    const all = [...answer.measured, ...answer.predicted];
    const scale = [Math.min(...all.map((one) => one.low ?? one.score)), Math.max(...all.map((one) => one.high ?? one.score))];
    fill("measured", OPTIONS(scale), answer.measured);
    fill("predicted", OPTIONS(scale), answer.predicted);
    fill("reached", REACHED, answer.reached);
    document.querySelector("#planner [data-for=target]").textContent = `${number(100 * (question.target ?? 0))} %`;
    const unknown = [...all, ...answer.reached].every((one) => one.memory_gib === null);
    const memory = document.querySelector("#planner [data-for=memory]");
    memory.hidden = !unknown;
    memory.textContent = `memory is not known: no run of these options states it on ${question.gpus || ""} ${question.gpu}.`.replace("  ", " ");
    const said = sentences(question, answer).map((sentence) => element("p", "", sentence));
    document.querySelector("#planner .said").replaceChildren(...said);
  };

  // A command whose lines break between its options only.
  const tell = (command) => {
    const parts = command.split(/ (?=--)/).flatMap((part, at) => [at ? " " : "", element("span", "", part)]);
    document.querySelector("#planner .command").replaceChildren(...parts);
  };

  return { show, tell };
})();
