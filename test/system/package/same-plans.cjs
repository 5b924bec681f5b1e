/*
 * node same-plans.cjs ONE OTHER: checks that two projects have the same plans in plans/, except for the core's version
 * in the metadata and the folder in the path of the state. The plans are parsed before they are compared, because the
 * cores write empty lists and objects differently.
 */
const { deepStrictEqual } = require('node:assert');
const { existsSync, readdirSync, readFileSync } = require('node:fs');
const { join } = require('node:path');

const [one, other] = process.argv.slice(2);
const names = readdirSync(join(one, 'plans'));
deepStrictEqual(readdirSync(join(other, 'plans')), names);
for (const name of names) {
  deepStrictEqual(plan(other, name), plan(one, name), name);
  for (const asset of readdirSync(join(one, 'plans', name, 'stacks/serving/assets'), { recursive: true })) {
    const path = join(other, 'plans', name, 'stacks/serving/assets', asset);
    if (!existsSync(path)) throw new Error(`no ${path}`);
  }
  console.log(`${name}: the same plan`);
}

function plan(project, name) {
  const text = readFileSync(join(project, 'plans', name, 'stacks/serving/cdk.tf.json'), 'utf8');
  const parsed = JSON.parse(text.replaceAll(project, ''));
  delete parsed['//'].metadata.version;
  return parsed;
}
