// Creates products by a connector of another maker, as its own platform would call it, and prints
// how many it made, what it refused, and the processor time. Its input is one JSON text:
// {"connector": "activepieces" | "pipedream", "store", "token", "products": [{"name", "price", ...}]}
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

// As tests/foreign/node/loopback.cjs does for `https`: BigCommerce's host is the sandbox here.
const hosts = JSON.parse(process.env.SANDBOX_HOSTS);
const send = globalThis.fetch;
globalThis.fetch = (target, ...more) => {
  const url = new URL(target);
  return send(hosts[url.host] + url.pathname + url.search, ...more);
};

const require = createRequire(import.meta.url);
const { connector, store, token, products } = JSON.parse(readFileSync(0, 'utf8'));

async function activepieces() {
  const { bigcommerce } = require('@activepieces/piece-bigcommerce');
  const action = bigcommerce.actions().createAProduct;
  const auth = { type: 'CUSTOM_AUTH', props: { storeHash: store, accessToken: token } };
  // The piece takes no pictures, categories or variants.
  return ({ images, categories, ...one }) => action.run({ auth, propsValue: one });
}

async function pipedream() {
  const { default: found } = await import(
    '@pipedream/bigcommerce/actions/create-product/create-product.mjs'
  );
  const app = { ...found.props.app.methods, $auth: { store_hash: store, access_token: token } };
  const step = { export: () => {} };
  return (one) => {
    const self = Object.assign(Object.create({}), { app, images: [], ...one });
    for (const [name, method] of Object.entries(found.methods)) {
      Object.defineProperty(self, name, { value: method.bind(self), enumerable: false });
    }
    return found.run.call(self, { $: step });
  };
}

const create = await { activepieces, pipedream }[connector]();
const before = process.cpuUsage();
let made = 0;
const refused = [];
for (const one of products) {
  try {
    await create(one);
    made += 1;
  } catch (error) {
    refused.push(String(error.message).slice(0, 200));
  }
}
const used = process.cpuUsage(before);
const cpu = (used.user + used.system) / 1e6;
process.stdout.write(JSON.stringify({ made, refused: refused.slice(0, 3), cpu }));
process.exit(0);
