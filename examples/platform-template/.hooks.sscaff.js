/** `cdktf init` runs this hook after it has copied the files. */
const { execSync } = require('node:child_process');

const PACKAGES = [
  process.env.MODEL_SERVING_PACKAGE ?? 'cdktf-model-serving',
  '@cdktf/provider-docker@12',
  '@cdktf/provider-kubernetes@12',
  'constructs@10.6',
];
const DEV_PACKAGES = ['typescript@5.9', 'tsx@4', 'jest@30', 'ts-jest@29', '@types/jest@30', '@types/node@20'];

module.exports.post = () => {
  install(['cdktf@0.21', ...PACKAGES]);
  install(['--save-dev', ...DEV_PACKAGES]);
  console.log('\nCopy your model to models/model.onnx, set the team in main.ts, and run: npm run synth');
};

function install(packages) {
  // The cdktf CLI sets NODE_ENV to production, which makes npm skip development packages.
  const env = { ...process.env, NODE_ENV: 'development', ONNXRUNTIME_NODE_INSTALL: 'skip' };
  execSync(`npm install --no-audit --no-fund ${packages.join(' ')}`, { stdio: 'inherit', env });
}
