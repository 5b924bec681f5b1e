/** In the place of the modules of cdktf, CDK Terrain and constructs that tell where a token or an entry was made. */
module.exports = { captureStackTrace: () => [], captureCreationStack: () => [] };
