import { get } from 'node:http';
import { settingVariable } from './contract/settings';

/**
 * Exits 0 if the server in this container is ready, else 1: a health check that needs no shell and no curl. Ready and
 * not live, because Docker's health is what `docker run` and Terraform wait for. It does not load the schemas, since a
 * check every few seconds must start fast; a test holds the defaults to theirs.
 */
const host = process.env[settingVariable('host')] || '0.0.0.0';
const port = process.env[settingVariable('httpPortNumber')] || 8080;
const TIMEOUT_MS = 2000;

const request = get(
  {
    host: ['0.0.0.0', '::'].includes(host) ? '127.0.0.1' : host,
    port,
    path: '/v2/health/ready',
    timeout: TIMEOUT_MS,
  },
  (response) => process.exit(response.statusCode === 200 ? 0 : 1),
);
request.on('timeout', () => request.destroy());
request.on('error', () => process.exit(1));
