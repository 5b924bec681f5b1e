import { type Dimension, type TensorSignature, tensorText } from '../../inference-image/src/contract/signature';
import { commentText, isIdentifier, propertyName, stringLiteral } from './identifiers';
import { WIDTH } from './width';

/** Members of a TypeScript interface, one for each tensor. */
export function tensorMembers(tensors: readonly TensorSignature[], type: 'InputTensor' | 'OutputTensor'): string {
  return tensors
    .flatMap((tensor) => [`  /** ${commentText(tensorText(tensor))} */`, tensorMember(tensor, type)])
    .join('\n');
}

function tensorMember({ name, datatype, dimensions }: TensorSignature, type: string): string {
  const open = `  readonly ${propertyName(name)}: ${type}<`;
  const sizes = dimensions.map(sizeType);
  const line = `${open}'${datatype}', readonly [${sizes.join(', ')}]>;`;
  if (line.length <= WIDTH) return line;
  const shape = `    readonly [${sizes.join(', ')}]`;
  const shapeLines =
    shape.length <= WIDTH ? [shape] : ['    readonly [', ...sizes.map((size) => `      ${size},`), '    ]'];
  return [open, `    '${datatype}',`, ...shapeLines, '  >;'].join('\n');
}

function sizeType(dimension: Dimension): string {
  if (typeof dimension === 'number') return String(dimension);
  return dimension !== null && isIdentifier(dimension) ? `${dimension}: number` : 'number';
}

/** Member `inputs` or `outputs` of the constant that describes the model to the client at run time. */
export function tensorSpecs(member: string, tensors: readonly TensorSignature[]): string {
  const specs = tensors.map(specLine);
  const line = `  ${member}: [${specs.join(', ')}],`;
  if (tensors.length === 1 && line.length <= WIDTH) return line;
  const lines = tensors.map((tensor, i) =>
    `    ${specs[i]},`.length <= WIDTH ? `    ${specs[i]},` : specBlock(tensor),
  );
  return [`  ${member}: [`, ...lines, '  ],'].join('\n');
}

function specLine({ name, datatype, dimensions }: TensorSignature): string {
  const sizes = dimensions.map(sizeValue).join(', ');
  return `{ name: ${stringLiteral(name)}, datatype: '${datatype}', dimensions: [${sizes}] }`;
}

function specBlock({ name, datatype, dimensions }: TensorSignature): string {
  const sizes = dimensions.map(sizeValue);
  const list = `      dimensions: [${sizes.join(', ')}],`;
  const lists =
    list.length <= WIDTH ? [list] : ['      dimensions: [', ...sizes.map((size) => `        ${size},`), '      ],'];
  return ['    {', `      name: ${stringLiteral(name)},`, `      datatype: '${datatype}',`, ...lists, '    },'].join(
    '\n',
  );
}

function sizeValue(dimension: Dimension): string {
  return typeof dimension === 'string' ? stringLiteral(dimension) : String(dimension);
}
