// Which way the events go: pumps and their stages as a chain of boxes. Pure: the page draws it.

/** A target names what a stage reads or writes; where a sink and a source have the same one, events continue there. */
const sourceTarget = (pump) => pump.stages[0].target;
const sinkTarget = (pump) => pump.stages[pump.stages.length - 1].target;
const leads = (from, to) => from !== to && sinkTarget(from) !== "" && sinkTarget(from) !== undefined && sinkTarget(from) === sourceTarget(to);

/** Each pump after those that lead to it, if possible right after one of them; otherwise in the order given. */
export function inOrder(pumps) {
  const left = [...pumps];
  const ordered = [];
  while (left.length) {
    const ready = left.filter((pump) => !left.some((other) => leads(other, pump)));
    const last = ordered[ordered.length - 1];
    // Pumps in a circle: none is ready, so the circle begins with the first one given.
    const next = ready.find((pump) => last && leads(last, pump)) || ready[0] || left[0];
    left.splice(left.indexOf(next), 1);
    ordered.push(next);
  }
  return ordered;
}

/** The pumps of all processes in the order of the data, each with its process. */
export function pumpsOf(processes) {
  const all = [];
  for (const process of processes)
    for (const pump of process.status?.pumps || [])
      if (pump.stages.length) all.push({ ...pump, process, stages: pump.stages.map((stage, i) => (i ? stage : { ...stage, backlog: pump.backlog })) });
  return inOrder(all);
}

/**
 * Boxes and the links between them: links[i] leads from boxes[i] to boxes[i + 1]. A pump's sink and the next pump's
 * source with the same target are one box.
 */
export function chainOf(pumps) {
  const boxes = [];
  const links = [];
  for (const pump of pumps) {
    const last = boxes[boxes.length - 1];
    const joins = last && leads(last.pump, pump);
    if (last && !joins) links.push({ pump: null });
    pump.stages.forEach((stage, i) => {
      const isSink = i === pump.stages.length - 1;
      if (i > 0) links.push({ pump, toSink: isSink });
      if (i === 0 && joins) last.stages.push(stage);
      else boxes.push({ pump, stages: [stage], atRest: isSink });
    });
  }
  return { boxes, links };
}

/**
 * The pumps by which events enter the pipeline: those that lead to another and are led to by none. A run from the page
 * writes to the same journal as the listener, so both count; one that sends to a listener of ours counts there.
 */
export function entering(pumps) {
  const first = pumps.filter((pump) => pumps.some((other) => leads(pump, other)) && !pumps.some((other) => leads(other, pump)));
  return first.length ? first : pumps.slice(0, 1);
}
