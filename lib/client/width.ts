/** Of a line of a generated client. */
export const WIDTH = 120;
