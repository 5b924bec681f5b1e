/** Begins the line in which a process says how it went; whatever NODE_OPTIONS loads may print lines of its own. */
export const REPORT_PREFIX = 'model-serving report: ';
