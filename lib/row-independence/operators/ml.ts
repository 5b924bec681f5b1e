import { coupled, notUnderstood } from '../values/obstacle';
import { ONE, Size } from '../values/size';
import { FLOAT, INT64, rowsOn, STRING, type Rows, type Tensor, type Value } from '../values/tensor';
import { dimsOf, withoutValues, type Call, type Operators, type Transfer } from './call';
import { relayout } from './reshaping';
import { unwritten } from './unwritten';

/**
 * Requires [rows, features]. Operators of ai.onnx.ml treat a tensor with one axis as ONE row, so its rows influence
 * each other.
 */
function table(call: Call): Tensor & { dims: readonly Size[] } {
  const t = call.data(0);
  const dims = dimsOf(t);
  if (t.rows && dims.length !== 2) throw coupled('treats a tensor with one axis as a single row');
  if (t.rows && t.rows.axis !== 0) throw coupled('treats the rows as features');
  return { ...t, dims };
}

function perRow(t: Tensor, dims: readonly Size[], elem: number): Tensor {
  const { rows } = t;
  return { kind: 'tensor', dims, elem, ...(rows && { rows: plain(rows) }) };
}

function plain({ axis, outer, inner }: Rows): Rows {
  return { axis, outer, inner };
}

/** Returns a label for each row, and scores: one for each class, fewer, or one for each pair of classes. */
function classifier(call: Call): Value[] {
  const t = table(call);
  const [rows = ONE] = t.dims;
  const texts = call.attributes.count('classlabels_strings');
  const strings = call.attributes.has('classlabels_strings') && texts !== 0;
  // A linear classifier may have more labels than classes.
  const classes =
    call.node.opType === 'LinearClassifier'
      ? call.attributes.count('intercepts')
      : texts || call.attributes.count('classlabels_int64s');
  const isOneScore = classes === undefined || classes <= 2;
  if (isOneScore && call.attributes.string('post_transform') === 'PROBIT')
    throw unwritten('may leave the score of the second class unwritten, as the runtime does for PROBIT');
  const oneForEach = !isOneScore && call.node.opType !== 'SVMClassifier';
  const width = oneForEach ? Size.of(classes) : call.fresh('scores');
  return [perRow(t, [rows], strings ? STRING : INT64), perRow(t, [rows, width], FLOAT)];
}

/** Returns one number for each row and target. */
function regressor(attribute: string): Transfer {
  return (call) => {
    const t = table(call);
    const [rows = ONE] = t.dims;
    const targets = attribute === '' ? 1 : call.attributes.int(attribute, 1);
    return perRow(t, [rows, targets >= 1 ? Size.of(targets) : call.fresh('targets')], FLOAT);
  };
}

/**
 * Rule of operators that keep all sizes. They process each row separately, or each element depending on its position in
 * the row.
 */
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

/** Returns a vector for each element. */
function oneHotEncoder(call: Call): Value {
  const t = call.data(0);
  const count = call.attributes.count('cats_strings') || call.attributes.count('cats_int64s');
  const width = count ? Size.of(count) : call.fresh('categories');
  const { rows } = t;
  return { kind: 'tensor', dims: [...dimsOf(t), width], elem: FLOAT, ...(rows && { rows }) };
}

/** Joins the columns of several tables. */
function featureVectorizer(call: Call): Value {
  const tensors = call.allData();
  const [first] = tensors;
  if (!first) throw notUnderstood('it has no inputs');
  if (tensors.every(({ rows }) => !rows)) throw notUnderstood('its result is unknown');
  for (const t of tensors) {
    if (dimsOf(t).length !== 2 || t.rows?.axis !== 0) throw coupled('treats a tensor with one axis as a single row');
    if (!t.rows.outer.is(1) || !t.rows.inner.is(1))
      throw notUnderstood('it joins tensors with other axes folded into the rows');
  }
  return { kind: 'tensor', dims: [first.dims?.[0] as Size, call.fresh('features')], rows: rowsOn(0), elem: FLOAT };
}

/** Picks columns along the last axis by a single list of indices for all rows. */
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
  if (t.rows) throw coupled('picks from rows by the values of other rows');
  const list = relayout(picked, [count]).rows;
  return {
    kind: 'tensor',
    dims: sizes,
    elem: t.elem,
    ...(list && { rows: { ...plain(list), axis: sizes.length - 1 } }),
  };
}

/** Rule of TreeEnsemble, the operator for all kinds of tree ensembles from version 5 of ai.onnx.ml on. */
function treeEnsemble(call: Call): Value {
  const t = table(call);
  const [rows = ONE] = t.dims;
  return perRow(t, [rows, Size.of(call.attributes.int('n_targets', 1))], t.elem);
}

/** Counts the word sequences in each row. */
function wordCounts(call: Call): Value {
  const t = table(call);
  const [rows = ONE] = t.dims;
  if (!t.rows) throw notUnderstood('its result is unknown');
  return perRow(t, [rows, call.fresh('features')], FLOAT);
}

/**
 * Rule of StringNormalizer. If it removes stopwords, the whole list counts as a single row, because the list becomes
 * shorter.
 */
function normalizeText(call: Call): Value {
  const t = call.data(0);
  const words = call.attributes.has('stopwords') && call.attributes.count('stopwords') !== 0;
  if (t.rows && t.dims?.length !== 1) throw coupled('accepts only a single row');
  if (t.rows && words) throw coupled('removes strings, which shifts the following ones');
  return withoutValues(t);
}

function splitText(call: Call): Value {
  if (call.data(0).rows) throw coupled('pads each row to the longest of the batch');
  throw notUnderstood('its result is unknown');
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

/** String operators of ONNX's default domain. */
export const text: Operators = {
  TfIdfVectorizer: wordCounts,
  StringNormalizer: normalizeText,
  StringSplit: splitText,
};
