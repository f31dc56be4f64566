import { z } from 'zod';
import { parseComfyJson } from './comfy-json';

/** A step preview as it came; never kept longer than its attempt. */
export interface PreviewFrame {
  kind: 'preview';
  mediaType: 'image/jpeg' | 'image/png';
  /** Null in frames of type 1, which name neither: they belong to whatever this socket last heard of. */
  promptId: string | null;
  node: string | null;
  image: Buffer;
}

export interface TextFrame {
  kind: 'text';
  node: string;
  text: string;
}

const event = { preview: 1, text: 3, previewWithMetadata: 4 };
const jpegStart = Buffer.from([0xff, 0xd8, 0xff]);
/** Bytes; VideoHelperSuite puts 24 bytes of its own between the header and the picture. */
const farthestPicture = 40;

const metadata = z.object({
  prompt_id: z.string().nullish(),
  display_node_id: z.string().nullish(),
  node_id: z.string().nullish(),
  image_type: z.enum(['image/jpeg', 'image/png']),
});

/**
 * Reads a binary WebSocket frame (comfyui-protocol study, 2.3; all integers big-endian). Null for anything unknown or
 * cut short: a preview is never worth an error.
 */
export function parseComfyFrame(frame: Buffer): PreviewFrame | TextFrame | null {
  if (frame.length < 8) return null;
  switch (frame.readUInt32BE(0)) {
    case event.preview:
      return plainPreview(frame);
    case event.text: {
      const end = 8 + frame.readUInt32BE(4);
      return end > frame.length
        ? null
        : { kind: 'text', node: frame.toString('utf8', 8, end), text: frame.toString('utf8', end) };
    }
    case event.previewWithMetadata:
      return describedPreview(frame);
    default:
      return null;
  }
}

function plainPreview(frame: Buffer): PreviewFrame | null {
  const png = frame.readUInt32BE(4) === 2;
  let start = 8;
  if (!png) {
    start = frame.indexOf(jpegStart, 8);
    if (start < 0 || start > farthestPicture) return null;
  }
  const node = start > 24 ? nodeOfVideoHeader(frame) : null;
  return start >= frame.length
    ? null
    : {
        kind: 'preview',
        mediaType: png ? 'image/png' : 'image/jpeg',
        promptId: null,
        node,
        image: frame.subarray(start),
      };
}

/** After the two counters of VideoHelperSuite's header: the length of the node id in one byte, then the id. */
function nodeOfVideoHeader(frame: Buffer): string | null {
  const length = frame.readUInt8(16);
  return length === 0 || length > 15 ? null : frame.toString('utf8', 17, 17 + length);
}

function describedPreview(frame: Buffer): PreviewFrame | null {
  const end = 8 + frame.readUInt32BE(4);
  if (end >= frame.length) return null;
  let value: unknown;
  try {
    value = parseComfyJson(frame.toString('utf8', 8, end));
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
  const meta = metadata.safeParse(value);
  if (!meta.success) return null;
  return {
    kind: 'preview',
    mediaType: meta.data.image_type,
    promptId: meta.data.prompt_id ?? null,
    node: meta.data.display_node_id ?? meta.data.node_id ?? null,
    image: frame.subarray(end),
  };
}
