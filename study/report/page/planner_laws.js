"use strict";
// Laws: error, 1 minus a score, of parameters as fitted and of inputs by name; study/laws has one file for each.
const plannerLaws = (() => {
  const repeats = (samples, unique) => Math.max(samples / unique - 1, 0);
  const chinchilla = ([logE, logA, logB, alpha, beta], x) =>
    Math.exp(logE) + Math.exp(logA) * x.params_m ** -alpha + Math.exp(logB) * x.samples_seen ** -beta;
  const HALF = [
    [0.1834346424956498, 0.3626837833783620], [0.5255324099163290, 0.3137066458778873],
    [0.7966664774136267, 0.2223810344533745], [0.9602898564975363, 0.1012285362903763],
  ];
  const PLACES = HALF.flatMap(([place, weight]) => [-1, 1].map((sign) => [(1 + sign * place) / 2, weight / 2]));
  const FORMS = {
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
  const FAR = 10; // times outside its evidence, up to which a law is asked
  const COVERAGE = 0.9;
  const within = (value) => Math.min(Math.max(value, 0), 1);

  const error = (law, inputs, theta = law.theta) => FORMS[law.law](theta, inputs);

  const outside = (law, inputs) => {
    const ranges = Object.entries(law.ranges);
    return Math.max(1, ...ranges.map(([name, [least, most]]) => Math.max(inputs[name] / most, least / inputs[name])));
  };

  // The error of a new run, with the bounds between which nine in ten are expected.
  const errors = (law, inputs) => {
    const decades = Math.log10(outside(law, inputs));
    const drawn = law.draws.map((draw) => {
      const [noise, drift] = draw.slice(-2);
      return error(law, inputs, draw) * Math.exp(noise + decades * drift);
    }).sort((a, b) => a - b);
    const skipped = Math.round((drawn.length + 1) * (1 - COVERAGE) / 2) - 1;
    return [error(law, inputs), drawn[skipped], drawn[drawn.length - 1 - skipped]].map(within);
  };

  // The score of a new run; outside the points neither bound is nearer than where these end.
  const score = (law, inputs) => {
    const [middle, low, high] = errors(law, inputs);
    let [under, over] = [middle - low, high - middle];
    if (outside(law, inputs) > 1) {
      const ends = Object.entries(law.ranges).map(([name, [least, most]]) =>
        [name, Math.min(Math.max(inputs[name], least), most)]);
      const end = errors(law, Object.fromEntries(ends));
      [under, over] = [Math.max(under, end[0] - end[1]), Math.max(over, end[2] - end[0])];
    }
    return { score: 1 - middle, low: Math.max(1 - middle - over, 0), high: Math.min(1 - middle + under, 1) };
  };

  // What a law is asked for, of training like one of its points; none where something is not known.
  const inputs = (law, point, flops, pairs) => {
    const samples = flops / point.a_sample;
    const unique = Math.min(point.unique_pairs ?? samples, pairs === null ? Infinity : pairs * point.share);
    const known = {
      train_flops: flops, params_m: point.params_m, samples_seen: samples, unique_pairs: unique,
      epochs: (flops <= point.until ? Math.min(samples, point.train_flops / point.a_sample) : samples) / unique,
    };
    return Object.keys(law.ranges).every((name) => known[name] !== null) ? known : null;
  };

  // The most FLOPs before training like a point would see more distinct pairs than the pool at hand has.
  const most = (law, point, pairs) => {
    const kept = pairs === null ? Infinity : pairs * point.share;
    const enough = law.inputs.includes("unique_pairs") || (point.unique_pairs ?? Infinity) <= kept;
    return enough ? Infinity : kept * point.a_sample;
  };

  return { FAR, error, outside, score, inputs, most };
})();
