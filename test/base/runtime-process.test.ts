import { REPORT_PREFIX, RUNTIME_ENVIRONMENT } from '../../inference-image/src/contract/node-process';
import { dockerfile } from '../../lib/container-image/dockerfile';
import { LocalStage } from '../../lib/local/local-stage';
import { OnnxModel } from '../../lib/onnx-model/onnx-model';
import { reportOf } from '../../lib/base/runtime-process';
import { multiplier } from '../support/models';
import { temporaryFolder } from '../support/temporary-folder';

const folder = temporaryFolder();
const SAY = `console.log(${JSON.stringify(REPORT_PREFIX)} + JSON.stringify(process.env))`;

describe('the runtime sends no telemetry', () => {
  test('at synth', () => {
    expect(reportOf('says', ['-e', SAY])).toMatchObject(RUNTIME_ENVIRONMENT);
  });

  test('in the image', () => {
    const settings = Object.entries(RUNTIME_ENVIRONMENT).map(([name, value]) => `${name}=${value}`);
    const text = dockerfile({ nodePath: '/usr/local/bin/node', takesPictures: false, labels: {} });
    expect(text).toContain(`\nENV NODE_ENV=production ${settings.join(' ')}\n`);
  });

  test('in a local server or a measurement', () => {
    const stage = LocalStage.of(OnnxModel.fromFile(multiplier(folder, 'quiet', 2)));
    expect(stage.environment()).toMatchObject(RUNTIME_ENVIRONMENT);
    stage.remove();
  });
});

test('a synth runs models without locales and switches that the image does not have', () => {
  const others = { LANG: 'xx', LC_ALL: 'xx', LC_CTYPE: 'xx', LANGUAGE: 'xx', LOCPATH: '/xx', ORT_XX: '1' };
  Object.assign(process.env, others, { LANGUAGES: 'kept' });
  const environment = reportOf<NodeJS.ProcessEnv>('says', ['-e', SAY]) as NodeJS.ProcessEnv;
  expect(Object.keys(environment).filter((name) => name in others)).toEqual([]);
  expect(environment).toMatchObject({ ...RUNTIME_ENVIRONMENT, LANGUAGES: 'kept', PATH: process.env.PATH });
  for (const name of [...Object.keys(others), 'LANGUAGES']) delete process.env[name];
});

test("the user's value takes precedence", () => {
  process.env.ORT_DISABLE_TELEMETRY = '0';
  expect(reportOf('says', ['-e', SAY])).toMatchObject({ ORT_DISABLE_TELEMETRY: '0' });
  delete process.env.ORT_DISABLE_TELEMETRY;
});
