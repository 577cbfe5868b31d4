// Reads steps from its input, lets a client take them, and prints what came of each as one line of
// JSON.
'use strict';

const fs = require('fs');

const NodeBigCommerce = require('node-bigcommerce');
const { Management } = require('@space48/bigcommerce-api');

const { config, steps } = JSON.parse(fs.readFileSync(0, 'utf8'));
const space48 = new Management.Client(config);

function clientOf(step) {
  if (step.client === 'space48') {
    return space48[step.version];
  }
  return new NodeBigCommerce({ ...config, failOnLimitReached: true, apiVersion: step.version });
}

async function taken(step) {
  const found = clientOf(step)[step.call](...step.values);
  if (!found || !found[Symbol.asyncIterator]) {
    return found;
  }
  const all = [];
  for await (const one of found) {
    all.push(one);
  }
  return all;
}

async function main() {
  for (const step of steps) {
    const came = await Promise.resolve()
      .then(() => taken(step))
      .then((result) => ({ result: result === undefined ? null : result }))
      .catch((error) => ({ error: error.message, code: error.code, retryAfter: error.retryAfter }));
    process.stdout.write(`${JSON.stringify(came)}\n`);
  }
}

// A connection that an answer was left in would keep the process for seconds.
main().then(() => process.exit(0));
