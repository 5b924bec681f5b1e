/** Prefix of the line with a process's report; modules loaded by NODE_OPTIONS may print other lines. */
export const REPORT_PREFIX = 'model-serving report: ';
