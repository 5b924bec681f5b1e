import { traceFields } from '../../../inference-image/src/http/trace-context';

const trace = '4bf92f3577b34da6a3ce929d0e0e4736';
const span = '00f067aa0ba902b7';

test.each([
  `00-${trace}-${span}-01`,
  `00-${trace}-${span}-00`,
  `cc-${trace}-${span}-01`,
  `01-${trace}-${span}-01-more`,
])('%s', (traceparent) => {
  expect(traceFields(traceparent)).toEqual({ trace_id: trace, span_id: span });
});

test.each([
  undefined,
  ['00'],
  '',
  'x',
  `00-${trace}-${span}`,
  `00-${trace}-${span}-1`,
  `00-${trace}-${span}-01-more`,
  `00-${trace}-${span}-01more`,
  `01-${trace}-${span}-01more`,
  `ff-${trace}-${span}-01`,
  `00-${trace.toUpperCase()}-${span}-01`,
  `00-${'0'.repeat(32)}-${span}-01`,
  `00-${trace}-${'0'.repeat(16)}-01`,
  `00-${trace}-${span}-01, 00-${trace}-${span}-01`,
  ` 00-${trace}-${span}-01`,
])('%j is invalid', (traceparent) => {
  expect(traceFields(traceparent)).toBeUndefined();
});
