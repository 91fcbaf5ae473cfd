"use strict";
// The sliders of the planner: what they say, and the two tables that follow.
{
  const form = document.querySelector("#planner form");
  const block = JSON.parse(document.querySelector("#planner-data").textContent);
  const BATCH = 6; // its column
  const UNITS = [[1e12, "T"], [1e9, "B"], [1e6, "M"], [1e3, "K"]];
  const short = (value) => {
    const [size, suffix] = UNITS.find(([least]) => value >= least) ?? [1, ""];
    return `${Number((value / size).toPrecision(3))}${suffix}`;
  };
  const plain = (value, digits = 3) => Number(value.toPrecision(digits)).toLocaleString("en", { maximumSignificantDigits: digits });
  const power = (value) => {
    const [digits, exponent] = value.toExponential(1).split("e+");
    return `${digits} × 10${[...exponent].map((digit) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[digit]).join("")}`;
  };
  const percent = (share) => (100 * share).toFixed(1);
  const cells = (one) => [
    one.tied ? `=${one.rank}` : `${one.rank}`,
    one.label,
    `${percent(one.score)} %`,
    one.low === null ? "unknown" : `${percent(one.low)} to ${percent(one.high)}`,
    `${one.n}`,
    short(one.samples_seen),
    one.global_batch_size ? `${one.global_batch_size}` : "",
    power(one.train_flops),
    `${plain(one.gpu_hours)} (${plain(one.gpu_hours_low, 2)} to ${plain(one.gpu_hours_high, 2)})`,
    [
      one.nearest ? `like ${one.nearest}` : "",
      one.outside > 1 ? `outside the evidence: ${plain(one.outside)} times` : "",
      one.pool_ends ? "the pool ends before the budget" : "",
      one.provisional ? "provisional" : "",
      one.note ?? "",
    ].filter(Boolean).join("; "),
  ];
  const fill = (name, options) => {
    const body = document.querySelector(`#planner-${name} tbody`);
    body.replaceChildren(...options.map((one) => {
      const row = document.createElement("tr");
      row.append(...cells(one).map((text, at) => {
        const cell = document.createElement("td");
        cell.textContent = text;
        if (at > 1 && at < 9) cell.className = "number";
        return cell;
      }));
      return row;
    }));
    const batches = options.some((one) => one.global_batch_size);
    for (const row of document.querySelectorAll(`#planner-${name} tr`)) row.cells[BATCH].hidden = !batches;
    document.querySelector(`#planner-${name}`).hidden = options.length === 0;
  };
  const read = (name) => 10 ** Number(form.elements[name].value);
  const update = () => {
    const any = Number(form.elements.pairs.value) >= Number(form.elements.pairs.max);
    const question = { budget: read("budget"), gpu: form.elements.gpu.value, pairs: any ? null : read("pairs"), top: 5 };
    form.querySelector("[data-for=budget]").textContent = `${plain(question.budget, 2)} GPU-hours`;
    form.querySelector("[data-for=pairs]").textContent = any ? "any number" : short(question.pairs);
    const measured = planner.measured(block, question);
    const predicted = planner.predicted(block, question);
    fill("measured", measured);
    fill("predicted", predicted);
    document.querySelector("#planner-nothing").hidden = measured.length + predicted.length > 0;
  };
  form.addEventListener("input", update);
  form.addEventListener("submit", (event) => event.preventDefault());
  document.querySelector("#planner").hidden = false;
  update();
}
