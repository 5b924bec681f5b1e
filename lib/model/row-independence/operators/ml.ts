import { dimsOf, type Call, type Operators, type Transfer } from '../call';
import { coupled, notUnderstood } from '../obstacle';
import { relayout } from '../relayout';
import { ONE, Size } from '../size';
import { FLOAT, INT64, rowsOn, STRING, type Rows, type Tensor, type Value } from '../tensor';
import { withoutValues } from './layout';

/** Operators of ai.onnx.ml take [rows, features]; a list is ONE row, so that rows in it meet. */
function table(call: Call): Tensor & { dims: readonly Size[] } {
  const t = call.data(0);
  const dims = dimsOf(t);
  if (t.rows && dims.length !== 2) throw coupled('takes what has one axis for a single row');
  if (t.rows && t.rows.axis !== 0) throw coupled('takes the rows for features');
  return { ...t, dims };
}

function perRow(t: Tensor, dims: readonly Size[], elem: number): Tensor {
  const { rows } = t;
  return { kind: 'tensor', dims, elem, ...(rows && { rows: plain(rows) }) };
}

function plain({ axis, outer, inner }: Rows): Rows {
  return { axis, outer, inner };
}

/** Results of a row: a label, and scores, of which there may be one for each class, or fewer, or one for each pair. */
function classifier(call: Call): Value[] {
  const t = table(call);
  const [rows = ONE] = t.dims;
  const texts = call.attributes.count('classlabels_strings');
  const strings = call.attributes.has('classlabels_strings') && texts !== 0;
  const classes = texts || call.attributes.count('classlabels_ints') || call.attributes.count('classlabels_int64s');
  const oneForEach = classes !== undefined && classes > 2 && call.node.opType !== 'SVMClassifier';
  const width = oneForEach ? Size.of(classes) : call.fresh('scores');
  return [perRow(t, [rows], strings ? STRING : INT64), perRow(t, [rows, width], FLOAT)];
}

/** Results of a row: numbers, as many as there are targets. */
function regressor(attribute: string): Transfer {
  return (call) => {
    const t = table(call);
    const [rows = ONE] = t.dims;
    const targets = attribute === '' ? 1 : call.attributes.int(attribute, 1);
    return perRow(t, [rows, targets >= 1 ? Size.of(targets) : call.fresh('targets')], FLOAT);
  };
}

/** Keeps the sizes; works on each row, or on each element by its place in the row. */
function features(call: Call): Value {
  const t = table(call);
  return { ...withoutValues(t), elem: FLOAT };
}

function elementwise(elem: (call: Call) => number) {
  return (call: Call): Value => ({ ...withoutValues(call.data(0)), elem: elem(call) });
}

function encodedType({ attributes }: Call): number {
  if (attributes.has('values_strings') || attributes.has('default_string'))
    return attributes.has('values_strings') ? STRING : 0;
  return attributes.has('values_int64s') ? INT64 : 0;
}

/** A vector for each element. */
function oneHotEncoder(call: Call): Value {
  const t = call.data(0);
  const count = call.attributes.count('cats_strings') || call.attributes.count('cats_int64s');
  const width = count ? Size.of(count) : call.fresh('categories');
  const { rows } = t;
  return { kind: 'tensor', dims: [...dimsOf(t), width], elem: FLOAT, ...(rows && { rows }) };
}

/** Columns of several tables side by side. */
function featureVectorizer(call: Call): Value {
  const tensors = call.allData();
  const [first] = tensors;
  if (!first) throw notUnderstood('nothing goes into it');
  if (tensors.every(({ rows }) => !rows)) throw notUnderstood('its result is not known');
  for (const t of tensors) {
    if (dimsOf(t).length !== 2 || t.rows?.axis !== 0) throw coupled('takes what has one axis for a single row');
    if (!t.rows.outer.is(1) || !t.rows.inner.is(1)) throw notUnderstood('it joins what is folded into the rows');
  }
  return { kind: 'tensor', dims: [first.dims?.[0] as Size, call.fresh('features')], rows: rowsOn(0), elem: FLOAT };
}

/** Picks columns, along the last axis, by all indices in one list. */
function arrayFeatureExtractor(call: Call): Value {
  const [t, picked] = [call.data(0), call.data(1)];
  const dims = dimsOf(t);
  const count = Size.product(dimsOf(picked));
  const last = dims.length - 1;
  const sizes = dims.length === 1 ? [ONE, count] : [...dims.slice(0, last), count];
  if (!picked.rows) {
    if (t.rows && (dims.length < 2 || t.rows.axis === last)) throw coupled('picks some of the rows by their position');
    return { ...withoutValues(t), dims: sizes };
  }
  if (t.rows) throw coupled('picks from rows by what other rows hold');
  const list = relayout(picked, [count]).rows;
  return {
    kind: 'tensor',
    dims: sizes,
    elem: t.elem,
    ...(list && { rows: { ...plain(list), axis: sizes.length - 1 } }),
  };
}

/** A tree ensemble of version 5 of the domain has one operator for all kinds. */
function treeEnsemble(call: Call): Value {
  const t = table(call);
  const [rows = ONE] = t.dims;
  return perRow(t, [rows, Size.of(call.attributes.int('n_targets', 1))], t.elem);
}

/** Counts the sequences of words in each row. */
function wordCounts(call: Call): Value {
  const t = table(call);
  const [rows = ONE] = t.dims;
  if (!t.rows) throw notUnderstood('its result is not known');
  return perRow(t, [rows, call.fresh('features')], FLOAT);
}

/** With words to leave out, a list gets shorter: then it is one row. */
function normalizeText(call: Call): Value {
  const t = call.data(0);
  const words = call.attributes.has('stopwords') && call.attributes.count('stopwords') !== 0;
  if (t.rows && t.dims?.length !== 1) throw coupled('takes a single row');
  if (t.rows && words) throw coupled('leaves out texts, and those behind move up');
  return withoutValues(t);
}

function splitText(call: Call): Value {
  if (call.data(0).rows) throw coupled('pads each row to the longest of the batch');
  throw notUnderstood('its result is not known');
}

export const machineLearning: Operators = {
  LinearClassifier: classifier,
  SVMClassifier: classifier,
  TreeEnsembleClassifier: classifier,
  LinearRegressor: regressor('targets'),
  SVMRegressor: regressor(''),
  TreeEnsembleRegressor: regressor('n_targets'),
  TreeEnsemble: treeEnsemble,
  Scaler: features,
  Normalizer: features,
  Imputer: (call) => ({ ...withoutValues(table(call)), elem: call.data(0).elem }),
  Binarizer: elementwise((call) => call.data(0).elem),
  LabelEncoder: elementwise(encodedType),
  CategoryMapper: elementwise((call) => (call.data(0).elem === STRING ? INT64 : STRING)),
  OneHotEncoder: oneHotEncoder,
  FeatureVectorizer: featureVectorizer,
  ArrayFeatureExtractor: arrayFeatureExtractor,
};

/** Operators on text of ONNX's own domain. */
export const text: Operators = {
  TfIdfVectorizer: wordCounts,
  StringNormalizer: normalizeText,
  StringSplit: splitText,
};
