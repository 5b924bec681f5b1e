/** A grpc-js server that echoes each message: node grpc-echo.cjs PATH, on the port in PORT. */
const { Server, ServerCredentials } = require('@grpc/grpc-js');

const same = (bytes) => bytes;
const method = {
  path: process.argv[2],
  requestStream: false,
  responseStream: false,
  requestDeserialize: same,
  requestSerialize: same,
  responseDeserialize: same,
  responseSerialize: same,
};
const server = new Server();
server.addService({ echo: method }, { echo: (call, callback) => callback(null, call.request) });
server.bindAsync(`127.0.0.1:${process.env.PORT}`, ServerCredentials.createInsecure(), (error) => {
  if (error) throw error;
});
