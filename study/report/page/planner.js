"use strict";
// The look-up of study.lookup within a budget, on the data of study.lookup.page: tests/lookup holds both to the same
// golden answers. A question has budget (GPU-hours), gpu, gpus, pairs (null: any), strategy, quality and top.
const planner = (() => {
  const { FAR } = plannerLaws;

  const about = (question) => (one) =>
    [["strategy", one.strategy], ["quality", one.quality]].every(([name, value]) =>
      (question[name] ?? null) === null || question[name] === value);

  const ranked = (options) => options.map((option, at) => ({
    ...option, rank: at + 1,
    tied: at > 0 && option.high !== null && options[0].low !== null && option.high >= options[0].low,
  }));

  const inPool = (pairs) => (row) => pairs === null || (row.needs !== null && row.needs <= pairs);

  const measured = (block, question) => {
    const { budget, pairs = null, top = 10 } = question;
    const found = [];
    for (const row of block.settings.filter(about(question)).filter(inPool(pairs))) {
      if (found.length === top) break;
      const taken = plannerCosts.taken(block, question, row);
      if (taken[0] <= budget) {
        found.push({ ...row, ...plannerCosts.named(taken), ...plannerCosts.memory(row, question), outside: 1 });
      }
    }
    return ranked(found);
  };

  // The setting of the law and the most compute that lies in the part of the scale where this setting is the nearest.
  const most = (law, buys, pools) => {
    const between = law.points.slice(1).map((point, at) => Math.sqrt(point.train_flops * law.points[at].train_flops));
    let best = null;
    law.points.forEach((point, at) => {
      const low = at ? between[at - 1] : 0;
      const allowed = buys[at] === null ? 0 : Math.min(buys[at], pools[at]);
      const flops = Math.min(allowed, at < between.length ? between[at] : Infinity);
      if (buys[at] !== null && allowed >= low && (best === null || flops > best.flops)) best = { at, point, flops };
    });
    // The next one may be so much slower that the budget does not last to its part: then this one goes beyond its own.
    if (best !== null && best.flops === between[best.at] && pools[best.at + 1] >= best.flops) {
      best.flops = Math.min(buys[best.at], pools[best.at], pools[best.at + 1]);
    }
    return best;
  };

  const candidate = (block, question, law) => {
    const { budget, pairs = null } = question;
    const buys = law.points.map((point) =>
      plannerCosts.bought(plannerCosts.of(block, question, point.config), point.a_sample, budget));
    const held = most(law, buys, law.points.map((point) => plannerLaws.most(law, point, pairs)));
    const free = most(law, buys, law.points.map(() => Infinity));
    const inputs = held && plannerLaws.inputs(law, held.point, held.flops, pairs);
    if (!inputs) return null;
    return {
      law, inputs, point: held.point, pool_ends: held.flops !== free.flops, outside: plannerLaws.outside(law, inputs),
      score: 1 - Math.min(Math.max(plannerLaws.error(law, inputs), 0), 1),
    };
  };

  // Whether a law can be held to the pool at hand: not by a filter that is named without what it keeps.
  const held = (pairs) => (law) => (pairs ?? null) === null || law.points.every((point) => point.share !== null);
  const tooFar = (outside) => Number(outside.toPrecision(6)) > FAR;
  const candidates = (block, question) =>
    block.laws.filter(about(question)).filter(held(question.pairs)).map((law) => candidate(block, question, law)).filter(Boolean);

  // That laws are asked too far outside their evidence; nothing where none is.
  const leftOut = (block, question) => {
    const times = candidates(block, question).map((one) => one.outside).filter(tooFar);
    const unknown = block.laws.filter(about(question)).filter((law) => !held(question.pairs)(law)).length;
    return [plannerWords.noShare(unknown), times.length ? plannerWords.leftOut(times, FAR) : ""].filter(Boolean).join(". ");
  };

  const predicted = (block, question) => {
    const found = candidates(block, question).filter((one) => !tooFar(one.outside));
    const bounded = ({ law, outside }) => outside <= 1 || law.tried;
    found.sort((a, b) =>
      (a.outside > 1) - (b.outside > 1) || bounded(b) - bounded(a) || b.score - a.score || (a.law.label < b.law.label ? -1 : 1));
    return ranked(found.slice(0, question.top ?? 10).map(({ law, inputs, point, pool_ends, outside }) => ({
      label: law.label, n: law.n, ...plannerLaws.score(law, inputs),
      ...(bounded({ law, outside }) ? {} : { low: null, high: null }), train_flops: inputs.train_flops,
      samples_seen: inputs.samples_seen, unique_pairs: inputs.unique_pairs, global_batch_size: point.global_batch_size,
      nearest: point.nearest, outside, pool_ends, provisional: law.provisional, caution: law.caution,
      note: [plannerWords.far(law.ranges, inputs), pool_ends
        ? plannerWords.poolEnds(plannerCosts.at(block, question, point, inputs.train_flops)[0] / question.budget) : ""]
        .filter(Boolean).join("; ") || null,
      ...plannerCosts.named(plannerCosts.at(block, question, point, inputs.train_flops)),
      ...plannerCosts.memory(point, question),
    })));
  };

  return { measured, predicted, leftOut, about, held, inPool, tooFar };
})();
