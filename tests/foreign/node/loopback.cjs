// Carries what a client sends to a platform's host by https to the sandbox, by http on this
// machine. Nothing else of a client is touched.
// SANDBOX_HOSTS: {"api.bigcommerce.com": "http://127.0.0.1:1/api"}
'use strict';

const http = require('http');
const https = require('https');

const hosts = JSON.parse(process.env.SANDBOX_HOSTS);

https.request = function request(options, answered) {
  const host = options.hostname || options.host;
  if (!hosts[host]) {
    throw new Error(`nobody has the host ${host} here`);
  }
  const place = new URL(hosts[host]);
  return http.request(
    {
      method: options.method,
      headers: options.headers,
      hostname: place.hostname,
      port: place.port,
      path: place.pathname + options.path,
    },
    answered,
  );
};
