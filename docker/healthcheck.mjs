// Docker's HEALTHCHECK where there is no shell and no curl: ends with 0 when this container's exporter is alive.
import { get as getPlain } from 'node:http';
import { get as getWithTls } from 'node:https';

const given = Number(process.env.METRICS_PORT);
const address = {
  host: process.env.METRICS_HOST || '127.0.0.1',
  port: Number.isInteger(given) && given > 0 ? given : 9090,
  path: '/livez',
  timeout: 4_000,
};

/** @param {typeof getPlain | typeof getWithTls} get @returns {Promise<boolean>} */
function answers(get) {
  return new Promise((resolve) => {
    // We ask ourselves: whose name the certificate bears is of no matter.
    const request = get({ ...address, rejectUnauthorized: false }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    request.once('error', () => resolve(false));
    request.once('timeout', () => request.destroy());
  });
}

process.exit((await answers(getPlain)) || (await answers(getWithTls)) ? 0 : 1);
