// Makes the calls that the first argument lists with the JavaScript client, one after the other, and prints what came of each.

import {newEvent, Vitrine, VitrineFailed} from "../../storefront/clients/javascript/vitrine-client.js";

const {options, calls} = JSON.parse(process.argv[2]);
const vitrine = new Vitrine(options);
const outcomes = [];
for (const {call, request, how = {}, placements = []} of calls) {
  if (request.nan) request.self = request; // what JSON cannot say
  if (how.asHeaders) how.viewer = new Headers(how.viewer);
  try {
    const outcome = await vitrine[call](request, how);
    outcomes.push({...outcome, placements: placements.map((name) => outcome.placement(name))});
  } catch (error) {
    outcomes.push({thrown: error instanceof VitrineFailed, message: error.message, outcome: error.outcome});
  }
}
console.log(JSON.stringify({outcomes, event: newEvent("view", {item: "1"})}));
process.exit();
