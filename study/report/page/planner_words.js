"use strict";
// Numbers and sentences as study.lookup.words and study.lookup.outside write them.
const plannerWords = (() => {
  const SUFFIXES = [[1e12, "T"], [1e9, "B"], [1e6, "M"], [1e3, "K"]];

  // Python's format(value, ".3g").
  const general = (value, digits = 3) => {
    if (value === 0) return "0";
    const [mantissa, power] = value.toExponential(digits - 1).split("e");
    const strip = (text) => (text.includes(".") ? text.replace(/\.?0+$/, "") : text);
    if (power >= -4 && power < digits) return strip(value.toPrecision(digits));
    return `${strip(mantissa)}e${power[0]}${power.slice(1).padStart(2, "0")}`;
  };

  const number = (value, digits = 3) => {
    if (!(Math.abs(value) >= 1e-3 && Math.abs(value) < 1e7)) return general(value, digits);
    const rounded = Number(value.toPrecision(digits));
    return rounded >= 10 ** (digits - 1) ? rounded.toLocaleString("en", { maximumFractionDigits: 0 }) : `${rounded}`;
  };

  const short = (value) => {
    const [size, suffix] = SUFFIXES.find(([least]) => value >= least) ?? [1, ""];
    return `${general(value / size)}${suffix}`;
  };

  // The number of a text such as 200, 1.5k or 50M; not a number where it is none.
  const read = (text) => {
    const found = /^\s*([\d.,]+(?:e[+-]?\d+)?)\s*([kmbt]?)\s*$/i.exec(text);
    if (!found) return NaN;
    const size = SUFFIXES.find(([, suffix]) => suffix === found[2].toUpperCase())?.[0] ?? 1;
    return Number((Number(found[1].replaceAll(",", "")) * size).toPrecision(12));
  };

  const UNITS = {
    train_flops: "FLOPs", samples_seen: "samples", unique_pairs: "distinct pairs", params_m: "million parameters",
    epochs: "epochs of the pool",
  };

  const far = (ranges, inputs) => {
    const found = Object.entries(ranges).map(([name, [least, most]]) =>
      [Number(Math.max(inputs[name] / most, least / inputs[name]).toPrecision(6)), name, least, most]);
    const [times, name, least, most] = found.reduce((a, b) => (b[0] > a[0] || (b[0] === a[0] && b[1] > a[1]) ? b : a));
    if (times <= 1) return "";
    const [side, bound] = inputs[name] > most ? ["above the most", most] : ["below the least", least];
    const shown = ["samples_seen", "unique_pairs"].includes(name) ? short : number;
    const asked = `${shown(inputs[name])} ${UNITS[name] ?? name}`;
    return `outside the evidence: ${asked}, ${number(times)} times ${side} that was seen, ${shown(bound)}`;
  };

  const leftOut = (outside, most) => {
    const [nearest, farthest] = [Math.min(...outside), Math.max(...outside)].map((one) => number(one));
    const times = nearest === farthest ? nearest : `${nearest} to ${farthest}`;
    const [law, their] = outside.length === 1 ? ["1 law is", "its"] : [`${outside.length} laws are`, "their"];
    return `${law} left out: the question lies ${times} times outside ${their} evidence, more than ${most}`;
  };

  const poolEnds = (share) => `the pool ends before the budget, at ${number(100 * share, 2)} % of it`;
  const restUnknown = (count) => {
    const laws = count === 1 ? "1 law ends" : `${count} laws end`;
    return count ? `${laws} with the pool, before the budget: nothing known repeats so small a pool further` : "";
  };

  const noShare = (count) => {
    const [law, their] = count === 1 ? ["1 law is", "its filter keeps"] : [`${count} laws are`, "their filters keep"];
    return count ? `${law} left out, since it is not known what share of a pool ${their}` : "";
  };

  return { general, number, short, read, far, leftOut, poolEnds, restUnknown, noShare };
})();
