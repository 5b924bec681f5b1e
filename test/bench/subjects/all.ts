import { limitServer } from './limit-server';
import { bare, ours } from './node-subjects';
import { PYTHON_PEERS } from './python-peers';
import type { Subject } from './subject';

export const SUBJECTS: readonly Subject[] = [ours, bare, ...PYTHON_PEERS, limitServer];
