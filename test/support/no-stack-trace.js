/** Replaces modules of cdktf, CDK Terrain and constructs that record where tokens and entries were created. */
module.exports = { captureStackTrace: () => [], captureCreationStack: () => [] };
