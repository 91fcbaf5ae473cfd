"use strict";
// The question of the planner: its fields, the link and the command that ask the same.
const plannerForm = (() => {
  const form = document.querySelector("#planner form");
  const { read, short } = plannerWords;
  const plain = (value) => `${Number(value.toPrecision(2))}`;
  const LINK = "#planner?";
  const TOP = 5;

  // Fields with a slider: how a text is read and a slider's place written, and what may be asked.
  const FIELDS = {
    budget: { at: Math.log10, from: (at) => 10 ** at, write: plain, allowed: (value) => value > 0, empty: false },
    pairs: {
      at: Math.log10, from: (at) => 10 ** at, write: (value) => short(Number(value.toPrecision(2))),
      allowed: (value) => value >= 1, empty: true,
    },
    target: {
      at: (value) => value, from: (at) => at, write: (value) => `${value}`, empty: true,
      allowed: (value) => value > 0 && value < 100,
    },
  };
  const WRONG = {
    budget: "must be a number above 0, such as 200", pairs: "must be a number of at least 1, such as 50M; or empty",
    target: "must lie between 0 and 100 %; or be empty",
  };
  const hints = Object.fromEntries(Object.keys(FIELDS).map((name) =>
    [name, document.querySelector(`#planner-${name}-hint`).textContent]));

  // The number of a field; null where it is empty and may be, not a number where it is wrong.
  const value = (name) => {
    const text = form.elements[name].value.replace("%", "").trim();
    if (text === "" && FIELDS[name].empty) return null;
    const found = read(text);
    return FIELDS[name].allowed(found) ? found : NaN;
  };

  const mark = (name) => {
    const wrong = Number.isNaN(value(name));
    const field = form.elements[name].closest(".field");
    field.classList.toggle("wrong", wrong);
    form.elements[name].setAttribute("aria-invalid", wrong);
    document.querySelector(`#planner-${name}-hint`).textContent = wrong ? WRONG[name] : hints[name];
  };

  const fromSlider = (name) => {
    const slider = form.elements[`${name}-slider`];
    const any = FIELDS[name].empty && name === "pairs" && Number(slider.value) >= Number(slider.max);
    form.elements[name].value = any ? "" : FIELDS[name].write(FIELDS[name].from(Number(slider.value)));
  };

  const toSlider = (name) => {
    const slider = form.elements[`${name}-slider`];
    const known = value(name);
    if (!Number.isNaN(known)) slider.value = known === null ? slider.max : FIELDS[name].at(known);
    const told = form.elements[name].value || "any";
    slider.setAttribute("aria-valuetext", told);
  };

  // The question as it stands; null while a field is wrong.
  const question = () => {
    const [budget, pairs, target] = ["budget", "pairs", "target"].map(value);
    if ([budget, pairs, target].some(Number.isNaN)) return null;
    const chosen = (name) => form.elements[name]?.value || null;
    return {
      budget, gpu: chosen("gpu"), gpus: Number(chosen("gpus")), pairs, top: TOP,
      target: target === null ? null : Number((target / 100).toPrecision(12)),
      strategy: chosen("strategy"), quality: chosen("quality"),
    };
  };

  const NAMES = ["budget", "gpu", "gpus", "pairs", "target", "strategy", "quality"];

  const link = () => {
    const given = NAMES.filter((name) => form.elements[name]).map((name) => [name, form.elements[name].value]);
    return LINK + new URLSearchParams(given);
  };

  // Take the fields from the address; whether it had any.
  const follow = () => {
    if (!location.hash.startsWith(LINK)) return false;
    for (const [name, text] of new URLSearchParams(location.hash.slice(LINK.length))) {
      const field = NAMES.includes(name) ? form.elements[name] : null;
      const known = field && (!field.options || [...field.options].some((option) => option.value === text));
      if (known && field.type !== "hidden") field.value = text;
    }
    return true;
  };

  const quoted = (text) => (/^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'"'"'`)}'`);
  const counted = (number) => (read(short(number)) === number ? short(number) : `${number}`);

  const command = (block, one) => {
    const given = [
      ["study", block.study], ["gpu-hours", `${one.budget}`], ["gpu", one.gpu], ["gpus", one.gpus ? `${one.gpus}` : null],
      ["pairs", one.pairs === null ? null : counted(one.pairs)],
      ["target", one.target === null ? null : `${block.dataset}:${one.target}`],
      ["strategy", one.strategy], ["quality", one.quality], ["metric", block.metric], ["top", `${one.top}`],
    ];
    const words = given.filter(([, text]) => text !== null).flatMap(([name, text]) => [`--${name}`, quoted(text)]);
    return ["study lookup", ...words].join(" ");
  };

  return { form, fields: Object.keys(FIELDS), fromSlider, toSlider, mark, question, link, follow, command };
})();
