/** Maximum line length of a generated client. */
export const WIDTH = 120;
