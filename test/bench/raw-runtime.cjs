/**
 * onnxruntime without a server: node raw-runtime.cjs MODEL ROWS SECONDS WIDTH prints rows per second for runs of that
 * many rows.
 */
const { performance } = require('node:perf_hooks');
const { InferenceSession, Tensor } = require('onnxruntime-node');

const [file, rows, seconds, width] = [process.argv[2], ...process.argv.slice(3).map(Number)];

async function main() {
  const session = await InferenceSession.create(file, { intraOpNumThreads: 1, interOpNumThreads: 1 });
  const data = Float32Array.from({ length: rows * width }, (_, i) => Math.sin(i));
  const rowsPerSecond = async (duration) => {
    const start = performance.now();
    let runs = 0;
    for (; performance.now() - start < duration * 1000; runs++) {
      await session.run({ input: new Tensor('float32', data, [rows, width]) });
    }
    return (runs * rows * 1000) / (performance.now() - start);
  };
  await rowsPerSecond(0.3);
  console.log(await rowsPerSecond(seconds));
}

void main();
