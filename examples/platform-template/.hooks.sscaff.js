/** What `cdktf init` does once the files are there. */
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
  console.log('\nPut your model into models/model.onnx, say in main.ts whose it is, and run: npm run synth');
};

function install(packages) {
  // The cdktf CLI runs in production, where npm leaves development packages out.
  const env = { ...process.env, NODE_ENV: 'development', ONNXRUNTIME_NODE_INSTALL: 'skip' };
  execSync(`npm install --no-audit --no-fund ${packages.join(' ')}`, { stdio: 'inherit', env });
}
