/** Replaces the modules of cdktf, CDK Terrain and constructs that record where a token or an entry was created. */
module.exports = { captureStackTrace: () => [], captureCreationStack: () => [] };
