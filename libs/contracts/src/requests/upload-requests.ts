import { z } from 'zod';
import { sha256, uuid } from '../primitives';
import { defineRequest, requestContext } from '../request';
import { uploadMetadata, uploadView } from '../upload';

/** Name of a file that was received into the library's folder of unfinished files. */
export const receivedFileName = z.string().regex(/^upload-[0-9a-f-]{36}$/);

/**
 * Looks at a received file and keeps it, or refuses it and deletes it. Decoding a film takes as long as it takes; a
 * repeat gets the same answer.
 */
export const keepUploadRequest = defineRequest(
  'rendering.v1.keep_upload',
  z.object({ context: requestContext, file: receivedFileName, sha256 }),
  uploadView,
  { timeoutMs: 100_000 },
);
export const getUploadRequest = defineRequest('rendering.v1.get_upload', z.object({ id: uuid }), uploadView);
export const getUploadMetadataRequest = defineRequest(
  'rendering.v1.get_upload_metadata',
  z.object({ id: uuid }),
  uploadMetadata,
);
