/** A minimal hand-written server: node:http, JSON, and the runtime in the request handler. */
const { createServer } = require('node:http');
const { InferenceSession, Tensor } = require('onnxruntime-node');

async function main() {
  const session = await InferenceSession.create(process.argv[2], { intraOpNumThreads: 1, interOpNumThreads: 1 });
  const server = createServer((request, response) => {
    const chunks = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('end', async () => {
      const { inputs } = JSON.parse(Buffer.concat(chunks));
      const feeds = {};
      for (const { name, shape, data } of inputs) feeds[name] = new Tensor('float32', Float32Array.from(data), shape);
      const results = await session.run(feeds);
      const outputs = Object.entries(results).map(([name, { dims, data }]) => ({
        name,
        datatype: 'FP32',
        shape: dims,
        data: Array.from(data),
      }));
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ model_name: 'bare', model_version: '1', outputs }));
    });
  });
  server.listen(Number(process.env.PORT ?? 0), '127.0.0.1', () => {
    console.log(JSON.stringify({ msg: 'ready', url: `http://127.0.0.1:${server.address().port}` }));
  });
}

void main();
