/** Prefix that marks a process's report, because modules loaded by NODE_OPTIONS may print other lines. */
export const REPORT_PREFIX = 'model-serving report: ';
