import { get } from 'node:http';
import { SETTING_DEFAULTS } from '../contract/constants';
import { settingVariable } from '../contract/settings';

/**
 * Health check that needs neither a shell nor curl. Exits with 0 if the server in this container is ready, otherwise
 * with 1. It checks readiness, not liveness, because `docker run` and Terraform wait for Docker's health status. It
 * does not load the schemas, because a check that runs every few seconds must start fast.
 */
const host = process.env[settingVariable('host')] || SETTING_DEFAULTS.host;
const port = process.env[settingVariable('httpPortNumber')] || SETTING_DEFAULTS.httpPortNumber;
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
