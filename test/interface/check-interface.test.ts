import { readFileSync, writeFileSync } from 'node:fs';
import { OnnxModel, type OnnxModelProps } from 'cdktf-model-serving';
import { ScalableModelService } from 'cdktf-model-serving/kubernetes';
import { identity, value, writeOnnxModel, type Dim, type Elem } from '../support/onnx-builder';
import { runCli } from '../support/run-cli';
import { synthStack } from '../support/synth';
import { temporaryFolder } from '../support/temporary-folder';

const folder = temporaryFolder();
const home = process.cwd();
beforeAll(() => process.chdir(folder));
afterAll(() => process.chdir(home));

/** Replaces the model file with an identity model of the given dimensions and element type. */
function write(dims: Dim[], elem: Elem = 'float'): string {
  return writeOnnxModel('m.onnx', identity(elem, dims));
}

function read(props: OnnxModelProps = {}): OnnxModel {
  return OnnxModel.fromFile('m.onnx', { runtimeCheck: 'skip', ...props });
}

const accept = (...args: string[]) => runCli('interface', 'accept', 'm.onnx', '--runtime-check', 'skip', ...args);

const BROKEN =
  'm.onnx: compared with m.interface.json (version "1.4"), input "x" changes from FP32 [n, 4] to FP32 [1, 4]: clients that send other sizes are refused. Raise the model\'s major version, or accept the change if no client is affected: model-serving interface accept m.onnx --breaking [interface-broken]';

describe('an accepted interface beside the model', () => {
  beforeEach(() => {
    write(['n', 4]);
    expect(accept('--model-version', '1.4', '--breaking').code).toBe(0);
  });

  test('is always written in the same way', () => {
    const before = readFileSync('m.interface.json', 'utf8');
    expect(accept('--model-version', '1.4').stdout).toBe('m.interface.json: version "1.4" of "m" is accepted.\n');
    expect(readFileSync('m.interface.json', 'utf8')).toBe(before);
    expect(JSON.parse(before)).toEqual({ interfaceVersion: 1, name: 'm', version: '1.4', ...read().signature });
  });

  test('accepts the same interface with any minor version', () => {
    expect(read({ version: '1.5' }).warnings).toEqual([]);
    expect(runCli('interface', 'diff', 'm.onnx', '--runtime-check', 'skip')).toEqual({
      code: 0,
      stdout: 'm.interface.json: no differences.\n',
      stderr: '',
    });
  });

  test('refuses breaking changes within a major version', () => {
    write([1, 4]);
    expect(() => read({ version: '1.5' })).toThrow(new Error(BROKEN));
    expect(read({ version: '1.5', interface: false }).warnings).toEqual([]);
    const { code, stdout } = runCli('interface', 'diff', 'm.onnx', '--runtime-check', 'skip');
    expect([code, stdout.split('\n')[0]]).toEqual([
      1,
      '! input "x" changes from FP32 [n, 4] to FP32 [1, 4]: clients that send other sizes are refused',
    ]);
  });

  test('reports every breaking change', () => {
    write([1, 4], 'int64');
    const codes = (error: any) => error.problems.map(({ code }: any) => code);
    try {
      read();
      throw new Error('accepted');
    } catch (error) {
      expect(codes(error)).toEqual(['interface-broken', 'interface-broken']);
    }
  });

  test('accepts breaking changes in a different major version, with a warning to accept them', () => {
    write([1, 4]);
    const model = read({ version: '2' });
    expect(model.servable).toBe(true);
    expect(model.warnings).toEqual([
      'm.onnx: compared with m.interface.json (version "1.4"), input "x" changes from FP32 [n, 4] to FP32 [1, 4]; output "y" changes from FP32 [n, 4] to FP32 [1, 4]. Accept the new interface, so that later changes are compared with it: model-serving interface accept m.onnx',
    ]);
    expect(accept('--model-version', '2').code).toBe(0);
    expect(read({ version: '2' }).warnings).toEqual([]);
  });

  test('is replaced within a major version only with --breaking', () => {
    write([1, 4]);
    const refused = accept('--model-version', '1.5');
    expect([refused.code, refused.stderr.trim()]).toEqual([1, BROKEN]);
    expect(accept('--model-version', '1.5', '--breaking').stdout).toContain(
      '! input "x" changes from FP32 [n, 4] to FP32 [1, 4]',
    );
    expect(read({ version: '1.5' }).warnings).toEqual([]);
  });

  test('is replaced without --breaking if no client is affected', () => {
    // An output whose fixed size becomes free breaks clients, so only the input is widened here.
    writeOnnxModel('m.onnx', { ...identity('float', ['n', 'k']), outputs: [value('y', 'float', ['n', 4])] });
    expect(accept('--model-version', '1.5').stdout).toBe(
      '  input "x" changes from FP32 [n, 4] to FP32 [n, k]\nm.interface.json: version "1.5" of "m" is accepted.\n',
    );
  });
});

describe('the interface of pictures and classes', () => {
  const picture = { color: 'gray', width: 2, height: 2, maxPixels: 100 } as const;
  const declared = { picture, classes: ['a', 'b', 'c', 'd'] };
  beforeEach(() => {
    write(['n', 4]);
    writeFileSync('m.preprocessing.json', JSON.stringify(declared));
    expect(accept('--breaking', '--preprocessing', 'm.preprocessing.json').code).toBe(0);
  });

  test('contains what clients may send and read', () => {
    expect(JSON.parse(readFileSync('m.interface.json', 'utf8'))).toEqual({
      interfaceVersion: 1,
      name: 'm',
      version: '1',
      ...read({ interface: false }).signature,
      picture: { maxPixels: 100 },
      classes: { kind: 'scores', softmax: false, names: ['a', 'b', 'c', 'd'] },
    });
    expect(read(declared).warnings).toEqual([]);
    expect(
      runCli('interface', 'diff', 'm.onnx', '--runtime-check', 'skip', '--preprocessing', 'm.preprocessing.json').code,
    ).toBe(0);
  });

  test('refuses breaking changes, and reports how to accept them', () => {
    expect(() => read({ ...declared, classes: ['a', 'b', 'd', 'c'] })).toThrow(
      new Error(
        'm.onnx: compared with m.interface.json (version "1"), class "c" moves from index 2 to 3: clients that use the index misread it. Raise the model\'s major version, or accept the change if no client is affected: model-serving interface accept m.onnx --preprocessing FILE --breaking [interface-broken]',
      ),
    );
    expect(() => read({ classes: declared.classes })).toThrow(
      "pictures are no longer accepted: clients that send them are refused. Declare picture as before (on the command line: --preprocessing FILE). Otherwise, raise the model's major version, or",
    );
    expect(runCli('check', 'm.onnx', '--runtime-check', 'skip').stderr).toContain(
      'Declare picture and classes as before (on the command line: --preprocessing FILE). Otherwise, raise',
    );
    expect(read({ ...declared, picture: { ...picture, maxPixels: 200 } }).warnings).toEqual([
      'm.onnx: compared with m.interface.json (version "1"), the maximum size of a picture changes from 100 to 200 pixels. Accept the new interface, so that later changes are compared with it: model-serving interface accept m.onnx --preprocessing FILE',
    ]);
  });
});

describe('a file that is not an interface', () => {
  const problemOf = (content: string) => {
    write(['n', 4]);
    writeFileSync('m.interface.json', content);
    try {
      read();
    } catch (error) {
      return (error as Error).message;
    }
    return 'none';
  };

  test('is refused', () => {
    expect(problemOf('<<<<<<<')).toMatch(
      /^m\.interface\.json: this file is not valid JSON: .*\. Restore the file, .* accept m\.onnx \[interface-not-json\]$/,
    );
    expect(problemOf('{"interfaceVersion": 2, "name": "m", "version": "1", "inputs": [], "outputs": []}')).toBe(
      [
        'interfaceVersion: Invalid input: expected 1',
        'inputs: Too small: expected array to have >=1 items',
        'outputs: Too small: expected array to have >=1 items',
      ]
        .map(
          (what) =>
            `m.interface.json: ${what}. Restore the file, or remove it and write it again from the deployed model: model-serving interface accept m.onnx [interface-invalid]`,
        )
        .join('\n'),
    );
  });

  test('must exist if a prop names it', () => {
    write(['n', 4]);
    expect(() => read({ interface: 'other.json' })).toThrow(/^other\.json: no such file\./);
  });
});

describe('a canary', () => {
  const build = (props: object) => () =>
    synthStack((stack) => {
      const model = (name: string, version: string, dims: Dim[]) =>
        OnnxModel.fromFile(writeOnnxModel(`${name}.onnx`, identity('float', dims)), { name: 'm', version });
      const repository = 'registry.example.com/m';
      const service = new ScalableModelService(stack, 'm', {
        model: model('stable', '1', ['n', 4]),
        repository,
        replicas: 4,
      });
      service.addCanary('next', { model: model('next', '2', [1, 4]), weight: 20, ...props });
    });

  test('must not break the clients of the service', () => {
    expect(build({})).toThrow(
      new Error(
        'stack/m/next: compared with the service\'s version "1", input "x" changes from FP32 [n, 4] to FP32 [1, 4]: clients that send other sizes are refused. Deploy the model as a separate service, or set acceptsInterfaceChange if no client is affected. [canary-interface]',
      ),
    );
  });

  test('must return everything that the service returns', () => {
    const classified = (classes?: string[]) => () =>
      synthStack((stack) => {
        const model = (version: string, props: OnnxModelProps) =>
          OnnxModel.fromFile(write(['n', 2]), { version, interface: false, ...props });
        const repository = 'registry.example.com/m';
        const stable = model('1', { classes: ['no', 'yes'] });
        const service = new ScalableModelService(stack, 'm', { model: stable, repository, replicas: 4 });
        service.addCanary('next', { model: model('2', { classes }), weight: 20 });
      });
    expect(classified(['no', 'yes'])).not.toThrow();
    expect(classified()).toThrow(
      'stack/m/next: compared with the service\'s version "1", the model no longer returns a class: clients that request a class are refused. Deploy the model as a separate service, or set acceptsInterfaceChange if no client is affected. [canary-interface]',
    );
  });

  test('may break clients with acceptsInterfaceChange', () => {
    expect(build({ acceptsInterfaceChange: true })).not.toThrow();
  });
});
