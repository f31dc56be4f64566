import { serveDecoding } from '@tower/imaging';
import { inspectUpload } from './inspect-upload';
import type { UploadQuestion } from './upload-inspector';

serveDecoding(({ path }: UploadQuestion) => inspectUpload(path));
