"use strict";
// Device-hours of configurations on a device, as study.lookup.cost predicts them, and the memory that is known there.
const plannerCosts = (() => {
  const CHECKPOINT_EVERY = 120; // seconds

  const of = (block, { gpu, gpus }, config) => {
    const [rate, low, high, beside] = block.rates[block.costs[gpu][gpus][config]];
    return [rate, low, high, ...block.beside[beside]];
  };

  // [value, low, high] of so much training, from start to end; a cost is what ``of`` gives.
  const hours = (cost, flops, samples) => {
    const [rate, slow, fast, sharing, held, ...parts] = cost;
    const saves = 1 + Math.trunc(flops / rate / sharing / held / CHECKPOINT_EVERY);
    return [rate, fast, slow].map((speed, at) => {
      const [data, start, checkpoint] = [parts[at], parts[3 + at], parts[6 + at]];
      return (flops / speed / sharing + data * samples + (start + checkpoint * saves) * held) / 3600;
    });
  };

  const at = (block, question, point, flops) => hours(of(block, question, point.config), flops, flops / point.a_sample);

  // Of a measured setting: as it was, where that was on this device.
  const taken = (block, question, row) =>
    (row.device === question.gpu && row.hours)
    || hours(of(block, question, row.config), row.train_flops, row.samples_seen);

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

  const memory = (row, { gpu, gpus }) => {
    const here = row.device === gpu && (gpus === 0 || row.gpus === gpus);
    const [gib, from] = (here && row.memory) || [null, null];
    return { memory_gib: gib, memory_from: from };
  };

  const named = ([value, low, high]) => ({ gpu_hours: value, gpu_hours_low: low, gpu_hours_high: high });

  return { of, at, taken, bought, memory, named };
})();
