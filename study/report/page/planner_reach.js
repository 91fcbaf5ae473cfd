"use strict";
// What a score costs, as study.lookup.reach and its neighbours find it; a question has target, 0 to 1, and no budget.
const plannerReach = (() => {
  const { FAR } = plannerLaws;
  const NOTHING = 1e-12;
  const [STEPS, NEAR] = [60, 1e-3];
  const UNTRIED = "never tried on points held out: outside its evidence no bound is known";
  const BEYOND = `not reached within ${FAR} times its evidence`;
  const FALLS = "not reached: the law's score falls with compute";
  const { general, short, far } = plannerWords;

  const nearest = (law, flops) => law.points.reduce((best, point) =>
    (Math.abs(Math.log(flops / point.train_flops)) < Math.abs(Math.log(flops / best.train_flops)) ? point : best));

  const ends = (law) => {
    const seen = law.points.map((point) => point.train_flops);
    return [Math.log10(Math.min(...seen) / FAR), Math.log10(Math.max(...seen) * FAR)];
  };

  const gap = (law, { target, pairs = null }, which) => (decades) => {
    const flops = 10 ** decades;
    const inputs = plannerLaws.inputs(law, nearest(law, flops), flops, pairs);
    if (inputs === null) return NaN;
    const error = which === "middle" ? plannerLaws.error(law, inputs) : 1 - plannerLaws.score(law, inputs)[which];
    return Math.log((1 - target) / Math.max(error, NOTHING));
  };

  // Where a rising function first is 0 or more, by the Illinois method; its left end where it always is.
  const crossing = (above, from, to) => {
    let [least, most] = [from, to];
    let [left, right] = [above(least), above(most)];
    if (left >= 0) return least;
    if (!(right >= 0)) return null;
    let [at, side] = [most, 0];
    for (let step = 0; step < STEPS; step += 1) {
      const before = at;
      at = most - right * (most - least) / (right - left);
      if (Math.abs(at - before) < NEAR) break;
      const value = above(at);
      if (value >= 0) [most, right, left] = [at, value, side > 0 ? left / 2 : left];
      else [least, left, right] = [at, value, side < 0 ? right / 2 : right];
      side = value >= 0 ? 1 : -1;
    }
    return at;
  };

  const middle = (block, question, law) => {
    const above = gap(law, question, "middle");
    const [least, most] = ends(law);
    if (above(most) < above(least)) return { law, decades: null, note: FALLS, order: Infinity, outside: 1 };
    const at = crossing(above, least, most);
    if (at === null) {
      const best = above(most);
      if (Number.isNaN(best)) return null;
      const there = (100 * (1 - (1 - question.target) / Math.exp(best))).toFixed(1);
      const note = `${BEYOND}, which ends at ${general(10 ** most / FAR)} FLOPs: `
        + `${there} % there`;
      return { law, decades: null, note, order: -best, outside: 1 };
    }
    const flops = 10 ** at;
    const point = nearest(law, flops);
    const [order] = plannerCosts.at(block, question, point, flops);
    if (flops > plannerLaws.most(law, point, question.pairs ?? null)) {
      const note = `not reached with this pool: ${general(flops)} FLOPs like ${point.nearest} are `
        + `${short(flops / point.a_sample)} distinct pairs`;
      return { law, decades: null, note, order, outside: 1 };
    }
    const inputs = plannerLaws.inputs(law, point, flops, question.pairs ?? null);
    const outside = plannerLaws.outside(law, inputs);
    if (planner.tooFar(outside)) {
      return { law, decades: null, note: `${BEYOND}; ${far(law.ranges, inputs)}`, order, outside: 1 };
    }
    return { law, decades: at, point, inputs, order, outside };
  };

  const told = (law) => ({
    evidence: "law", label: law.label, n: law.n, provisional: law.provisional, caution: law.caution,
  });

  const unreached = ({ law, note }) => ({
    ...told(law), note, at_most: false, train_flops: null, low: null, high: null, samples_seen: null, outside: FAR, nearest: null,
    gpu_hours: null, gpu_hours_low: null, gpu_hours_high: null, memory_gib: null, memory_from: null,
  });

  // FLOPs at which one new run in twenty reaches the score, and nineteen do; null where the search ends before.
  const bounds = (law, question, at) => {
    const [least, most] = ends(law);
    const low = crossing(gap(law, question, "high"), least, at) ?? at;
    const high = crossing(gap(law, question, "low"), at, most);
    // Outside the evidence of a law that was never tried nothing is known of either.
    const known = (decades) => law.tried
      || plannerLaws.outside(law, plannerLaws.inputs(law, nearest(law, 10 ** decades), 10 ** decades, question.pairs ?? null)) <= 1;
    return [low === least || !known(low) ? null : 10 ** low, high === null || !known(high) ? null : 10 ** high];
  };

  // What the ends of the search hide.
  const unsure = (tried, atMost, low, high) => [
    atMost ? `at most: the search ends at 1/${FAR} of the least of its runs` : "",
    low === null && !atMost && tried ? `one run in twenty may need less than 1/${FAR} of the least of its runs` : "",
    high === null && tried ? `one run in twenty may need more than ${FAR} times the most of its runs` : "",
    !tried && (low === null || high === null) ? UNTRIED : "",
  ];

  const reach = (block, question, found) => {
    if (found.decades === null) return unreached(found);
    const { law, point, inputs, decades } = found;
    const flops = 10 ** decades;
    const atMost = decades === ends(law)[0];
    const [low, high] = bounds(law, question, decades);
    const at = (bound) => plannerCosts.at(block, question, point, bound);
    return {
      ...told(law), train_flops: flops, low, high, samples_seen: flops / point.a_sample, outside: found.outside,
      nearest: point.nearest, at_most: atMost,
      note: [far(law.ranges, inputs), ...unsure(law.tried, atMost, low, high)].filter(Boolean).join("; ") || null,
      gpu_hours: at(flops)[0], gpu_hours_low: low === null ? null : at(low)[1],
      gpu_hours_high: high === null ? null : at(high)[2], ...plannerCosts.memory(point, question),
    };
  };

  const cheapest = (block, question) => {
    const known = block.settings.filter(planner.about(question)).filter(planner.inPool(question.pairs ?? null))
      .filter((row) => row.score >= question.target).sort((a, b) => a.train_flops - b.train_flops)
      .map((row) => ({
        ...row, ...plannerCosts.named(plannerCosts.taken(block, question, row)),
        ...plannerCosts.memory(row, question), evidence: "measured", low: null, high: null, outside: 1, nearest: null, at_most: false,
        note: `measured: ${(100 * row.score).toFixed(1)} %`,
      }));
    return known.sort((a, b) => a.gpu_hours - b.gpu_hours).slice(0, 1);
  };

  const reached = (block, question) => {
    const middles = block.laws.filter(planner.about(question)).filter(planner.held(question.pairs)).map((law) => middle(block, question, law))
      .filter(Boolean);
    middles.sort((a, b) => (a.decades === null) - (b.decades === null) || (a.outside > 1) - (b.outside > 1)
      || a.order - b.order || (a.law.label < b.law.label ? -1 : 1));
    const top = question.top ?? 10;
    const laws = middles.slice(0, top).map((found) => reach(block, question, found));
    return [...cheapest(block, question), ...laws].slice(0, top).map((one, at) => ({ ...one, rank: at + 1 }));
  };

  return { reached };
})();
