"use strict";
// The look-up of study.lookup, on the data of study.lookup.page: tests/lookup holds both to the same golden answers.
const planner = (() => {
  // Laws: error, 1 minus a score, of parameters as fitted and of inputs by name; study/laws has one file for each.
  const repeats = (samples, unique) => Math.max(samples / unique - 1, 0);
  const chinchilla = ([logE, logA, logB, alpha, beta], x) =>
    Math.exp(logE) + Math.exp(logA) * x.params_m ** -alpha + Math.exp(logB) * x.samples_seen ** -beta;
  const HALF = [
    [0.1834346424956498, 0.3626837833783620], [0.5255324099163290, 0.3137066458778873],
    [0.7966664774136267, 0.2223810344533745], [0.9602898564975363, 0.1012285362903763],
  ];
  const PLACES = HALF.flatMap(([place, weight]) => [-1, 1].map((sign) => [(1 + sign * place) / 2, weight / 2]));
  const LAWS = {
    power: ([logBeta, alpha], x) => Math.exp(logBeta) * x.train_flops ** -alpha,
    power_irreducible: ([logA, b, logC], x) => Math.exp(logA) * x.train_flops ** -b + Math.exp(logC),
    shifted_power: ([logA, logB, c, logD], x) =>
      Math.exp(logA) * (x.train_flops + Math.exp(logB)) ** -c + Math.exp(logD),
    chinchilla,
    repeated: (theta, x) => {
      const again = repeats(x.samples_seen, x.unique_pairs);
      const lasting = Math.exp(theta[5]);
      const worth = x.samples_seen / (1 + again) * (1 + lasting * (1 - Math.exp(-again / lasting)));
      return chinchilla(theta, { params_m: x.params_m, samples_seen: worth });
    },
    filtering: ([logA, b, logD, logTau], x) => {
      const epochs = 1 + repeats(x.samples_seen, x.unique_pairs);
      const halving = 2 ** -Math.exp(-logTau);
      const utility = PLACES.reduce((sum, [place, weight]) => sum + weight * halving ** (epochs ** place - 1), 0);
      return Math.exp(logA) * (x.samples_seen / epochs * epochs ** utility) ** -b + Math.exp(logD);
    },
  };
  const COVERAGE = 0.9;

  const error = (law, theta, inputs) => LAWS[law](theta, inputs);

  const outside = (law, inputs) => {
    const ranges = Object.entries(law.ranges);
    return Math.max(1, ...ranges.map(([name, [least, most]]) => Math.max(inputs[name] / most, least / inputs[name])));
  };

  const within = (value) => Math.min(Math.max(value, 0), 1);

  // The score of a new run, with the bounds between which nine in ten are expected.
  const interval = (law, inputs) => {
    const decades = Math.log10(outside(law, inputs));
    const errors = law.draws.map((draw) => {
      const [noise, drift] = draw.slice(-2);
      return error(law.law, draw, inputs) * Math.exp(noise + decades * drift);
    }).sort((a, b) => a - b);
    const skipped = Math.round((errors.length + 1) * (1 - COVERAGE) / 2) - 1;
    return {
      score: 1 - within(error(law.law, law.theta, inputs)),
      low: 1 - within(errors[errors.length - 1 - skipped]),
      high: 1 - within(errors[skipped]),
    };
  };

  // Device-hours [value, low, high] of so much training, from start to end; a cost is what costOf gives.
  const CHECKPOINT_EVERY = 120; // seconds
  const hours = (cost, flops, samples) => {
    const [rate, slow, fast, sharing, held, ...parts] = cost;
    const saves = 1 + Math.trunc(flops / rate / sharing / held / CHECKPOINT_EVERY);
    return [rate, fast, slow].map((speed, at) => {
      const [data, start, checkpoint] = [parts[at], parts[3 + at], parts[6 + at]];
      return (flops / speed / sharing + data * samples + (start + checkpoint * saves) * held) / 3600;
    });
  };

  const costOf = (block, gpu, config) => {
    const [rate, low, high, place] = block.costs[gpu][config];
    return [rate, low, high, ...block.beside[place]];
  };

  const bought = (cost, aSample, budget) => {
    const most = budget * 3600 * cost[0] * cost[3];
    const beside = hours(cost, 0, 0)[0];
    const slope = (hours(cost, most, most / aSample)[0] - beside) / most;
    let flops = (budget - beside) / slope;
    for (let round = 0; round < 2; round += 1) {
      if (flops > 0) flops += (budget - hours(cost, flops, flops / aSample)[0]) / slope;
    }
    return flops > 0 ? flops : null;
  };

  const ranked = (options) => options.map((option, at) => ({
    ...option, rank: at + 1,
    tied: at > 0 && option.high !== null && options[0].low !== null && option.high >= options[0].low,
  }));

  const measured = (block, { budget, gpu, pairs = null, top = 10 }) => {
    const found = [];
    for (const row of block.settings) {
      if (found.length === top) break;
      if (pairs !== null && (row.needs === null || row.needs > pairs)) continue;
      const here = row.device === gpu && row.hours;
      const taken = here || hours(costOf(block, gpu, row.config), row.train_flops, row.samples_seen);
      if (taken[0] > budget) continue;
      found.push({ ...row, gpu_hours: taken[0], gpu_hours_low: taken[1], gpu_hours_high: taken[2] });
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

  const predicted = (block, { budget, gpu, pairs = null, top = 10 }) => {
    const found = [];
    for (const law of block.laws) {
      const kept = (point) => (pairs === null ? Infinity : pairs * point.share);
      const knowsPool = law.inputs.includes("unique_pairs");
      const buys = law.points.map((point) => bought(costOf(block, gpu, point.config), point.a_sample, budget));
      const pools = law.points.map((point) =>
        (knowsPool || (point.unique_pairs ?? Infinity) <= kept(point) ? Infinity : kept(point) * point.a_sample));
      const held = most(law, buys, pools);
      const free = most(law, buys, pools.map(() => Infinity));
      if (!held) continue;
      const { point, flops } = held;
      const samples = flops / point.a_sample;
      const inputs = {
        train_flops: flops, params_m: point.params_m, samples_seen: samples,
        unique_pairs: Math.min(point.unique_pairs ?? samples, kept(point)),
      };
      if (Object.keys(law.ranges).some((name) => inputs[name] === null)) continue;
      const taken = hours(costOf(block, gpu, point.config), flops, samples);
      found.push({
        law, inputs, label: law.label, n: law.n, train_flops: flops, samples_seen: samples,
        global_batch_size: point.global_batch_size, nearest: point.nearest, outside: outside(law, inputs),
        score: 1 - within(error(law.law, law.theta, inputs)), pool_ends: held.flops !== free.flops,
        gpu_hours: taken[0], gpu_hours_low: taken[1], gpu_hours_high: taken[2],
      });
    }
    const rank = (one) => (one.outside > 10 ? 2 : one.outside > 1 ? 1 : 0);
    found.sort((a, b) => rank(a) - rank(b) || b.score - a.score || (a.label < b.label ? -1 : 1));
    return ranked(found.slice(0, top).map(({ law, inputs, ...rest }) => ({
      ...rest, ...interval(law, inputs), provisional: law.provisional, caution: law.caution,
    })));
  };

  return { error, interval, hours, bought, measured, predicted };
})();
if (typeof module !== "undefined") module.exports = planner;
